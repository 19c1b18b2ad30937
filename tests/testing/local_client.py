"""A bare socket and a client for the local server, and what its answers are read with."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import httpx

from cerebras_sdk.testing import LocalServer

Body: TypeAlias = dict[str, Any]


class Socket:
    """A client that sends and receives bytes and knows nothing of HTTP."""

    def __init__(self, server: LocalServer) -> None:
        address = server.base_url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((address[0], int(address[1])), timeout=5)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def post(self, path: str, body: object, *, headers: str = "") -> None:
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer csk-test\r\n"
            f"Content-Length: {len(data)}\r\n{headers}\r\n"
        )
        self.send(head.encode() + data)

    def get(self, path: str, *, headers: str = "") -> None:
        self.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())

    def receive(self) -> bytes:
        return self._socket.recv(65536)

    def until(self, end: bytes) -> bytes:
        data = b""
        while not data.endswith(end):
            piece = self.receive()
            assert piece, data
            data += piece
        return data

    def rest(self) -> bytes:
        data = b""
        while piece := self.receive():
            data += piece
        return data

    def half_close(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.close()


def eventually(condition: Callable[[], object], *, within: float = 2.0) -> None:
    """Wait for what another thread is about to bring about."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


def events(text: str) -> list[Any]:
    """The JSON of each `data:` line; "[DONE]" as it is."""
    found = re.findall(r"^data: (.*)$", text, re.MULTILINE)
    return [line if line == "[DONE]" else json.loads(line) for line in found]


def chat(text: str = "one two three four five", **fields: Any) -> Body:
    return {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": text}], **fields}


def client_of(server: LocalServer) -> httpx.Client:
    return httpx.Client(
        base_url=server.base_url,
        headers={"Authorization": "Bearer csk-test"},
        timeout=10,
        trust_env=False,
    )
