"""Fixtures that both twins share."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
import trustme

from cerebras_sdk._transports import _answers, _bodies, _httpx, _httpx_answers, _pacing, _requests
from cerebras_sdk.testing import LocalServer, serve
from tests import replaying


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    """No test reaches the network, or finds the credentials of whoever runs it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            assert host.startswith("127.") or host in ("::1", "localhost"), f"network: {host}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    for name in [name for name in os.environ if name.startswith("CEREBRAS_")]:
        monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for scheme in ("http", "https", "all"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)
    config = tmp_path_factory.getbasetemp() / "no-config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))


@pytest.fixture(autouse=True)
def no_budget_of_the_past() -> None:
    """A local server may have the port, and so the rate limits, of one that another test had."""
    _pacing.PROCESS._pacers.clear()
    _pacing.PROCESS._kept.clear()


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serve() as server:
        yield server


@pytest.fixture
def options(server: LocalServer) -> dict[str, Any]:
    """What a client needs to talk to the local server."""
    return {"api_key": "csk-test", "base_url": server.base_url}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which are recorded and not waited."""
    waited: list[float] = []

    async def sleep(self: object, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(_httpx.HttpxTransport, "sleep", sleep)
    monkeypatch.setattr(
        _requests.RequestsTransport, "sleep", lambda self, seconds: waited.append(seconds)
    )
    return waited


@pytest.fixture
def replay(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What a client needs to replay the test's cassette, which serves both twins."""
    name = request.node.originalname or request.node.name
    path = replaying.FOLDER / request.node.path.stem / f"{name}.yaml"
    with replaying.replayed(path) as options:
        yield options


@pytest.fixture(params=[None, 1, 7], ids=["whole", "bytewise", "sevens"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cuts what a transport receives into pieces of one size: a cassette gives it whole."""
    size = request.param
    if size is None:
        return

    def cut(data: bytes) -> list[bytes]:
        return [data[start : start + size] for start in range(0, len(data), size)]

    async def pieces_of(
        response: Any, whole: Any = _httpx_answers._pieces
    ) -> AsyncGenerator[bytes, None]:
        async for data in whole(response):
            for piece in cut(data):
                yield piece

    def blocking_pieces_of(response: Any, whole: Any = _bodies.pieces_of) -> Iterator[bytes]:
        for data in whole(response):
            yield from cut(data)

    monkeypatch.setattr(_httpx_answers, "_pieces", pieces_of)
    monkeypatch.setattr(_answers, "pieces_of", blocking_pieces_of)


@pytest.fixture
def certificate_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_url(certificate_authority: trustme.CA) -> Iterator[str]:
    """The address of a TLS server, trusted by whoever trusts `certificate_authority`; it answers
    every request with an empty list of models."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate_authority.issue_cert("127.0.0.1").configure_cert(context)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n" + b'{"data":[]}'
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve_all() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(10)
                        with context.wrap_socket(connection, server_side=True) as tls:
                            tls.recv(65536)
                            tls.sendall(answer)

        thread = threading.Thread(target=serve_all)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
