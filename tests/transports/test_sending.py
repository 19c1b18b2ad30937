"""How long a request may take to be sent, and which clock is named when it takes longer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest
import requests

from cerebras_sdk import APITimeoutError, AsyncCerebras, Cerebras, Timeout
from cerebras_sdk.httpx_clients import DefaultHttpxClient

PROMPT: dict[str, Any] = {
    "checks": "off",
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "x" * 6_000_000}],
}
DATA = b'{"a":1}\n' * 1_000_000

Listen = Callable[[float, float], str]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Starts a server that waits before it reads, and between one piece and the next."""
    over = threading.Event()
    servers: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(server: socket.socket, first: float, between: float) -> None:
        with server.accept()[0] as connection:
            connection.settimeout(5)
            over.wait(first)
            while not over.is_set() and connection.recv(65536):
                over.wait(between)

    def start(first: float, between: float) -> str:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        server.bind(("127.0.0.1", 0))
        server.listen()
        servers.append(server)
        threads.append(threading.Thread(target=serve, args=(server, first, between)))
        threads[-1].start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    over.set()
    for thread in threads:
        thread.join(5)
    for server in servers:
        server.close()


def blocking(make: Callable[[], Any] | None) -> Callable[..., None]:
    def ask(url: str, timeout: Timeout, *, upload: bool) -> None:
        mine = None if make is None else make()
        options: dict[str, Any] = {"base_url": url, "max_retries": 0, "compression": "off"}
        try:
            with Cerebras("csk-test", timeout=timeout, http_client=mine, **options) as client:
                if upload:
                    client.files.create(DATA, purpose="batch")
                else:
                    client.chat.completions.create(**PROMPT)
        finally:
            if mine is not None:
                mine.close()

    return ask


def in_tasks(backend: str) -> Callable[..., None]:
    def ask(url: str, timeout: Timeout, *, upload: bool) -> None:
        async def main() -> None:
            options: dict[str, Any] = {"base_url": url, "max_retries": 0, "compression": "off"}
            async with AsyncCerebras("csk-test", timeout=timeout, **options) as client:
                if upload:
                    await client.files.create(DATA, purpose="batch")
                else:
                    await client.chat.completions.create(**PROMPT)

        anyio.run(main, backend=backend)

    return ask


WAYS = {
    "requests": blocking(None),
    "a session of the user": blocking(requests.Session),
    "httpx": blocking(httpx.Client),
    "a client of httpx made for us": blocking(DefaultHttpxClient),
    "asyncio": in_tasks("asyncio"),
    "trio": in_tasks("trio"),
}
ways = pytest.mark.parametrize("way", WAYS)


@ways
@pytest.mark.parametrize("upload", [False, True])
def test_what_is_read_slowly_is_sent_no_longer_than_the_total(
    listen: Listen, way: str, upload: bool
) -> None:
    before = time.monotonic()
    with pytest.raises(APITimeoutError) as caught:
        WAYS[way](listen(0, 0.05), Timeout(9, total=0.4), upload=upload)
    assert caught.value.phase == "total"
    assert time.monotonic() - before < 1.5


@ways
@pytest.mark.parametrize("upload", [False, True])
def test_where_there_is_no_room_to_send_it_is_the_write_timeout(
    listen: Listen, way: str, upload: bool
) -> None:
    with pytest.raises(APITimeoutError) as caught:
        WAYS[way](listen(5, 0), Timeout(0.2), upload=upload)
    assert caught.value.phase == "write"


def test_what_is_sent_waits_for_room_and_not_for_a_connection(listen: Listen) -> None:
    with pytest.raises(APITimeoutError) as caught:
        WAYS["requests"](listen(0.6, 0), Timeout(0.2, write=5), upload=False)
    assert caught.value.phase == "read"


def test_a_full_pool_is_named_as_such() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.PoolTimeout("full", request=request)

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as mine,
        Cerebras("csk-test", http_client=mine, max_retries=0) as client,
        pytest.raises(APITimeoutError) as caught,
    ):
        client.models.list()
    assert caught.value.phase == "pool"
