"""The bytes of a streamed answer, read as typed chunks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from ..errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    StreamDecodeError,
    StreamError,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
)
from ..types import ChatCompletion, ChatCompletionChunk, ChunkChoice, Completion
from ..types._decode import convert, decode, parse_json
from .accumulate import Accumulator, ChatAccumulator, ChunkT, TextAccumulator, WholeT
from .failures import embedded_error, redact
from .http import Headers, Request
from .limits import request_id
from .sse import ServerSentEvent, SSEDecoder

E = TypeVar("E", bound=StreamError)

_RAW_TAIL = 2048  # bytes
_RECENT_PIECES = 64


@dataclass(frozen=True, slots=True)
class Kind(Generic[ChunkT, WholeT]):
    """A kind of completion: its name, how it is read whole and in chunks, how chunks add up."""

    name: str
    whole: type[WholeT]
    chunk: msgspec.json.Decoder[ChunkT]
    accumulator: type[Accumulator[ChunkT, WholeT]]


CHAT = Kind(
    "chat completion",
    ChatCompletion,
    msgspec.json.Decoder(ChatCompletionChunk),
    ChatAccumulator,
)
TEXT = Kind("text completion", Completion, msgspec.json.Decoder(Completion), TextAccumulator)


def speaks(chunk: ChatCompletionChunk | Completion) -> bool:
    """Whether a chunk says something: not only who is speaking, and not nothing at all."""
    for choice in chunk.choices:
        if isinstance(choice, ChunkChoice):
            delta = choice.delta
            if delta.content or delta.reasoning or delta.tool_calls or choice.logprobs:
                return True
        if choice.finish_reason or choice.text or choice.tokens:
            return True
    return chunk.usage is not None


class ChunkReader(Generic[ChunkT, WholeT]):
    """Turns the body of one streamed answer into chunks.

    `feed(data)` appends to `chunks`; `end()` and `broken(error)` say how the body ended. `done` is
    True when no more chunks can come, `failure` is then the error to raise once `chunks` is empty,
    if the stream did not end well. `total` adds up everything that arrived.
    """

    def __init__(
        self,
        request: Request,
        headers: Headers,
        kind: Kind[ChunkT, WholeT],
        *,
        model: str,
        n: int,
    ) -> None:
        self.chunks: deque[ChunkT] = deque()
        self.failure: APIError | None = None
        self.done = False
        self.total = kind.accumulator(n=n)
        self._chunk = kind.chunk
        self._request = request
        self._headers = headers
        self._model = model
        self._decoder = SSEDecoder()
        self._recent: deque[bytes] = deque(maxlen=_RECENT_PIECES)

    def feed(self, data: bytes) -> None:
        if self.done:
            return
        self._recent.append(data)
        try:
            events = self._decoder.feed(data)
        except StreamDecodeError as error:
            self._fail(self._described(StreamDecodeError, str(error)))
            return
        for event in events:
            self._read(event)

    def take(self, completion: WholeT) -> None:
        """A whole answer came where a stream was asked for: it is the one chunk of it."""
        document = completion.to_dict()
        for choice in document["choices"]:
            if "message" in choice:
                choice["delta"] = choice.pop("message")
        self._add(convert(document, self._chunk.type))
        self._finish()

    def end(self) -> None:
        """The body has ended. It is `finish_reason`, not `[DONE]`, that makes the answer whole."""
        self.feed(b"")  # a failure that the decoder held back until its events were given
        self._finish()

    def broken(self, error: APIConnectionError) -> None:
        """The connection broke. After the last chunk that is only an untidy way to close."""
        if self.total.finished:
            self.done = True
        elif not self.done:
            timed_out = isinstance(error, APITimeoutError)
            cls = StreamTimeoutError if timed_out else StreamInterruptedError
            where = f" [{self._request.place}]"
            reason = str(error).removesuffix(where)
            failure = self._described(cls, f"the stream broke off: {reason}")
            failure.__cause__ = error
            if isinstance(failure, StreamTimeoutError) and isinstance(error, APITimeoutError):
                failure.phase = error.phase
            self._fail(failure)

    def _read(self, event: ServerSentEvent) -> None:
        raw = event.raw
        if self.done:
            return
        if raw.startswith(b"[DONE]"):
            self._finish()
            return
        if not raw:
            return
        try:
            chunk = decode(raw, self._chunk)
        except msgspec.DecodeError as error:
            self._bad_event(raw, error)
            return
        if (not chunk.choices or b'"error"' in raw) and self._is_error(raw):
            return
        self._add(chunk)

    def _add(self, chunk: ChunkT) -> None:
        self.total.add(chunk)
        self.chunks.append(chunk)

    def _bad_event(self, raw: bytes, error: msgspec.DecodeError) -> None:
        if isinstance(error, msgspec.ValidationError) and self._is_error(raw):
            return
        failure = self._described(
            StreamDecodeError, f"an event of the stream is no chunk of a completion: {error}"
        )
        self._fail(failure)

    def _is_error(self, raw: bytes) -> bool:
        try:
            document = parse_json(redact(raw, self._request))
        except msgspec.DecodeError:
            return False  # the key stood where no text stands: this is not where an error says it
        failure = embedded_error(document, self._headers, self._request, model=self._model)
        if failure is None:
            return False
        failure.partial = self._partial()
        self._fail(failure)
        return True

    def _finish(self) -> None:
        if self.done:
            return
        if self.total.finished:
            self.done = True
        else:
            self._fail(
                self._described(
                    StreamTruncatedError,
                    "the stream ended without a finish_reason: the answer is not whole",
                )
            )

    def _fail(self, error: APIError) -> None:
        self.failure = error
        self.done = True

    def _partial(self) -> Any:
        return self.total.completion()

    def _described(self, cls: type[E], message: str) -> E:
        ident = request_id(self._headers)
        return cls(
            f"{message} [{self._request.place}]" + (f" (request id {ident})" if ident else ""),
            partial=self._partial(),
            raw_tail=redact(b"".join(self._recent), self._request)[-_RAW_TAIL:],
            url=self._request.where,
            method=self._request.method,
            request_id=ident,
        )
