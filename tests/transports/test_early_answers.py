"""A refusal that comes while the request is still being sent is the error that the caller gets."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import requests
import trustme

from cerebras_sdk import AsyncCerebras, Cerebras
from cerebras_sdk.errors import APIStatusError, AuthenticationError, ContentTooLargeError
from cerebras_sdk.httpx_clients import (
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    DefaultHttpxClient,
)

Ask = Callable[[Any], Any]
BIG = random.Random(7).randbytes(4_000_000).hex()  # which gzip makes no smaller than half
BODY = b'{"message": "Total request size exceeds maximum", "code": "request_too_large"}'


class Refusing:
    """A server that answers as soon as a request begins, and closes without reading the rest."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.requests = 0
        self.answer = b""
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' * bool(context)}://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._refuse(self._listener.accept()[0])

    def _refuse(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        # Else the answer may wait for the tickets of TLS to arrive, and be lost with the reset.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            if connection.recv(65536):
                self.requests += 1
            connection.sendall(self.answer)
        connection.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def refusal(status: str, *, headers: bytes = b"Content-Length: %d\r\n" % len(BODY)) -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return head % status.encode() + headers + b"\r\n" + BODY


@pytest.fixture(params=["http", "https"])
def refusing(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Refusing]:
    context = None
    if request.param == "https":
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    server = Refusing(context)
    server.answer = refusal("413 Content Too Large")
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.close()
    thread.join()


def upload(client: Any) -> Any:
    return client.files.create(file=("a.jsonl", BIG.encode()), purpose="batch")


def chat(client: Any) -> Any:
    return client.chat.completions.create(
        checks="off", model="gpt-oss-120b", messages=[{"role": "user", "content": BIG}]
    )


def in_a_thread(url: str, ask: Ask) -> None:
    with Cerebras("csk-test", base_url=url) as client:
        ask(client)


def with_a_client_of_httpx(url: str, ask: Ask) -> None:
    with Cerebras("csk-test", base_url=url, http_client=DefaultHttpxClient()) as client:
        ask(client)


def in_a_thread_with_a_session(url: str, ask: Ask) -> None:
    with requests.Session() as mine, Cerebras("csk-test", base_url=url, http_client=mine) as client:
        ask(client)


def in_tasks(backend: str, make: Callable[[], httpx.AsyncClient] | None = None) -> Any:
    def run(url: str, ask: Ask) -> None:
        async def main() -> None:
            mine = None if make is None else make()
            async with AsyncCerebras("csk-test", base_url=url, http_client=mine) as client:
                await ask(client)

        anyio.run(main, backend=backend)

    return run


WAYS: dict[str, Callable[[str, Ask], None]] = {
    "threads": in_a_thread,
    "a client of httpx in threads": with_a_client_of_httpx,
    "asyncio": in_tasks("asyncio"),
    "trio": in_tasks("trio"),
    "a default client on asyncio": in_tasks("asyncio", DefaultAsyncHttpxClient),
    "aiohttp": in_tasks("asyncio", DefaultAioHttpClient),
}


@pytest.mark.parametrize("ask", [upload, chat])
@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_of_what_is_too_large_is_heard_while_it_is_sent(
    refusing: Refusing, way: str, ask: Ask
) -> None:
    with pytest.raises(ContentTooLargeError, match="Total request size exceeds maximum"):
        WAYS[way](refusing.url, ask)
    assert refusing.requests == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal("401 Unauthorized"), AuthenticationError),
        (refusal("413 Content Too Large", headers=b""), ContentTooLargeError),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + refusal("413 Too Large"), ContentTooLargeError),
    ],
    ids=["another status", "until the connection ends", "after a promise to read"],
)
def test_a_refusal_of_any_shape_is_heard_while_the_request_is_sent(
    refusing: Refusing, way: str, answer: bytes, kind: type[APIStatusError]
) -> None:
    refusing.answer = answer
    with pytest.raises(kind, match="Total request size exceeds maximum"):
        WAYS[way](refusing.url, upload)
    assert refusing.requests == 1


def test_a_session_of_the_user_hears_it_as_well(refusing: Refusing) -> None:
    if refusing.url.startswith("http:"):  # which certificates it trusts is its own affair
        with pytest.raises(ContentTooLargeError, match="Total request size exceeds maximum"):
            in_a_thread_with_a_session(refusing.url, upload)
