"""What was never sent is told from what was sent and lost, by both doors."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import trustme

from cerebras_sdk import APIConnectionError, AsyncCerebras, Cerebras, Timeout
from cerebras_sdk._transports import _httpx, _requests


def failure_of(door: str, url: str, **options: Any) -> BaseException:
    options = {"base_url": url, "max_retries": 0, **options}

    async def ask() -> None:
        async with AsyncCerebras("csk-test", **options) as client:
            await client.models.list()

    if door == "httpx.Client":
        options["http_client"] = httpx.Client(trust_env=False)
    with pytest.raises(APIConnectionError) as caught:
        if door == "async":
            anyio.run(ask)
        else:
            with Cerebras("csk-test", **options) as client:
                client.models.list()
    if door == "httpx.Client":
        options["http_client"].close()
    return caught.value


def is_unsent(door: str, failure: BaseException) -> bool:
    if door == "async":
        return _httpx.is_unsent(failure)
    return _requests.is_unsent(failure)


@contextlib.contextmanager
def listening(*, answer: bytes = b"") -> Iterator[str]:
    """The address of a server that hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


doors = pytest.mark.parametrize("door", ["async", "requests", "httpx.Client"])


@doors
def test_where_nobody_listens_nothing_was_sent(door: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert is_unsent(door, failure_of(door, url))


@doors
def test_to_a_name_that_nobody_has_nothing_was_sent(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert is_unsent(door, failure_of(door, "http://localhost:9"))


@doors
@pytest.mark.parametrize("total", [None, 0.4])
def test_where_no_connection_comes_about_nothing_was_sent(door: str, total: float | None) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.socket() as first:
        first.connect(server.getsockname())  # and the queue is full
        with socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(server.getsockname())
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            failure = failure_of(door, url, timeout=Timeout(0.2, total=total))
    assert is_unsent(door, failure)


@doors
def test_without_a_trusted_certificate_nothing_was_sent(door: str, tls: Any) -> None:
    assert is_unsent(door, failure_of(door, tls))


@doors
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
def test_what_was_sent_and_dropped_was_sent(door: str, answer: bytes) -> None:
    with listening(answer=answer) as place:
        assert not is_unsent(door, failure_of(door, f"http://{place}"))


@pytest.fixture
def tls() -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError), server.accept()[0] as connection:
                context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)
