"""What a user gets from `client.conversation`, on the local server."""

from __future__ import annotations

import itertools
import json
import os
import stat
import traceback
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    AsyncConversation,
    BadRequestError,
    CerebrasError,
    ContextLengthExceededError,
    ConversationLengthError,
    InternalServerError,
    InvalidRequestError,
    ModelRetiredWarning,
    StreamError,
    ToolRoundsError,
    image_part,
    tool,
)
from cerebras_sdk.testing import Answer, LocalServer, RawAnswer
from cerebras_sdk.types import ToolCall

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
PUBLIC = "/public/v1/models/my-model"
SYSTEM = {"role": "system", "content": "Be brief."}
JSON = {"Content-Type": "application/json"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
FAILED = Answer(500, JSON, b'{"message": "Sorry.", "type": "server_error"}')
USAGE = {
    "prompt_tokens": 10,
    "completion_tokens": 5,
    "total_tokens": 15,
    "prompt_tokens_details": {"cached_tokens": 2},
}
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\5\0\0\0\5\x08\x02\0\0\0"
Script = Callable[..., None]


def called(name: str, arguments: Any, ident: str = "call_a") -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": ident, "type": "function", "function": function}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def model(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def result(text: str, ident: str = "call_a") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": ident, "content": text}


def said(
    *calls: dict[str, Any], text: str | None = None, usage: Any = USAGE, **fields: Any
) -> Answer:
    """An answer with tool calls, or with a text."""
    message: dict[str, Any] = {"role": "assistant", "content": text, **fields}
    if calls:
        message["tool_calls"] = list(calls)
    reason = "tool_calls" if calls else "stop"
    choice = {"index": 0, "finish_reason": reason, "message": message}
    body = {"id": "chatcmpl-1", "model": "m", "choices": [choice], "usage": usage}
    return Answer(200, JSON, json.dumps(body).encode())


