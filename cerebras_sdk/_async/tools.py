"""A conversation with tools: the model asks, the tools run, until there is an answer."""

from __future__ import annotations

import functools
import inspect
import logging
from typing import TYPE_CHECKING, Any, Self

from .._core.secret import Hidden
from .._core.tool_loop import PlannedCall, ToolErrorHandler, ToolLoop
from .._core.tool_options import check_options
from .._core.tool_set import ToolSet
from .._core.usage import total_usage
from .._transports._httpx import call, gather
from ..types import ChatCompletion, Message, ToolCall, Usage
from ..types.params import MessageParam, ToolMessage

if TYPE_CHECKING:
    from .objects import AsyncChatObjects

_LOG = logging.getLogger("cerebras_sdk")


class AsyncToolRunner:
    """A run of `chat.completions.run_tools`: iterate it for each message, or take the end.

    async for message in client.chat.completions.run_tools(messages=[...], tools=[...]):
        print(message)

    Each answer of the model is a `Message`; its calls are run when the next one is asked for, and
    then each gives a `ToolMessage`, in their order. An error leaves the run as it was before the
    request: iterate again to ask again.
    """

    def __init__(
        self,
        completions: AsyncChatObjects,
        options: Hidden[dict[str, Any]],
        loop: ToolLoop,
        on_tool_error: ToolErrorHandler | None,
    ) -> None:
        self._chat = completions
        self._options = options
        self._loop = loop
        self._on_tool_error = on_tool_error
        self._tool_choice = options.value.get("tool_choice")
        self._together = options.value.get("parallel_tool_calls") is not False

    @classmethod
    def of(
        cls,
        completions: AsyncChatObjects,
        options: Hidden[dict[str, Any]],
        *,
        messages: object,
        tools: object,
        max_rounds: int,
        on_tool_error: ToolErrorHandler | None,
    ) -> Self:
        """Raises InvalidRequestError for what cannot be right."""
        check_options(options, max_rounds=max_rounds, on_tool_error=on_tool_error)
        known = ToolSet(tools, awaits=inspect.iscoroutinefunction(call))
        loop = ToolLoop(messages, known, max_rounds=max_rounds)
        return cls(completions, options, loop, on_tool_error)

    @property
    def messages(self) -> list[MessageParam]:
        """The history so far: what was given, and every round that is over.

        It can be sent again as it is, once what is `pending` is answered.
        """
        return list(self._loop.history)

    @property
    def pending(self) -> list[ToolCall]:
        """Calls of tools that were given as dicts: they end the run, and are yours to answer."""
        return list(self._loop.pending)

    @property
    def completions(self) -> list[ChatCompletion]:
        """The answers of the model so far, one for each round."""
        return list(self._loop.completions)

    @property
    def usage(self) -> Usage:
        """The tokens of all rounds so far."""
        return total_usage(self._loop.completions)

    async def until_done(self) -> ChatCompletion:
        """Runs to the end; the last answer.

        Raises ToolRoundsError when the model still asks for tools in the last round, what
        `on_tool_error` raises, and what `create` raises.
        """
        async for _ in self:
            pass
        return self._loop.completions[-1]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message | ToolMessage:
        loop = self._loop
        while not loop.ready:
            if loop.is_over:
                raise StopAsyncIteration
            await (self._run() if loop.has_round else self._ask())
        return loop.ready.popleft()

    async def _ask(self) -> None:
        request = self._loop.request(self._tool_choice)
        self._loop.take(await self._chat.create(**{**self._options.value, **request}))

    async def _run(self) -> None:
        planned = self._loop.to_run()
        jobs = [functools.partial(self._answer, one) for one in planned]
        try:
            for some in [jobs] if self._together else [[job] for job in jobs]:
                await gather(some)
            for failed in self._loop.failed():
                self._tell(failed)
        finally:
            self._loop.end_round()

    async def _answer(self, planned: PlannedCall) -> None:
        positional, named = planned.arguments
        try:
            planned.give(await call(planned.function, *positional, **named))
        except Exception as error:
            planned.fail(error)

    def _tell(self, failed: PlannedCall) -> None:
        name, error = failed.call.function.name, failed.failure
        _LOG.info("the tool %s raised %s", name, type(error).__name__)
        if self._on_tool_error is not None:
            failed.explain(self._on_tool_error)

    def __repr__(self) -> str:
        rounds = len(self._loop.completions)
        state = "over" if self._loop.is_over else "running"
        return f"<{type(self).__name__} {state}, {rounds} rounds>"
