"""`reasoning=`: what is sent, and an answer whose thoughts are never in its text."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    InternalServerError,
    InvalidRequestError,
    ModelRetiredWarning,
    StreamTruncatedError,
)
from cerebras_sdk.testing import Answer, LocalServer, RawAnswer, serve

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
HI = {"role": "user", "content": "2 + 2?"}
CALL: dict[str, Any] = {"model": "qwen-3.8-27b", "messages": [HI], "reasoning": "low"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
SAID = "<think>\nTwo and \0 two </x> is 4.\n</think>\n\nIt is <think>4</think>."
THOUGHT, TEXT = "Two and \0 two </x> is 4.", "It is <think>4</think>."


def event(finish: str | None = None, index: int = 0, **delta: Any) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice]}).encode() + b"\n\n"


def begun(text: str, size: int) -> list[bytes]:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [HEAD, event(role="assistant"), *[event(content=piece) for piece in pieces]]


def streamed(text: str, size: int, **last: Any) -> RawAnswer:
    return RawAnswer([*begun(text, size), event("stop", **last), b"data: [DONE]\n\n"])


def whole(**message: Any) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    body = json.dumps({"id": "c", "choices": [choice]}).encode()
    return Answer(200, {"Content-Type": "application/json"}, body)


@contextlib.contextmanager
def answering(*answers: Any) -> Iterator[tuple[LocalServer, dict[str, Any]]]:
    left = iter(answers)
    with serve() as server:
        server.route("POST", CHAT, lambda request: next(left))
        yield server, {"api_key": "csk-test", "base_url": server.base_url}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 11, 1000])
async def test_thoughts_never_leak_into_a_streamed_text_wherever_it_is_cut(size: int) -> None:
    with answering(streamed(SAID, size)) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, stream=True)
            chunks = [chunk async for chunk in stream]
            completion = await stream.get_final_completion()
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == TEXT
    assert "".join(delta.reasoning or "" for delta in deltas) == THOUGHT
    assert completion.text == TEXT
    assert completion.choices[0].message.reasoning == THOUGHT
    assert completion.choices[0].finish_reason == "stop"


async def test_the_text_stream_is_the_text_alone() -> None:
    with answering(streamed(SAID, 3)) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, stream=True)
            assert "".join([piece async for piece in stream.text_stream]) == TEXT


@pytest.mark.parametrize(
    ("message", "reasoning", "text"),
    [
        ({"content": SAID}, THOUGHT, TEXT),
        ({"content": "<think>And so"}, "And so", ""),
        ({"content": "It <think>is</think>"}, None, "It <think>is</think>"),
        ({"content": "4", "reasoning": "Easy."}, "Easy.", "4"),
        ({"content": None}, None, ""),
    ],
)
async def test_thoughts_are_taken_out_of_a_whole_answer(
    message: dict[str, Any], reasoning: str | None, text: str
) -> None:
    with answering(whole(**message), whole(**message)) as (_, options):
        async with AsyncCerebras(**options) as client:
            answer = await client.chat.completions.create(**CALL)
            raw = await client.chat.completions.with_raw_response.create(**CALL)
            again = await raw.parse()
    assert (answer.choices[0].message.reasoning, answer.text) == (reasoning, text)
    assert again == answer


async def test_a_whole_answer_where_a_stream_was_asked_for_is_taken_apart_once() -> None:
    said = "<think>a</think>b <think>c</think>"
    with answering(whole(content=said)) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, stream=True)
            answer = await stream.get_final_completion()
    assert (answer.choices[0].message.reasoning, answer.text) == ("a", "b <think>c</think>")


async def test_without_the_setting_and_with_the_raw_format_nothing_is_touched() -> None:
    given: list[dict[str, Any]] = [{"reasoning": None}, {"reasoning_format": "raw"}]
    with answering(*[whole(content=SAID)] * 2, *[streamed(SAID, 5)] * 2) as (server, options):
        async with AsyncCerebras(**options) as client:
            for more in given:
                answer = await client.chat.completions.create(**(CALL | more))
                assert answer.text == SAID
            for more in given:
                stream = await client.chat.completions.create(**(CALL | more), stream=True)
                assert (await stream.get_final_completion()).text == SAID
    assert server.requests[0].json() == {"model": "qwen-3.8-27b", "messages": [HI]}


async def test_each_choice_is_taken_apart_by_itself() -> None:
    pieces = [
        *[event(index=at, content=text) for text in ("<thi", "nk>x</th") for at in (0, 1)],
        event(index=1, content="ink>one"),
        event(index=0, content="ink>null"),
        *[event("stop", index=at) for at in (0, 1)],
    ]
    with answering(RawAnswer([HEAD, *pieces])) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, n=2, stream=True)
            answer = await stream.get_final_completion()
    messages = [choice.message for choice in answer.choices]
    assert [(m.reasoning, m.content) for m in messages] == [("x", "null"), ("x", "one")]


async def test_what_is_held_at_the_end_is_given_with_the_end() -> None:
    for said, reasoning, text in (("<thi", None, "<thi"), ("<think>a</t", "a</t", "")):
        with answering(streamed(said, 2)) as (_, options):
            async with AsyncCerebras(**options) as client:
                stream = await client.chat.completions.create(**CALL, stream=True)
                answer = await stream.get_final_completion()
        assert (answer.choices[0].message.reasoning, answer.text) == (reasoning, text)


async def test_a_tool_call_behind_thoughts_arrives() -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}
    said = streamed("<think>Ask f", 4, tool_calls=[call])
    with answering(said) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, stream=True)
            message = (await stream.get_final_completion()).choices[0].message
    assert (message.reasoning, message.content) == ("Ask f", None)
    assert message.tool_calls is not None
    assert message.tool_calls[0].function.name == "f"


async def test_the_partial_answer_of_a_broken_stream_is_taken_apart_whole() -> None:
    for said, reasoning, text in (
        ("<think>a</think>b", "a", "b"),
        ("<think>a</thi", "a</thi", ""),
    ):
        with answering(RawAnswer(begun(said, 4))) as (_, options):
            async with AsyncCerebras(**options) as client:
                stream = await client.chat.completions.create(**CALL, stream=True)
                with pytest.raises(StreamTruncatedError) as caught:
                    await stream.get_final_completion()
        partial: Any = caught.value.partial
        assert (partial.choices[0].message.reasoning, partial.text) == (reasoning, text)


async def test_before_the_first_thought_a_stream_is_asked_for_again(waits: list[float]) -> None:
    late = b'data: {"status_code":503,"error":{"message":"late","type":"server_error"}}\n\n'
    first = RawAnswer([*begun("<thi", 2), late])
    with answering(first, streamed(SAID, 5)) as (server, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, stream=True)
            answer = await stream.get_final_completion()
    assert (answer.choices[0].message.reasoning, answer.text) == (THOUGHT, TEXT)
    assert len(server.requests) == 2
    later = RawAnswer([*begun("<think>a", 8), late])
    with answering(later) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, stream=True)
            with pytest.raises(InternalServerError):
                await stream.get_final_completion()


LINE = "The quick brown fox jumps over the lazy dog, and nobody knows why it does so."


@pytest.mark.parametrize("by_itself", [True, False])
@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("qwen-3.8-27b", {"content": LINE[:30], "reasoning": "Hm."}),
        ("tomorrow-1", {"content": LINE[:30], "reasoning": "Hm."}),
        ("my-glm-5.1", {"content": f"<think>\nHm.\n</think>\n\n{LINE[:30]}"}),
        ("my-gemma-4", {"content": LINE[:30]}),
    ],
)
async def test_a_stream_that_broke_off_goes_on_with_its_thoughts_replayed(
    by_itself: bool, model: str, sent: dict[str, Any], waits: list[float]
) -> None:
    first = RawAnswer(begun(f"<think>Hm.</think>{LINE[:30]}", 5))
    rest = streamed(f"<think>Where was I?</think>{LINE[24:]}", 5)
    with answering(first, rest) as (server, options):
        async with AsyncCerebras(**options) as client:
            create = client.chat.completions.create
            call: dict[str, Any] = {**CALL, "model": model, "stream": True}
            if by_itself:
                stream = await create(**call, on_interrupt="continue")
                text = "".join([piece async for piece in stream.text_stream])
                assert text == LINE
            else:
                stream = await create(**call)
                with pytest.raises(StreamTruncatedError):
                    await stream.get_final_completion()
                stream = await stream.resume()
            answer = await stream.get_final_completion()
    assert answer.text == LINE
    assert answer.choices[0].message.reasoning == "Hm."
    body = server.requests[-1].json()
    assert body["messages"][-2] == {"role": "assistant", **sent}
    assert body.get("clear_thinking") == (False if "glm" in model else None)


@pytest.mark.parametrize(
    ("model", "level", "sent"),
    [
        ("gpt-oss-120b", "high", {"reasoning_effort": "high", "reasoning_format": "parsed"}),
        ("qwen-3.8-27b", "off", {"reasoning_effort": "none", "reasoning_format": "parsed"}),
        ("my-glm-5", "off", {"reasoning_effort": "none", "reasoning_format": "parsed"}),
        ("my-glm-5", "high", {"reasoning_format": "parsed"}),
        ("tomorrow-1", "medium", {"reasoning_effort": "medium", "reasoning_format": "parsed"}),
    ],
)
async def test_the_setting_becomes_what_the_model_takes(
    model: str, level: Any, sent: dict[str, Any]
) -> None:
    with answering(whole(content="4")) as (server, options):
        async with AsyncCerebras(**options) as client:
            await client.chat.completions.create(model=model, messages=[HI], reasoning=level)
    assert server.requests[0].json() == {"model": model, "messages": [HI], **sent}


async def test_an_answer_sent_back_is_replayed_for_the_model_that_gets_it() -> None:
    with answering(whole(content="<think>Easy.</think>4"), whole(content="5")) as (server, options):
        async with AsyncCerebras(**options) as client:
            first = await client.chat.completions.create(**CALL)
            history = [HI, first.choices[0].message, HI]
            with pytest.warns(ModelRetiredWarning):
                await client.chat.completions.create(
                    model="zai-glm-4.7", messages=history, reasoning="high"
                )
    body = server.requests[-1].json()
    assert body["messages"][1] == {
        "role": "assistant",
        "content": "<think>\nEasy.\n</think>\n\n4",
    }
    assert body["clear_thinking"] is False


async def test_without_the_setting_the_history_is_replayed_all_the_same() -> None:
    said = whole(content="4", reasoning="Easy.")
    models = ("my-glm-5", "my-gemma-4", "gpt-oss-120b")
    with answering(*[said] * (len(models) + 2)) as (server, options):
        async with AsyncCerebras(**options) as client:
            create = client.chat.completions.create
            first = await create(model="my-glm-5", messages=[HI])
            history: list[Any] = [HI, first.choices[0].message, HI]
            for model in models:
                await create(model=model, messages=history)
            await create(model="my-glm-5", messages=history, clear_thinking=True)
    bodies = [request.json() for request in server.requests[1:]]
    assert [body["messages"][1] for body in bodies] == [
        {"role": "assistant", "content": "<think>\nEasy.\n</think>\n\n4"},
        {"role": "assistant", "content": "4"},
        {"role": "assistant", "content": "4", "reasoning": "Easy."},
        {"role": "assistant", "content": "<think>\nEasy.\n</think>\n\n4"},
    ]
    assert [body.get("clear_thinking") for body in bodies] == [False, None, None, True]


async def test_without_the_setting_a_stream_goes_on_with_its_thoughts_replayed(
    waits: list[float],
) -> None:
    first = RawAnswer([HEAD, event(reasoning="Hm."), event(content=LINE[:30])])
    with answering(first, streamed(LINE[24:], 5)) as (server, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(
                model="my-glm-5", messages=[HI], stream=True, on_interrupt="continue"
            )
            assert (await stream.get_final_completion()).text == LINE
    body = server.requests[-1].json()
    assert body["messages"][-2] == {
        "role": "assistant",
        "content": f"<think>\nHm.\n</think>\n\n{LINE[:30]}",
    }
    assert body["clear_thinking"] is False


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"model": "gpt-oss-120b", "reasoning": "off"}, "cannot be switched off"),
        ({"reasoning": "max"}, "reasoning must be"),
        ({"reasoning_effort": "low"}, "give only reasoning"),
        ({"extra_body": {"reasoning_effort": "low"}}, "give only reasoning"),
    ],
)
async def test_what_cannot_be_set_is_refused_before_anything_is_sent(
    more: dict[str, Any], says: str
) -> None:
    with answering() as (server, options):
        async with AsyncCerebras(**options) as client:
            with pytest.raises(InvalidRequestError, match=says):
                await client.chat.completions.create(**(CALL | more))
    assert server.requests == []
