"""Answers, streamed and whole."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from .._core.accumulate import ChunkT, WholeT
from .._core.answers import read_answer
from .._core.chunks import ChunkReader, Kind
from .._core.endpoints.body import CompletionCall
from .._core.failures import request_id
from .._core.http import Headers
from .._core.limits import ResponseInfo, rate_limits
from .._core.secret import Hidden
from .._transports import is_stream
from .._transports._httpx import HttpxResponse
from ..errors import APIConnectionError, ModelRetiredWarning, StreamTruncatedError
from ..types import Answer, ChatCompletion, ChatCompletionChunk, Completion, RateLimits

if TYPE_CHECKING:
    from .base import AsyncBaseClient


class AsyncStream(Generic[ChunkT]):
    """The chunks of an answer, as they arrive.

    Iterate it once:

        async for chunk in stream:
            print(chunk.text, end="")

    or iterate `text_stream` for the text alone, or await `get_final_completion()`. Leaving it
    early, call `close()`, or use it as a context manager: then the connection is given back.

    Raises StreamTruncatedError when the stream ends without a finish_reason, and the other
    errors of `cerebras_sdk.errors` for what else can go wrong; their `.partial` is what arrived.
    """

    def __init__(self, response: HttpxResponse, reader: ChunkReader[ChunkT, Any]) -> None:
        self._response = response
        self._reader = reader
        self._closed = False
        self._chunks = reader.chunks

    @property
    def response(self) -> Any:
        """The answer as the HTTP library's own object, whose body is not to be read."""
        return self._response.raw

    @property
    def response_headers(self) -> Headers:
        """The headers of the answer; names in any case."""
        return self._response.headers

    @property
    def request_id(self) -> str | None:
        """The id to name when you ask Cerebras for help: `inference-id`, else `cf-ray`."""
        return request_id(self._response.headers)

    @property
    def rate_limits(self) -> RateLimits:
        """The limits that the headers of the answer name."""
        return rate_limits(self._response.headers)

    @property
    def text_stream(self) -> AsyncTextStream[ChunkT]:
        """The text of the first choice, piece by piece, without anything else."""
        return AsyncTextStream(self)

    @overload
    async def get_final_completion(self: AsyncStream[ChatCompletionChunk]) -> ChatCompletion: ...

    @overload
    async def get_final_completion(self: AsyncStream[Completion]) -> Completion: ...

    async def get_final_completion(self) -> Any:
        """The whole answer; reads what has not been iterated yet."""
        async for _ in self:
            pass
        if not self._reader.done:
            raise StreamTruncatedError(
                "the stream was closed before its end", partial=self._reader.total.completion()
            )
        completion: Answer = self._reader.total.completion()
        completion._response = ResponseInfo(self._response.headers)
        return completion

    async def close(self) -> None:
        """Gives the connection back; closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._chunks.clear()
            await self._response.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChunkT:
        while not self._chunks:
            if self._reader.done or self._closed:
                await self._end()
                raise StopAsyncIteration
            try:
                data = await self._response.receive()
            except APIConnectionError as error:
                self._reader.broken(error)
                continue
            if data:
                self._reader.feed(data)
            elif not self._closed:  # by another task, while this one waited
                self._reader.end()
        return self._chunks.popleft()

    async def _end(self) -> None:
        failure = self._reader.failure
        if failure is not None:
            await self.close()
            raise failure
        if not self._closed:
            self._closed = True
            await self._response.drain()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<{type(self).__name__} {state}, status {self._response.status}>"


class AsyncTextStream(Generic[ChunkT]):
    """The text of a stream, as it arrives; see `AsyncStream.text_stream`."""

    def __init__(self, stream: AsyncStream[ChunkT]) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while True:
            chunk = await anext(self._stream)
            if chunk.text:
                return chunk.text


async def complete(
    client: AsyncBaseClient, call: CompletionCall, kind: Kind[ChunkT, WholeT]
) -> WholeT | AsyncStream[ChunkT]:
    """Sends `call`, and gives its answer the way it was asked for.

    The caller of the caller is who sees the warning that a model is retired.
    """
    if call.notice is not None:
        warnings.warn(call.notice, ModelRetiredWarning, stacklevel=3)
    reply = await client._send(call.request, stream=call.stream, model=call.model)
    response = reply.response
    streamed = call.stream and is_stream(response.status, response.headers)

    def read(body: Hidden[bytes]) -> WholeT | AsyncStream[ChunkT]:
        reader = ChunkReader(reply.request, response.headers, kind, model=call.model, n=call.n)
        if not streamed:
            whole = read_answer(
                body.value,
                kind.whole,
                reply.request,
                response.headers,
                name=kind.name,
                model=call.model,
            )
            if not call.stream:
                return whole
            # Not a stream but a document: an answer in one piece.
            reader.take(whole)
        return AsyncStream(response, reader)

    return client._give(reply, read, is_stream=streamed)
