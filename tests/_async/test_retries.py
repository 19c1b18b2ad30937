"""What is tried again, what it says when it is given up, and how long a call may take in all."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cerebras_sdk import (
    APIConnectionError,
    APITimeoutError,
    AsyncCerebras,
    InternalServerError,
    InvalidRequestError,
    RateLimitError,
    RetryEvent,
    RetryPolicy,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
    Timeout,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
ROLE = b'data: {"id":"a","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
WORD = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]}\n\n'
STOP = b'data: {"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
FAILED = b'data: {"status_code":503,"error":{"message":"late","type":"server_error"}}\n\n'
TOKENS = {
    "message": "Tokens per day limit exceeded - too many tokens processed.",
    "type": "too_many_tokens_error",
    "param": "quota",
    "code": "token_quota_exceeded",
}


def in_turn(server: LocalServer, *answers: Any) -> None:
    left = iter(answers)
    server.route("POST", CHAT, lambda request: next(left))


async def read(stream: Any) -> str:
    return "".join([text async for text in stream.text_stream])


async def test_each_attempt_is_told_and_is_on_the_error(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    events: list[RetryEvent] = []
    in_turn(server, *[Answer(500, {}, b"{}"), Answer(503, {"retry-after": "3"}, b"{}")] * 2)
    async with AsyncCerebras(**options, on_retry=events.append) as client:
        with pytest.raises(InternalServerError) as caught:
            await client.chat.completions.create(**CALL)
    attempts = caught.value.attempts
    assert [attempt.status for attempt in attempts] == [500, 503]
    assert [attempt.wait for attempt in attempts] == waits == [event.delay for event in events]
    assert waits[1] == 3
    assert [event.attempt for event in events] == [1, 2]
    assert [attempt.cause for attempt in attempts] == [event.error for event in events]
    assert str(caught.value).endswith("not tried again: 3 attempts were made")


async def test_a_daily_quota_fails_at_once_and_says_when_it_reopens(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:

    server.route("POST", CHAT, Answer(429, {"retry-after": "86399"}, json.dumps(TOKENS).encode()))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(RateLimitError, match="it reopens in 24 h") as caught:
            await client.chat.completions.create(**CALL)
    error = caught.value
    assert (error.kind, error.window, error.retry_after) == ("tokens", "day", 86399)
    assert error.retry_at is not None
    assert abs(error.retry_at - time.time() - 86399) < 60
    assert len(server.requests) == 1
    assert waits == []


async def test_a_policy_is_given_whole_and_max_retries_is_stronger(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    server.route("POST", CHAT, Answer(500, {}, b"{}"))
    policy = RetryPolicy(max_retries=4, initial_delay=0.0)
    async with AsyncCerebras(**options, retry=policy) as client:
        for made, calls in (
            (client, 5),
            (client.with_options(max_retries=1), 2),
            (client.with_options(retry=RetryPolicy(max_retries=0)), 1),
            (AsyncCerebras(**options, retry=policy, max_retries=0), 1),
        ):
            before = len(server.requests)
            with pytest.raises(InternalServerError):
                await made.chat.completions.create(**CALL)
            assert len(server.requests) - before == calls
    with pytest.raises(InvalidRequestError, match="RetryPolicy"):
        AsyncCerebras(**options, retry=3)  # type: ignore[arg-type]


async def test_a_storm_of_retries_is_stopped(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    server.route("POST", CHAT, Answer(503, {}, b"{}"))
    async with AsyncCerebras(**options) as client:
        for _ in range(50):
            with pytest.raises(InternalServerError) as caught:
                await client.chat.completions.create(**CALL)
        assert "too many retries lately" in str(caught.value)
    assert 60 <= len(server.requests) <= 75  # 50, 10 that are always allowed, and 20%


@pytest.mark.parametrize("start", [b"", ROLE, b": keep-alive\n\n", ROLE + b": x\n\n"])
@pytest.mark.parametrize("end", [b"", FAILED, DONE])
async def test_a_stream_that_fails_before_it_says_anything_is_tried_again(
    options: dict[str, Any], server: LocalServer, waits: list[float], start: bytes, end: bytes
) -> None:
    whole = RawAnswer([HEAD, ROLE, WORD, STOP, DONE])
    in_turn(server, RawAnswer([HEAD, start, end]), RawAnswer([HEAD, start], then="reset"), whole)
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        chunks = [chunk async for chunk in stream]
        completion = await stream.get_final_completion()
    assert completion.text == "one "
    assert len(server.requests) == 3
    roles = [chunk.choices[0].delta.role for chunk in chunks]
    assert roles.count("assistant") == 1
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("end", "then", "kind"),
    [
        (b"", "close", StreamTruncatedError),
        (DONE, "close", StreamTruncatedError),
        (FAILED, "close", InternalServerError),
        (b"data: {", "reset", StreamInterruptedError),
    ],
)
async def test_a_stream_that_has_said_something_is_never_tried_again_silently(
    options: dict[str, Any], server: LocalServer, end: bytes, then: Any, kind: Any
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, ROLE, WORD, Pause(0.05), end], then=then))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        seen = []
        with pytest.raises(kind) as caught:
            async for text in stream.text_stream:
                seen.append(text)
        with pytest.raises(kind):
            await stream.get_final_completion()
    assert seen == ["one "]
    assert caught.value.partial.text == "one "
    assert len(server.requests) == 1
    if kind is not InternalServerError:
        assert caught.value.raw_tail.endswith(ROLE + WORD + end)


async def test_a_stream_that_is_given_up_says_what_was_tried(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, ROLE]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        for _ in range(2):
            with pytest.raises(StreamTruncatedError) as caught:
                await read(stream)
    assert len(caught.value.attempts) == 2
    assert "3 attempts were made" in str(caught.value)
    assert len(server.requests) == 3


async def test_a_raw_stream_is_not_tried_again(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, ROLE]))
    async with AsyncCerebras(**options) as client:
        raw = await client.chat.completions.with_raw_response.create(**CALL, stream=True)
        with pytest.raises(StreamTruncatedError):
            await read(await raw.parse())
    assert len(server.requests) == 1


async def test_the_end_of_an_answer_needs_neither_done_nor_a_close(
    options: dict[str, Any], server: LocalServer
) -> None:
    chunked = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    body = ROLE + WORD + STOP
    piece = b"%x\r\n%b\r\n" % (len(body), body)
    server.route("POST", CHAT, RawAnswer([chunked, piece, Pause(30)]))
    async with AsyncCerebras(**options) as client:
        start = time.monotonic()
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert await read(stream) == "one "
        assert time.monotonic() - start < 10


async def test_the_usage_may_come_a_while_after_the_end_of_the_answer(
    options: dict[str, Any], server: LocalServer
) -> None:
    usage = b'data: {"choices":[],"usage":{"completion_tokens":7}}\n\ndata: [DONE]\n\n'
    server.route("POST", CHAT, RawAnswer([HEAD, WORD, STOP, Pause(0.8), usage]))
    async with AsyncCerebras(**options, timeout=Timeout(5, gap=3)) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        completion = await stream.get_final_completion()
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 7


async def test_a_whole_answer_is_given_though_the_usage_never_comes(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, WORD, STOP, Pause(30)]))
    for timeout in (Timeout(5, gap=0.3), Timeout(5, total=0.6)):
        async with AsyncCerebras(**options, timeout=timeout) as client:
            start = time.monotonic()
            stream = await client.chat.completions.create(**CALL, stream=True)
            assert await read(stream) == "one "
            assert time.monotonic() - start < 3


KEEP_ALIVE: list[Any] = [part for _ in range(100) for part in (b": keep-alive\n\n", Pause(0.02))]


@pytest.mark.parametrize(
    ("timeout", "pieces", "phase"),
    [
        (Timeout(5, first_token=0.3), KEEP_ALIVE, "first_token"),
        (Timeout(5, first_token=0.3), [ROLE, *KEEP_ALIVE], "first_token"),
        (Timeout(0.3), KEEP_ALIVE, "first_token"),
        (0.3, KEEP_ALIVE, "first_token"),
        (Timeout(5, gap=0.3), [WORD, *KEEP_ALIVE], "gap"),
        (0.3, [WORD, *KEEP_ALIVE], "gap"),
        (0.3, [WORD, Pause(30)], "read"),
        (Timeout(5, total=0.3), [WORD, *KEEP_ALIVE], "total"),
        (Timeout(5, total=0.3), [WORD, Pause(0.02)] * 100, "total"),
        (Timeout(5, total=0.3), [Pause(30)], "total"),
    ],
)
async def test_the_clocks_of_a_stream_are_not_fooled_by_keep_alives(
    options: dict[str, Any], server: LocalServer, timeout: Any, pieces: list[Any], phase: str
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, *pieces]))
    async with AsyncCerebras(**options, timeout=timeout, max_retries=0) as client:
        start = time.monotonic()
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamTimeoutError) as caught:
            await read(stream)
        assert time.monotonic() - start < 1.8
    assert caught.value.phase == phase
    assert isinstance(caught.value, APITimeoutError)


async def test_the_total_covers_attempts_and_waits(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(503, {"retry-after": "0.2"}, b"{}"))
    async with AsyncCerebras(**options, timeout=Timeout(5, total=0.5), max_retries=99) as client:
        with pytest.raises(InternalServerError, match=r"total timeout of 0\.5 s") as caught:
            await client.chat.completions.create(**CALL)
    assert len(caught.value.attempts) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_the_total_ends_a_call_that_is_not_answered(
    options: dict[str, Any], server: LocalServer, stream: bool
) -> None:
    slow: list[Any] = [part for byte in b"x" * 100 for part in (bytes([byte]), Pause(0.05))]
    document = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
    for answer in ([Pause(30)], [document, *slow]):
        server.route("POST", CHAT, RawAnswer(answer))
        async with AsyncCerebras(**options, timeout=Timeout(5, total=0.4)) as client:
            start = time.monotonic()
            with pytest.raises(APITimeoutError) as caught:
                await client.chat.completions.create(**CALL, stream=stream)
            assert caught.value.phase == "total"
            assert time.monotonic() - start < 3


async def test_the_phase_of_a_timeout_is_told(options: dict[str, Any], server: LocalServer) -> None:
    server.route("POST", CHAT, RawAnswer([Pause(30)]))
    async with AsyncCerebras(**options, timeout=0.2, max_retries=0) as client:
        with pytest.raises(APITimeoutError, match=r"timeout \(read\)") as caught:
            await client.chat.completions.create(**CALL)
    assert caught.value.phase == "read"


async def test_a_slow_reader_is_not_timed_out(options: dict[str, Any], server: LocalServer) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, ROLE, WORD, WORD, STOP, DONE]))
    timeout = Timeout(5, first_token=0.2, gap=0.2)
    async with AsyncCerebras(**options, timeout=timeout) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        await client._transport.sleep(0.4)
        async for _ in stream:
            await client._transport.sleep(0.3)
        assert (await stream.get_final_completion()).text == "one one "


async def test_the_limits_that_were_seen_last_are_known_by_model(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        assert client.rate_limits == {}
        before = time.monotonic()
        completion = await client.chat.completions.create(**CALL)
        window = client.rate_limits["gpt-oss-120b"].get("requests", "day")
    seen = completion.rate_limits.get("requests", "day")
    assert window is not None
    assert seen is not None
    assert (window.limit, window.remaining) == (seen.limit, seen.remaining)
    assert window.reset is not None
    assert window.resets_at is not None
    assert before < window.resets_at - window.reset < time.monotonic()


async def test_no_answer_at_all_has_its_attempts_too(waits: list[float]) -> None:
    async with AsyncCerebras("csk-test", base_url="http://127.0.0.1:9") as client:
        with pytest.raises(APIConnectionError) as caught:
            await client.models.list()
    assert [attempt.status for attempt in caught.value.attempts] == [None, None]
    assert caught.value.__cause__ is not None


async def test_what_was_learned_of_one_account_is_not_believed_of_another(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    hour = {"x-ratelimit-reset-tokens-hour": "3000", "x-ratelimit-limit-tokens-hour": "1"}
    per_hour = json.dumps({**TOKENS, "message": "Tokens per hour limit exceeded."}).encode()
    whole = Answer(200, {"content-type": "application/json"}, b'{"choices":[{"message":{}}]}')
    in_turn(server, Answer(429, hour, per_hour), Answer(429, {}, per_hour), whole)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(RateLimitError, match="it reopens in 50 min"):
            await client.chat.completions.create(**CALL)
        assert client.rate_limits
        for other in (
            client.with_options(api_key="csk-test-2"),
            client.with_options(base_url=f"{server.base_url}/"),
        ):
            assert not other.rate_limits
        assert client.with_options(timeout=5).rate_limits
        other = client.with_options(api_key="csk-test-2")
        assert (await other.chat.completions.create(**CALL)).choices
        assert waits
        assert max(waits) < 10
