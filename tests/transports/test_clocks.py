"""Of two clocks that run out at about the same time, it is always the same one that is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
import requests

from cerebras_sdk import AsyncCerebras, Cerebras, Timeout
from cerebras_sdk._core.timeout import StreamClocks
from cerebras_sdk.errors import APITimeoutError
from cerebras_sdk.testing import LocalServer, Pause, RawAnswer

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
WORD = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]}\n\n'
COMMENT = b": keep-alive\n\n"

TIES: list[tuple[Timeout, list[Any], str]] = [
    (Timeout(0.1, gap=0.0995), [WORD], "gap"),
    (Timeout(0.1, gap=0.0999), [WORD], "gap"),
    (Timeout(0.1, gap=0.1), [WORD], "read"),
    (Timeout(0.1, gap=0.1001), [WORD], "read"),
    (Timeout(0.1), [WORD], "read"),
    (Timeout(0.1, total=9), [WORD], "read"),
    (Timeout(0.1), [], "read"),
    (Timeout(0.1, total=9), [], "read"),
    (Timeout(0.1, gap=0.0999, total=9), [WORD], "gap"),
    (Timeout(0.1, total=9), [WORD, COMMENT, Pause(0.05), COMMENT], "gap"),
    (Timeout(0.1), [COMMENT], "first_token"),
]


def blocking(http_client: Callable[[], Any] | None) -> Callable[[LocalServer, Timeout], None]:
    def read(server: LocalServer, timeout: Timeout) -> None:
        mine = None if http_client is None else http_client()
        options: dict[str, Any] = {"base_url": server.base_url, "timeout": timeout}
        with Cerebras("csk-test", **options, max_retries=0, http_client=mine) as client:
            client.chat.completions.create(**CALL, stream=True).get_final_completion()
        if mine is not None:
            mine.close()

    return read


def in_tasks(backend: str) -> Callable[[LocalServer, Timeout], None]:
    def read(server: LocalServer, timeout: Timeout) -> None:
        async def main() -> None:
            options: dict[str, Any] = {"base_url": server.base_url, "timeout": timeout}
            async with AsyncCerebras("csk-test", **options, max_retries=0) as client:
                stream = await client.chat.completions.create(**CALL, stream=True)
                await stream.get_final_completion()

        anyio.run(main, backend=backend)

    return read


WAYS = {
    "requests": blocking(None),
    "a session of the user": blocking(requests.Session),
    "httpx": blocking(httpx.Client),
    "asyncio": in_tasks("asyncio"),
    "trio": in_tasks("trio"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("timeout", "pieces", "phase"), TIES)
def test_the_clock_that_ran_out_is_named_however_close_another_one_is(
    server: LocalServer, way: str, timeout: Timeout, pieces: list[Any], phase: str
) -> None:
    server.route("POST", "/v1/chat/completions", lambda _: RawAnswer([HEAD, *pieces, Pause(30)]))
    with pytest.raises(APITimeoutError) as caught:
        WAYS[way](server, timeout)
    assert caught.value.phase == phase


def clocks(timeout: Timeout, total: float | None = None) -> StreamClocks:
    return StreamClocks(timeout, started=0, answered=1, deadline=total)


def named(clocks: StreamClocks, now: float) -> tuple[float, str] | None:
    end = clocks.next(now)
    return None if end is None else (end.at, end.phase)


def test_a_wait_ends_with_the_first_clock_or_with_the_read_timeout() -> None:
    first = clocks(Timeout(10, first_token=5, gap=7))
    assert named(first, 1) == (5, "first_token")
    first.heard()
    assert named(first, 2) == (9, "gap")
    assert named(first, 3) == (9, "gap")  # it goes on
    longer = clocks(Timeout(10, first_token=50, gap=70), total=60)
    assert named(longer, 1) == (11, "read")
    assert named(longer, 45) == (50, "first_token")
    longer.heard()
    assert named(longer, 55) == (60, "total")
    assert named(clocks(Timeout(None)), 1) is None


def test_a_clock_as_long_as_the_read_timeout_has_its_name_until_bytes_come() -> None:
    same = clocks(Timeout(10), total=100)
    assert named(same, 2) == (11, "read")
    same.silent()
    assert named(same, 3) == (11, "first_token")
    same.heard()
    assert named(same, 4) == (14, "read")
    same.silent()
    assert named(same, 5) == (14, "gap")
