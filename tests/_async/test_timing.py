"""The speed report of answers: `completion.timing`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}
TIME_INFO = {
    "queue_time": 0.004,
    "prompt_time": 0.002,
    "completion_time": 0.01,
    "total_time": 0.02,
    "created": 1785156344.74,
}
USAGE = {"prompt_tokens": 21, "completion_tokens": 8, "total_tokens": 29}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(finish: str | None = None, **more: Any) -> bytes:
    delta = {"content": more.pop("content")} if "content" in more else {"role": "assistant"}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice], **more}).encode() + b"\n\n"


STREAM = RawAnswer(
    [
        HEAD,
        event(),
        Pause(0.05),
        event(content="Ho"),
        Pause(0.05),
        event("stop", usage=USAGE, time_info=TIME_INFO),
        Pause(0.05),
        b"data: [DONE]\n\n",
    ]
)


async def test_a_whole_answer_tells_how_long_it_took(
    options: dict[str, Any], server: LocalServer
) -> None:
    message = {"role": "assistant", "content": "Ho"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "a", "choices": [choice], "usage": USAGE, "time_info": TIME_INFO}
    server.route("POST", CHAT, Answer(200, {}, json.dumps(body).encode()))
    async with AsyncCerebras(**options) as client:
        timing = (await client.chat.completions.create(**CALL)).timing
    assert (timing.queue_time, timing.prompt_time) == (0.004, 0.002)
    assert (timing.completion_time, timing.service_time) == (0.01, 0.02)
    assert timing.tokens_per_second == pytest.approx(800)
    assert timing.total is not None
    assert 0 < timing.total < 5
    assert timing.time_to_first_token is None
    assert timing.time_to_headers is None


async def test_a_stream_tells_when_its_first_words_came(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, STREAM)
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        timing = (await stream.get_final_completion()).timing
    assert timing.tokens_per_second == pytest.approx(800)
    headers, first, total = timing.time_to_headers, timing.time_to_first_token, timing.total
    assert headers is not None
    assert first is not None
    assert total is not None
    # The role alone is no token, and what comes behind the finish_reason is not waited for.
    assert headers + 0.03 < first < first + 0.03 < total
    assert timing.network_time == pytest.approx(total - 0.02)
    assert timing.network_share == pytest.approx((total - 0.02) / total)


async def test_the_time_of_failed_attempts_stands_apart(
    options: dict[str, Any], server: LocalServer
) -> None:
    refused = RawAnswer(
        [Pause(0.1), b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nretry-after-ms: 1\r\n\r\n{}"]
    )
    answers = iter([refused, None, refused, STREAM])
    server.route("POST", CHAT, lambda request: next(answers))
    async with AsyncCerebras(**options) as client:
        whole = await client.chat.completions.create(**CALL)
        stream = await client.chat.completions.create(**CALL, stream=True)
        streamed = await stream.get_final_completion()
    for timing in (whole.timing, streamed.timing):
        assert timing.waited is not None
        assert timing.waited > 0.09
        assert "waited 0.1" in str(timing)


async def test_a_text_completion_tells_it_too(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        whole = await client.completions.create(model="gpt-oss-120b", prompt="Hi")
        stream = await client.completions.create(model="gpt-oss-120b", prompt="Hi", stream=True)
        streamed = await stream.get_final_completion()
    assert whole.timing.total
    assert streamed.timing.time_to_first_token
    assert str(streamed.timing).startswith("total 0.")


async def test_a_whole_answer_to_a_stream_was_there_with_its_headers(
    options: dict[str, Any], server: LocalServer
) -> None:
    message = {"role": "assistant", "content": "Ho"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps({"id": "a", "choices": [choice], "usage": USAGE}).encode()
    server.route("POST", CHAT, Answer(200, {"Content-Type": "application/json"}, body))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        timing = (await stream.get_final_completion()).timing
    assert timing.total
    assert timing.time_to_first_token is None


async def test_objects_and_streams_of_events_tell_it_too(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        async with client.chat.completions.stream(**CALL) as stream:
            streamed = await stream.get_final_completion()
        message = {"role": "assistant", "content": '{"value": [1]}'}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "a", "choices": [choice], "time_info": TIME_INFO}
        server.route("POST", CHAT, Answer(200, {}, json.dumps(body).encode()))
        parsed = await client.chat.completions.parse(**CALL, response_format=list[int])
    assert streamed.timing.time_to_first_token
    assert parsed.timing.total
    assert parsed.timing.service_time == 0.02


async def test_it_stays_with_an_answer_whose_reserve_was_learned(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        completion = await client.chat.completions.create(**CALL)
    assert completion.reserved is not None
    assert completion.timing.total


async def test_an_answer_that_was_parsed_later_has_the_time_of_its_arrival(
    options: dict[str, Any],
) -> None:
    async with AsyncCerebras(**options) as client:
        response = await client.chat.completions.with_raw_response.create(**CALL)
        completion = await response.parse()
        assert completion.timing.total == pytest.approx(response.elapsed.total_seconds(), abs=1e-3)
        # How long the user took to read it says nothing.
        async with client.chat.completions.with_streaming_response.create(**CALL) as unread:
            assert (await unread.parse()).timing.total is None
