"""Going on with an answer that broke off: what to ask, and how the new text joins the old one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import APIError, StreamResumeError
from ..types import ChatCompletion, ChatCompletionChunk
from ..types._decode import convert
from .accumulate import ChatAccumulator
from .chunks import CHAT, ChunkReader, speaks
from .endpoints.body import CompletionCall
from .http import Headers, Request
from .reasoning import replay
from .seam import Seam
from .tokens import reserved_tokens

_REQUEST = (
    "Your answer was cut off. Continue it exactly where it stopped, in the middle of a word if "
    "need be. Do not repeat any of it, do not begin again, and say nothing else."
)
_PLEASE = {"role": "user", "content": _REQUEST}


def continued(call: CompletionCall, partial: ChatCompletion | None) -> CompletionCall:
    """The call that asks for the rest of `partial`, the answer to `call` so far.

    Raises StreamResumeError for an answer that cannot be continued.
    """
    body = continuation(msgspec.json.decode(call.request.body), partial)
    replay(body, texts=call.thinks)
    request = dataclasses.replace(call.request, body=msgspec.json.encode(body))
    tokens = reserved_tokens(body) if call.tokens else 0
    return dataclasses.replace(call, request=request, tokens=tokens, notice=None, findings=())


def continuation(body: Mapping[str, Any], partial: ChatCompletion | None) -> dict[str, Any]:
    """The body of the request that asks for the rest of `partial`, the answer to `body`, which may
    itself have asked for the rest of what `partial` begins with.

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
    messages = body["messages"]
    if messages[-1:] == [_PLEASE]:
        messages = messages[:-2]
    return {**asked, "messages": [*messages, said, _PLEASE]}


class ContinuedReader(ChunkReader[ChatCompletionChunk, ChatCompletion]):
    """Turns the rest of an answer, which began as `before`, into chunks of what is new.

    `total` is the whole: the text of both, the reasoning of the first (that of the second is about
    the seam, and nobody gets it), and the usage of the last request: of one that broke off the
    service tells none. Chunks are held back until it is clear how the two texts join. What is still
    held when the rest fails is in `.partial` of the failure and nowhere else: nobody has seen it,
    and the next request for the rest goes on from what was seen.
    """

    def __init__(
        self,
        request: Request,
        headers: Headers,
        before: ChatCompletion,
        *,
        model: str,
        failure: APIError,
        now: float = 0.0,
    ) -> None:
        super().__init__(request, headers, CHAT, model=model, n=1, now=now)
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

    def _partial(self) -> ChatCompletion:
        given = self.total.completion()
        if self._seam is None or not self._held:
            return given
        everything = ChatAccumulator()
        everything.add(_as_chunk(given))
        repeated = sum(len(held.text) for held in self._held) - len(self._seam.so_far)
        for held in self._held:
            repeated = _cut(held, repeated)
            everything.add(held)
        return everything.completion()

    def _fail(self, error: APIError) -> None:
        super()._fail(error)
        if self._held:
            error._seen = self.total.completion()

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
