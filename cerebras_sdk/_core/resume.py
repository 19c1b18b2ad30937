"""Going on with an answer that broke off: what to ask, and how the new text joins the old one."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import APIError, StreamResumeError
from ..types import ChatCompletion, ChatCompletionChunk
from ..types._decode import convert
from .chunks import CHAT, ChunkReader, speaks
from .endpoints.body import CompletionCall
from .http import Headers, Request
from .tokens import reserved_tokens

_PLEASE = (
    "Your answer was cut off. Continue it exactly where it stopped, in the middle of a word if "
    "need be. Do not repeat any of it, do not begin again, and say nothing else."
)
_OVERLAP = 200  # characters at the end of the old text that a model may say again
_REPEATED = 4  # the same characters on both sides of a seam; fewer may be a coincidence
_BEGINS = 48  # characters that begin as the old text did are a new beginning; of a short one, half
_BEGINS_SHORT = 16
_ANNOUNCEMENT = 120  # characters
_OPENERS = (
    "sure", "certainly", "of course", "okay", "absolutely", "sorry", "apologies", "continuing",
    "here is", "here's",
)  # fmt: skip
# "Sure, here is the rest:"; a sentence of an answer that is going on hardly looks like it.
_ANNOUNCES = re.compile(
    rf"\s*({'|'.join(_OPENERS)})\b"
    r"(?=[^\n:]*\b(rest|remain\w*|continu\w*|left off|stopped|cut off)\b)[^\n:]*[:\n]\s*",
    re.IGNORECASE,
)


def continued(call: CompletionCall, partial: ChatCompletion | None) -> CompletionCall:
    """The call that asks for the rest of `partial`, the answer to `call` so far.

    Raises StreamResumeError for an answer that cannot be continued.
    """
    body: Mapping[str, Any] = msgspec.json.decode(call.request.body)
    body = continuation(body, partial)
    request = dataclasses.replace(call.request, body=msgspec.json.encode(body))
    tokens = reserved_tokens(body) if call.tokens else 0
    return dataclasses.replace(call, request=request, tokens=tokens, notice=None)


def continuation(body: Mapping[str, Any], partial: ChatCompletion | None) -> dict[str, Any]:
    """The body of the request that asks for the rest of `partial`, the answer to `body`.

    Raises StreamResumeError for an answer that cannot be continued: several choices, tool calls,
    structured output, whose pieces would not join, and no text yet.
    """
    choices = partial.choices if isinstance(partial, ChatCompletion) else []
    message = choices[0].message if choices else None
    form = body.get("response_format") or {}
    problem = None
    if "messages" not in body:
        problem = "only a chat completion can be continued"
    elif (body.get("n") or 1) != 1 or len(choices) > 1:
        problem = "an answer of several choices cannot be continued"
    elif message is not None and message.tool_calls:
        problem = "tool calls that broke off cannot be continued: ask again"
    elif form.get("type", "text") != "text":
        problem = "structured output that broke off cannot be continued: ask again"
    elif message is None or not message.content or message.content.isspace():
        problem = "there is no text yet to continue from: ask again"
    if problem is not None or message is None:
        raise StreamResumeError(problem or "", partial=partial)
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.reasoning:
        said["reasoning"] = message.reasoning
    # What is said of the whole answer would be wrong of its rest.
    asked = {
        name: value
        for name, value in body.items()
        if name not in ("prediction", "min_tokens", "min_completion_tokens")
    }
    please = {"role": "user", "content": _PLEASE}
    return {**asked, "messages": [*body["messages"], said, please]}


class ContinuedReader(ChunkReader[ChatCompletionChunk, ChatCompletion]):
    """Turns the rest of an answer, which began as `before`, into chunks of what is new.

    `total` is the whole: the text of both, the reasoning of the first (that of the second is about
    the seam, and nobody gets it), and the usage of the last request: of one that broke off the
    service tells none. Chunks are held back until it is clear how the two texts join.
    """

    def __init__(
        self,
        request: Request,
        headers: Headers,
        before: ChatCompletion,
        *,
        model: str,
        failure: APIError,
    ) -> None:
        super().__init__(request, headers, CHAT, model=model, n=1)
        self.total.add(_as_chunk(before))
        self._cause = failure
        self._seam: Seam | None = Seam(before.text)
        self._held: list[ChatCompletionChunk] = []
        self.heard = False  # whether what was fed last says something, be it held back

    def feed(self, data: bytes) -> None:
        self.heard = False
        super().feed(data)

    def _add(self, chunk: ChatCompletionChunk) -> None:
        self.heard = self.heard or speaks(chunk)
        for choice in chunk.choices:
            choice.delta.role = choice.delta.reasoning = choice.reasoning_logprobs = None
        seam = self._seam
        if seam is None:
            self._give(chunk)
            return
        self._held.append(chunk)
        ends = any(choice.finish_reason or choice.delta.tool_calls for choice in chunk.choices)
        try:
            new = seam.feed(chunk.text)
            if new is None and ends:
                new = seam.end()
        except StreamResumeError as error:
            failure = self._described(StreamResumeError, error.message)
            failure.__cause__ = self._cause
            self._fail(failure)
            return
        if new is None:
            return
        repeated = sum(len(held.text) for held in self._held) - len(new)
        for held in self._held:
            repeated = _cut(held, repeated)
            self._give(held)
        self._seam = None
        self._held.clear()

    def _give(self, chunk: ChatCompletionChunk) -> None:
        self.total.add(chunk)
        if speaks(chunk):
            self.chunks.append(chunk)


def holds_back(reader: ChunkReader[Any, Any]) -> bool:
    """Whether what was fed last says something, though no chunk of it is given yet."""
    return isinstance(reader, ContinuedReader) and reader.heard


def _as_chunk(before: ChatCompletion) -> ChatCompletionChunk:
    document = before.to_dict()
    for choice in document["choices"]:
        choice["delta"] = choice.pop("message")
        choice.pop("finish_reason", None)
    document.pop("usage", None)
    return convert(document, ChatCompletionChunk)


def _cut(chunk: ChatCompletionChunk, size: int) -> int:
    """Takes `size` characters off the front of a chunk's text; what it does not have is left."""
    for choice in chunk.choices:
        text = choice.delta.content or ""
        gone = min(size, len(text))
        if not gone:
            continue
        size -= gone
        choice.delta.content = text[gone:] or None
        if choice.logprobs is not None and choice.logprobs.content:
            tokens = choice.logprobs.content
            while tokens and len(tokens[0].token) <= gone:
                gone -= len(tokens.pop(0).token)
            if not tokens:
                choice.logprobs = None
    return size


