"""JSON that arrives in pieces: what is there so far, and each part of it once it is whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Field: TypeAlias = tuple[Path, Any]

_DEEPEST = 128  # paths are copied at each field, so their length must have a bound
_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\]*')
_DIGITS = re.compile(r"[0-9+\-.eE]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_SHORT = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip
_WORDS: dict[str, tuple[str, Any]] = {
    "t": ("true", True),
    "f": ("false", False),
    "n": ("null", None),
}
_HALF = "\ufffd"


class PartialJSON:
    """Reads one JSON document as its text arrives.

        reader = PartialJSON()
        for piece in pieces:
            for path, value in reader.feed(piece):
                ...

    `feed` gives each part once, when it is whole: a text after its closing quote, a number after
    what follows it, an object or a list after its end; parts before the whole, which has the path
    `()`. `value` is what is there so far. Each character is looked at once, however it is cut.

    Control characters in a text are taken as they are; half a character (a lone surrogate) becomes
    U+FFFD. What is no JSON sets `failed`, and nothing is read any more.
    """

    __slots__ = (
        "_code", "_half", "_is_key", "_path", "_pieces", "_root", "_stack", "_step", "_word",
        "failed",
    )  # fmt: skip

    def __init__(self) -> None:
        self.failed = False
        self._root: Any = None
        self._stack: list[dict[str, Any] | list[Any]] = []
        self._path: list[str | int] = []
        self._pieces: list[str] = []  # of the text or number that is being read
        self._is_key = False
        self._code = ""  # of an escape: what came of it behind the backslash
        self._half: int | None = None  # the first half of a character
        self._word = ""
        self._step: Callable[[PartialJSON, str, int, list[Field]], int] = PartialJSON._value

    @property
    def value(self) -> Any:
        """What is there so far, None before anything is; texts may be cut, numbers are whole.

        It is no copy: it grows with the next `feed`.
        """
        if self._step in (_STRING, PartialJSON._escape) and not self._is_key:
            pieces = self._pieces
            if len(pieces) > 1:
                self._put("")  # nothing else has the text then, and it grows where it is
                text = pieces.pop(0)
                text += "".join(pieces)
                self._pieces = [text]
                self._put(text)
            elif pieces:
                self._put(pieces[0])
        return self._root

    def feed(self, text: str) -> list[Field]:
        """What became whole by this piece."""
        plain = self._step is _STRING and '"' not in text and "\\" not in text
        if plain and self._half is None and not self.failed:
            self._pieces.append(text)  # as nearly all pieces are
            return []
        fields: list[Field] = []
        position, end = 0, len(text)
        while position < end and not self.failed:
            if self._step not in _INSIDE:
                position = _behind_space(text, position)
                if position == end:
                    break
            position = self._step(self, text, position, fields)
        return fields

    def end(self) -> list[Field]:
        """What became whole by the end of the text: a number that is the whole document."""
        fields: list[Field] = []
        if self._step is PartialJSON._number and not self._stack and not self.failed:
            self._finish_number(fields)
        return fields

    # Each of these reads at `position`, and gives the position behind what it read.

    def _value(self, text: str, position: int, fields: list[Field]) -> int:
        first = text[position]
        if first == '"':
            self._pieces, self._is_key = [], False
            self._put("")
            self._step = PartialJSON._string
        elif first == "{":
            self._open({}, PartialJSON._first_key)
        elif first == "[":
            self._open([], PartialJSON._first_item)
        elif first in _WORDS:
            self._word, self._pieces, self._step = first, [], PartialJSON._literal
            return position
        elif first in "-0123456789":
            self._pieces, self._step = [], PartialJSON._number
            return position
        else:
            self.failed = True
        return position + 1

    def _first_item(self, text: str, position: int, fields: list[Field]) -> int:
        if text[position] == "]":
            self._close(fields)
            return position + 1
        self._path.append(0)
        self._step = PartialJSON._value
        return position

    def _first_key(self, text: str, position: int, fields: list[Field]) -> int:
        if text[position] == "}":
            self._close(fields)
            return position + 1
        self._step = PartialJSON._key
        return position

    def _key(self, text: str, position: int, fields: list[Field]) -> int:
        self._pieces, self._is_key = [], True
        self._step = PartialJSON._string
        self.failed = text[position] != '"'
        return position + 1

    def _colon(self, text: str, position: int, fields: list[Field]) -> int:
        self._step = PartialJSON._value
        self.failed = text[position] != ":"
        return position + 1

    def _next(self, text: str, position: int, fields: list[Field]) -> int:
        """What follows a part: a comma, or the end of what it is in."""
        found, inside = text[position], self._stack[-1] if self._stack else None
        if isinstance(inside, list) and found == ",":
            self._path.append(len(inside))
            self._step = PartialJSON._value
        elif isinstance(inside, dict) and found == ",":
            self._step = PartialJSON._key
        elif inside is not None and found == ("]" if isinstance(inside, list) else "}"):
            self._close(fields)
        else:
            self.failed = True
        return position + 1

    def _string(self, text: str, position: int, fields: list[Field]) -> int:
        found = _PLAIN.match(text, position)
        assert found is not None
        if found.end() > position:
            self._add(found[0])
        position = found.end()
        if position == len(text):
            return position
        if text[position] == "\\":
            self._code, self._step = "", PartialJSON._escape
            return position + 1
        self._add("")
        whole = "".join(self._pieces)
        if not self._is_key:
            self._finish(whole, fields)
            return position + 1
        # Twice the same name would announce one field twice.
        inside = self._stack[-1]
        self.failed = whole in inside
        self._path.append(whole)
        self._step = PartialJSON._colon
        return position + 1

    def _escape(self, text: str, position: int, fields: list[Field]) -> int:
        if not self._code:
            self._code = text[position]
            position += 1
            if self._code != "u":
                self.failed = self._code not in _SHORT
                self._add(_SHORT.get(self._code, ""))
                self._step = PartialJSON._string
            return position
        taken = text[position : position + 5 - len(self._code)]
        self._code += taken
        if len(self._code) == 5:
            self._step = PartialJSON._string
            if _HEX.fullmatch(self._code, 1):
                self._add_code(int(self._code[1:], 16))
            else:
                self.failed = True
        return position + len(taken)

    def _number(self, text: str, position: int, fields: list[Field]) -> int:
        found = _DIGITS.match(text, position)
        assert found is not None
        self._pieces.append(found[0])
        if found.end() < len(text):
            self._finish_number(fields)
        return found.end()

    def _literal(self, text: str, position: int, fields: list[Field]) -> int:
        word, value = _WORDS[self._word[0]]
        if len(self._pieces) < len(word) and text[position] == word[len(self._pieces)]:
            self._pieces.append(text[position])
            if len(self._pieces) == len(word):
                self._finish(value, fields)
        else:
            self.failed = True
        return position + 1

    def _finish_number(self, fields: list[Field]) -> None:
        text = "".join(self._pieces)
        found = _NUMBER.fullmatch(text)
        if found is None:
            self.failed = True
            return
        try:
            value = float(text) if found["fraction"] or found["exponent"] else int(text)
        except ValueError:  # Python reads no whole number of more than 4300 digits
            self.failed = True
        else:
            self._finish(value, fields)

    def _add(self, text: str) -> None:
        """Adds to the text that is being read."""
        if self._half is not None:
            self._half = None
            self._pieces.append(_HALF)
        self._pieces.append(text)

    def _add_code(self, code: int) -> None:
        half = self._half
        if half is not None and 0xDC00 <= code < 0xE000:
            self._half = None
            self._pieces.append(chr(0x10000 + ((half - 0xD800) << 10) + code - 0xDC00))
        elif 0xD800 <= code < 0xDC00:
            self._add("")
            self._half = code
        else:
            self._add(_HALF if 0xDC00 <= code < 0xE000 else chr(code))

    def _put(self, value: Any) -> None:
        """Puts a part to its place, whole or not."""
        if not self._stack:
            self._root = value
            return
        inside, step = self._stack[-1], self._path[-1]
        if isinstance(inside, list) and step == len(inside):
            inside.append(value)
        else:
            inside[step] = value  # type: ignore[index]

    def _open(
        self,
        container: dict[str, Any] | list[Any],
        step: Callable[[PartialJSON, str, int, list[Field]], int],
    ) -> None:
        self._put(container)
        self._stack.append(container)
        self._step = step
        self.failed = len(self._stack) > _DEEPEST

    def _close(self, fields: list[Field]) -> None:
        self._whole(self._stack.pop(), fields)

    def _finish(self, value: Any, fields: list[Field]) -> None:
        self._put(value)
        self._whole(value, fields)

    def _whole(self, value: Any, fields: list[Field]) -> None:
        fields.append((tuple(self._path), value))
        if self._path:
            self._path.pop()
        self._step = PartialJSON._next


_STRING = PartialJSON._string
# Of these a space is a part, or no good.
_INSIDE = {_STRING, PartialJSON._escape, PartialJSON._number, PartialJSON._literal}


def _behind_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None
    return found.end()
