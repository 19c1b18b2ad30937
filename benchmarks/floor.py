"""What the least possible client costs: a raw socket, and msgspec for what it needs of a chunk.

It trusts the server to answer as answers.py does, and would do for nothing else.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

END = b"\r\n0\r\n\r\n"


class Delta(msgspec.Struct, gc=False, frozen=True):
    content: str | None = None


class Choice(msgspec.Struct, gc=False):
    delta: Delta = Delta()
    message: Delta = Delta()


class Chunk(msgspec.Struct, gc=False):
    choices: list[Choice]


decode = msgspec.json.Decoder(Chunk).decode


def request_of(url: str, body: dict[str, Any]) -> bytes:
    address, encoded = urlsplit(url), msgspec.json.encode(body)
    head = (
        f"POST {address.path}/v1/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer csk-test\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(encoded)}\r\n\r\n"
    )
    return head.encode() + encoded


def chunks_in(whole: bytes) -> list[Chunk]:
    return [decode(event[event.index(b"{") :]) for event in whole.split(b"\n\n") if b"{" in event]


def answer_in(received: bytes) -> Chunk | None:
    """A whole answer, once all of it is there."""
    head, _, body = received.partition(b"\r\n\r\n")
    missing = int(head.rpartition(b": ")[2] or 1) - len(body)
    return None if missing else decode(body)


class Floor:
    """Blocking; its connections are kept, the last one used first."""

    def __init__(self, url: str, call: dict[str, Any]) -> None:
        self._address = ("127.0.0.1", urlsplit(url).port)
        self._streamed = request_of(url, {**call, "stream": True})
        self._url, self._call = url, call
        self._idle: list[socket.socket] = []

    def _send(self, request: bytes) -> socket.socket:
        try:
            sock = self._idle.pop()
        except IndexError:
            sock = socket.create_connection(self._address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(request)
        return sock

    def events(self) -> Iterator[Any]:
        sock = self._send(self._streamed)
        pending = b""
        while not pending.endswith(END):
            whole, found, rest = (pending + sock.recv(65536)).rpartition(b"\n\n")
            pending = rest
            if found:
                yield from chunks_in(whole)
        self._idle.append(sock)

    def whole(self) -> Any:
        sock = self._send(request_of(self._url, self._call))
        received = sock.recv(65536)
        while (answer := answer_in(received)) is None:
            received += sock.recv(65536)
        self._idle.append(sock)
        return answer


class Protocol(asyncio.Protocol):
    def __init__(self) -> None:
        self.received = b""
        self.waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def more(self) -> bytes:
        if not self.received:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        received, self.received = self.received, b""
        return received


class AsyncFloor:
    """The same on asyncio's own protocols."""

    def __init__(self, url: str, call: dict[str, Any]) -> None:
        self._port = urlsplit(url).port or 0
        self._streamed = request_of(url, {**call, "stream": True})
        self._url, self._call = url, call
        self._idle: list[Protocol] = []

    async def _send(self, request: bytes) -> Protocol:
        if self._idle:
            connection = self._idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(Protocol, "127.0.0.1", self._port)
        connection.transport.write(request)
        return connection

    async def events(self) -> AsyncIterator[Any]:
        return self._events()

    async def _events(self) -> AsyncIterator[Any]:
        connection = await self._send(self._streamed)
        pending = b""
        while not pending.endswith(END):
            whole, found, rest = (pending + await connection.more()).rpartition(b"\n\n")
            pending = rest
            if found:
                for chunk in chunks_in(whole):
                    yield chunk
        self._idle.append(connection)

    async def whole(self) -> Any:
        connection = await self._send(request_of(self._url, self._call))
        received = await connection.more()
        while (answer := answer_in(received)) is None:
            received += await connection.more()
        self._idle.append(connection)
        return answer
