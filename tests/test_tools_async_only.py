"""What only tools of the asynchronous client do: coroutines run together, and are cancelled."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from cerebras_sdk import AsyncCerebras, InvalidRequestError, tool
from cerebras_sdk.testing import Answer, LocalServer
from cerebras_sdk.types import ToolCall
from tests._async.test_tools import CHAT, MESSAGES, answers_in, called, said

pytestmark = pytest.mark.anyio

CALLS = called("one", "{}", "a"), called("two", "{}", "b")


def answer_with(server: LocalServer, *answers: Answer) -> None:
    left = iter(answers)
    server.route("POST", CHAT, lambda request: next(left))


async def test_coroutine_functions_run_together_on_the_event_loop(
    server: LocalServer, options: dict[str, Any]
) -> None:
    answer_with(server, said(*CALLS), said(text="Done."))
    met, threads = anyio.Event(), set()

    async def one() -> str:
        threads.add(threading.get_ident())
        with anyio.fail_after(10):
            await met.wait()
        return "1"

    async def two() -> str:
        threads.add(threading.get_ident())
        met.set()
        return "2"

    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[one, two])
        await runner.until_done()
    assert answers_in(runner.messages[2:4]) == ["1", "2"]
    assert threads == {threading.get_ident()}


async def test_a_plain_function_does_not_hold_up_the_event_loop(
    server: LocalServer, options: dict[str, Any]
) -> None:
    answer_with(server, said(*CALLS), said(text="Done."))
    told = threading.Event()

    def one() -> str:
        return "heard" if told.wait(10) else "held up"

    async def two() -> str:
        told.set()
        return "2"

    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[one, two])
        await runner.until_done()
    assert answers_in(runner.messages[2:4]) == ["heard", "2"]


async def test_cancellation_stops_the_tools_and_leaves_no_call_unanswered(
    server: LocalServer, options: dict[str, Any]
) -> None:
    answer_with(server, said(*CALLS, called("three", "{}", "c")), said(text="Later."))
    stopped, leave, scope = [], threading.Event(), anyio.CancelScope()

    async def one() -> str:
        return "1"

    async def two() -> None:
        scope.cancel()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.append("two")

    def three() -> str:
        leave.wait(10)
        return "too late"

    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[one, two, three])
        with anyio.fail_after(5):
            with scope:
                await runner.until_done()
            assert scope.cancelled_caught
            assert stopped == ["two"]
            interrupted = "Error: it was interrupted, and has no result."
            assert answers_in(runner.messages[2:])[1:] == [interrupted, interrupted]
            assert (await runner.until_done()).text == "Later."
    leave.set()
    roles = [m["role"] for m in json.loads(server.requests[-1].body)["messages"]]
    assert roles == ["user", "assistant", "tool", "tool", "tool"]


async def test_a_tool_that_waited_for_something_cancelled_has_failed_and_no_more(
    server: LocalServer, options: dict[str, Any], anyio_backend: str
) -> None:
    answer_with(server, said(*CALLS), said(text="Done."))

    async def one() -> None:
        if anyio_backend == "trio":
            raise RuntimeError("what it waited for was cancelled")  # trio knows no such thing
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    async def two() -> str:
        await anyio.sleep(0.01)
        return "2"

    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[one, two])
        await runner.until_done()
    assert answers_in(runner.messages[2:4]) == [
        "Error: RuntimeError: what it waited for was cancelled",
        "2",
    ]


async def test_a_timeout_stops_a_run_with_a_whole_history(
    server: LocalServer, options: dict[str, Any], anyio_backend: str
) -> None:
    answer_with(server, said(*CALLS), said(text="Later."))
    stopped = []

    async def one() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            stopped.append("one")

    async def two() -> str:
        return "2"

    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[one, two])
        await anext(runner)
        with pytest.raises(TimeoutError):
            if anyio_backend == "trio":
                with anyio.fail_after(0.05):
                    await anext(runner)
            async with asyncio.timeout(0.05):
                await anext(runner)
        assert stopped == ["one"]
        assert (await runner.until_done()).text == "Later."
    assert answers_in(runner.messages[2:4]) == [
        "Error: it was interrupted, and has no result.",
        "2",
    ]


async def test_a_keyboard_interrupt_in_a_tool_stops_the_others(
    server: LocalServer, options: dict[str, Any]
) -> None:
    answer_with(server, said(*CALLS))
    stopped = []

    async def one() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            stopped.append("one")

    async def two() -> None:
        await anyio.lowlevel.checkpoint()
        raise KeyboardInterrupt

    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[one, two])
        with pytest.raises(KeyboardInterrupt):
            await runner.until_done()
    assert stopped == ["one"]
    assert len(answers_in(runner.messages[2:])) == 2


class Doubled:
    async def __call__(self, a: int) -> int:
        await anyio.lowlevel.checkpoint()
        return 2 * a


@functools.wraps(Doubled().__call__)
def wrapped(*args: Any, **kwargs: Any) -> Any:
    return Doubled()(*args, **kwargs)


def given_back(a: int) -> Any:
    return Doubled()(a)


@pytest.mark.parametrize("function", [Doubled(), wrapped, given_back, functools.partial(wrapped)])
async def test_what_gives_a_coroutine_is_awaited_whatever_it_is(
    server: LocalServer, options: dict[str, Any], function: Callable[..., Any]
) -> None:
    answer_with(server, said(called("double", {"a": 4})), said(text="Done."))
    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        double = tool(function, name="double")
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[double])
        await runner.until_done()
    assert answers_in(runner.messages[2:3]) == ["8"]


async def later(call: ToolCall, error: Exception) -> str:
    return "later"


class Later:
    async def __call__(self, call: ToolCall, error: Exception) -> str:
        return "later"


@pytest.mark.parametrize("handler", [later, Later()])
async def test_a_handler_that_would_have_to_be_awaited_is_refused(
    server: LocalServer, options: dict[str, Any], handler: Any
) -> None:
    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        with pytest.raises(InvalidRequestError, match="on_tool_error must be a plain function"):
            client.chat.completions.run_tools(
                messages=MESSAGES, tools=[given_back], on_tool_error=handler
            )
    assert server.requests == []
