"""`reserve="auto"`: bounds that are learned from the answers to each line of the user's code."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, InvalidRequestError, Timeout
from cerebras_sdk.testing import Answer, LocalServer

pytestmark = pytest.mark.anyio

SHORT = "one two three"
LONG = "word " * 400


def asked(text: str) -> dict[str, Any]:
    return {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": text}]}


def once_and_then_402() -> Any:
    left = iter([None])
    return lambda request: next(left, Answer(402, {}, b"{}"))


CUT = Answer(
    200,
    {"content-type": "application/json"},
    b'{"id": "a", "choices": [{"index": 0, "finish_reason": "length", "message": {"role": '
    b'"assistant", "content": "word"}}], "usage": {"completion_tokens": 64}}',
)


def slowly_cut(request: Any) -> Answer:
    time.sleep(0.4)
    return CUT


def fails_every_other_time() -> Any:
    numbers = itertools.count()
    return lambda request: CUT if next(numbers) % 2 else Answer(503, {}, b"{}")


def bounds(server: LocalServer) -> list[int | None]:
    return [json.loads(r.body).get("max_completion_tokens") for r in server.requests]


async def test_the_bound_of_a_line_is_learned_and_reported(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        for _ in range(12):
            answer = await client.chat.completions.create(**asked(SHORT))
        assert bounds(server) == [None] * 8 + [64] * 4
        assert answer.reserved is not None
        assert (answer.reserved.max_completion_tokens, answer.reserved.asks) == (64, 1)
        other = await client.chat.completions.create(**asked(SHORT))  # another line of the code
        assert other.reserved is not None
        assert other.reserved.max_completion_tokens is None


async def test_an_answer_that_it_cuts_is_asked_for_again_with_more(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        for text in [SHORT] * 8 + [LONG]:
            answer = await client.chat.completions.create(**asked(text))
    assert answer.text.split() == LONG.split()
    assert answer.choices[0].finish_reason == "stop"
    assert bounds(server)[8:] == [64, 128, 256, None]  # each is billed: then all that is there
    assert answer.reserved is not None
    assert (answer.reserved.max_completion_tokens, answer.reserved.asks) == (None, 4)


async def test_an_answer_that_cannot_be_asked_for_again_is_not_lost(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, reserve="auto", max_retries=0) as client:
        for text in [SHORT] * 8 + [LONG]:
            if text is LONG:
                server.route("POST", "/v1/chat/completions", once_and_then_402())
            answer = await client.chat.completions.create(**asked(text))
    assert answer.choices[0].finish_reason == "length"
    assert answer.text.split() == LONG.split()[:64]


async def test_all_asks_of_a_call_have_one_deadline(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        for text in [SHORT] * 8 + [LONG]:
            if text is LONG:
                server.route("POST", "/v1/chat/completions", slowly_cut)
                client = client.with_options(timeout=Timeout(5, total=0.9))
            before = time.monotonic()
            answer = await client.chat.completions.create(**asked(text))
    assert time.monotonic() - before < 1.5
    assert answer.choices[0].finish_reason == "length"
    assert answer.reserved is not None
    assert answer.reserved.asks in (1, 2)  # the next ended with the time, and left this one


async def test_all_asks_of_a_call_have_one_list_of_attempts(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    seen: list[int] = []
    async with AsyncCerebras(
        **options, reserve="auto", on_retry=lambda event: seen.append(event.attempt)
    ) as client:
        for text in [SHORT] * 8 + [LONG]:
            if text is LONG:
                server.route("POST", "/v1/chat/completions", fails_every_other_time())
            answer = await client.chat.completions.create(**asked(text))
    assert seen == [1, 2]
    assert answer.choices[0].finish_reason == "length"  # two retries are all that a call has


async def test_an_answer_is_not_lost_when_the_client_is_closed_meanwhile(
    options: dict[str, Any], server: LocalServer
) -> None:
    client = AsyncCerebras(**options, reserve="auto")

    def closing(request: Any) -> Answer:
        client._state.closed = True
        return CUT

    for text in [SHORT] * 8 + [LONG]:
        if text is LONG:
            server.route("POST", "/v1/chat/completions", closing)
        answer = await client.chat.completions.create(**asked(text))
    assert answer.choices[0].finish_reason == "length"
    await client.close()


async def test_the_users_own_bound_is_never_exceeded(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        for text in [SHORT] * 8 + [LONG]:
            answer = await client.chat.completions.create(**asked(text), max_completion_tokens=100)
    assert answer.choices[0].finish_reason == "length"
    assert bounds(server)[8:] == [64, 100]


async def test_streams_and_clients_without_it_are_left_alone(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        plain = client.with_options(reserve=None)
        for _ in range(10):
            answer = await plain.chat.completions.create(**asked(SHORT))
            stream = await client.chat.completions.create(**asked(SHORT), stream=True)
            await stream.get_final_completion()
        assert answer.reserved is None
    assert set(bounds(server)) == {None}


async def test_text_completions_have_it_too(options: dict[str, Any], server: LocalServer) -> None:
    async with AsyncCerebras(**options, reserve="auto") as client:
        for _ in range(9):
            await client.completions.create(model="gpt-oss-120b", prompt="one two three")
    assert [json.loads(r.body).get("max_tokens") for r in server.requests][8] is not None


async def test_another_word_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="reserve"):
        AsyncCerebras(**options, reserve="always")  # type: ignore[arg-type]
