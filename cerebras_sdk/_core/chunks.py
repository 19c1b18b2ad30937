"""The bytes of a streamed answer, read as typed chunks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from ..errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    StreamDecodeError,
    StreamError,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
)
from ..types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChunkChoice,
    Completion,
    CompletionChoice,
)
from ..types._decode import convert, decode, parse_json
from .accumulate import Accumulator, ChatAccumulator, ChunkT, TextAccumulator, WholeT
from .answers import read_answer
from .documents import Gathered
from .failures import embedded_error, redact
from .http import Headers, Request
from .limits import request_id
from .redaction import Tail
from .sse import ServerSentEvent, SSEDecoder

E = TypeVar("E", bound=StreamError)

_RAW_TAIL = 2048  # bytes
_OF_ERRORS = frozenset({"error", "status_code"})


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
        if choice.finish_reason or _has_words(choice):
            return True
    return chunk.usage is not None


def _has_words(choice: ChunkChoice | CompletionChoice) -> bool:
    if isinstance(choice, ChunkChoice):
        delta = choice.delta
        if delta.content or delta.reasoning or delta.tool_calls or choice.logprobs:
            return True
    return bool(choice.text or choice.tokens)


class ChunkReader(Generic[ChunkT, WholeT]):
    """Turns the body of one streamed answer into chunks.

    `feed(data)` appends to `chunks`; `end()` and `broken(error)` say how the body ended. `done` is
    True when no more chunks can come, `failure` is then the error to raise once `chunks` is empty,
    if the stream did not end well. `total` adds up everything that arrived.

    Once every choice has its finish_reason the answer is whole, and nothing behind it makes an
    error of it (unless that reason is `error`). A body that is a JSON document, whatever its type
    says, is the answer in one piece, or the error. `now`: unix time of the answer.
    """

    def __init__(
        self,
        request: Request,
        headers: Headers,
        kind: Kind[ChunkT, WholeT],
        *,
        model: str,
        n: int,
        now: float = 0.0,
    ) -> None:
        self.chunks: deque[ChunkT] = deque()
        self.failure: APIError | None = None
        self.done = False
        self.total = kind.accumulator(n=n)
        self._kind = kind
        self._chunk = kind.chunk
        self._request = request
        self._headers = headers
        self._model = model
        self._now = now
        self._decoder = SSEDecoder()
        self._tail = Tail(_RAW_TAIL)
        self._document = Gathered()

    def feed(self, data: bytes) -> None:
        if self.done:
            return
        self._tail.add(data)
        try:
            if not self._document.is_none and self._document.add(data):
                return
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
        if self._document and not self.done:
            self._read_document()
        else:
            self._finish()

    def broken(self, error: APIConnectionError) -> None:
        """The connection broke. After the whole answer that is only an untidy way to close."""
        if not self.done and self._document and self._document.is_whole:
            self._read_document()
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

    def _read_document(self) -> None:
        try:
            whole = read_answer(
                self._document.raw,
                self._kind.whole,
                self._request,
                self._headers,
                name=self._kind.name,
                model=self._model,
                now=self._now,
            )
        except APIStatusError as error:
            error.partial = self._partial()
            self._fail(error)
        except APIError as error:
            reason = str(error).removesuffix(f" [{self._request.place}]")
            self._fail(self._described(StreamDecodeError, reason))
        else:
            self.take(whole)

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
            self._bad_event(event, error)
            return
        extra = chunk._extra
        if not chunk.choices or (extra is not None and not _OF_ERRORS.isdisjoint(extra)):
            failure = self._error_in(event)
            if failure is not None:
                self._keep(chunk)
                self._fail_with(failure)
                return
        self._add(chunk)

    def _add(self, chunk: ChunkT) -> None:
        self.total.add(chunk)
        self.chunks.append(chunk)

    def _keep(self, chunk: ChunkT) -> None:
        """What stands beside an error was said all the same."""
        for choice in chunk.choices:
            choice.finish_reason = None
        if any(map(_has_words, chunk.choices)):
            self._add(chunk)

    def _bad_event(self, event: ServerSentEvent, error: msgspec.DecodeError) -> None:
        failure = None
        if isinstance(error, msgspec.ValidationError) or event.event == "error":
            failure = self._error_in(event)
        if failure is not None:
            self._fail_with(failure)
            return
        self._fail(
            self._described(
                StreamDecodeError, f"an event of the stream is no chunk of a completion: {error}"
            )
        )

    def _error_in(self, event: ServerSentEvent) -> APIStatusError | None:
        shown = redact(event.raw, self._request)
        certain = event.event == "error"
        document: object
        try:
            document = parse_json(shown)
        except msgspec.DecodeError:
            # Else the key stood where no text stands: that is not where an error says it.
            if not certain:
                return None
            document = " ".join(shown.decode("utf-8", "replace").split())
        return embedded_error(
            document,
            self._headers,
            self._request,
            model=self._model,
            now=self._now,
            certain=certain,
        )

    def _fail_with(self, failure: APIStatusError) -> None:
        if self.done:
            return
        failure.partial = self._partial()
        self._fail(failure)
        if self.total.failed:
            self.failure = failure

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
        self.done = True
        if not self.total.finished:
            self.failure = error

    def _partial(self) -> Any:
        return self.total.completion()

    def _described(self, cls: type[E], message: str) -> E:
        ident = request_id(self._headers)
        return cls(
            f"{message} [{self._request.place}]" + (f" (request id {ident})" if ident else ""),
            partial=self._partial(),
            raw_tail=self._tail.shown(self._request),
            url=self._request.where,
            method=self._request.method,
            request_id=ident,
        )
