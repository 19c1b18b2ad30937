"""A conversation: what was said is kept, shortened when it grows too long, and can be saved."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self, Unpack

from .._core.conversation import Turn
from .._core.conversation_settings import ConversationSettings, SavedConversation, saved_text
from .._core.costs import cost_of
from .._core.endpoints.chat import BareChatOptions
from .._core.history import History, begun
from .._core.secret import Hidden
from .._core.tool_loop import ToolErrorHandler
from .._core.trimming import Gauge, Trim
from .._transports._documents import read_document, write_document
from .._transports._httpx import call
from ..errors import InvalidRequestError
from ..types import ChatCompletion, ToolCall, Usage
from ..types._base import plain
from ..types.models import PublicModel
from ..types.params import Content, MessageParam, ToolParam
from .base import AsyncBaseClient
from .exchange import AsyncConversationStreamManager, AsyncExchange, listed, look_up

if TYPE_CHECKING:
    from .client import AsyncCerebras


class AsyncConversation:
    """What was said, and what is said next; `client.conversation(...)` makes one.

        chat = client.conversation(model="gpt-oss-120b", system="Be brief.")
        completion = await chat.send("What is a wafer?")
        async with chat.stream("And how large is it?") as stream:
            async for text in stream.text_stream:
                print(text, end="")

    A turn that fails, is interrupted or is left early leaves the conversation as it was:
    `unfinished` has what there is of it, and `chat.add(*chat.unfinished)` keeps that. There is one
    turn at a time: a second one raises CerebrasError, from whichever task or thread it comes.
    """

    def __init__(
        self,
        client: AsyncCerebras,
        settings: ConversationSettings,
        gauge: Gauge,
        history: History,
    ) -> None:
        self._client = client
        self._settings = settings
        self._gauge = gauge
        self._history = history
        self._others: dict[str, PublicModel | None] = {}  # whose answers were loaded

    @classmethod
    def of(
        cls,
        client: AsyncCerebras,
        options: Hidden[dict[str, Any]],
        *,
        system: object,
        history: object,
        tools: object,
        trim: object,
        max_rounds: object,
        on_tool_error: Any,
    ) -> Self:
        """Raises InvalidRequestError for what cannot be right."""
        saved = SavedConversation()
        if isinstance(history, (str, bytes)):
            saved = SavedConversation.read(history)
            history = saved.messages
        messages = begun(history, system)
        settings = ConversationSettings.of(
            client._options,
            options,
            tools=tools,
            trim=trim,
            max_rounds=max_rounds,
            on_tool_error=on_tool_error,
            awaits=inspect.iscoroutinefunction(call),
            saved=saved.settings,
        )
        model = settings.model(client._options)
        past = History(
            messages,
            saved.dropped,
            saved.usages(client._options),
            unmetered=saved.answers_without_usage,
        )
        return cls(client, settings, Gauge(model.id, known=model.known), past)

    @classmethod
    async def load(
        cls, client: AsyncCerebras, path: str | os.PathLike[str], **given: Any
    ) -> AsyncConversation:
        """The conversation that `save` has written; `given` are the keywords of
        `client.conversation`: the tools, and what shall be otherwise.

        Raises OSError, and InvalidRequestError for what is no conversation.
        """
        hidden = Hidden(given)
        del given
        offered: object = client
        if not isinstance(offered, AsyncConversations):
            name = "AsyncCerebras"
            raise InvalidRequestError(
                f"the client must be of the class {name}, not {type(offered).__name__}"
            )
        text = await client._transport.in_thread(read_document, path)
        return client.conversation(**{**hidden.value, "history": text})

    @property
    def model(self) -> str:
        """The id of the model."""
        return self._gauge.model

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What is sent with the next turn, as a copy; it can stand in `create(messages=...)`."""
        return plain(self._history.messages)  # type: ignore[no-any-return]

    @property
    def dropped(self) -> list[dict[str, Any]]:
        """The messages that are not sent any more, in their order, as a copy."""
        return plain(self._history.dropped)  # type: ignore[no-any-return]

    @property
    def unfinished(self) -> list[dict[str, Any]]:
        """What a turn that came to no end has left: what the user said, the answers and tools that
        were over, and the text of an answer that broke off. Empty once a turn is whole."""
        return plain(self._history.unfinished)  # type: ignore[no-any-return]

    @property
    def pending(self) -> list[ToolCall]:
        """Calls of tools that were given as dicts: `add` an answer to each, and `send()`."""
        return self._history.pending

    @property
    def usage(self) -> Usage:
        """The tokens of all answers, those of turns that failed later included."""
        return self._history.usage

    @property
    def cached_share(self) -> float | None:
        """Which part of the prompts' tokens came from the cache, 0 to 1; None if nobody said."""
        return self._history.cached_share

    async def estimate_cost(self) -> Decimal | None:
        """What `usage` costs by the prices of the public catalogue, in US dollars.

        Each answer has the price of the model that gave it, and the catalogue is asked once for
        each. None if it names no price for one, or an answer did not tell its usage. It is an
        estimate: prices change, accounts have prices of their own, and an answer that broke off is
        billed and not counted. Raises what any call raises.
        """
        history, total = self._history, Decimal(0)
        if history.unmetered:
            return None
        for model, usage in history.usages.items():
            entry = await self._listed(model)
            cost = None if entry is None else cost_of(usage, entry.pricing)
            if cost is None:
                return None
            total += cost
        return total

    async def _listed(self, model: str) -> PublicModel | None:
        """The model's entry in the public catalogue, which is asked once."""
        gauge, others = self._gauge, self._others
        if model == gauge.model:
            await look_up(self._client, gauge)
            return gauge.listed
        if model not in others:
            others[model] = await listed(self._client, model)
        return others[model]

    async def send(self, content: Content | None = None) -> ChatCompletion:
        """Says `content`, and gives the answer; the tools that it calls run in between.

        content: a text, or parts such as `cerebras_sdk.image_part(...)`. None says nothing, and
            asks for an answer to what `add` has put there.

        Raises ConversationLengthError with `trim="error"`, ToolRoundsError, CerebrasError while
        another turn goes on, and what `create` raises.
        """
        exchange = self._exchange(content)
        try:
            completion = await exchange.until_done()
            exchange.turn.commit()
        finally:
            exchange.turn.end()
        return completion

    def stream(self, content: Content | None = None) -> AsyncConversationStreamManager:
        """Says `content`, and tells what happens while the answer comes; see `AsyncChatStream`.

            async with chat.stream("Hello") as stream:
                async for event in stream:
                    if event.type == "content.delta":
                        print(event.delta, end="")

        The turn begins when the stream is entered. It belongs to the conversation once the answer
        is whole. With tools the events of all answers come, one after another. Raises what `send`
        and the stream raise.
        """
        return AsyncConversationStreamManager(self, content)

    def add(self, *messages: MessageParam) -> None:
        """Puts messages at the end, without asking: those of `unfinished`, answers of tools that
        you ran, examples.

        Raises InvalidRequestError for what is no message, or has no content where the service wants
        one, and CerebrasError while a turn goes on.
        """
        self._history.add(messages)

    def fork(self) -> AsyncConversation:
        """Another conversation that goes on from here; its `usage` begins at nothing."""
        history = History(self._history.messages, self._history.dropped)
        return AsyncConversation(self._client, self._settings, self._gauge, history)

    def to_json(self) -> str:
        """The conversation as JSON text, for `client.conversation(history=text, tools=[...])`.

        It has the messages with their images, the usage, the model and the parameters. It has no
        key, and neither the tools nor a function, `timeout` and what begins with `extra_`: those
        are given again.
        """
        history = self._history
        return saved_text(
            self._settings,
            messages=history.messages,
            dropped=history.dropped,
            usages=history.usages,
            unmetered=history.unmetered,
        )

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Writes `to_json()` into a file, for `AsyncConversation.load`; a new file is readable for
        its owner only. Raises OSError, and leaves what was there then."""
        await self._client._transport.in_thread(write_document, path, self.to_json())

    def _exchange(self, content: object) -> AsyncExchange:
        """Begins a turn."""
        turn = Turn(self._history, self._settings, self._gauge, content)
        return AsyncExchange(self._client, self._settings, self._gauge, turn)

    def __repr__(self) -> str:
        count = len(self._history.messages)
        return f"<{type(self).__name__} with {self.model}, {count} messages>"


class AsyncConversations(AsyncBaseClient):
    """`client.conversation(...)`."""

    def conversation(
        self,
        *,
        system: Content | None = None,
        history: str | bytes | Iterable[MessageParam] = (),
        tools: Iterable[Callable[..., object] | ToolParam] = (),
        trim: Trim | None = None,
        max_rounds: int | None = None,
        on_tool_error: ToolErrorHandler | None = None,
        **options: Unpack[BareChatOptions],
    ) -> AsyncConversation:
        """A conversation, which keeps what was said: `await chat.send("Hello")`.

        system: what the model is told before everything else.
        history: messages to go on from, or the text of `chat.to_json()`, whose model and parameters
            hold where no others are given here.
        tools, max_rounds, on_tool_error: as in `chat.completions.run_tools`.
        trim: what happens when the context would overflow. "oldest" (default) leaves out the oldest
            turns, so many that it is rarely needed: each time the prompt cache has to begin anew.
            "error" raises ConversationLengthError. A function is given the messages before this
            turn and about how many of their tokens have to go, and gives the messages to keep. Of a
            model whose limit nobody knows nothing is left out before the service refuses.
        options: those of `chat.completions.create`, for every turn; not `n` above 1.

        Nothing is sent here. Raises InvalidRequestError for what cannot be right.
        """
        given: Hidden[dict[str, Any]] = Hidden({**options})
        del options  # a traceback shows a frame's variables, and these may hold a key
        client: Any = self  # which is an AsyncCerebras
        return AsyncConversation.of(
            client,
            given,
            system=system,
            history=history,
            tools=tools,
            trim=trim,
            max_rounds=max_rounds,
            on_tool_error=on_tool_error,
        )
