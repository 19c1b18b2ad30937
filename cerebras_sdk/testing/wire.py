"""One TCP connection as bytes: read what came, write what is given, close it in three ways."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

# A client that pipelines more than this while an answer is under way has to wait.
_READ_AHEAD = 1 << 18


class ClientGone(Exception):
    """The client has closed its side."""


class Wire(asyncio.Protocol):
    """The bytes of one connection.

    Each `write` is one `send` on the socket, and returns when the kernel has all of it.
    """

    def __init__(self, opened: Callable[[Wire], None], closed: Callable[[Wire], None]) -> None:
        self._opened = opened
        self._closed = closed
        self._received = bytearray()
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = False
        self._ended_early = False
        self._lost = False
        self._waiting: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock: socket.socket = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Pieces never pile up in user space: the limits make pause_writing follow any leftover.
        transport.set_write_buffer_limits(high=0)
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._readable.set()
        if len(self._received) > _READ_AHEAD:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._end()
        return True  # stay open for writing: a client may send its request and half-close

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._writable.set()
        self._end()
        self._closed(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _end(self) -> None:
        self._ended = True
        self._readable.set()
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    async def read(self) -> bytes:
        """What has arrived; b"" once the client has closed its side."""
        await self._readable.wait()
        data = bytes(self._received)
        self._received.clear()
        if not self._ended:
            self._readable.clear()
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        # A transport that failed to write is told to have lost its connection a moment later.
        if self._lost or self._transport.is_closing():
            raise ClientGone
        if data:
            self._transport.write(data)
        await self._writable.wait()

    def begin_answer(self) -> None:
        """A client that has half-closed by now did so after its request, and may still listen."""
        self._ended_early = self._ended

    @contextlib.contextmanager
    def only_while_connected(self) -> Iterator[None]:
        """Cancel the awaiting task when the client leaves: nobody listens to what it waits for."""
        if self._lost or (self._ended and not self._ended_early):
            raise ClientGone
        self._waiting = asyncio.current_task()
        try:
            yield
        finally:
            self._waiting = None

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def reset(self) -> None:
        sock: socket.socket = self._transport.get_extra_info("socket")
        # Closing with a linger time of zero sends RST instead of FIN.
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
