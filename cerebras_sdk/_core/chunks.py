"""The bytes of a streamed chat completion, read as typed chunks."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import msgspec

from ..errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APITimeoutError,
    StreamDecodeError,
    StreamError,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
)
from ..types import ChatCompletion, ChatCompletionChunk
from ..types._decode import convert, decode, parse_json
from .accumulate import ChatAccumulator
from .failures import embedded_error, foreign_message, redact, request_id
from .http import Headers, Request
from .limits import ResponseInfo
from .sse import ServerSentEvent, SSEDecoder

E = TypeVar("E", bound=StreamError)

ChunkT = TypeVar("ChunkT", bound=ChatCompletionChunk)

CHAT_CHUNK = msgspec.json.Decoder(ChatCompletionChunk)
_COMPLETION = msgspec.json.Decoder(ChatCompletion)


class ChunkReader(Generic[ChunkT]):
    """Turns the body of one streamed answer into chunks.

    `feed(data)` appends to `chunks`; `end()` and `broken(error)` say how the body ended. `done` is
    True when no more chunks can come, `failure` is then the error to raise once `chunks` is empty,
    if the stream did not end well. `total` adds up everything that arrived.
    """

    def __init__(
        self,
        request: Request,
        headers: Headers,
        chunk: msgspec.json.Decoder[ChunkT],
        *,
        model: str,
        n: int,
    ) -> None:
        self.chunks: deque[ChunkT] = deque()
        self.failure: APIError | None = None
        self.done = False
        self.total = ChatAccumulator(n=n)
        self._chunk = chunk
        self._request = request
        self._headers = headers
        self._model = model
        self._decoder = SSEDecoder()

    def feed(self, data: bytes) -> None:
        if self.done:
            return
        try:
            events = self._decoder.feed(data)
        except StreamDecodeError as error:
            self._fail(self._described(StreamDecodeError, str(error)))
            return
        for event in events:
            self._read(event)

    def take(self, completion: ChatCompletion) -> None:
        """A whole answer came where a stream was asked for: it is the one chunk of it."""
        document = completion.to_dict()
        for choice in document["choices"]:
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
            where = f" [{self._request.method} {self._request.url}]"
            reason = str(error).removesuffix(where)
            failure = self._described(cls, f"the stream broke off: {reason}")
            failure.__cause__ = error
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
        failure.partial = self.total.completion()
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

    def _described(self, cls: type[E], message: str) -> E:
        ident = request_id(self._headers)
        return cls(
            f"{message} [{self._request.method} {self._request.url}]"
            + (f" (request id {ident})" if ident else ""),
            partial=self.total.completion(),
            url=self._request.url,
            request_id=ident,
        )


def read_completion(
    body: bytes, request: Request, headers: Headers, *, model: str
) -> ChatCompletion:
    """The completion that the body of an answer of 200 is.

    Raises the error that stands in it instead, if one does; APIResponseValidationError for
    anything else.
    """
    try:
        completion = decode(body, _COMPLETION)
    except msgspec.DecodeError as error:
        reason = str(error)
    else:
        if completion.choices:
            completion._response = ResponseInfo(headers)
            return completion
        reason = "it has no choices"
        del completion  # a traceback shows the variables of a frame, and this may repeat the key
    shown = redact(body, request)
    del body
    try:
        document = parse_json(shown)
    except msgspec.DecodeError:
        text = shown.decode("utf-8", "replace").strip()
        document = text
        reason = foreign_message(200, headers, text, request.url)
    failure = embedded_error(document, headers, request, model=model)
    if failure is not None:
        raise failure
    raise APIResponseValidationError(
        f"the answer is no chat completion: {reason} [{request.method} {request.url}]",
        url=request.url,
        body=document,
        request_id=request_id(headers),
    )
