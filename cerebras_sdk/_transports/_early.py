"""Answers that come before all of a request is sent, as a refusal of something too large does."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

_PIECE = 65536


def hear_early_answers(pool: Any) -> None:
    """Has the connections that a pool of httpcore opens from now on keep such an answer.

    httpcore looks for one when it cannot send the rest of a request; but by then asyncio has closed
    the socket, and TLS takes what fails on the way out for the end of the way in. Nothing public
    leads to the pool of a transport of httpx; another version is left as it is.
    """
    backend = getattr(pool, "_network_backend", None)
    if isinstance(backend, httpcore.AsyncNetworkBackend):
        pool._network_backend = _Backend(backend)


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that can still be read when nothing more can be sent."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._refused = False  # by the other side, which reads no more
        self._answered = False
        _read_to_the_end(getattr(stream, "_stream", None))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = await self._stream.read(max_bytes, timeout)
        except httpcore.ReadError:
            if self._answered:
                return b""  # what follows the answer is the reset that the sending met
            raise
        self._answered = self._refused and data != b""
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            await self._stream.write(buffer, timeout)
        except httpcore.WriteError:
            self._refused = True
            _mend(getattr(self._stream, "_stream", None))
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _mend(stream: Any) -> None:
    """Lets a TLS stream of anyio, or of trio, be read again; it has nothing more to send."""
    if hasattr(stream, "_broken"):
        stream._broken = False
    state = getattr(stream, "_state", None)
    if isinstance(state, enum.Enum):
        stream._state = type(state)["OK"]


def _read_to_the_end(stream: Any) -> None:
    """Has asyncio read what has arrived before it closes a socket that it failed to write to."""
    transport = getattr(stream, "_transport", None)
    if isinstance(transport, asyncio.Transport):
        sock = transport.get_extra_info("socket")
        transport.set_protocol(_Protocol(transport.get_protocol(), sock))  # type: ignore[arg-type]


class _Protocol:
    """The protocol of a connection of asyncio, which is given what is left when it is lost."""

    def __init__(self, protocol: Any, sock: Any) -> None:
        self._protocol = protocol
        self._socket = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            # Other event loops have closed it by now.
            with contextlib.suppress(OSError, TypeError, AttributeError):
                again: socket.socket
                with self._socket.dup() as again:
                    again.setblocking(False)
                    while data := again.recv(_PIECE):
                        self._protocol.data_received(data)
        self._protocol.connection_lost(error)
