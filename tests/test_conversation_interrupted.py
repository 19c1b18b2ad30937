"""Conversations that are cancelled, interrupted, or used from several threads or tasks at once."""

from __future__ import annotations

import json
import threading
from typing import Any

import anyio
import pytest

from cerebras_sdk import (
    AsyncCerebras,
    AsyncConversation,
    Cerebras,
    CerebrasError,
    Conversation,
    InvalidRequestError,
    tool,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, ReceivedRequest

CHAT = "/v1/chat/completions"
ASKED = {"role": "user", "content": "one two"}
SAID = {"role": "assistant", "content": "one two"}


@tool
def interrupt() -> str:
    raise KeyboardInterrupt


def calling(request: ReceivedRequest) -> Answer:
    call = {"id": "a", "type": "function", "function": {"name": "interrupt", "arguments": "{}"}}
    message = {"role": "assistant", "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    return Answer(
        200, {"Content-Type": "application/json"}, json.dumps({"choices": [choice]}).encode()
    )


@pytest.mark.anyio
async def test_a_turn_that_is_cancelled_leaves_the_history_as_it_was(
    server: LocalServer, options: dict[str, Any]
) -> None:
    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        chat = client.conversation()
        await chat.send("one two")
        server.route("POST", CHAT, Answer(200, {}, [Pause(30)]))
        with anyio.move_on_after(0.2):
            await chat.send("three")
        assert chat.messages == [ASKED, SAID]
        assert chat.unfinished == [{"role": "user", "content": "three"}]
        with anyio.move_on_after(0.2):
            async with chat.stream("four"):
                pass
        assert chat.messages == [ASKED, SAID]
        server.route("POST", CHAT, lambda request: None)
        assert (await chat.send("five")).text == "five"


def test_a_turn_that_is_interrupted_leaves_the_history_as_it_was(
    server: LocalServer, options: dict[str, Any]
) -> None:
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        chat = client.conversation(tools=[interrupt])
        chat.send("one two")
        server.route("POST", CHAT, calling)
        with pytest.raises(KeyboardInterrupt):
            chat.send("three")
        assert chat.messages == [ASKED, SAID]
        assert [message["role"] for message in chat.unfinished] == ["user", "assistant", "tool"]
        assert chat.unfinished[-1]["content"] == "Error: it was interrupted, and has no result."
        server.route("POST", CHAT, lambda request: None)
        assert chat.send("four").text == "four"


def test_a_stream_that_was_interrupted_at_a_tool_has_no_answer(
    server: LocalServer, options: dict[str, Any]
) -> None:
    call = {"index": 0, "id": "a", "function": {"name": "interrupt", "arguments": "{}"}}
    choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}
    events = b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\ndata: [DONE]\n\n"
    server.route("POST", CHAT, Answer(200, {"Content-Type": "text/event-stream"}, events))
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        chat = client.conversation(tools=[interrupt])
        with chat.stream("one two") as stream:
            with pytest.raises(KeyboardInterrupt):
                stream.until_done()
            with pytest.raises(CerebrasError, match="interrupted"):
                stream.get_final_completion()
        assert chat.messages == []
        assert len(server.requests) == 1


def test_a_file_is_loaded_with_a_client_of_its_kind(
    server: LocalServer, options: dict[str, Any]
) -> None:
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        other = AsyncCerebras(**options)
        with pytest.raises(InvalidRequestError, match="class Cerebras, not AsyncCerebras"):
            Conversation.load(other, "chat.json")  # type: ignore[arg-type]
        with pytest.raises(InvalidRequestError, match="class AsyncCerebras, not Cerebras"):
            anyio.run(AsyncConversation.load, client, "chat.json")  # type: ignore[arg-type]


def test_of_many_threads_one_has_the_turn(server: LocalServer, options: dict[str, Any]) -> None:
    begun, over = threading.Event(), threading.Event()

    def slow(request: ReceivedRequest) -> None:
        begun.set()
        over.wait(5)

    server.route("POST", CHAT, slow)
    with Cerebras(**options, default_model="qwen-3.8-27b") as client:
        chat = client.conversation()
        first = threading.Thread(target=chat.send, args=("one two",))
        first.start()
        assert begun.wait(5)
        refused = []

        def send() -> None:
            try:
                chat.send("three")
            except CerebrasError as error:
                refused.append(error)

        others = [threading.Thread(target=send) for _ in range(20)]
        for thread in others:
            thread.start()
        for thread in others:
            thread.join()
        over.set()
        first.join()
    assert len(refused) == 20
    assert chat.messages == [ASKED, SAID]
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_of_many_tasks_one_has_the_turn(server: LocalServer, options: dict[str, Any]) -> None:
    refused = []
    async with AsyncCerebras(**options, default_model="qwen-3.8-27b") as client:
        chat = client.conversation()

        async def send() -> None:
            try:
                await chat.send("one two")
            except CerebrasError as error:
                refused.append(error)

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(send)
    assert len(refused) == 9
    assert chat.messages == [ASKED, SAID]


def test_coroutine_functions_are_for_the_async_client(options: dict[str, Any]) -> None:
    async def shorter(messages: list[dict[str, Any]], tokens: int) -> list[dict[str, Any]]:
        return messages

    @tool
    async def look() -> str:
        return ""

    with Cerebras(**options, default_model="m") as client:
        with pytest.raises(InvalidRequestError, match="trim is a coroutine function"):
            client.conversation(trim=shorter)
        with pytest.raises(InvalidRequestError, match="'look' is a coroutine function"):
            client.conversation(tools=[look])