def _is_repetition(text: str) -> bool:
    """Whether the same text on both sides of a seam is more than a coincidence, as one letter, an
    indentation or a closing bracket on its line are."""
    return len(text) >= _REPEATED and len(text.strip()) >= 2


class Seam:
    """Joins the text of a continuation to the text before it.

    `feed(text)` gives what is new of it, or None as long as it is held back: until it is clear
    whether it repeats the end of the old text. `end()` gives what is new of what is still held when
    the continuation is over. Both raise StreamResumeError when the model began anew, or talks about
    its answer.
    """

    def __init__(self, before: str) -> None:
        self._joined = False
        self._before = before
        self._tail = before[-_OVERLAP:]
        self._begins = min(_BEGINS, max(_BEGINS_SHORT, len(before) // 2))
        self._held = ""

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
        start = held.lstrip()
        if len(start) < self._begins and self._before.lstrip().startswith(start):
            return True  # may be a new beginning
        start = start.lower()
        # The line may announce the continuation.
        return (
            len(held) < _ANNOUNCEMENT
            and re.search("[:\n]", start) is None
            and any(start.startswith(o) or o.startswith(start) for o in _OPENERS)
        )

    def _may_repeat(self, text: str) -> bool:
        """Whether `text` and more could be a longer part of the tail than it is now."""
        return 0 <= self._tail.find(text) < len(self._tail) - len(text)

    def _repeats(self, text: str) -> int:
        """How many characters of `text` repeat the end of the old text."""
        for size in range(min(len(text), len(self._tail)), 0, -1):
            if self._tail.endswith(text[:size]):
                return size if _is_repetition(text[:size]) else 0
        return 0

    def _join(self) -> str:
        held, self._held, self._joined = self._held, "", True
        size = self._repeats(held)
        if size:
            return held[size:]
        start, began = held.lstrip(), self._before.lstrip()
        if len(start) >= self._begins and began.startswith(start[: self._begins]):
            raise StreamResumeError("the model began its answer anew instead of continuing it")
        announcement = _ANNOUNCES.match(held)
        if announcement is None:
            return held
        rest = held[announcement.end() :]
        size = self._repeats(rest)
        if not size:
            raise StreamResumeError("the model talks about its answer instead of continuing it")
        return rest[size:]
