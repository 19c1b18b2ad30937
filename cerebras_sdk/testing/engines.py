"""What answers behind the local server: the protocol of an engine, and the one that echoes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import CerebrasError


@dataclass(frozen=True)
class CallDelta:
    """A piece of a tool call: `name` begins a call, `arguments` is more of its JSON text.

    The server numbers the calls and gives them their ids.
    """

    name: str | None = None
    arguments: str = ""


@dataclass(frozen=True)
class Delta:
    """A piece of the answer: visible text, reasoning, a piece of a tool call, or several."""

    content: str | None = None
    reasoning: str | None = None
    call: CallDelta | None = None


@dataclass(frozen=True)
class Finish:
    """How an answer ended: the service's `finish_reason`, token counts, seconds.

    Seconds of 0.0 are replaced by what the server measured from outside.
    """

    reason: str
    prompt_tokens: int
    completion_tokens: int
    prompt_seconds: float = 0.0
    completion_seconds: float = 0.0
    reasoning_tokens: int = 0
    cached_tokens: int = 0


class Engine(Protocol):
    """Writes answers.

    `answer` gets the decoded body of a valid chat request and runs in a thread of the server,
    several at a time. It calls `emit` for every piece and stops when that returns False: nobody
    listens any more. An empty `Delta` only asks that; nothing is sent. `model` is the engine's own
    name, or None to answer under the requested one. A text completion comes as a chat of one user
    message, unless the engine is a `TextEngine` too.
    """

    @property
    def model(self) -> str | None: ...

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish: ...


class RequestRefused(CerebrasError):
    """The request is wrong; the fields are those of the service's flat error body."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",  # noqa: A002 - the field's name
        param: str = "validation_error",
        code: str = "wrong_api_format",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.param = param
        self.code = code


class ContextLengthExceeded(RequestRefused):
    """The prompt is longer than the model's context; both numbers are tokens."""

    def __init__(self, *, length: int, limit: int) -> None:
        super().__init__(
            "Please reduce the length of the messages or completion. "
            f"Current length is {length} while limit is {limit}",
            param="messages",
            code="context_length_exceeded",
        )


def text_of(content: object) -> str:
    """The text of a message's `content`: a string, a list of parts, or null."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    return ""


def token_cap(request: Mapping[str, Any]) -> int | None:
    """The most tokens that the request allows, None for no cap; -1 is the service's "no cap"."""
    cap = request.get("max_completion_tokens")
    if cap is None:
        cap = request.get("max_tokens")
    return None if cap is None or cap < 0 else int(cap)


class EchoEngine:
    """Says the last user message back, in pieces of `words_per_delta` words.

    Deterministic, and a word is a token. `delay` is the silence before each piece, in seconds;
    `reasoning` is said first, as reasoning. The caps on tokens and `stop` are honoured.
    """

    model: str | None = None

    def __init__(
        self, *, words_per_delta: int = 2, delay: float = 0.0, reasoning: str | None = None
    ) -> None:
        if words_per_delta < 1:
            raise ValueError("words_per_delta must be at least 1")
        self._words_per_delta = words_per_delta
        self._delay = delay
        self._reasoning = reasoning or ""

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        messages = request["messages"]
        said = [text_of(m.get("content")) for m in messages if m.get("role") == "user"]
        thoughts, words = _words(self._reasoning), _words(_until_stop(request, "".join(said[-1:])))
        total, reason = len(thoughts) + len(words), "stop"
        cap = token_cap(request)
        if cap is not None and cap < total:
            thoughts, words = thoughts[:cap], words[: max(0, cap - len(thoughts))]
            reason = "length"
        self._speak(thoughts, words, emit)
        return Finish(
            reason,
            prompt_tokens=sum(len(_words(text_of(m.get("content")))) for m in messages),
            completion_tokens=len(thoughts) + len(words),
            reasoning_tokens=len(thoughts),
        )

    def _speak(self, thoughts: list[str], words: list[str], emit: Callable[[Delta], bool]) -> None:
        deltas = [Delta(reasoning=text) for text in self._grouped(thoughts)]
        deltas += [Delta(content=text) for text in self._grouped(words)]
        for delta in deltas:
            if self._delay:
                time.sleep(self._delay)
            if not emit(delta):
                return

    def _grouped(self, words: list[str]) -> Iterator[str]:
        for start in range(0, len(words), self._words_per_delta):
            yield "".join(words[start : start + self._words_per_delta])


def _words(text: str) -> list[str]:
    """The text cut after each word and the space behind it; joined it is the text again."""
    return re.findall(r"\S+\s*|^\s+", text)


def _until_stop(request: Mapping[str, Any], text: str) -> str:
    stop = request.get("stop") or []
    places = [text.find(s) for s in ([stop] if isinstance(stop, str) else stop) if s]
    return text[: min((place for place in places if place >= 0), default=len(text))]
