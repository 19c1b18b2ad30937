"""What pacing tells when it gives up, and what it charges for."""

from __future__ import annotations

import pickle
import time
from typing import Any

import pytest

from cerebras_sdk import (
    APIConnectionError,
    APITimeoutError,
    AsyncCerebras,
    InternalServerError,
    RateLimitError,
    Timeout,
)
from cerebras_sdk.testing import Answer, EchoEngine, Limits, LocalServer, serve

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "one two three"}],
    "max_completion_tokens": 100,
}
QUOTA = b'{"message": "Requests per minute limit exceeded", "code": "request_quota_exceeded"}'


def left(count: int, window: str) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-requests-{window}": "2",
        f"x-ratelimit-remaining-requests-{window}": str(count),
    }


async def test_a_wait_that_is_too_long_tells_what_was_tried_before(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    server.route("POST", CHAT, Answer(503, left(0, "minute"), b"{}"))
    async with AsyncCerebras(**options, pacing=True, timeout=Timeout(5, total=5)) as client:
        with pytest.raises(APITimeoutError, match=r"requests per minute.*not sent again") as caught:
            await client.chat.completions.create(**CALL)
    error = caught.value
    assert error.phase == "total"
    assert [attempt.status for attempt in error.attempts] == [503]
    assert isinstance(error.__cause__, InternalServerError)
    assert (error.method, error.url) == ("POST", f"{server.base_url}{CHAT}")
    assert len(server.requests) == 1


async def test_a_quota_that_is_not_waited_for_says_which_and_when(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    server.route("POST", CHAT, Answer(503, left(0, "day"), b"{}"))
    async with AsyncCerebras(**options, pacing=True) as client:
        with pytest.raises(RateLimitError, match="it reopens in 12 h") as caught:
            await client.chat.completions.create(**CALL)
    error = caught.value
    assert (error.kind, error.window, error.status_code) == ("requests", "day", 429)
    assert error.retry_after == pytest.approx(43_200, abs=5)
    assert error.retry_at == pytest.approx(time.time() + 43_200, abs=10)
    assert [attempt.status for attempt in error.attempts] == [503]
    assert isinstance(error.__cause__, InternalServerError)


async def test_a_little_of_a_day_is_not_waited_for_either(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    headers = {
        "x-ratelimit-limit-tokens-day": "1000000",
        "x-ratelimit-remaining-tokens-day": "0",
        "x-ratelimit-reset-tokens-day": "43200",
    }
    server.route("POST", CHAT, Answer(503, headers, b"{}"))
    async with AsyncCerebras(**options, pacing=True) as client:
        with pytest.raises(RateLimitError, match="it reopens in 23 min") as caught:
            await client.chat.completions.create(**{**CALL, "max_completion_tokens": 16_000})
    assert (caught.value.kind, caught.value.window) == ("tokens", "day")


async def test_a_refusal_that_is_not_waited_for_says_so_to_those_who_come_later(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(429, {"retry-after": "7200"}, QUOTA))
    async with AsyncCerebras(**options, pacing=True, max_retries=0) as client:
        for _ in range(2):
            with pytest.raises(RateLimitError) as caught:
                await client.chat.completions.create(**CALL)
    assert (caught.value.kind, caught.value.window) == ("requests", "minute")
    assert caught.value.retry_after == pytest.approx(7200, abs=5)
    assert len(server.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_who_paces_is_not_told_to(
    options: dict[str, Any], server: LocalServer, stream: bool
) -> None:
    status, body, headers = 429, QUOTA, {"content-type": "application/json"}
    if stream:
        said = b'{"status_code": 429, "error": ' + QUOTA + b"}"
        status, body, headers = (
            200,
            b"data: " + said + b"\n\n",
            {"content-type": "text/event-stream"},
        )
    server.route("POST", CHAT, Answer(status, headers, body))

    async def refusal(client: AsyncCerebras) -> str:
        with pytest.raises(RateLimitError) as caught:
            answer: Any = await client.chat.completions.create(**CALL, stream=stream)
            async for _ in answer:
                pass
        return str(caught.value)

    async with AsyncCerebras(**options, max_retries=0) as client:
        assert "pacing=True" in await refusal(client)
        paced = await refusal(client.with_options(pacing=True))
    assert "pacing=True" not in paced
    assert "others use the quota too" in paced


async def test_what_was_never_sent_is_not_charged() -> None:
    limits = Limits(requests_minute=5, tokens_minute=30_000)
    call = {**CALL, "max_completion_tokens": 8000}
    with serve(EchoEngine(), limits=limits) as server:
        client = AsyncCerebras(
            "csk-test",
            base_url=server.base_url,
            pacing=True,
            max_retries=0,
            timeout=Timeout(5, total=5),
        )
        await client.chat.completions.create(**call)
    async with client:
        # One may have gone out on the connection that was open, and stays charged.
        for _ in range(12):
            with pytest.raises(APIConnectionError) as caught:
                await client.chat.completions.create(**call)
            assert "no room" not in str(caught.value)


async def test_a_paced_client_is_pickled(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options, pacing=True) as client:
        other = pickle.loads(pickle.dumps(client))
        assert other._pacing is client._pacing
        await other.close()


@pytest.mark.parametrize("way", ["with_raw_response", "with_streaming_response"])
@pytest.mark.parametrize("stream", [False, True])
async def test_answers_as_they_came_are_paced_and_give_their_turns_back(
    way: str, stream: bool
) -> None:
    with serve(EchoEngine(), limits=Limits(requests_minute=6000, tokens_minute=100_000)) as server:
        async with AsyncCerebras(
            "csk-test", base_url=server.base_url, pacing=True, max_retries=0
        ) as client:
            create: Any = getattr(client.chat.completions, way).create
            for _ in range(8):
                if way == "with_raw_response":
                    answer = await create(**CALL, stream=stream)
                    await answer.read()
                else:
                    async with create(**CALL, stream=stream) as answer:
                        await answer.read()
        counts = server.quota()
    assert (counts.admitted, dict(counts.rejected)) == (8, {})
