"""The addresses that the rows call: the server's own, and some where nobody answers well."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from cerebras_sdk.testing import LocalServer

from .row import Door

_HOST = "127.0.0.1"
_AUTHORITY, _STRANGER = trustme.CA(), trustme.CA()
_LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
_CERTIFICATES = {
    "tls": _AUTHORITY.issue_cert(_HOST),
    "tls of somebody else": _STRANGER.issue_cert(_HOST),
    "tls of another name": _AUTHORITY.issue_cert("elsewhere.test"),
    "tls of yesterday": _AUTHORITY.issue_cert(
        _HOST, not_before=_LONG_AGO, not_after=_LONG_AGO + datetime.timedelta(days=1)
    ),
}


@contextlib.contextmanager
def opened(
    door: Door, server: LocalServer, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Iterator[str]:
    """The base URL of a door."""
    if door == "nothing listens":
        with socket.socket() as bound:
            bound.bind((_HOST, 0))
            yield f"http://{_HOST}:{bound.getsockname()[1]}"
    elif door == "nobody accepts":
        with _full_backlog() as url:
            yield url
    elif door == "unknown name":
        monkeypatch.setattr(socket, "getaddrinfo", _unknown)
        yield "https://nowhere.test"
    elif door == "tls where none is spoken":
        yield server.base_url.replace("http:", "https:")
    elif door == "none where tls is spoken":
        with _tls(server, _CERTIFICATES["tls"]) as url:
            yield url.replace("https:", "http:")
    elif door in _CERTIFICATES:
        bundle = folder / "authority.pem"
        _AUTHORITY.cert_pem.write_to_path(str(bundle))
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        with _tls(server, _CERTIFICATES[door]) as url:
            yield url
    else:
        yield server.base_url


def _unknown(host: Any, *args: Any, resolve: Any = socket.getaddrinfo, **options: Any) -> Any:
    if host in ("nowhere.test", b"nowhere.test"):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return resolve(host, *args, **options)


@contextlib.contextmanager
def _full_backlog() -> Iterator[str]:
    """A listener whose queue is full: the system answers no further connection."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((_HOST, 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://{_HOST}:{listener.getsockname()[1]}"


@contextlib.contextmanager
def _tls(server: LocalServer, certificate: trustme.LeafCert) -> Iterator[str]:
    """TLS in front of the server. Where the server's side ends, the TCP connection does, without
    the goodbye of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    port = int(server.base_url.rpartition(":")[2])
    listener = socket.create_server((_HOST, 0))
    loop = asyncio.SelectorEventLoop()
    stopping = asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(_HOST, port)
        try:
            await asyncio.wait(
                [
                    asyncio.create_task(_pump(reader, outer)),
                    asyncio.create_task(_pump(inner, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            writer.transport.abort()
            outer.transport.abort()

    async def main() -> None:
        loop.set_exception_handler(lambda *_: None)  # handshakes that fail are what is tested
        serving = await asyncio.start_server(relay, sock=listener, ssl=context)
        await stopping.wait()
        serving.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"https://{_HOST}:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(5)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
