"""One turn of a conversation: the answers to what the user said, and the tools between them."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from .._core.conversation import Turn
from .._core.conversation_settings import ConversationSettings
from .._core.events import EventReader
from .._core.trimming import Gauge
from .._transports._httpx import call
from ..errors import APIError, CerebrasError, ContextLengthExceededError, NotFoundError
from ..types import ChatCompletion, ChatCompletionChunk
from ..types.chat.events import ChatStreamEvent
from ..types.models import PublicModel
from .events import AsyncChatStream
from .stream import AsyncStream
from .tools import AsyncToolRunner

if TYPE_CHECKING:
    from .client import AsyncCerebras
    from .conversation import AsyncConversation


class AsyncExchange(AsyncToolRunner):
    """A run of tools in a conversation, whose history is shortened before it grows too long."""

    def __init__(
        self, client: AsyncCerebras, settings: ConversationSettings, gauge: Gauge, turn: Turn
    ) -> None:
        super().__init__(
            client.chat.completions, settings.options, turn.loop, settings.on_tool_error
        )
        self.turn = turn
        self._client = client
        self._gauge = gauge
        self._trim = settings.trim

    @overload
    async def asked(self, *, stream: Literal[False]) -> ChatCompletion: ...

    @overload
    async def asked(self, *, stream: Literal[True]) -> AsyncStream[ChatCompletionChunk]: ...

    async def asked(self, *, stream: bool) -> Any:
        """The answer to everything so far. Where the service says that it is too long, it is asked
        once more, with less."""
        await self._shorten()
        sent = self.turn.request(self._tool_choice, stream=stream)
        try:
            return await self._chat.create(**sent.value)
        except ContextLengthExceededError as refusal:
            if not await self._shorten(refusal):
                raise
        sent = self.turn.request(self._tool_choice, stream=stream)
        return await self._chat.create(**sent.value)

    async def _shorten(self, refusal: ContextLengthExceededError | None = None) -> bool:
        """Whether anything was left out."""
        turn, trim = self.turn, self._trim
        if turn.wants_limit:
            try:
                await look_up(self._client, self._gauge)
            except APIError:  # then the service will say when it is too long
                self._gauge.gave_up = True
        excess = turn.excess(refusal)
        if excess <= 0:
            return False
        if isinstance(trim, str):
            return turn.shorten(turn.without_oldest(excess))
        return turn.shorten(await call(trim, turn.earlier, excess))

    async def _ask(self) -> None:
        self.turn.take(await self.asked(stream=False))

    async def run_tools(self) -> bool:
        """Runs what the last answer has called; whether the model is to be asked again."""
        if self._loop.has_round:
            await self._run()
        return not self._loop.is_over


async def look_up(client: AsyncCerebras, gauge: Gauge) -> None:
    """Asks the public catalogue for the model, once."""
    if not gauge.is_asked:
        gauge.tell(await listed(client, gauge.model))


async def listed(client: AsyncCerebras, model: str) -> PublicModel | None:
    """The model's entry in the public catalogue, None if there is none."""
    try:
        return await client.models.public.retrieve(model)
    except NotFoundError:
        return None


class AsyncConversationStream(AsyncChatStream[ChatCompletion]):
    """The events of a turn of a conversation, as they happen; those of all its answers, if tools
    run in between. `snapshot` is the answer at hand, `get_final_completion()` gives the last.

        async with chat.stream("Hello") as stream:
            async for text in stream.text_stream:
                print(text, end="")
    """

    def __init__(self, exchange: AsyncExchange, stream: AsyncStream[ChatCompletionChunk]) -> None:
        super().__init__(stream, EventReader(), lambda completion: completion)
        self._exchange = exchange
        self._is_over = False
        self._failure: Exception | None = None  # why there is no further answer

    async def __anext__(self) -> ChatStreamEvent:
        if self._failure is not None:
            raise self._failure
        while True:
            try:
                return await super().__anext__()
            except StopAsyncIteration:
                pass
            if self._is_over or self._completion is None:
                raise StopAsyncIteration
            try:
                await self._go_on()
            except Exception as error:
                self._failure = error
                raise
            except BaseException:
                self._failure = CerebrasError("this stream was interrupted before its last answer")
                raise
            if self._is_over:
                raise StopAsyncIteration

    async def _go_on(self) -> None:
        """An answer is whole: runs its tools, and asks for the next one."""
        turn, completion = self._exchange.turn, self._completion
        assert completion is not None
        if turn.is_over:
            raise CerebrasError("this stream was left before its last answer")
        self._is_over = True  # also if there is an error now
        turn.take(completion)
        if not await self._exchange.run_tools():
            turn.commit()
            return
        self._stream = await self._exchange.asked(stream=True)
        self._reader, self._completion = EventReader(), None
        self._is_over = False

    async def _leave(self, *, failed: bool) -> None:
        """Closes the stream, and ends the turn. An answer of which only the end of the stream was
        not read is whole."""
        turn, snapshot = self._exchange.turn, self.snapshot
        try:
            choices = snapshot.choices
            is_whole = bool(choices and choices[0].finish_reason)
            if is_whole and not failed and not choices[0].message.tool_calls:
                await self.until_done()
        finally:
            turn.end(partial=None if self._is_over else snapshot)
            await self.close()


class AsyncConversationStreamManager:
    """A turn that begins when it is entered, and is over when it is left:

    async with chat.stream("Hello") as stream: ...
    """

    def __init__(self, chat: AsyncConversation, content: object) -> None:
        self._chat = chat
        self._content = content
        self._stream: AsyncConversationStream | None = None

    async def __aenter__(self) -> AsyncConversationStream:
        if self._stream is not None:
            raise CerebrasError("this stream was entered already: ask for a new one")
        exchange = self._chat._exchange(self._content)
        try:
            self._stream = AsyncConversationStream(exchange, await exchange.asked(stream=True))
        except BaseException:
            exchange.turn.end()
            raise
        return self._stream

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            await self._stream._leave(failed=kind is not None)
