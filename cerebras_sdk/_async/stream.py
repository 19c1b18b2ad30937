"""Answers, streamed and whole."""

from __future__ import annotations

import time
import weakref
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, overload

from .._core.accumulate import ChunkT
from .._core.chunks import speaks
from .._core.limits import ResponseInfo
from .._core.resume import holds_back
from .._core.secret import Hidden
from .._core.timeout import Deadline, StreamClocks
from .._transports import DRAIN_SECONDS, interrupted, late
from ..errors import (
    APIConnectionError,
    CerebrasError,
    StreamResumeError,
    StreamTruncatedError,
)
from ..types import Answer, ChatCompletion, ChatCompletionChunk, Completion
from .arriving import AsyncArriving
from .loops import AsyncLoop, AsyncTextStream
from .origin import AsyncOrigin

if TYPE_CHECKING:
    from .reply import AsyncReply

_USAGE_SECONDS = 1.25  # for the usage to come after the last finish_reason


class AsyncStream(AsyncArriving, Generic[ChunkT]):
    """The chunks of an answer, as they arrive.

    Iterate it once:

        async for chunk in stream:
            print(chunk.text, end="")

    or iterate `text_stream` for the text alone, or await `get_final_completion()`. Leaving the loop
    early, by `break` or an exception, gives the connection back, and so do `close()`, the end of a
    `with` block, and forgetting the stream. To read some chunks and go on later, call `next` on the
    stream itself.

    Raises StreamTruncatedError when the stream ends without a finish_reason, and the other
    errors of `cerebras_sdk.errors` for what else can go wrong; their `.partial` is what arrived,
    and `resume()` asks for the rest.
    """

    def __init__(
        self,
        origin: AsyncOrigin[ChunkT, Any],
        reply: AsyncReply,
        body: Hidden[bytes] | None = None,
    ) -> None:
        self._origin = origin
        self._closed = False
        self._left = False  # by the caller, and not only for the next attempt
        self._loop: weakref.ref[AsyncLoop[ChunkT]] | None = None
        self._reading = False
        self._unread = False  # what had arrived when it was closed
        self._begun = False  # a chunk was given to the caller
        self._spoken = False  # and one that says something
        self._begin(reply, body)

    def _begin(self, reply: AsyncReply, body: Hidden[bytes] | None = None) -> None:
        """Reads the chunks of an answer, the first or a later one."""
        self._reply = reply
        self._response = reply.response
        self._reader = self._origin.reader(reply, body)
        self._chunks = self._reader.chunks
        self._whole_at: float | None = None
        self._silent = False
        self._turn = reply.turn
        if self._turn is not None:
            self._turn.watch(self._reader.total)
        self._moments = self._reply.moments()
        if self._moments.watch is not None:
            self._moments.watch.reads(self._reader, self._moments, time.monotonic())
        self._clocks = StreamClocks(
            reply.request.timeout,
            started=reply.start,
            answered=reply.start + reply.seconds,
            deadline=reply.course.deadline,
        )

    @property
    def is_whole(self) -> bool:
        """Whether the answer has come to its end."""
        return self._reader.done and self._reader.failure is None

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
        if not self.is_whole or self._unread:
            raise StreamTruncatedError(
                "the stream was closed before its end", partial=self._reader.total.completion()
            )
        completion: Answer = self._reader.total.completion()
        completion._response = ResponseInfo(self._response.headers, times=self._moments.times())
        return completion

    async def close(self) -> None:
        """Gives the connection back; closing twice does nothing."""
        self._left = True
        await self._close()

    def _is_left(self) -> bool:
        return self._left

    async def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._unread = self._unread or bool(self._chunks)
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

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        kept = self._origin.handed_over()
        loop = AsyncLoop(self, kept)
        if kept is not None:  # else another loop has it, or had it
            self._loop = weakref.ref(loop)
        return loop

    async def __anext__(self) -> ChunkT:
        return await self._step(None)

    async def _step(self, loop: AsyncLoop[ChunkT] | None) -> ChunkT:
        """The next chunk, for `loop` or who asks without one."""
        while True:
            if not self._chunks:
                if self._reading:
                    raise CerebrasError("this stream is being read already, somewhere else")
                self._reading = True
                try:
                    await self._more()
                finally:
                    self._reading = False
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
            if reader.failure is None or self._left:
                await self._leave()
                raise StopAsyncIteration
            self._origin.waits()
            await self._close()
            # What the caller has not heard of can be asked for again.
            reply = await self._origin.again(reader.failure, spoken=self._spoken)
            if self._is_left():  # by now
                await self._origin.release(reply)
                raise StopAsyncIteration
            self._begin(reply)
            self._closed = False
            loop = None if self._loop is None else self._loop()
            if loop is not None:
                loop.keep(self._origin.handed_over())
            return
        if self._loop is not None and self._loop() is None:
            if reader.total.finished:
                reader.end()  # it was left at its end
                return
            raise StreamTruncatedError(
                "the loop over this stream was left before its end, and the connection was given "
                "back; `next()` of the stream itself reads it step by step",
                partial=reader.total.completion(),
            )
        clocks, now = self._clocks, time.monotonic()
        last: Deadline | None = None
        if reader.total.finished:
            last = self._end(now)
            if now >= last.at:
                reader.end()
                return
        else:
            last = clocks.next(now)
        try:
            over = None if self._whole_at is not None else clocks.over(now)
            if over is not None:
                raise late(self._origin.call.request, over)
            data = await self._response.receive(last)
        except APIConnectionError as error:
            self._silent = True
            reader.broken(error)
            return
        except BaseException as error:
            # Cancelled or interrupted: half of something was read, and there will be no more.
            reader.broken(interrupted(self._reply.request))
            self._origin.failed(error)
            await self._close()
            raise
        if data:
            reader.feed(data)
            says = self._chunks and (self._spoken or any(map(speaks, self._chunks)))
            moments, is_whole = self._moments, reader.total.finished
            if is_whole or moments.watch is not None or (says and moments.first is None):
                moments.heard(
                    time.monotonic(), says=bool(says), count=len(self._chunks), is_whole=is_whole
                )
            if says or holds_back(reader):
                clocks.heard()
            else:
                clocks.silent()
        elif not self._closed:  # by another task, while this one waited
            reader.end()

    def _end(self, now: float) -> Deadline:
        """The answer is whole; some servers neither say so nor close, some tell the usage late."""
        if self._whole_at is None:
            self._whole_at = now
        patience = DRAIN_SECONDS if self._reader.total.usage else _USAGE_SECONDS
        return self._clocks.after(self._whole_at, patience)

    async def _leave(self) -> None:
        if not self._closed:
            self._closed = True
            self._give_turn_back()
            try:
                if not self._silent:  # else its end was waited for already
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