def streamed(*deltas: dict[str, Any], finish: str | None = "stop") -> RawAnswer:
    """The same in a stream, which breaks off without a `finish`."""

    def event(delta: Any, reason: str | None = None, **last: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return b"data: " + json.dumps({"id": "a", "choices": [choice], **last}).encode() + b"\n\n"

    pieces = [HEAD, *map(event, deltas)]
    if finish:
        pieces += [event({}, finish, usage=USAGE), b"data: [DONE]\n\n"]
    return RawAnswer(pieces)


def too_long(current: int, limit: int) -> Answer:
    message = (
        "Please reduce the length of the messages or completion. "
        f"Current length is {current} while limit is {limit}"
    )
    body = {"message": message, "type": "invalid_request_error", "param": "messages"}
    return Answer(400, JSON, json.dumps({**body, "code": "context_length_exceeded"}).encode())


@pytest.fixture
def script(server: LocalServer) -> Script:
    """Sets the answers of the server, first to last."""

    def answers(*given: Answer | RawAnswer) -> None:
        left = iter(given)
        server.route("POST", CHAT, lambda request: next(left))

    return answers


@pytest.fixture
async def client(options: dict[str, Any]) -> AsyncIterator[AsyncCerebras]:
    options |= {"default_model": "qwen-3.8-27b", "max_retries": 0, "compression": "off"}
    async with AsyncCerebras(**options) as client:
        yield client


@pytest.fixture
def listed(server: LocalServer) -> None:
    """A model of the user's, with a context of 8000 tokens."""
    entry = {
        "id": "my-model",
        "limits": {"max_context_length": 8000},
        "pricing": {"prompt": "0.00000035", "completion": "0.00000075"},
    }
    server.route("GET", PUBLIC, Answer(200, JSON, json.dumps(entry).encode()))


def sent(server: LocalServer, at: int = -1) -> Any:
    return [request for request in server.requests if request.path == CHAT][at].json()


def roles(messages: list[dict[str, Any]]) -> list[str]:
    return [message["role"] for message in messages]


def lookups(server: LocalServer) -> int:
    return sum(request.path == PUBLIC for request in server.requests)


@tool
async def add(a: int, b: int) -> int:
    return a + b


# The history.


async def test_every_turn_is_sent_with_the_next_one(
    client: AsyncCerebras, server: LocalServer
) -> None:
    chat = client.conversation(model="gpt-oss-120b", system="Be brief.", temperature=0, seed=1)
    completion = await chat.send("one two")
    assert completion.text == "one two"
    assert sent(server) == {
        "model": "gpt-oss-120b",
        "messages": [SYSTEM, user("one two")],
        "temperature": 0,
        "seed": 1,
    }
    await chat.send("three")
    history = [SYSTEM, user("one two"), model("one two"), user("three")]
    assert sent(server)["messages"] == history
    assert chat.messages == [*history, model("three")]
    chat.messages[0]["content"] = "changed"
    chat.messages.clear()
    assert chat.messages == [*history, model("three")]
    assert chat.model == "gpt-oss-120b"
    assert repr(chat) == f"<{type(chat).__name__} with gpt-oss-120b, 5 messages>"


async def test_the_beginning_of_the_prompt_is_the_same_in_every_turn(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(
        said(called("add", {"a": 1, "b": 2}), reasoning="Add."),
        said(text="3", reasoning="So."),
        streamed({"reasoning": "Hm."}, {"content": "Fi"}, {"content": "ne."}),
        said(text="Bye."),
    )
    chat = client.conversation(system="Be brief.", tools=[add], reasoning="low")
    await chat.send("1 + 2?")
    async with chat.stream("Thanks.") as stream:
        await stream.until_done()
    await chat.send("Bye.")
    prompts = []
    for at in range(4):
        whole = server.requests[at].body
        prompts.append(whole[: whole.index(b"]", whole.rindex(b'"role"'))])
    for before, after in itertools.pairwise(prompts):
        # All but the brace of the last message: an answer may follow it.
        assert after.startswith(before)
    assert sent(server)["messages"][4] == {**model("3"), "reasoning": "So."}


async def test_images_can_be_said(
    client: AsyncCerebras, script: Script, server: LocalServer
) -> None:
    script(said(text="A cat."), said(text="Yes."))
    parts = [{"type": "text", "text": "What is it?"}, image_part(PNG)]
    chat = client.conversation()
    await chat.send(parts)
    parts.clear()
    async with chat.stream("Sure?"):
        pass
    assert [part["type"] for part in sent(server)["messages"][0]["content"]] == [
        "text",
        "image_url",
    ]


async def test_a_conversation_goes_on_from_messages(
    client: AsyncCerebras, server: LocalServer
) -> None:
    first = await client.conversation().send("one")
    chat = client.conversation(history=[user("one"), first.choices[0].message], system="Be brief.")
    await chat.send("two")
    assert sent(server)["messages"] == [SYSTEM, user("one"), model("one"), user("two")]
    with pytest.raises(InvalidRequestError, match="history must be"):
        client.conversation(history=user("one"))  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="system must be a text"):
        client.conversation(system=SYSTEM)  # type: ignore[arg-type]


async def test_what_is_wrong_with_the_history_is_said_first(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:  # without a model
        chat = client.conversation(model="gpt-oss-120b")
        for history, wrong in (
            (None, "not NoneType"),
            (chat, "not (Async)?Conversation"),
            (Path("chat.json"), "Conversation.load"),
            ("chat.json", "Conversation.load"),
            ([user("a"), 5], r"messages\[1\]"),
        ):
            with pytest.raises(InvalidRequestError, match=wrong):
                client.conversation(history=history)  # type: ignore[arg-type]


async def test_a_message_without_content_is_refused_when_it_is_added(
    client: AsyncCerebras,
) -> None:
    chat = client.conversation(model="gpt-oss-120b")
    for message in ({"role": "user"}, {"role": "tool", "content": None, "tool_call_id": "a"}):
        with pytest.raises(InvalidRequestError, match=r"messages\[1\] has no content"):
            chat.add(user("a"), message)
        with pytest.raises(InvalidRequestError, match=r"messages\[0\] has no content"):
            client.conversation(history=[message])
    assert chat.messages == []
    chat.add(user(""), {"role": "assistant"})
    assert len(chat.messages) == 2


async def test_thoughts_are_replayed_the_way_the_model_wants_them(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(*[said(text="4", reasoning="2 + 2 is 4.")] * 4)
    for name, options in (("zai-glm-4.7", {}), ("zai-glm-4.7", {"reasoning": "low"})):
        chat = client.conversation(model=f"my-{name}", **options)  # type: ignore[arg-type]
        await chat.send("2 + 2?")
        await chat.send("Sure?")
        assert sent(server)["messages"][1]["content"].startswith("<think>\n2 + 2 is 4.\n</think>")
        assert sent(server)["clear_thinking"] is False
        # Here it is kept apart: another model wants it otherwise.
        assert chat.messages[1] == {**model("4"), "reasoning": "2 + 2 is 4."}


async def test_a_fork_goes_its_own_way(client: AsyncCerebras, server: LocalServer) -> None:
    chat = client.conversation()
    await chat.send("one")
    other = chat.fork()
    await other.send("two")
    assert chat.messages == [user("one"), model("one")]
    assert sent(server)["messages"] == [user("one"), model("one"), user("two")]
    assert other.usage.total_tokens < chat.usage.total_tokens + other.usage.total_tokens
    await chat.send("three")
    assert other.messages[2] == user("two")


# Streams.


async def test_a_stream_is_of_the_history_once_it_is_whole(client: AsyncCerebras) -> None:
    chat = client.conversation(system="Be brief.")
    async with chat.stream("one two three") as stream:
        events = []
        async for event in stream:
            events.append(event.type)
            assert chat.messages == [SYSTEM]
        assert len(chat.messages) == 3
        assert (await stream.get_final_completion()).text == "one two three"
    assert chat.messages == [SYSTEM, user("one two three"), model("one two three")]
    assert events[0] == "content.delta"
    assert events[-2:] == ["finish", "usage"]
    assert chat.usage.completion_tokens == 3
    async with chat.stream("four five six") as stream:
        assert [text async for text in stream.text_stream] == ["four five ", "six"]
    assert len(chat.messages) == 5


async def test_nothing_is_sent_before_a_stream_is_entered_once(
    client: AsyncCerebras, server: LocalServer
) -> None:
    chat = client.conversation()
    stream = chat.stream("one")
    assert server.requests == []
    async with stream:
        pass
    with pytest.raises(CerebrasError, match="entered already"):
        async with stream:
            pass


async def test_a_stream_left_at_its_finish_is_whole(client: AsyncCerebras) -> None:
    chat = client.conversation()
    async with chat.stream("one two") as stream:
        async for event in stream:
            if event.type == "finish":
                break
    assert chat.messages == [user("one two"), model("one two")]
    assert chat.unfinished == []


async def test_a_stream_left_early_leaves_the_history_as_it_was(client: AsyncCerebras) -> None:
    chat = client.conversation(system="Be brief.")
    async with chat.stream("one two three four") as stream:
        async for _ in stream.text_stream:
            break
    assert chat.messages == [SYSTEM]
    assert chat.unfinished == [user("one two three four"), model("one two ")]
    chat.add(*chat.unfinished)
    assert chat.unfinished == []
    await chat.send("five")
    assert chat.messages[1:3] == [user("one two three four"), model("one two ")]
    with pytest.raises(KeyError):
        async with chat.stream("six seven eight"):
            raise KeyError
    assert chat.messages[-1] == model("five")
    assert chat.unfinished == [user("six seven eight")]
    await chat.send("nine")
    assert chat.unfinished == []


async def test_a_stream_that_breaks_leaves_the_history_as_it_was(
    client: AsyncCerebras, script: Script
) -> None:
    script(streamed({"content": "On"}, {"content": "ce"}, finish=None), said(text="Fine."))
    chat = client.conversation()
    async with chat.stream("Tell me a story.") as stream:
        with pytest.raises(StreamError):
            await stream.until_done()
    assert chat.messages == []
    assert chat.unfinished == [user("Tell me a story."), model("Once")]
    await chat.send("How are you?")
    assert chat.messages == [user("How are you?"), model("Fine.")]


async def test_a_stream_whose_second_answer_fails_stays_failed(
    client: AsyncCerebras, script: Script
) -> None:
    call = {**called("add", {"a": 1, "b": 2}), "index": 0}
    script(streamed({"tool_calls": [call]}, finish="tool_calls"), FAILED)
    chat = client.conversation(tools=[add])
    async with chat.stream("1 + 2?") as stream:
        with pytest.raises(CerebrasError) as first:
            await stream.until_done()
        for _ in range(2):
            with pytest.raises(CerebrasError) as again:
                await stream.until_done()
            assert again.value is first.value
        with pytest.raises(CerebrasError) as final:
            await stream.get_final_completion()
        assert final.value is first.value
        with pytest.raises(CerebrasError):
            async for _text in stream.text_stream:
                pass
    assert roles(chat.unfinished) == ["user", "assistant", "tool"]


async def test_a_stream_that_a_tool_ends_has_no_answer(
    client: AsyncCerebras, script: Script
) -> None:
    @tool
    def fails() -> None:
        raise ValueError

    def stop(call: ToolCall, error: Exception) -> str:
        raise LookupError

    call = {**called("fails", {}), "index": 0}
    script(streamed({"tool_calls": [call]}, finish="tool_calls"))
    chat = client.conversation(tools=[fails], on_tool_error=stop)
    async with chat.stream("1 + 2?") as stream:
        with pytest.raises(LookupError):
            await stream.until_done()
        with pytest.raises(LookupError):
            await stream.get_final_completion()
    assert chat.messages == []


async def test_a_stream_that_was_left_asks_for_nothing_more(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    call = {**called("add", {"a": 1, "b": 2}), "index": 0}
    script(streamed({"tool_calls": [call]}, finish="tool_calls"), said(text="3"))
    chat = client.conversation(tools=[add])
    async with chat.stream("1 + 2?") as stream:
        async for event in stream:
            if event.type == "usage":
                break
    with pytest.raises(CerebrasError):
        await stream.get_final_completion()
    assert len(server.requests) == 1
    assert chat.messages == []
    assert roles(chat.unfinished) == ["user"]


async def test_what_is_said_of_streams_is_for_streams(
    client: AsyncCerebras, server: LocalServer
) -> None:
    chat = client.conversation(on_interrupt="continue", stream_options={"include_usage": True})
    assert (await chat.send("one")).text == "one"
    assert "stream_options" not in sent(server)
    async with chat.stream("two"):
        pass
    assert sent(server)["stream_options"] == {"include_usage": True}


# Tools.


async def test_tools_run_in_between(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    call = called("add", {"a": 1, "b": 2})
    script(said(call), said(text="3"), said(text="Yes."))
    chat = client.conversation(tools=[add])
    assert (await chat.send("1 + 2?")).text == "3"
    await chat.send("Sure?")
    asked = {"role": "assistant", "tool_calls": [call]}
    history = [user("1 + 2?"), asked, result("3"), model("3"), user("Sure?")]
    assert sent(server)["messages"] == history
    assert sent(server)["tools"] == [dict(add)]
    assert chat.messages == [*history, model("Yes.")]
    assert chat.usage.prompt_tokens == 30


async def test_tools_run_between_the_answers_of_a_stream(
    client: AsyncCerebras, script: Script
) -> None:
    call = called("add", {"a": 1, "b": 2})
    script(
        streamed({"tool_calls": [{**call, "index": 0}]}, finish="tool_calls"),
        streamed({"content": "It is "}, {"content": "3."}),
    )
    chat = client.conversation(tools=[add])
    async with chat.stream("1 + 2?") as stream:
        events = [event async for event in stream]
        assert (await stream.get_final_completion()).text == "It is 3."
    types = [event.type for event in events]
    assert types == [
        *("tool_call.delta", "tool_call.done", "finish", "usage"),
        *("content.delta", "content.delta", "content.done", "finish", "usage"),
    ]
    assert events[0].snapshot.text == ""
    assert [message["role"] for message in chat.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert chat.messages[2] == result("3")
    assert chat.usage.total_tokens == 30


async def test_a_tool_that_there_is_not_is_answered_without_any_tools(
    client: AsyncCerebras, script: Script
) -> None:
    script(said(called("search", {})), said(text="I do not know."))
    chat = client.conversation()
    assert (await chat.send("Who is it?")).text == "I do not know."
    assert "there is no tool" in chat.messages[2]["content"]


async def test_what_tools_have_done_can_be_kept_when_the_turn_fails(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(said(text="Hello."), said(called("add", {"a": 1, "b": 2})), FAILED, said(text="3"))
    chat = client.conversation(tools=[add])
    await chat.send("Hello.")
    before = chat.messages
    with pytest.raises(InternalServerError):
        await chat.send("1 + 2?")
    assert chat.messages == before
    assert chat.usage.total_tokens == 30  # it was paid for
    assert roles(chat.unfinished) == ["user", "assistant", "tool"]
    chat.add(*chat.unfinished)
    assert (await chat.send()).text == "3"
    assert sent(server)["messages"][-1] == result("3")
    assert chat.messages[-1] == model("3")
    assert len(chat.messages) == 6


async def test_a_turn_without_an_end_is_none(client: AsyncCerebras, script: Script) -> None:
    rounds = [said(called("add", {"a": 1, "b": n}, f"call_{n}")) for n in range(2)]
    script(*rounds, streamed({"tool_calls": [called("add", {}, "c")]}, finish="tool_calls"))
    chat = client.conversation(tools=[add], max_rounds=2)
    with pytest.raises(ToolRoundsError):
        await chat.send("1 + 2?")
    assert chat.messages == []
    assert chat.unfinished[2:] == [result("1", "call_0")]
    once = client.conversation(tools=[add], max_rounds=1)
    async with once.stream("1 + 2?") as stream:
        with pytest.raises(ToolRoundsError):
            await stream.until_done()
        with pytest.raises(ToolRoundsError):
            await stream.until_done()
    assert once.messages == []
    assert once.unfinished == [user("1 + 2?")]


async def test_a_call_that_is_the_users_is_answered_before_the_next_turn(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    declared = {"type": "function", "function": {"name": "order", "parameters": {}}}
    script(said(called("order", {"item": "tea"})), said(text="Ordered."))
    chat = client.conversation(tools=[declared])
    await chat.send("Order tea.")
    [call] = chat.pending
    assert call.function.arguments == '{"item": "tea"}'
    with pytest.raises(InvalidRequestError, match="'call_a'"):
        await chat.send("Well?")
    chat.add(result("by phone", call.id))
    assert chat.pending == []
    assert (await chat.send()).text == "Ordered."
    assert [message["role"] for message in sent(server)["messages"]] == [
        "user",
        "assistant",
        "tool",
    ]


# One turn at a time.


async def test_there_is_one_turn_at_a_time(client: AsyncCerebras, server: LocalServer) -> None:
    chat = client.conversation()
    async with chat.stream("one two") as stream:
        with pytest.raises(CerebrasError, match="one at a time"):
            await chat.send("three")
        with pytest.raises(CerebrasError, match="one at a time"):
            async with chat.stream("three"):
                pass
        with pytest.raises(CerebrasError, match="one at a time"):
            chat.add(user("three"))
        await chat.fork().send("three")
        await stream.until_done()
    await chat.send("three")
    assert len(chat.messages) == 4
    assert len(server.requests) == 3


async def test_a_turn_that_could_not_begin_holds_nothing(
    client: AsyncCerebras, script: Script
) -> None:
    script(FAILED, FAILED, said(text="Yes."))
    chat = client.conversation()
    with pytest.raises(InvalidRequestError):
        await chat.send(5)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="messages is empty"):
        await chat.send()
    with pytest.raises(InvalidRequestError):
        chat.add(user("a"), "b")  # type: ignore[arg-type]
    assert chat.messages == []
    with pytest.raises(InternalServerError):
        await chat.send("a")
    with pytest.raises(InternalServerError):
        async with chat.stream("a"):
            pass
    assert (await chat.send("a")).text == "Yes."


# Trimming.


async def test_the_oldest_turns_go_in_big_steps(
    client: AsyncCerebras, server: LocalServer, listed: None
) -> None:
    chat = client.conversation(model="my-model", system="Be brief.")
    server.route("POST", CHAT, said(text="Yes. " * 40, usage=None))
    for n in range(60):
        await chat.send(f"{n}: " + "word " * 200)
    requests = [sent(server, at)["messages"] for at in range(60)]
    moved = [at for at in range(1, 60) if requests[at][1] != requests[at - 1][1]]
    assert 2 <= len(moved) <= 6
    assert moved[1] - moved[0] >= 4  # the cache serves the turns between
    for at, messages in enumerate(requests):
        assert messages[0] == SYSTEM
        assert messages[1]["role"] == "user"
        assert messages[-1]["content"].startswith(f"{at}: ")
        if at and at not in moved:
            assert messages[:-2] == requests[at - 1]
    assert chat.dropped + chat.messages[1:] == [
        message
        for n in range(60)
        for message in (user(f"{n}: " + "word " * 200), model("Yes. " * 40))
    ]
    assert lookups(server) == 1


async def test_tool_calls_are_not_parted_from_their_answers(
    client: AsyncCerebras, server: LocalServer, listed: None, script: Script
) -> None:
    script(
        said(called("add", {"a": 1, "b": 2}, "first"), usage=None),
        said(text="3", usage=None),
        said(called("add", {"a": 1, "b": 3}, "second"), usage=None),
        said(text="4", usage=None),
    )
    chat = client.conversation(model="my-model", tools=[add])
    await chat.send("x" * 20_000)
    await chat.send("y" * 20_000)
    assert roles(sent(server)["messages"]) == ["user", "assistant", "tool"]
    assert sent(server)["messages"][2] == result("4", "second")
    assert roles(chat.dropped) == ["user", "assistant", "tool", "assistant"]


async def test_a_conversation_that_is_too_long_can_be_an_error(
    client: AsyncCerebras, server: LocalServer, listed: None
) -> None:
    chat = client.conversation(model="my-model", trim="error")
    server.route("POST", CHAT, said(text="Yes.", usage=None))
    await chat.send("x" * 20_000)
    asked = len(server.requests)
    with pytest.raises(ConversationLengthError, match="room for 8,000") as caught:
        await chat.send("y" * 20_000)
    assert caught.value.limit == 8000
    assert isinstance(caught.value, InvalidRequestError)
    assert len(server.requests) == asked
    assert len(chat.messages) == 2


async def test_a_function_says_what_is_kept(
    client: AsyncCerebras, server: LocalServer, listed: None
) -> None:
    asked = []

    async def summed_up(messages: list[dict[str, Any]], tokens: int) -> list[dict[str, Any]]:
        asked.append((roles(messages), tokens))
        messages[1]["content"] = "changed"  # a copy
        return [messages[0], user("We spoke of x.")]

    chat = client.conversation(model="my-model", system="Be brief.", trim=summed_up)
    server.route("POST", CHAT, said(text="Yes.", usage=None))
    await chat.send("x" * 20_000)
    assert asked == []
    await chat.send("y" * 20_000)
    [(before, tokens)] = asked
    assert before == ["system", "user", "assistant"]
    assert 2000 < tokens < 6000
    assert sent(server)["messages"] == [SYSTEM, user("We spoke of x."), user("y" * 20_000)]
    assert chat.dropped == [user("x" * 20_000), model("Yes.")]
    wrong = chat.fork()
    wrong._settings = client.conversation(model="my-model", trim=lambda m, n: "all")._settings
    with pytest.raises(InvalidRequestError, match="trim must give a list"):
        await wrong.send("z" * 20_000)


async def test_what_is_said_now_is_sent_however_long_it_is(
    client: AsyncCerebras, server: LocalServer, listed: None
) -> None:
    chat = client.conversation(model="my-model", system="Be brief.")
    server.route("POST", CHAT, said(text="Yes.", usage=None))
    await chat.send("a")
    await chat.send("x" * 50_000)
    assert sent(server)["messages"] == [SYSTEM, user("x" * 50_000)]


async def test_a_refused_request_is_shortened_and_sent_again(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    text = "word " * 400
    answers = [said(text="Yes.")] * 3
    script(*answers, too_long(2300, 2000), said(text="No."), too_long(9, 8))
    chat = client.conversation(model="gpt-oss-120b")  # a trial account has less context
    for _ in range(3):
        await chat.send(text)
    assert (await chat.send(text)).text == "No."
    assert len(sent(server, 3)["messages"]) == 7
    assert len(sent(server, 4)["messages"]) == 3
    assert len(chat.dropped) == 4
    with pytest.raises(ContextLengthExceededError):
        await chat.send("z" * 50_000)
    assert len(server.requests) == 6  # the limit is known by now: nothing more could be left out
    assert len(chat.messages) == 4


async def test_what_cannot_be_shortened_is_refused_once(
    client: AsyncCerebras, server: LocalServer, script: Script
) -> None:
    script(too_long(9000, 8000), too_long(9000, 8000))
    chat = client.conversation(system="Be brief.")
    with pytest.raises(ContextLengthExceededError):
        await chat.send("a")
    strict = client.conversation(history=[user("a"), model("b")], trim="error")
    with pytest.raises(ContextLengthExceededError):
        async with strict.stream("a"):
            pass
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [404, 503])
async def test_an_unknown_limit_trims_nothing(
    client: AsyncCerebras, server: LocalServer, status: int
) -> None:
    server.route("GET", PUBLIC, Answer(status, JSON, b"{}"))
    server.route("POST", CHAT, said(text="Yes.", usage=None))
    chat = client.conversation(model="my-model", trim="error")
    await chat.send("short")
    assert lookups(server) == 0
    for _ in range(3):
        await chat.send("x" * 200_000)
    assert len(sent(server)["messages"]) == 7
    assert lookups(server) == 1


# Tokens and prices.


async def test_tokens_and_prices_are_added_up(
    client: AsyncCerebras, server: LocalServer, listed: None, script: Script
) -> None:
    script(*[said(text="Yes.")] * 3, said(text="Yes.", usage=None))
    chat = client.conversation(model="my-model")
    assert (chat.usage.total_tokens, chat.cached_share) == (0, None)
    for _ in range(3):
        await chat.send("a")
    assert chat.usage.prompt_tokens == 30
    assert chat.cached_share == 0.2
    assert lookups(server) == 0
    cost = await chat.estimate_cost()
    assert cost == 30 * Decimal("0.00000035") + 15 * Decimal("0.00000075")
    assert isinstance(cost, Decimal)
    other = chat.fork()
    assert await other.estimate_cost() == 0
    await other.send("b")
    assert await other.estimate_cost() is None  # an answer said nothing of its tokens
    assert lookups(server) == 1


async def test_the_price_of_an_unknown_model_is_unknown(
    client: AsyncCerebras, server: LocalServer
) -> None:
    chat = client.conversation(model="my-model")
    server.route("POST", CHAT, said(text="Yes."))
    await chat.send("a")
    assert await chat.estimate_cost() is None
    assert await chat.estimate_cost() is None
    assert lookups(server) == 1


async def test_each_answer_has_the_price_of_its_model(
    client: AsyncCerebras, server: LocalServer, listed: None, script: Script, tmp_path: Path
) -> None:
    script(*[said(text="Yes.")] * 3)
    entry = {"id": "dear", "pricing": {"prompt": "1", "completion": "2"}}
    dear = "/public/v1/models/dear"
    server.route("GET", dear, Answer(200, JSON, json.dumps(entry).encode()))
    chat = client.conversation(model="my-model")
    await chat.send("a")
    await chat.save(tmp_path / "chat.json")
    cheap = 10 * Decimal("0.00000035") + 5 * Decimal("0.00000075")
    later = await AsyncConversation.load(client, tmp_path / "chat.json", model="dear")
    assert later.usage.total_tokens == 15
    assert await later.estimate_cost() == cheap
    await later.send("b")
    assert later.usage.total_tokens == 30
    assert later.cached_share == 0.2
    assert await later.estimate_cost() == cheap + 20
    assert await later.estimate_cost() == cheap + 20
    assert lookups(server) == 1
    assert sum(request.path == dear for request in server.requests) == 1
    again = client.conversation(history=later.to_json(), model="my-model")
    assert again.usage == later.usage
    await again.send("c")
    assert await again.estimate_cost() == 2 * cheap + 20
    server.route("GET", dear, Answer(404, JSON, b"{}"))
    unknown = client.conversation(history=later.to_json())
    assert await unknown.estimate_cost() is None


async def test_what_an_older_version_saved_is_counted_for_its_model(
    client: AsyncCerebras, listed: None
) -> None:
    saved = {
        "kind": "cerebras_sdk conversation",
        "version": 1,
        "settings": {"model": "mine"},
        "messages": [user("a"), model("b")],
        "usage": USAGE,
    }
    named = client.with_options(aliases={"mine": "my-model"})
    chat = named.conversation(history=json.dumps(saved), model="gpt-oss-120b")
    assert (chat.usage.total_tokens, chat.cached_share) == (15, 0.2)
    assert await chat.estimate_cost() == Decimal("0.0000035") + Decimal("0.00000375")
    assert json.loads(chat.to_json())["version"] == 2


async def test_a_known_spelling_has_the_price_of_the_model(client: AsyncCerebras) -> None:
    chat = client.conversation(model="openai/gpt-oss-120b")
    await chat.send("one two three")
    assert chat.model == "gpt-oss-120b"
    assert await chat.estimate_cost() == Decimal("0.00000035") * 3 + Decimal("0.00000075") * 3


# JSON.


async def test_a_conversation_is_saved_and_loaded(
    client: AsyncCerebras, server: LocalServer, script: Script, tmp_path: Path
) -> None:
    script(said(called("add", {"a": 1, "b": 2})), said(text="3 ✓"), *[said(text="Yes.")] * 2)
    chat = client.conversation(
        model="gpt-oss-120b", system="Be brief.", tools=[add], temperature=0, reasoning="low"
    )
    await chat.send("1 + 2?")
    path = tmp_path / "chat.json"
    await chat.save(path)
    loaded = await AsyncConversation.load(client, path, tools=[add], seed=1)
    assert (loaded.messages, loaded.usage, loaded.model) == (chat.messages, chat.usage, chat.model)
    await loaded.send("Sure?")
    assert sent(server)["messages"][:-1] == [
        {**m, "content": None} if "tool_calls" in m and "content" in m else m for m in chat.messages
    ]
    assert sent(server)["tools"] == [dict(add)]
    assert sent(server)["temperature"] == 0
    assert sent(server)["seed"] == 1
    assert sent(server)["reasoning_effort"] == "low"
    again = client.conversation(history=chat.to_json())
    assert again.to_json() == chat.to_json()
    document = json.loads(chat.to_json())
    assert document["version"] == 2
    assert "tools" not in document
    assert document["settings"]["trim"] == "oldest"


async def test_a_file_is_replaced_whole(client: AsyncCerebras, tmp_path: Path) -> None:
    chat = client.conversation(history=[user("a")])
    path = tmp_path / "chat.json"
    await chat.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    chat.add(model("b"))
    await chat.save(str(link))
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert (await AsyncConversation.load(client, path)).messages == [user("a"), model("b")]
    with pytest.raises(FileNotFoundError) as missing:
        await chat.save(tmp_path / "no" / "chat.json")
    assert missing.value.filename == str(tmp_path / "no" / "chat.json")
    with pytest.raises(OSError, match="tmp") as folder:
        await chat.save(tmp_path)
    assert (folder.value.filename, folder.value.filename2) == (str(tmp_path), None)
    with pytest.raises(FileNotFoundError):
        await AsyncConversation.load(client, tmp_path / "other.json")
    assert sorted(os.listdir(tmp_path)) == ["chat.json", "link.json"]
    path.write_text("{}")
    with pytest.raises(InvalidRequestError, match="no conversation"):
        await AsyncConversation.load(client, path)


async def test_a_file_is_loaded_with_a_client_of_its_kind(
    client: AsyncCerebras, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequestError, match=r"the class \w*Cerebras, not str"):
        await AsyncConversation.load("chat.json", tmp_path)  # type: ignore[arg-type]


async def test_json_holds_no_key_and_no_function(
    client: AsyncCerebras, server: LocalServer
) -> None:
    chat = client.conversation(
        extra_headers={"X-Key": "csk-very-secret"},
        extra_query={"key": "csk-very-secret"},
        extra_body={"key": "csk-very-secret"},
        trim=lambda messages, tokens: messages,
        on_tool_error=lambda call, error: None,
        timeout=5,
        checks="warn",
    )
    server.route("POST", CHAT, said(text="Yes."))
    await chat.send("a")
    assert server.requests[0].headers["X-Key"] == "csk-very-secret"
    text = chat.to_json()
    assert "csk-" not in text
    assert json.loads(text)["settings"] == {
        "checks": "warn",
        "max_rounds": 8,
        "model": "qwen-3.8-27b",
    }


# What cannot be right, and secrets.


async def test_a_model_that_is_gone_warns_the_line_that_asks(client: AsyncCerebras) -> None:
    chat = client.conversation(model="llama-3.3-70b")
    with pytest.warns(ModelRetiredWarning) as caught:
        await chat.send("a")
    assert caught[0].filename == __file__


async def test_no_traceback_shows_a_header_of_the_user(
    client: AsyncCerebras, server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(400, JSON, b"{}"))
    headers = {"X-Key": "csk-very-secret"}
    chat = client.conversation(extra_headers=headers)
    errors: list[BaseException] = []
    with pytest.raises(BadRequestError) as caught:
        await chat.send("a")
    errors.append(caught.value)
    with pytest.raises(BadRequestError) as caught:
        async with chat.stream("a"):
            pass
    errors.append(caught.value)
    with pytest.raises(InvalidRequestError) as refused:
        client.conversation(extra_headers=headers, max_rounds=0)
    errors.append(refused.value)
    with pytest.raises(OSError, match="nowhere") as missing:
        await AsyncConversation.load(client, "nowhere.json", extra_headers=headers)
    errors.append(missing.value)
    for error in errors:
        frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
        ours = [frame for frame in frames if "cerebras_sdk" in frame.filename]
        assert ours
        assert "csk-very-secret" not in str([frame.locals for frame in ours])
    assert "csk-very-secret" not in repr(vars(chat))


async def test_a_conversation_has_no_raw_response(client: AsyncCerebras) -> None:
    with pytest.raises(AttributeError, match="conversation"):
        _ = client.with_raw_response.conversation
