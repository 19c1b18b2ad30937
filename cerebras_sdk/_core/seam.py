"""The place where the rest of an answer joins the part before it."""

from __future__ import annotations

import re

from ..errors import StreamResumeError

_OVERLAP = 200  # characters at the end of the old text that a model may say again
_REPEATED = 4  # the same characters on both sides of a seam; fewer may be a coincidence
# So many characters that begin as the old text did are a new beginning; of a short one, half. A
# sentence that was cut is hardly ever followed by them, a finished one may be, as by a refrain.
_BEGINS_INSIDE, _BEGINS_BEHIND, _BEGINS_SHORT = 24, 48, 16
_ANNOUNCEMENT = 120  # characters
_INTERJECTIONS = ("sure", "certainly", "of course", "okay", "absolutely", "sorry", "apologies")
_OPENERS = (*_INTERJECTIONS, "continuing", "here is", "here's")
# "Sure, here is the rest:"; a sentence of an answer that is going on hardly looks like it.
_ANNOUNCES = re.compile(
    rf"\s*({'|'.join(_OPENERS)})\b"
    r"(?=[^\n:]*\b(rest|remain\w*|continu\w*|left off|stopped|cut off)\b)[^\n:]*[:\n]\s*",
    re.IGNORECASE,
)
# What a new beginning may have before the old words: "Sure! ", a heading, a quotation mark.
_PREAMBLE = re.compile(
    r"(?:\s+|[\"'\u201c\u201d\u2018\u2019\u00ab\u00bb*_`>]+|#[^\n]*\n"
    rf"|(?:{'|'.join(_INTERJECTIONS)})[,.!:]+)*",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(r"[^\W\d_]{2,40}\Z")  # letters, where a word may have been cut


class Seam:
    """Joins the text of a continuation to the text before it.

    `feed(text)` gives what is new of it, or None as long as it is held back: until it is clear
    whether it repeats the end of the old text. `end()` gives what is new of what is still held when
    the continuation is over. Both raise StreamResumeError when the model began anew, or talks about
    its answer. `so_far` is what is held, without what it clearly repeats.

    What repeats the end of the old text is left out, from four characters on, and so is a word that
    was cut and is said again in full. Where the old text repeats itself already ("0, 0, 0, "),
    nobody can tell, and all is kept.
    """

    def __init__(self, before: str) -> None:
        self._joined = False
        self._before = before
        self._tail = before[-_OVERLAP:]
        self._began = before[_preamble(before) :]
        is_inside = before.rstrip(" ")[-1:] not in ".!?:;\n"
        least = _BEGINS_INSIDE if is_inside else _BEGINS_BEHIND
        self._begins = min(least, max(_BEGINS_SHORT, len(before) // 2))
        word = _FRAGMENT.search(before)
        # Of scripts with capitals: others write words without blanks, and say them twice.
        self._cut_word = word[0] if word and word[0].lower() != word[0].upper() else ""
        self._held = ""

    @property
    def so_far(self) -> str:
        return self._held[self._repeats(self._held) :]

    def feed(self, text: str) -> str | None:
        if self._joined:
            return text
        self._held += text
        return None if self._is_open() else self._join()

    def end(self) -> str:
        return "" if self._joined else self._join()

    def _is_open(self) -> bool:
        """Whether more text could change what is to be made of what is held."""
        held = self._held
        if self._may_repeat(held):
            return True
        announcement = _ANNOUNCES.match(held)
        if announcement is not None:
            return self._may_repeat(held[announcement.end() :])
        if self._repeats(held):
            return False
        if self._may_begin_anew(held):
            return True
        # The line may announce the continuation.
        start = held.lstrip().lower()
        return (
            len(held) < _ANNOUNCEMENT
            and re.search("[:\n]", start) is None
            and any(start.startswith(o) or o.startswith(start) for o in _OPENERS)
        )

    def _may_repeat(self, text: str) -> bool:
        """Whether `text` and more could be a longer part of the tail than it is now."""
        return text == self._cut_word or 0 <= self._tail.find(text) < len(self._tail) - len(text)

    def _repeats(self, text: str) -> int:
        """How many characters of `text` repeat the end of the old text."""
        for size in range(min(len(text), len(self._tail)), 0, -1):
            same = text[:size]
            if self._tail.endswith(same):
                if self._is_habit(same):
                    return 0
                if _is_repetition(same) or (same == self._cut_word and text[size:][:1].isalpha()):
                    return size
                return 0
        return 0

    def _is_habit(self, same: str) -> bool:
        """Whether the old text itself says this twice in a row, or does so within it."""
        return self._before.endswith(same * 2) or _is_periodic(same)

    def _may_begin_anew(self, held: str) -> bool:
        start = held[_preamble(held) :]
        if len(start) < self._begins and self._began.startswith(start):
            return True
        lowered = start.lower()
        return len(held) < _ANNOUNCEMENT and (
            (start.startswith("#") and "\n" not in start)
            or any(opener.startswith(lowered) for opener in _INTERJECTIONS)
        )

    def _begins_anew(self, held: str) -> bool:
        start = held[_preamble(held) :][: self._begins]
        return len(start) == self._begins and self._began.startswith(start)

    def _join(self) -> str:
        held, self._joined = self._held, True
        size = self._repeats(held)
        if size:
            return held[size:]
        if self._begins_anew(held):
            raise StreamResumeError("the model began its answer anew instead of continuing it")
        announcement = _ANNOUNCES.match(held)
        if announcement is None:
            return held
        rest = held[announcement.end() :]
        size = self._repeats(rest)
        if not size:
            raise StreamResumeError("the model talks about its answer instead of continuing it")
        return rest[size:]


def _preamble(text: str) -> int:
    """Where what `text` says begins."""
    found = _PREAMBLE.match(text, 0, _ANNOUNCEMENT)
    return found.end() if found else 0


def _is_repetition(text: str) -> bool:
    """Whether the same text on both sides of a seam is more than a coincidence, as one letter, an
    indentation or a closing bracket on its line are."""
    return len(text) >= _REPEATED and len(text.strip()) >= 2


def _is_periodic(text: str) -> bool:
    """Whether `text` is the same again and again, twice at least."""
    return any(text.startswith(text[period:]) for period in range(1, len(text) // 2 + 1))
