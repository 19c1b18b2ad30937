"""What httpx does by itself, on asyncio and trio."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from cerebras_sdk import (
    APIConnectionError,
    AsyncCerebras,
    InvalidRequestError,
    KeyExchangeError,
)
from cerebras_sdk.testing import Answer, EchoEngine, LocalServer, Pause, serve

pytestmark = pytest.mark.anyio

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"
SESSION = "/api/auth/session"


async def test_netrc_does_not_replace_the_key(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password netrc-secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
        await client.chat.completions.create(**CALL)
    assert server.requests[0].headers["authorization"] == "Bearer csk-test"


async def test_a_client_of_the_user_is_used_and_left_open(server: LocalServer) -> None:
    async with httpx.AsyncClient(headers={"X-Mine": "yes"}) as mine:
        async with AsyncCerebras("csk-test", base_url=server.base_url, http_client=mine) as client:
            await client.chat.completions.create(**CALL)
        assert not mine.is_closed
    assert server.requests[0].headers["x-mine"] == "yes"
    assert server.requests[0].headers["authorization"] == "Bearer csk-test"


async def test_many_tasks_wait_for_one_exchange(server: LocalServer) -> None:
    answer = b'{"user": {"demoApiKey": "csk-test"}}'
    server.route("GET", SESSION, lambda _: Answer(200, {}, [Pause(0.1), answer]))
    texts: list[str] = []
    async with AsyncCerebras(
        cookies={"t": "t"}, base_url=server.base_url, session_url=server.session_url
    ) as client:

        async def ask() -> None:
            texts.append((await client.chat.completions.create(**CALL)).text)

        async with anyio.create_task_group() as group:
            for _ in range(16):
                group.start_soon(ask)
    assert texts == ["Hi!"] * 16
    assert [request.path for request in server.requests].count(SESSION) == 1


async def test_many_tasks_share_the_failure_of_one_exchange(server: LocalServer) -> None:
    server.route("GET", SESSION, lambda _: Answer(200, {}, [Pause(0.1), b"null"]))
    failures: list[str] = []
    async with AsyncCerebras(
        cookies={"t": "t"}, base_url=server.base_url, session_url=server.session_url
    ) as client:

        async def ask() -> None:
            with pytest.raises(KeyExchangeError) as caught:
                await client.chat.completions.create(**CALL)
            failures.append(str(caught.value))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(ask)
    assert len(failures) == 8
    assert len(server.requests) == 1


async def test_a_cancelled_exchange_leaves_it_to_the_next_caller(server: LocalServer) -> None:
    answer = b'{"user": {"demoApiKey": "csk-test"}}'
    server.route("GET", SESSION, lambda _: Answer(200, {}, [Pause(0.2), answer]))
    async with AsyncCerebras(
        cookies={"t": "t"}, base_url=server.base_url, session_url=server.session_url
    ) as client:
        with anyio.move_on_after(0.05):
            await client.chat.completions.create(**CALL)
        assert (await client.chat.completions.create(**CALL)).text == "Hi!"


async def test_a_cancelled_stream_gives_its_connection_up() -> None:
    with serve(EchoEngine(delay=0.05)) as server:
        call: dict[str, Any] = CALL | {"messages": [{"role": "user", "content": "word " * 500}]}
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
            with anyio.move_on_after(0.2) as scope:
                async with await client.chat.completions.create(**call, stream=True) as stream:
                    async for _ in stream:
                        pass
            assert scope.cancelled_caught
            assert (await client.chat.completions.create(**CALL)).text == "Hi!"
        with anyio.fail_after(5):
            while server.open_connections:
                await anyio.sleep(0.01)


async def test_many_tasks_keep_their_connections(server: LocalServer) -> None:
    async with AsyncCerebras("csk-test", base_url=server.base_url) as client:

        async def ask() -> None:
            for _ in range(5):
                assert (await client.chat.completions.create(**CALL)).text == "Hi!"

        async with anyio.create_task_group() as group:
            for _ in range(32):
                group.start_soon(ask)
    assert server.connections <= 32


async def test_a_stream_closed_by_another_task_ends(server: LocalServer) -> None:
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
    sse = {"Content-Type": "text/event-stream"}
    server.route("POST", CHAT, lambda _: Answer(200, sse, [event, Pause(9)]))
    texts: list[str] = []
    async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)

        async def read() -> None:
            texts.extend([text async for text in stream.text_stream])

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(read)
                await anyio.sleep(0.1)
                await stream.close()
    assert texts == ["now"]


async def test_a_closed_http_client_of_the_user_says_so(server: LocalServer) -> None:
    mine = httpx.AsyncClient()
    await mine.aclose()
    client = AsyncCerebras("csk-test", base_url=server.base_url, http_client=mine)
    with pytest.raises(InvalidRequestError, match="closed"):
        await client.chat.completions.create(**CALL)


async def test_an_untrusted_certificate_says_so(waits: list[float], tls_url: str) -> None:
    async with AsyncCerebras("csk-test", base_url=tls_url) as client:
        with pytest.raises(APIConnectionError, match="certificate"):
            await client.chat.completions.create(**CALL)


class SlowFile(io.BytesIO):
    """A file on a disk that takes its time."""

    def read(self, size: int | None = -1, /) -> bytes:
        time.sleep(0.02)
        return super().read(min(size or 1, 1024))


def test_an_upload_that_is_cancelled_while_the_disk_is_read_is_cancelled(
    server: LocalServer,
) -> None:
    async def upload() -> None:
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
            for _ in range(5):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.07):
                        await client.files.create(("a.jsonl", SlowFile(b"x" * 100_000)))

    asyncio.run(upload())
