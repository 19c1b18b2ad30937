"""What only tools of the blocking client do: they are no coroutines, and Ctrl-C reaches them."""

from __future__ import annotations

import functools
import signal
import threading
from typing import Any

import pytest

from cerebras_sdk import Cerebras, InvalidRequestError, tool
from cerebras_sdk.testing import LocalServer
from tests._sync.test_tools import CHAT, MESSAGES, answers_in, called, said


async def later(a: int) -> int:
    return a


class Later:
    async def __call__(self, a: int) -> int:
        return a


@pytest.mark.parametrize(
    "given",
    [later, tool(later), functools.partial(later), tool(name="later")(Later())],
    ids=["function", "tool", "partial", "object"],
)
def test_a_coroutine_function_is_refused_before_anything_is_sent(
    server: LocalServer, options: dict[str, Any], given: Any
) -> None:
    with Cerebras(**options) as client, pytest.raises(InvalidRequestError, match="AsyncCerebras"):
        client.chat.completions.run_tools(messages=MESSAGES, tools=[given])
    assert server.requests == []


def test_one_that_is_found_out_too_late_is_an_error_of_the_tool(
    server: LocalServer, options: dict[str, Any]
) -> None:
    def wrapped(a: int) -> Any:
        return later(a)

    answers = iter([said(called("wrapped", {"a": 1})), said(text="Sorry.")])
    server.route("POST", CHAT, lambda request: next(answers))
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[wrapped])
        runner.until_done()
    assert answers_in(runner.messages[2:3]) == [
        "Error: TypeError: it gave a coroutine, which only AsyncCerebras can await"
    ]


def test_ctrl_c_does_not_wait_for_the_tools(server: LocalServer, options: dict[str, Any]) -> None:
    calls = called("quick", "{}", "a"), called("slow", "{}", "b")
    answers = iter([said(*calls), said(text="Later.")])
    server.route("POST", CHAT, lambda request: next(answers))
    quick_is_done, leave = threading.Event(), threading.Event()

    def quick() -> str:
        quick_is_done.set()
        return "done"

    def slow() -> str:
        quick_is_done.wait(10)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        leave.wait(10)
        return "too late"

    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[quick, slow])
        with pytest.raises(KeyboardInterrupt):
            runner.until_done()
        assert answers_in(runner.messages[2:])[1:] == [
            "Error: it was interrupted, and has no result."
        ]
        assert runner.until_done().text == "Later."
    leave.set()


def test_many_calls_run_in_few_threads(server: LocalServer, options: dict[str, Any]) -> None:
    names = set()

    def count(at: int) -> int:
        names.add(threading.current_thread().name + str(threading.get_ident()))
        return at

    calls = [called("count", {"at": at}, f"c{at}") for at in range(200)]
    answers = iter([said(*calls), said(text="Done.")])
    server.route("POST", CHAT, lambda request: next(answers))
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[count])
        runner.until_done()
    assert answers_in(runner.messages[2:202]) == [str(at) for at in range(200)]
    assert len(names) <= 32


class Stop(BaseException):
    """As a SystemExit, which no tool can hold up."""


def test_a_call_that_has_not_begun_does_not_begin_after_another_was_stopped(
    server: LocalServer, options: dict[str, Any]
) -> None:
    begun, all_begun, leave = [], threading.Event(), threading.Event()

    def work(at: int) -> int:
        begun.append(at)
        if len(begun) == 32:
            all_begun.set()
        if at == 0:
            all_begun.wait(10)
            raise Stop
        leave.wait(10)
        return at

    answer = said(*(called("work", {"at": at}, f"c{at}") for at in range(100)))
    server.route("POST", CHAT, answer)
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[work])
        with pytest.raises(Stop):
            runner.until_done()
    leave.set()
    for thread in threading.enumerate():
        if thread.name == "cerebras-sdk-tool":
            thread.join(10)
    assert len(begun) == 32
    assert len(answers_in(runner.messages[2:])) == 100
