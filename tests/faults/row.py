"""What a row of the table is made of: what the server plays, and what the caller gets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from cerebras_sdk import APIError, Timeout
from cerebras_sdk.testing import Answer, Pause, RawAnswer

KEY = "csk-test"
CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Say it again"}]

Piece: TypeAlias = bytes | Pause
Door: TypeAlias = Literal[
    "the server",
    "nothing listens",
    "nobody accepts",
    "unknown name",
    "tls",
    "tls of somebody else",
    "tls of another name",
    "tls of yesterday",
    "tls where none is spoken",
    "none where tls is spoken",
]


@dataclass(frozen=True)
class Said:
    """What one choice has said; `calls` are the names and arguments of its tool calls."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault, played to both twins.

    answers: what the server says to the first requests; later ones are answered well.
    error: the exact class of what the call raises, None when it ends well.
    details: attributes of the error; says: a pattern that its message matches.
    said: what the choices have said. It is what the caller saw and what `.partial` holds, or the
        completion. None: not a stream, or no stream began.
    requests, connections: what the call cost.
    reused: whether the next call goes over the connection of this one; None where that depends on
        how the network cut the bytes.
    blocking: the fields that are others for the blocking twin, where http.client takes more, or
        less, for HTTP than h11 does.
    """

    name: str
    answers: tuple[Answer | RawAnswer, ...] = ()
    error: type[APIError] | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    says: str = ""
    said: tuple[Said, ...] | None = None
    stream: bool = False
    call: Mapping[str, Any] = field(default_factory=dict)
    max_retries: int = 0
    timeout: Timeout = field(default_factory=lambda: Timeout(4))
    door: Door = "the server"
    requests: int = 1
    connections: int = 1
    reused: bool | None = False
    blocking: Mapping[str, Any] = field(default_factory=dict)
    on_trio: bool = False


def document(body: object, status: int = 200, kind: str | None = "application/json") -> Answer:
    """An answer of HTTP without a fault; the body is JSON, or bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {} if kind is None else {"Content-Type": kind}, data)


def head(kind: str | None = "text/event-stream", *lines: str, status: str = "200 OK") -> bytes:
    named = [] if kind is None else [f"Content-Type: {kind}"]
    return "\r\n".join([f"HTTP/1.1 {status}", *named, *lines, "", ""]).encode("latin-1")


def events(*pieces: Piece, then: Literal["close", "reset", "keep"] = "close") -> RawAnswer:
    """A stream that ends where the connection ends."""
    return RawAnswer([head("text/event-stream", "Connection: close"), *pieces], then=then)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


CHUNKED = head("text/event-stream", "Transfer-Encoding: chunked")
LAST = b"0\r\n\r\n"


def chunks(*pieces: Piece, then: Literal["close", "reset", "keep"] = "keep") -> RawAnswer:
    """A stream in HTTP chunks, one for each piece, that is ended as HTTP wants it."""
    framed = [piece if isinstance(piece, Pause) else chunk(piece) for piece in pieces]
    return RawAnswer([CHUNKED, *framed, LAST], then=then)


def sized(body: bytes, *lines: str, kind: str = "application/json", size: int | None = None) -> Any:
    """An answer whose Content-Length may be wrong; the connection is kept."""
    length = f"Content-Length: {len(body) if size is None else size}"
    return RawAnswer([head(kind, length, *lines), body], then="keep")


def event(data: object) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def delta(index: int = 0, finish: str | None = None, **fields: Any) -> bytes:
    choice: dict[str, Any] = {"index": index, "delta": fields}
    if finish is not None:
        choice["finish_reason"] = finish
    return event({"id": "a", "choices": [choice]})


ROLE = delta(role="assistant")
ONE, TWO = delta(content="one "), delta(content="two")
STOP = delta(finish="stop")
DONE = event(b"[DONE]")
WHOLE = ROLE + ONE + TWO + STOP + DONE
SAID_ONE, SAID_ALL = (Said("one "),), (Said("one two"),)
COMPLETION: dict[str, Any] = {
    "id": "a",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "one two"},
            "finish_reason": "stop",
        }
    ],
}
