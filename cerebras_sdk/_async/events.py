"""Streams of events: what happens while an answer comes, and the answer so far."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from .._core.events import EventReader
from .._core.secret import Hidden
from .._transports._httpx import HttpxResponse
from ..errors import CerebrasError
from ..types import ChatCompletion, ChatCompletionChunk
from ..types.chat.events import ChatStreamEvent, ContentDelta, ReasoningDelta
from .arriving import AsyncArriving
from .stream import AsyncStream

if TYPE_CHECKING:
    from .objects import AsyncChatObjects

CompletionT = TypeVar("CompletionT", bound=ChatCompletion)


class AsyncChatStream(AsyncArriving, Generic[CompletionT]):
    """The events of an answer, as they happen; see `types.chat.events`.

    Iterate it once, or `text_stream` or `reasoning_stream` for the pieces of one text alone:

        async with client.chat.completions.stream(model="gpt-oss-120b", messages=[...]) as stream:
            async for event in stream:
                if event.type == "content.delta":
                    print(event.delta, end="")
            completion = await stream.get_final_completion()

    Raises what `AsyncStream` raises; and with a `response_format` type, at the end, the
    ParsedOutputError of an answer that is not one.
    """

    def __init__(
        self,
        stream: AsyncStream[ChatCompletionChunk],
        reader: EventReader,
        finish: Callable[[ChatCompletion], CompletionT],
    ) -> None:
        self._stream = stream
        self._reader = reader
        self._finish = finish
        self._events: deque[ChatStreamEvent] = deque()
        self._completion: CompletionT | None = None

    @property
    def _response(self) -> HttpxResponse:  # type: ignore[override]
        return self._stream._response

    @property
    def snapshot(self) -> ChatCompletion:
        """The completion so far."""
        return self._reader.snapshot

    @property
    def text_stream(self) -> AsyncPieces[CompletionT]:
        """The text of the first choice, piece by piece, without anything else."""
        return AsyncPieces(self, ContentDelta)

    @property
    def reasoning_stream(self) -> AsyncPieces[CompletionT]:
        """The reasoning of the first choice, piece by piece, without anything else."""
        return AsyncPieces(self, ReasoningDelta)

    async def get_final_completion(self) -> CompletionT:
        """The whole answer; reads what has not been iterated yet."""
        await self.until_done()
        if self._completion is None:
            self._completion = self._finish(await self._stream.get_final_completion())
        return self._completion

    async def until_done(self) -> Self:
        """Reads to the end, for the errors and for what is known then."""
        async for _ in self:
            pass
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChatStreamEvent:
        events = self._events
        while not events:
            try:
                chunk = await self._stream._step(None)
            except StopAsyncIteration:
                if self._completion is None and self._stream.is_whole:
                    self._completion = self._finish(await self._stream.get_final_completion())
                raise
            events += self._reader.read(chunk)
        return events.popleft()

    async def close(self) -> None:
        """Gives the connection back; closing twice does nothing."""
        self._events.clear()
        await self._stream.close()

    aclose = close  # async only

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._stream!r}>"


class AsyncPieces(Generic[CompletionT]):
    """The pieces of one text of a stream, as they arrive."""

    def __init__(
        self, stream: AsyncChatStream[CompletionT], kind: type[ContentDelta | ReasoningDelta]
    ) -> None:
        self._stream = stream
        self._kind = kind

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        while True:
            event = await anext(self._stream)
            if isinstance(event, self._kind) and event.index == 0:
                return event.delta


class AsyncChatStreamManager(Generic[CompletionT]):
    """A stream that is asked for when it is entered, and closed when it is left:

    async with client.chat.completions.stream(...) as stream: ...
    """

    def __init__(
        self,
        completions: AsyncChatObjects,
        options: Hidden[dict[str, Any]],
        reader: EventReader,
        finish: Callable[[ChatCompletion], CompletionT],
    ) -> None:
        self._completions = completions
        self._options = options
        self._reader = reader
        self._finish = finish
        self._stream: AsyncChatStream[CompletionT] | None = None

    async def __aenter__(self) -> AsyncChatStream[CompletionT]:
        if self._stream is not None:
            raise CerebrasError("this stream was entered already: ask for a new one")
        stream = await self._completions.create(**self._options.value, stream=True)
        self._stream = AsyncChatStream(stream, self._reader, self._finish)
        return self._stream

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            await self._stream.close()
