"""How much a model thinks, and where its thoughts go: one setting for all families of models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, get_args

from ..errors import InvalidRequestError
from .catalog import FAMILIES, Family

Reasoning: TypeAlias = Literal["off", "low", "medium", "high"]

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_NOT_BLANK = re.compile(r"\S")
_RAW = ("reasoning_effort", "disable_reasoning")


def family_of(model: str) -> Family | None:
    """The family of the model with this id, or of the endpoint whose name says that it serves one
    (`my-org-gpt-oss-120b`); None if it says nothing."""
    name = model.lower()
    return next((known for known in FAMILIES if known.pattern.search(name)), None)


def family(model: str) -> str | None:
    """The name of the model's family: "gpt-oss", "qwen-3.8", "glm", "gemma", "kimi", or None."""
    known = family_of(model)
    return None if known is None else known.name


def reasoning_params(model: str, level: str) -> dict[str, Any]:
    """What is sent for `reasoning=level` to this model: "off", "low", "medium" or "high".

    The thoughts are asked for apart from the text. A model that nobody knows gets the level as it
    is. Raises InvalidRequestError for a level that there is not, and for "off" where the model
    cannot stop thinking.
    """
    if level not in get_args(Reasoning):
        raise InvalidRequestError(
            f'reasoning must be "off", "low", "medium" or "high", not {level!r}'
        )
    known = family_of(model)
    effort: str | None
    if known is None:
        effort = "none" if level == "off" else level
    elif level in known.efforts:
        effort = known.efforts[level]
    else:
        least = 'reasoning="low" thinks least' if known.efforts["low"] else "it always thinks alike"
        hidden = (
            ""
            if "hidden" in known.refused_formats
            else ', and reasoning_format="hidden" beside it leaves the thoughts out of the answer '
            "(they are billed)"
        )
        raise InvalidRequestError(
            f"reasoning={level!r}: the reasoning of {model!r} cannot be switched off: "
            f"{least}{hidden}"
        )
    # Sent in any case: the default of a model may be to think in the text.
    sent: dict[str, Any] = {"reasoning_format": "parsed"}
    return sent if effort is None else {"reasoning_effort": effort, **sent}


def reason(body: dict[str, Any], level: str | None) -> bool:
    """Writes `reasoning=level` into the body of a chat request, the earlier thoughts in its
    messages included; what stands there already is stronger. Without a level only the thoughts
    that are apart from the text are put where the model reads them.

    Whether `<think>` in the text of the answer is to be taken out. Raises InvalidRequestError.
    """
    if level is None:
        replay(body, texts=False)
        return False
    for name in _RAW:
        if body.get(name) is not None:
            raise InvalidRequestError(
                f"reasoning and {name} are two ways to say one thing: give only reasoning"
            )
    model = str(body["model"])
    _add(body, reasoning_params(model, level))
    replay(body, texts=True)
    return bool(body["reasoning_format"] != "raw")


def replay(body: dict[str, Any], *, texts: bool) -> None:
    """`replayed` for the body of a request, whose own parameters are stronger.

    `texts`: whether texts are rewritten for thoughts in them. If not, nothing is done for a model
    that reads `reasoning`, or that nobody knows.
    """
    model = str(body.get("model"))
    known = family_of(model)
    places = known is not None and known.history != "reasoning"
    if isinstance(body.get("messages"), list) and (texts or places):
        body["messages"], params = replayed(body["messages"], model, texts=texts)
        _add(body, params)


def _add(body: dict[str, Any], params: Mapping[str, Any]) -> None:
    body.update({name: value for name, value in params.items() if body.get(name) is None})


def replayed(
    messages: Sequence[Mapping[str, Any]], model: str, *, texts: bool = True
) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """`messages` with the thoughts in earlier answers the way the model's family wants them, and
    the parameters that must go with them.

    A thought is `reasoning`, `reasoning_content`, or, in `texts`, `<think>` at the beginning. GLM
    reads it as `<think>` in the text, and only with `clear_thinking` False; gemma takes none; the
    others read `reasoning`.
    """
    known = family_of(model)
    place = "reasoning" if known is None else known.history
    sent: list[Mapping[str, Any]] = []
    params: dict[str, Any] = {}
    for message in messages:
        if not isinstance(message, Mapping) or message.get("role") != "assistant":
            sent.append(message)
            continue
        thought, content = _parts(message, texts=texts)
        kept = {
            name: value
            for name, value in message.items()
            if name not in ("reasoning", "reasoning_content", "content")
        }
        if content is not None or "content" in message:
            kept["content"] = content
        if thought and place == "reasoning":
            kept["reasoning"] = thought
        elif thought and place == "think":
            # The form that GLM's own template has, and that the service was seen to take.
            inlined = f"{_OPEN}\n{thought}\n{_CLOSE}\n\n"
            kept["content"] = (
                [{"type": "text", "text": inlined}, *content]
                if isinstance(content, (list, tuple))
                else inlined + (content or "")
            )
            params["clear_thinking"] = False
        sent.append({name: kept[name] for name in _in_order(message, kept)})
    return sent, params


