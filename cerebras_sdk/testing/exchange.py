"""What passes between a test and the local server: the request that came, the answer to give."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from .._core.http import Headers


@dataclass(frozen=True, repr=False)
class ReceivedRequest:
    """One request as it arrived.

    `target` is the text of the request line, `path` and `query` its two parts, `body` the bytes as
    sent (still compressed if they were), `connection` the number of the TCP connection, from 1.
    """

    method: str
    target: str
    path: str
    query: str
    headers: Headers
    body: bytes
    connection: int

    @classmethod
    def parse(
        cls,
        method: str,
        target: str,
        fields: Iterable[tuple[str, str]],
        *,
        body: bytes,
        connection: int,
    ) -> ReceivedRequest:
        local = target
        # The absolute form (RFC 9112, 3.2.2) is what a client sends to its proxy.
        if target.lower().startswith(("http://", "https://")):
            parts = urlsplit(target)
            local = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        path, _, query = local.partition("?")
        return cls(method, target, path, query, Headers(fields), body, connection)

    def json(self) -> Any:
        """The body read as JSON; `ValueError` if it is none."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return (
            f"<ReceivedRequest {self.method} {self.path}: {len(self.body)} bytes "
            f"on connection {self.connection}>"
        )


@dataclass(frozen=True)
class Pause:
    """Silence on the wire for some seconds, between two pieces."""

    seconds: float


Piece: TypeAlias = bytes | Pause


@dataclass(frozen=True)
class Answer:
    """A well-formed HTTP answer.

    A `body` of bytes is sent with its Content-Length. An iterable is sent chunked: one HTTP chunk
    and one socket write per piece of bytes, silence per `Pause`; it may block between two pieces,
    as it is read in a thread of its own. When it raises, the connection is cut.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[Piece] | AsyncIterable[Piece] = b""


@dataclass(frozen=True)
class RawAnswer:
    """Bytes for the socket exactly as given, one write per piece; no HTTP is added.

    Afterwards the connection is closed (FIN), reset (RST) or kept for the next request. A reset
    may overtake bytes that the client's kernel had no room for.
    """

    pieces: Iterable[Piece]
    then: Literal["close", "reset", "keep"] = "close"


Handler: TypeAlias = Callable[[ReceivedRequest], Answer | RawAnswer | None]
