"""Answers, streamed and whole."""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from .._core.accumulate import ChunkT, WholeT
from .._core.chunks import Kind, speaks
from .._core.endpoints.body import CompletionCall
from .._core.http import Headers
from .._core.limits import ResponseInfo, rate_limits, request_id
from .._core.resume import holds_back
from .._core.secret import Hidden
from .._core.timeout import Deadline, StreamClocks
from .._transports import DRAIN_SECONDS, is_stream, late
from ..errors import (
    APIConnectionError,
    ModelRetiredWarning,
    StreamResumeError,
    StreamTruncatedError,
)
from ..types import Answer, ChatCompletion, ChatCompletionChunk, Completion, RateLimits
from .origin import AsyncOrigin

if TYPE_CHECKING:
    from .base import AsyncBaseClient, AsyncReply


class AsyncStream(Generic[ChunkT]):
    """The chunks of an answer, as they arrive.

    Iterate it once:

        async for chunk in stream:
            print(chunk.text, end="")

    or iterate `text_stream` for the text alone, or await `get_final_completion()`. Leaving it
    early, call `close()`, or use it as a context manager: then the connection is given back. (It
    also is when the stream is forgotten.)

    Raises StreamTruncatedError when the stream ends without a finish_reason, and the other
    errors of `cerebras_sdk.errors` for what else can go wrong; their `.partial` is what arrived,
    and `resume()` asks for the rest.
    """

    def __init__(self, origin: AsyncOrigin[ChunkT, Any], reply: AsyncReply) -> None:
        self._origin = origin
        self._closed = False
        self._begun = False  # a chunk was given to the caller
        self._spoken = False  # and one that says something
        self._begin(reply)

    def _begin(self, reply: AsyncReply) -> None:
        """Reads the chunks of an answer, the first or a later one."""
        self._reply = reply
        self._response = reply.response
        self._reader = self._origin.reader(reply)
        self._chunks = self._reader.chunks
        self._last: Deadline | None = None  # for what follows the whole answer
        self._turn = reply.turn
        if self._turn is not None:
            self._turn.watch(self._reader.total)
        self._clocks = StreamClocks(
            reply.request.timeout,
            started=reply.start,
            answered=reply.start + reply.seconds,
            deadline=reply.course.deadline,
        )

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
            self._give_turn_back()
            await self._origin.release(self._reply)

    aclose = close  # async only

    async def resume(self: AsyncStream[ChatCompletionChunk]) -> AsyncStream[ChatCompletionChunk]:
        """Asks the model for the rest of an answer that broke off, once this stream has raised.

        The new stream has the chunks of what is new: what the model says again at the seam is left
        out. Its `get_final_completion()` is the whole: the text of both, the reasoning of the
        first, and the usage of the last request (of one that broke off the service tells none;
        both are billed, and `max_completion_tokens` counts for each). It may be resumed in turn.

        Raises StreamResumeError, whose `.partial` is everything so far: here when there is nothing
        to continue (the stream has not failed, there is no text yet, tool calls or structured
        output were cut, several choices), and from the new stream when the model begins its answer
        anew. And what any call raises.
        """
        reader = self._reader
        if reader.failure is None or self._chunks:
            raise StreamResumeError(
                "the stream has not failed: there is nothing to resume",
                partial=reader.total.completion(),
            )
        origin = self._origin.resumed(reader.failure)
        return AsyncStream(origin, await origin.ask())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChunkT:
        while True:
            if not self._chunks:
                await self._more()
                continue
            chunk = self._chunks.popleft()
            if not self._spoken:
                self._spoken = speaks(chunk)
                if self._begun and not self._spoken and self._origin.repeated:
                    continue  # the caller knows who is speaking from the attempt before
                self._begun = True
            return chunk

    async def _more(self) -> None:
        """Waits for chunks; raises StopAsyncIteration, or why there will be none."""
        reader = self._reader
        if reader.done or self._closed:
            if reader.failure is None:
                await self._leave()
                raise StopAsyncIteration
            await self.close()
            # What the caller has not heard of can be asked for again.
            self._begin(await self._origin.again(reader.failure, spoken=self._spoken))
            self._closed = False
            return
        clocks, now = self._clocks, time.monotonic()
        last: Deadline | None = None
        if reader.total.finished:
            # The answer is whole; some servers neither say so nor close.
            last = self._last = self._last or Deadline(now + DRAIN_SECONDS, "gap")
            if now >= last.at:
                reader.end()
                return
        elif clocks.watched:
            last = clocks.next(now)
        else:
            clocks.waits = now
        try:
            if clocks.is_over(now):
                raise late(self._origin.call.request)
            data = await self._response.receive(last)
        except APIConnectionError as error:
            reader.broken(error)
            return
        except BaseException:
            await self.close()  # cancelled or interrupted: half of something was read
            raise
        if data:
            reader.feed(data)
            says = self._chunks and (self._spoken or any(map(speaks, self._chunks)))
            if says or holds_back(reader):
                clocks.heard()
            else:
                clocks.silent()
        elif not self._closed:  # by another task, while this one waited
            reader.end()

    async def _leave(self) -> None:
        if not self._closed:
            self._closed = True
            self._give_turn_back()
            try:
                await self._response.drain()
            finally:
                await self._origin.release(self._reply)

    def _give_turn_back(self) -> None:
        if self._turn is not None:
            self._turn.over()

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
    client: AsyncBaseClient,
    call: CompletionCall,
    kind: Kind[ChunkT, WholeT],
    *,
    goes_on: bool = False,
) -> WholeT | AsyncStream[ChunkT]:
    """Sends `call`, and gives its answer the way it was asked for; see AsyncOrigin for `goes_on`.

    The caller of the caller is who sees the warning that a model is retired.
    """
    if call.notice is not None:
        warnings.warn(call.notice, ModelRetiredWarning, stacklevel=3)
    origin = AsyncOrigin(client, call, kind, goes_on=goes_on)
    reply = await origin.ask()
    response = reply.response

    def read(body: Hidden[bytes]) -> WholeT | AsyncStream[ChunkT]:
        return AsyncStream(origin, reply) if call.stream else origin.whole(reply, body)

    is_events = call.stream and is_stream(response.status, response.headers)
    return client._give(reply, read, is_stream=is_events)