def _in_order(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """A prompt is found in the cache by its beginning: names stay where they were."""
    return [*(name for name in before if name in after), *(n for n in after if n not in before)]


def _parts(message: Mapping[str, Any], *, texts: bool) -> tuple[str, Any]:
    """The thoughts in a message of the assistant, and the rest of its content."""
    thoughts = [_text(message.get("reasoning") or message.get("reasoning_content"))]
    content = message.get("content")
    if not texts:
        return thoughts[0], content
    if isinstance(content, str):
        inner, content = split(content)
        thoughts.append(inner)
    elif isinstance(content, (list, tuple)) and content and isinstance(content[0], Mapping):
        first = content[0]
        if isinstance(first.get("text"), str):
            inner, text = split(first["text"])
            if inner:
                thoughts.append(inner)
                head = [{**first, "text": text}] if text else []
                content = [*head, *content[1:]]
    return "\n".join(filter(None, thoughts)), content


def _text(reasoning: object) -> str:
    if isinstance(reasoning, str):
        return reasoning
    parts = reasoning if isinstance(reasoning, (list, tuple)) else ()
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return "".join(text for text in texts if isinstance(text, str))


def split(text: str) -> tuple[str, str]:
    """The thoughts at the beginning of a whole text, and the rest of it."""
    if not text.lstrip().startswith(_OPEN):
        return "", text
    splitter = ThinkSplitter()
    pieces = (splitter.feed(text), splitter.end())
    return "".join(inner for inner, _ in pieces), "".join(outer for _, outer in pieces)


class ThinkSplitter:
    """Takes the `<think>` blocks off the beginning of a text that comes in pieces.

    `feed(text)` and at last `end()` give what is new of the reasoning and of the content; `done` is
    True once everything else is content. Tags may be split anywhere. Only at the beginning is a
    block a thought: behind any other text it is content. A block that is never closed is all
    reasoning. Blank space around the blocks is left out. It reads each character once.
    """

    def __init__(self) -> None:
        self.done = False
        self._inside = False
        self._fresh = True  # nothing of this block was given yet
        self._blocks = 0
        self._said = False
        self._blank: list[str] = []  # held until it is clear what follows
        self._tag = ""  # what may be the beginning of a tag, after the blank

    @property
    def began(self) -> bool:
        """Whether there was a block."""
        return self._blocks > 0

    def feed(self, text: str) -> tuple[str, str]:
        if self.done:
            return "", text
        text, self._tag = self._tag + text, ""
        reasoning: list[str] = []
        at = 0
        while at < len(text):
            if self._inside:
                at = self._think(text, at, reasoning)
                continue
            start = _NOT_BLANK.search(text, at)
            begins = len(text) if start is None else start.start()
            self._blank.append(text[at:begins])
            at = begins
            if text.startswith(_OPEN, at):
                at += len(_OPEN)
                self._blank.clear()
                self._inside = self._fresh = True
                self._blocks += 1
            elif len(text) - at < len(_OPEN) and _OPEN.startswith(text[at:]):
                self._tag = text[at:]
                break
            else:
                return "".join(reasoning), self._content(text[at:])
        return "".join(reasoning), ""

    def end(self) -> tuple[str, str]:
        """What was held, now that nothing follows."""
        tag, self._tag = self._tag, ""
        if self.done:
            return "", ""
        if not self._inside:
            return "", self._content(tag)
        self.done = True
        return (self._thought(tag) if tag else ""), ""

    def _content(self, text: str) -> str:
        self.done = True
        blank = "" if self._blocks else "".join(self._blank)
        self._blank.clear()
        return blank + text

    def _think(self, text: str, at: int, reasoning: list[str]) -> int:
        """Reads on inside a block; gives where it ends, or the end of the text."""
        if self._fresh:
            start = _NOT_BLANK.search(text, at)
            if start is None:
                return len(text)
            at = start.start()
        closed = text.find(_CLOSE, at)
        ends = closed if closed >= 0 else len(text) - _begun(text, at)
        inner = text[at:ends].rstrip()
        if inner:
            reasoning.append(self._thought(inner))
        if closed >= 0:
            self._inside = False
            self._blank.clear()
            return closed + len(_CLOSE)
        self._blank.append(text[at + len(inner) : ends])
        self._tag = text[ends:]
        return len(text)

    def _thought(self, text: str) -> str:
        blank = "\n" if self._fresh and self._said else "".join(self._blank)
        self._blank.clear()
        self._fresh = False
        self._said = True
        return blank + text


def _begun(text: str, at: int) -> int:
    """How many characters at the end of `text`, from `at` on, may be the beginning of a tag."""
    start = text.rfind("<", max(at, len(text) - len(_CLOSE) + 1))
    return len(text) - start if start >= 0 and _CLOSE.startswith(text[start:]) else 0
