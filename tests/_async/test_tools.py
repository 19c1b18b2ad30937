"""What a user gets from `chat.completions.run_tools`, on the local server."""

from __future__ import annotations

import contextvars
import json
import threading
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    BadRequestError,
    InvalidRequestError,
    ToolRoundsError,
    tool,
)
from cerebras_sdk.testing import Answer, LocalServer
from cerebras_sdk.types import Message, ToolCall

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "What is 2 + 3?"}]
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 2},
}
Script = Callable[..., None]


def called(name: str, arguments: Any, ident: str = "call_a") -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": ident, "type": "function", "function": {"name": name, "arguments": text}}


def said(*calls: dict[str, Any], text: str | None = None, finish: str | None = None) -> Answer:
    """An answer with tool calls, or with a text."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [{**call, "index": at} for at, call in enumerate(calls)]
    reason = finish or ("tool_calls" if calls else "stop")
    choice = {"index": 0, "finish_reason": reason, "message": message}
    body = {"id": "chatcmpl-1", "model": "gpt-oss-120b", "choices": [choice], "usage": USAGE}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


@pytest.fixture
def script(server: LocalServer) -> Script:
    """Sets the answers of the server, first to last."""

    def answers(*given: Answer) -> None:
        left = iter(given)
        server.route("POST", CHAT, lambda request: next(left))

    return answers


@pytest.fixture
async def client(options: dict[str, Any]) -> AsyncIterator[AsyncCerebras]:
    async with AsyncCerebras(**options, default_model="qwen-3.8-27b", max_retries=0) as client:
        yield client


def sent(server: LocalServer, at: int = -1) -> Any:
    return server.requests[at].json()


def answers_in(history: Any) -> list[str]:
    return [message["content"] for message in history if dict(message)["role"] == "tool"]


@tool
async def add(a: int, b: int) -> int:
    """Adds two numbers.

    Args:
        a: the first
        b: the second
    """
    return a + b


@tool
def weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> dict[str, Any]:
    return {"city": city, "unit": unit, "degrees": 21}


@tool
def fail(reason: str) -> str:
    raise LookupError(reason)


async def test_a_tool_is_run_and_its_result_goes_back(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(said(called("add", {"a": 2, "b": 3})), said(text="It is 5."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    completion = await runner.until_done()
    assert completion.text == "It is 5."
    assert sent(server, 0)["tools"] == [dict(add)]
    assert sent(server)["messages"][0] == MESSAGES[0]
    assert sent(server)["messages"][1]["tool_calls"][0]["id"] == "call_a"
    assert sent(server)["messages"][2] == {
        "role": "tool",
        "tool_call_id": "call_a",
        "content": "5",
    }
    assert len(server.requests) == 2


async def test_every_message_is_given_in_its_order(client: AsyncCerebras, script: Script) -> None:
    calls = called("add", {"a": 1, "b": 1}, "call_a"), called("weather", {"city": "Oslo"}, "call_b")
    script(said(*calls), said(text="Done."))
    messages = [
        message
        async for message in client.chat.completions.run_tools(
            messages=MESSAGES, tools=[add, weather]
        )
    ]
    assert isinstance(messages[0], Message)
    assert messages[1:3] == [
        {"role": "tool", "tool_call_id": "call_a", "content": "2"},
        {
            "role": "tool",
            "tool_call_id": "call_b",
            "content": '{"city":"Oslo","unit":"celsius","degrees":21}',
        },
    ]
    assert isinstance(messages[3], Message)
    assert messages[3].content == "Done."
    assert len(messages) == 4


async def test_nothing_is_sent_before_the_run_is_iterated(
    client: AsyncCerebras, server: LocalServer
) -> None:
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    assert runner.messages == MESSAGES
    assert runner.completions == []
    assert runner.usage.total_tokens == 0
    assert server.requests == []


async def test_the_history_can_be_sent_again_as_it_is(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(said(called("add", {"a": 2, "b": 3})), said(text="It is 5."), said(text="Yes."))
    given = list(MESSAGES)
    runner = client.chat.completions.run_tools(messages=iter(given), tools=[add])
    await runner.until_done()
    assert given == MESSAGES
    more = [*runner.messages, {"role": "user", "content": "Sure?"}]
    completion = await client.chat.completions.create(messages=more)
    assert completion.text == "Yes."
    roles = [message["role"] for message in sent(server)["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]


async def test_the_usage_of_all_rounds_is_added_up(client: AsyncCerebras, script: Script) -> None:
    script(said(called("add", {"a": 2, "b": 3})), said(text="It is 5."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    await runner.until_done()
    assert runner.usage.total_tokens == 30
    assert runner.usage.prompt_tokens_details is not None
    assert runner.usage.prompt_tokens_details.cached_tokens == 4
    assert runner.usage.completion_tokens_details is None
    assert [completion.text for completion in runner.completions] == ["", "It is 5."]


async def test_the_end_can_be_asked_for_twice(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(said(text="At once."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    assert await runner.until_done() is await runner.until_done()
    assert len(server.requests) == 1


async def test_the_calls_of_one_round_run_together(client: AsyncCerebras, script: Script) -> None:
    both = threading.Barrier(3)

    def meet(name: str) -> str:
        both.wait(timeout=10)
        return name

    calls = [called("meet", {"name": name}, name) for name in ("one", "two", "three")]
    script(said(*calls), said(text="Met."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[meet])
    await runner.until_done()
    assert answers_in(runner.messages[2:5]) == ["one", "two", "three"]


async def test_they_run_one_after_another_where_that_is_asked_for(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    running, most = [0], [0]

    def count(at: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        threading.Event().wait(0.01)
        running[0] -= 1
        return at

    script(said(*(called("count", {"at": at}, f"c{at}") for at in range(5))), said(text="Done."))
    await client.chat.completions.run_tools(
        messages=MESSAGES, tools=[count], parallel_tool_calls=False
    ).until_done()
    assert most == [1]
    assert sent(server, 0)["parallel_tool_calls"] is False


async def test_the_answers_are_in_the_order_of_the_calls_whoever_is_first(
    client: AsyncCerebras, script: Script
) -> None:
    second_is_done = threading.Event()

    def slow() -> str:
        assert second_is_done.wait(10)
        return "slow"

    def fast() -> str:
        second_is_done.set()
        return "fast"

    script(said(called("slow", "", "s"), called("fast", "{}", "f")), said(text="Done."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[slow, fast])
    messages = [message async for message in runner]
    assert answers_in(messages[1:3]) == ["slow", "fast"]


async def test_context_variables_reach_the_tools(client: AsyncCerebras, script: Script) -> None:
    user = contextvars.ContextVar("user", default="nobody")

    def plain() -> str:
        return user.get()

    async def other() -> str:
        return user.get()

    user.set("Ada")
    script(said(called("plain", "{}", "p"), called("other", "{}", "o")), said(text="Done."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[plain, other])
    await runner.until_done()
    assert answers_in(runner.messages[2:4]) == ["Ada", "Ada"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"a": 1, "b', "no JSON"),
        ("[1, 2]", "must be an object"),
        ('{"a": 1}', "$.b: is missing"),
        ('{"a": 1, "b": "2"}', "$.b: must be a whole number"),
        ('{"a": 1, "b": 2, "c": 3}', "$.c: must not be here"),
        ("", "$.a: is missing"),
    ],
)
async def test_wrong_arguments_are_told_to_the_model_and_never_run(
    client: AsyncCerebras, script: Script, arguments: str, told: str
) -> None:
    ran = []

    def add(a: int, b: int) -> int:
        ran.append((a, b))
        return a + b

    script(said(called("add", arguments)), said(text="Sorry."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    await runner.until_done()
    [answer] = answers_in(runner.messages[2:3])
    assert ran == []
    assert answer.startswith("Error: ")
    assert told in answer
    assert "add was not run" in answer


async def test_calls_of_an_answer_that_was_cut_are_never_run(
    client: AsyncCerebras, script: Script
) -> None:
    ran = []

    def add(a: int, b: int) -> int:
        ran.append((a, b))
        return a + b

    whole, cut = called("add", {"a": 1, "b": 2}, "x"), called("add", '{"a": 1, "b": 2', "y")
    script(said(whole, cut, finish="length"), said(text="Sorry."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    await runner.until_done()
    assert ran == []
    for answer in answers_in(runner.messages[2:4]):
        assert "cut at its limit of tokens" in answer


async def test_a_tool_that_there_is_not_is_answered_with_those_that_there_are(
    client: AsyncCerebras, script: Script
) -> None:
    script(said(called("search", {"q": "x"})), said(text="Sorry."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add, weather])
    await runner.until_done()
    assert answers_in(runner.messages[2:3]) == [
        "Error: there is no tool 'search'; the tools are: add, weather."
    ]


async def test_an_exception_in_a_tool_becomes_its_answer(
    client: AsyncCerebras, script: Script
) -> None:
    calls = called("fail", {"reason": "no such row"}, "f"), called("add", {"a": 1, "b": 1}, "a")
    script(said(*calls), said(text="Sorry."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[fail, add])
    await runner.until_done()
    assert answers_in(runner.messages[2:4]) == ["Error: LookupError: no such row", "2"]


async def test_the_user_may_tell_the_model_something_else(
    client: AsyncCerebras, script: Script
) -> None:
    seen = []

    def handle(call: ToolCall, error: Exception) -> str:
        seen.append((call.function.name, str(error)))
        return "try another row"

    script(said(called("fail", {"reason": "no such row"})), said(text="Sorry."))
    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[fail], on_tool_error=handle
    )
    await runner.until_done()
    assert answers_in(runner.messages[2:3]) == ["try another row"]
    assert seen == [("fail", "no such row")]


async def test_what_the_handler_raises_ends_the_run_with_a_whole_history(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    def handle(call: ToolCall, error: Exception) -> str:
        raise error

    calls = called("fail", {"reason": "no such row"}, "f"), called("add", {"a": 1, "b": 1}, "a")
    script(said(*calls), said(text="Later."))
    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[fail, add], on_tool_error=handle
    )
    with pytest.raises(LookupError, match="no such row"):
        await runner.until_done()
    assert len(server.requests) == 1
    assert answers_in(runner.messages[2:]) == ["Error: LookupError: no such row", "2"]
    assert (await runner.until_done()).text == "Later."


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("it has no text")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StopIteration(), "Error: StopIteration"),
        (StopIteration("no more"), "Error: StopIteration: no more"),
        (StopAsyncIteration("no more"), "Error: " + StopAsyncIteration.__name__ + ": no more"),
        (Unspeakable(), "Error: Unspeakable"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("is_coroutine", [False, True])
async def test_exceptions_of_all_kinds_are_told_in_the_same_words(
    client: AsyncCerebras, script: Script, error: Exception, told: str, is_coroutine: bool
) -> None:
    def plain() -> str:
        raise error

    async def other() -> str:
        raise error

    script(said(called("give", {})), said(text="Sorry."))
    give = tool(other if is_coroutine else plain, name="give")
    seen: list[Exception] = []
    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[give], on_tool_error=lambda call, error: seen.append(error)
    )
    assert (await runner.until_done()).text == "Sorry."
    assert answers_in(runner.messages[2:3]) == [told]
    assert seen == [error]


@pytest.mark.parametrize("error", [StopIteration("no more"), StopAsyncIteration("no more")])
async def test_a_handler_that_raises_the_end_of_an_iterator_ends_the_run_with_an_error(
    client: AsyncCerebras, script: Script, error: Exception
) -> None:
    @tool
    def give() -> str:
        raise error

    def handle(call: ToolCall, error: Exception) -> str:
        raise error

    script(said(called("give", {})), said(text="Later."))
    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[give], on_tool_error=handle
    )
    with pytest.raises(RuntimeError, match="on_tool_error raised Stop") as caught:
        await runner.until_done()
    assert caught.value.__cause__ is error
    assert (await runner.until_done()).text == "Later."


async def test_arguments_that_are_missing_are_none_in_the_history_too(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    @tool
    def now() -> str:
        return "noon"

    calls = [called("now", text, f"call_{text}") for text in ("", " ", "null", "{}")]
    script(said(*calls), said(text="It is noon."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[now])
    await runner.until_done()
    assert answers_in(runner.messages[2:6]) == ["noon"] * 4
    functions = [call["function"] for call in sent(server)["messages"][1]["tool_calls"]]
    assert functions == [{"name": "now", "arguments": "{}"}] * 4


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("as it is", "as it is"),
        ("", ""),
        (None, "null"),
        ([1, {"a": True}], '[1,{"a":true}]'),
        ({"half": "\ud800"}, '{"half": "\\ud800"}'),
        (object(), "Error: TypeError: the result cannot be written as JSON"),
    ],
)
async def test_a_result_is_sent_as_text_or_as_json(
    client: AsyncCerebras, script: Script, result: object, text: str
) -> None:
    def give() -> object:
        return result

    script(said(called("give", "{}")), said(text="Thanks."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[give])
    await runner.until_done()
    [answer] = answers_in(runner.messages[2:3])
    assert answer.startswith(text)
    assert text or not answer


async def test_ids_that_are_empty_or_twice_are_replaced(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    numbers = [("x", 1), ("x", 2), ("", 3), ("", 4)]
    calls = [called("add", {"a": number, "b": 0}, ident) for ident, number in numbers]
    script(said(*calls), said(called("add", {"a": 5, "b": 0}, "x")), said(text="Done."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    first = await anext(runner)
    await runner.until_done()
    history = sent(server)["messages"]
    asked = [call["id"] for m in history for call in m.get("tool_calls", [])]
    assert asked[0] == "x"
    assert len(set(asked)) == 5
    assert "" not in asked
    assert isinstance(first, Message)
    assert [call.id for call in first.tool_calls or []] == asked[:4]
    answered = [(m["tool_call_id"], m["content"]) for m in history if m["role"] == "tool"]
    assert answered == list(zip(asked, "12345", strict=True))


async def test_a_model_that_does_not_stop_is_stopped(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(*(said(called("add", {"a": at, "b": 1}, f"c{at}")) for at in range(3)))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add], max_rounds=3)
    with pytest.raises(ToolRoundsError, match="after 3 rounds") as caught:
        await runner.until_done()
    error = caught.value
    assert len(server.requests) == 3
    assert error.messages == runner.messages
    assert answers_in(error.messages[2::2]) == ["1", "2"]
    assert error.completion is runner.completions[-1]
    assert error.usage == runner.usage


async def test_a_tool_given_as_a_dict_is_handed_to_the_user(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    ask = {"type": "function", "function": {"name": "ask_user", "parameters": {"type": "object"}}}
    calls = called("ask_user", {"q": "?"}, "u"), called("add", {"a": 1, "b": 2}, "a")
    script(said(*calls), said(text="Done."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add, ask], max_rounds=1)
    completion = await runner.until_done()
    assert completion.choices[0].finish_reason == "tool_calls"
    assert [call.function.name for call in runner.pending] == ["ask_user"]
    assert answers_in(runner.messages[2:]) == ["3"]
    mine = {"role": "tool", "tool_call_id": runner.pending[0].id, "content": "yes"}
    again = client.chat.completions.run_tools(messages=[*runner.messages, mine], tools=[add, ask])
    assert (await again.until_done()).text == "Done."
    assert sent(server)["messages"][-1] == mine


async def test_tools_are_all_strict_or_none(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    def search(filters: dict[str, str]) -> str:
        return "nothing"

    script(said(text="a"), said(text="b"))
    await client.chat.completions.run_tools(messages=MESSAGES, tools=[add, weather]).until_done()
    assert [t["function"]["strict"] for t in sent(server)["tools"]] == [True, True]
    await client.chat.completions.run_tools(messages=MESSAGES, tools=[add, search]).until_done()
    assert ["strict" in t["function"] for t in sent(server)["tools"]] == [False, False]
    must = tool(strict=True)(weather.function)
    with pytest.raises(InvalidRequestError, match="'weather' is strict and 'search' is not"):
        client.chat.completions.run_tools(messages=MESSAGES, tools=[must, search])


async def test_a_demanded_call_is_demanded_once(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(said(called("add", {"a": 2, "b": 3})), said(text="It is 5."))
    await client.chat.completions.run_tools(
        messages=MESSAGES, tools=[add], tool_choice="required", temperature=0
    ).until_done()
    assert sent(server, 0)["tool_choice"] == "required"
    assert "tool_choice" not in sent(server, 1)
    assert [sent(server, at)["temperature"] for at in (0, 1)] == [0, 0]


async def test_a_refused_request_can_be_asked_again(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    refused = Answer(400, {"Content-Type": "application/json"}, b'{"message": "no"}')
    script(said(called("add", {"a": 2, "b": 3})), refused, said(text="It is 5."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    with pytest.raises(BadRequestError):
        await runner.until_done()
    assert answers_in(runner.messages[2:]) == ["5"]
    assert (await runner.until_done()).text == "It is 5."


async def test_the_history_is_whole_while_a_round_is_not(
    client: AsyncCerebras, script: Script
) -> None:
    script(said(called("add", {"a": 2, "b": 3})), said(text="It is 5."))
    runner = client.chat.completions.run_tools(messages=MESSAGES, tools=[add])
    await anext(runner)
    assert runner.messages == MESSAGES
    await anext(runner)
    assert len(runner.messages) == 3


class Stop(BaseException):
    """As a KeyboardInterrupt, which no tool can hold up."""


async def test_an_interrupt_leaves_no_call_unanswered(
    client: AsyncCerebras, script: Script
) -> None:
    def stop() -> None:
        raise Stop

    calls = called("add", {"a": 2, "b": 3}, "a"), called("stop", "{}", "b"), called("x", "{}", "c")
    script(said(*calls), said(text="Later."))
    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[add, stop], parallel_tool_calls=False
    )
    with pytest.raises(Stop):
        await runner.until_done()
    first, second, third = answers_in(runner.messages[2:])
    assert first == "5"
    assert second == "Error: it was interrupted, and has no result."
    assert "there is no tool" in third
    assert (await runner.until_done()).text == "Later."


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tools": add}, "tools must be a list"),
        ({"tools": [add, add]}, "two tools have the name 'add'"),
        ({"tools": [3]}, "a tool must be a function, not int"),
        ({"tools": [int]}, "not the class int"),
        ({"tools": [{"name": "add"}]}, "a tool that is a dict"),
        ({"tools": [lambda a: a]}, "'<lambda>' cannot be the name"),
        ({"max_rounds": 0}, "max_rounds"),
        ({"messages": "Hi"}, "messages must be a list"),
        ({"on_tool_error": "no"}, "on_tool_error must be a function"),
        ({"n": 2}, "leave n out"),
        ({"stream": True}, "does not take stream"),
        ({"extra_body": {"stream": True}}, "in extra_body"),
        ({"extra_body": {"tool_choice": "required"}}, "'tool_choice' in extra_body"),
        ({"on_interrupt": "continue"}, "does not take on_interrupt"),
    ],
)
async def test_what_cannot_be_right_is_refused_at_once(
    client: AsyncCerebras, server: LocalServer, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        client.chat.completions.run_tools(**{"messages": MESSAGES, "tools": [add], **wrong})
    assert server.requests == []


async def test_no_traceback_shows_a_header_of_the_user(
    client: AsyncCerebras, server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(400, {"Content-Type": "application/json"}, b"{}"))
    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[add], extra_headers={"X-Key": "csk-very-secret"}
    )
    with pytest.raises(BadRequestError) as caught:
        await runner.until_done()
    with pytest.raises(InvalidRequestError) as refused:
        client.chat.completions.run_tools(
            messages=MESSAGES, tools=[int], extra_headers={"X-Key": "csk-very-secret"}
        )
    assert server.requests[0].headers["X-Key"] == "csk-very-secret"
    for error in (caught.value, refused.value):
        frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
        ours = [frame for frame in frames if "cerebras_sdk" in frame.filename]
        assert ours
        assert "csk-very-secret" not in str([frame.locals for frame in ours])
    assert "csk-very-secret" not in repr(runner)


async def test_a_run_has_no_raw_response(client: AsyncCerebras) -> None:
    with pytest.raises(AttributeError, match="run_tools"):
        _ = client.chat.completions.with_raw_response.run_tools


async def test_a_tool_can_stand_in_create_too(client: AsyncCerebras, server: LocalServer) -> None:
    await client.chat.completions.create(messages=MESSAGES, tools=[add, weather])
    assert sent(server)["tools"] == [dict(add), dict(weather)]
    assert await add(1, 2) == 3


async def test_a_plain_function_in_create_is_told_what_to_become(
    client: AsyncCerebras, server: LocalServer
) -> None:
    def plain(a: int) -> int:
        return a

    wrong: Any = [add, plain]
    with pytest.raises(InvalidRequestError, match=r"tools\[1\] is a function.*@cerebras_sdk.tool"):
        await client.chat.completions.create(messages=MESSAGES, tools=wrong)
    with pytest.raises(InvalidRequestError, match=r"tools\[0\] is a function.*run_tools"):
        await client.chat.completions.create(messages=MESSAGES, extra_body={"tools": [plain]})
    assert server.requests == []


async def test_a_keyword_that_is_none_is_refused_at_once(
    options: dict[str, Any], server: LocalServer
) -> None:
    bogus: Any = {"bogus": 1}
    async with AsyncCerebras(**options) as client:
        with pytest.raises(TypeError, match=r"run_tools\(\) got an unexpected keyword .*'bogus'"):
            client.chat.completions.run_tools(messages=MESSAGES, tools=[], **bogus)
    assert not server.requests
