"""The proxies of the environment: both doors read the same variables in the same way."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from cerebras_sdk import APIConnectionError
from cerebras_sdk._core.http import Request
from cerebras_sdk._core.timeout import Timeout
from cerebras_sdk._transports._httpx import HttpxTransport
from cerebras_sdk._transports._requests import RequestsTransport


class Listener:
    """Keeps the first line of what it is sent, answers a request with 204, and hangs up."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(10)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(10)
                    line = connection.recv(65536).split(b"\r\n")[0].decode("latin-1")
                    self.lines.append(line)
                    if line.startswith("GET "):
                        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def proxy() -> Iterator[Listener]:
    with contextlib.closing(Listener()) as listener:
        yield listener


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """Where every name leads to."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    real = socket.getaddrinfo

    def here(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with contextlib.closing(Listener()) as listener:
        yield listener


def ask_blocking(request: Request) -> None:
    transport = RequestsTransport(None)
    try:
        transport.send(request, stream=False)
    finally:
        transport.close()


def ask_async(request: Request) -> None:
    async def ask() -> None:
        transport = HttpxTransport(None)
        try:
            await transport.send(request, stream=False)
        finally:
            await transport.close()

    anyio.run(ask)


Ask = Callable[[Request], None]
doors = pytest.mark.parametrize("ask", [ask_blocking, ask_async])


# The scheme asked for, the variables, and whether the proxy is asked; {proxy} is its URL, {port}
# the port that is asked for at api.example.com.
TABLE: list[tuple[str, dict[str, str], bool]] = [
    ("https", {}, False),
    ("https", {"HTTPS_PROXY": "{proxy}"}, True),
    ("https", {"https_proxy": "{proxy}"}, True),
    ("https", {"HTTPS_PROXY": "127.0.0.1:{proxy_port}"}, True),
    ("https", {"ALL_PROXY": "{proxy}"}, True),
    ("https", {"all_proxy": "{proxy}"}, True),
    ("https", {"HTTP_PROXY": "{proxy}"}, False),
    ("https", {"http_proxy": "{proxy}"}, False),
    ("https", {"ALL_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "{proxy}"}, True),
    ("https", {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "{proxy}"}, True),
    ("https", {"HTTPS_PROXY": ""}, False),
    ("http", {"HTTP_PROXY": "{proxy}"}, True),
    ("http", {"http_proxy": "{proxy}"}, True),
    ("http", {"ALL_PROXY": "{proxy}"}, True),
    ("http", {"HTTPS_PROXY": "{proxy}"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": ""}, True),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "api.example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "no_proxy": "other.test, API.example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "other.test api.example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": ".example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "*.example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": ".api.example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "ple.com"}, True),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "v2.api.example.com"}, True),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "api.example.com:{port}"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": ".example.com:{port}"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "api.example.com:9"}, True),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "https://api.example.com"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "http://api.example.com"}, True),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "*"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "other.test,*"}, False),
    ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "api.example.com:x,10.0.0.0/8"}, True),
]


@doors
@pytest.mark.parametrize(("scheme", "variables", "asked"), TABLE, ids=lambda value: str(value))
def test_the_variables_lead_through_the_proxy_or_past_it(
    proxy: Listener,
    direct: Listener,
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    scheme: str,
    variables: dict[str, str],
    asked: bool,
) -> None:
    for name, value in variables.items():
        text = value.format(proxy=proxy.url, proxy_port=proxy.port, port=direct.port)
        monkeypatch.setenv(name, text)
    url = f"{scheme}://api.example.com:{direct.port}/v1/models"
    # Behind https nobody answers.
    answered = contextlib.nullcontext() if scheme == "http" else pytest.raises(APIConnectionError)
    with answered:
        ask(Request(method="GET", url=url, timeout=Timeout(connect=5, read=5)))
    assert (len(proxy.lines), len(direct.lines)) == ((1, 0) if asked else (0, 1))
    if asked:
        wanted = f"CONNECT api.example.com:{direct.port} " if scheme == "https" else f"GET {url} "
        assert proxy.lines[0].startswith(wanted)


@doors
@pytest.mark.parametrize("entry", ["192.0.2.7", "192.0.2.0/24"])
def test_an_address_and_its_network_are_asked_directly(
    proxy: Listener, direct: Listener, monkeypatch: pytest.MonkeyPatch, ask: Ask, entry: str
) -> None:
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        connect(self, ("127.0.0.1", *address[1:]) if address[0].startswith("192") else address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    for no_proxy, asked in (("192.0.3.0/24", True), (entry, False)):
        monkeypatch.setenv("NO_PROXY", no_proxy)
        ask(Request(method="GET", url=f"http://192.0.2.7:{direct.port}/"))
        assert bool(direct.lines) is not asked
    assert len(proxy.lines) == 1


@doors
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "api.localhost"])
def test_no_proxy_stands_between_this_machine_and_itself(
    proxy: Listener, direct: Listener, monkeypatch: pytest.MonkeyPatch, ask: Ask, host: str
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    ask(Request(method="GET", url=f"http://{host}:{direct.port}/"))
    assert (proxy.lines, len(direct.lines)) == ([], 1)


@doors
@pytest.mark.parametrize("bypassed", [True, False])
def test_the_settings_of_the_system_are_heeded(
    proxy: Listener, direct: Listener, monkeypatch: pytest.MonkeyPatch, ask: Ask, bypassed: bool
) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": proxy.url})
    monkeypatch.setattr(urllib.request, "proxy_bypass", lambda host: bypassed)
    ask(Request(method="GET", url=f"http://api.example.com:{direct.port}/"))
    assert (len(proxy.lines), len(direct.lines)) == ((0, 1) if bypassed else (1, 0))
