"""`chat.completions.stream()`: what is told while an answer comes, and the answer at its end."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, ClassVar

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    CerebrasError,
    InvalidRequestError,
    OutputLengthError,
    ParsedOutputError,
    StreamTruncatedError,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
EVENTS = {"Content-Type": "text/event-stream"}


@dataclasses.dataclass
class Person:
    name: str
    tags: list[str]


def event(delta: dict[str, Any], **choice: Any) -> bytes:
    document = {"id": "a", "choices": [{"index": 0, "delta": delta, **choice}]}
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def answering(server: LocalServer, *deltas: dict[str, Any], end: str | None = "stop") -> None:
    pieces = [event(delta) for delta in deltas]
    if end is not None:
        pieces.append(event({}, finish_reason=end))
    server.route("POST", CHAT, Answer(200, EVENTS, pieces))


def saying(server: LocalServer, text: str, *, end: str = "stop", size: int = 5) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    answering(server, *[{"content": piece} for piece in pieces], end=end)


async def test_an_answer_is_told_and_then_had(options: dict[str, Any], server: LocalServer) -> None:
    answering(
        server, {"role": "assistant"}, {"reasoning": "Hm"}, {"content": "a"}, {"content": "b"}
    )
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL) as stream,
    ):
        events = [event async for event in stream]
        completion = await stream.get_final_completion()
        assert stream.request_id == completion.request_id
        assert stream.response_headers
        assert stream.rate_limits == completion.rate_limits
        assert stream.snapshot == completion
    assert [event.type for event in events] == [
        "reasoning.delta", "reasoning.done", "content.delta", "content.delta", "content.done",
        "finish",
    ]  # fmt: skip
    assert [event.snapshot.text for event in events] == ["", "a", "a", "ab", "ab", "ab"]
    assert completion.text == "ab"
    assert completion.choices[0].message.reasoning == "Hm"
    assert server.requests[0].json()["stream"] is True


async def test_the_texts_are_had_alone(options: dict[str, Any], server: LocalServer) -> None:
    answering(server, {"reasoning": "R"}, {"reasoning": "S"}, {"content": "a"}, {"content": "b"})
    async with AsyncCerebras(**options) as client:
        async with client.chat.completions.stream(**CALL) as stream:
            assert [text async for text in stream.text_stream] == ["a", "b"]
        async with client.chat.completions.stream(**CALL) as stream:
            assert [text async for text in stream.reasoning_stream] == ["R", "S"]
            assert (await stream.get_final_completion()).text == "ab"


async def test_until_done_reads_to_the_end(options: dict[str, Any], server: LocalServer) -> None:
    answering(server, {"content": "a"})
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL) as stream,
    ):
        assert await stream.until_done() is stream
        assert stream.snapshot.text == "a"


async def test_nothing_is_sent_before_it_is_entered(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        manager = client.chat.completions.stream(**CALL)
        assert not server.requests
        async with manager as stream:
            await stream.until_done()
        with pytest.raises(CerebrasError, match="entered already"):
            async with manager:
                pass
    assert len(server.requests) == 1


async def test_leaving_early_gives_the_connection_back(
    options: dict[str, Any], server: LocalServer
) -> None:
    piece = event({"content": "a"})
    server.route("POST", CHAT, Answer(200, EVENTS, [piece, Pause(0.02)] * 500))
    async with AsyncCerebras(**options) as client:
        async with client.chat.completions.stream(**CALL) as stream:
            async for _ in stream:
                break
        assert [event async for event in stream] == []
        with pytest.raises(StreamTruncatedError, match="closed before its end"):
            await stream.get_final_completion()


async def test_a_stream_that_breaks_off_raises_after_its_events(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, {"content": "a"}, end=None)
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL) as stream,
    ):
        assert (await anext(stream)).type == "content.delta"
        with pytest.raises(StreamTruncatedError) as caught:
            await stream.until_done()
    assert caught.value.partial is not None
    assert caught.value.partial.text == "a"


async def test_a_continued_stream_is_one_answer(
    options: dict[str, Any], server: LocalServer
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    first = RawAnswer([head, event({"content": "The sun and "})])
    rest = RawAnswer([head, event({"content": "the moon."}), event({}, finish_reason="stop")])
    answers = iter([first, rest])
    server.route("POST", CHAT, lambda request: next(answers))
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, on_interrupt="continue") as stream,
    ):
        events = [event async for event in stream]
        assert (await stream.get_final_completion()).text == "The sun and the moon."
    assert events[-1].snapshot.text == "The sun and the moon."


async def test_a_type_is_filled_in_field_by_field(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, '{"name": "Ada", "tags": ["x", "y"]}')
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, response_format=Person) as stream,
    ):
        events = [event async for event in stream]
        completion = await stream.get_final_completion()
    assert completion.parsed == Person("Ada", ["x", "y"])
    assert completion.choices[0].message.parsed == completion.parsed
    fields = [(event.path, event.value) for event in events if event.type == "field.done"]
    assert fields == [
        (("name",), "Ada"), (("tags", 0), "x"), (("tags", 1), "y"), (("tags",), ["x", "y"])
    ]  # fmt: skip
    (done,) = [event for event in events if event.type == "content.done"]
    assert done.parsed == completion.parsed
    partial = next(event for event in reversed(events) if event.type == "content.delta")
    assert partial.parsed_partial == {"name": "Ada", "tags": ["x", "y"]}
    sent = server.requests[0].json()["response_format"]
    assert sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["name"] == "Person"


async def test_nothing_of_a_type_is_final_after_a_cut(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, '{"name": "Ada", "tags": ["x", "y', end="length")
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, response_format=Person) as stream,
    ):
        seen = []
        with pytest.raises(OutputLengthError) as caught:
            async for happened in stream:
                seen.append(happened)
    paths = [happened.path for happened in seen if happened.type == "field.done"]
    assert paths == [("name",), ("tags", 0)]
    assert [happened.parsed for happened in seen if happened.type == "content.done"] == [None]
    assert caught.value.completion is not None
    assert caught.value.completion.text == '{"name": "Ada", "tags": ["x", "y'


async def test_an_answer_that_is_not_of_the_type_raises_at_the_end(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, '{"name": "Ada"}')
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, response_format=Person) as stream,
    ):
        with pytest.raises(ParsedOutputError, match="tags"):
            await stream.get_final_completion()


@dataclasses.dataclass
class Counted:
    n: int
    made: ClassVar[int] = 0

    def __post_init__(self) -> None:
        Counted.made += 1
        assert self.n < 3, "n must be below 3"


async def test_the_object_is_made_once(options: dict[str, Any], server: LocalServer) -> None:
    saying(server, '{"n": 1}')
    Counted.made = 0
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, response_format=Counted) as stream,
    ):
        (done,) = [event async for event in stream if event.type == "content.done"]
        assert done.parsed is (await stream.get_final_completion()).parsed
    assert done.parsed == Counted(1)
    assert Counted.made == 2  # of which one is the line above


@pytest.mark.parametrize("end", ["stop", "tool_calls", "newer"])
async def test_the_event_and_the_end_have_the_same_object(
    options: dict[str, Any], server: LocalServer, end: str
) -> None:
    saying(server, '{"name": "Ada", "tags": []}', end=end)
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, response_format=Person) as stream,
    ):
        (done,) = [event async for event in stream if event.type == "content.done"]
        assert (await stream.get_final_completion()).parsed is done.parsed
    assert done.parsed == Person("Ada", [])


async def test_an_exception_in_a_check_of_yours_is_raised_after_all_events(
    options: dict[str, Any], server: LocalServer
) -> None:
    usage = {"choices": [], "usage": {"total_tokens": 7}}
    last = b"data: " + json.dumps({"id": "a", **usage}).encode() + b"\n\n"
    pieces = [event({"content": '{"n": 5}'}), event({}, finish_reason="stop"), last]
    server.route("POST", CHAT, Answer(200, EVENTS, pieces))
    Counted.made = 0
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, response_format=Counted) as stream,
    ):
        seen = []
        for _ in range(2):
            with pytest.raises(ParsedOutputError, match="n must be below 3") as caught:
                async for happened in stream:
                    seen.append(happened.type)
    assert seen == ["content.delta", "field.done", "content.done", "finish", "usage"]
    assert caught.value.text == '{"n": 5}'
    assert caught.value.usage is not None
    assert isinstance(caught.value.__cause__, AssertionError)
    assert Counted.made == 1


@pytest.mark.parametrize("keyword", ["stream", "bogus", "retries"])
async def test_an_unknown_keyword_is_refused_before_the_stream_is_entered(
    options: dict[str, Any], server: LocalServer, keyword: str
) -> None:
    more: dict[str, Any] = {keyword: True}
    async with AsyncCerebras(**options) as client:
        with pytest.raises(TypeError, match=rf"^stream\(\) got an unexpected .* '{keyword}'"):
            client.chat.completions.stream(**CALL, **more)
    assert not server.requests


async def test_a_type_that_the_service_would_refuse_is_refused_before(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError):
            client.chat.completions.stream(**CALL, response_format=dict)
    assert not server.requests


async def test_tool_calls_are_told(options: dict[str, Any], server: LocalServer) -> None:
    named = {"index": 0, "id": "x", "type": "function", "function": {"name": "f", "arguments": ""}}
    answering(
        server,
        {"tool_calls": [named]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
        end="tool_calls",
    )
    tools: Any = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    async with (
        AsyncCerebras(**options) as client,
        client.chat.completions.stream(**CALL, tools=tools) as stream,
    ):
        events = [event async for event in stream]
    pieces = [event.delta for event in events if event.type == "tool_call.delta"]
    assert pieces == ["", '{"a":', "1}"]
    (done,) = [event.tool_call for event in events if event.type == "tool_call.done"]
    assert (done.id, done.function.name, done.function.arguments) == ("x", "f", '{"a":1}')


async def test_no_key_is_shown_by_what_waits_to_be_entered(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        manager = client.chat.completions.stream(**CALL, extra_headers={"X-Key": "csk-test-other"})
        assert "csk-test-other" not in repr(manager)
        assert "csk-test-other" not in str(vars(manager))
