"""Answers that HTTP itself is broken in, and connections that end where they should not."""

from __future__ import annotations

import json
from typing import Any, Literal

from cerebras_sdk import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    StreamInterruptedError,
    StreamTruncatedError,
)
from cerebras_sdk.testing import Pause, RawAnswer

from .row import (
    CHUNKED,
    COMPLETION,
    LAST,
    ONE,
    ROLE,
    SAID_ALL,
    SAID_ONE,
    STOP,
    TWO,
    WHOLE,
    Fault,
    Piece,
    Said,
    chunk,
    chunks,
    events,
    head,
    sized,
)

BODY = json.dumps(COMPLETION).encode()
JSON = "application/json"
EVENTS = "text/event-stream"
_FIRST = ROLE + ONE


def raw(*pieces: Piece, then: Literal["close", "reset", "keep"] = "close") -> RawAnswer:
    return RawAnswer(list(pieces), then=then)


def _lost(name: str, *pieces: Piece, then: Any = "close", **fields: Any) -> list[Fault]:
    """What is no answer, whether a stream was asked for or not."""
    return [
        Fault(
            name=f"{name}, {asked}",
            answers=(raw(*pieces, then=then),),
            error=APIConnectionError,
            stream=stream,
            on_trio=not stream,
            **fields,
        )
        for asked, stream in (("asked for whole", False), ("asked for as a stream", True))
    ]


def _broken(name: str, *pieces: Piece, then: Any = "close", said: Any = SAID_ONE) -> Fault:
    return Fault(
        name=name,
        answers=(raw(*pieces, then=then),),
        error=StreamInterruptedError,
        said=said,
        stream=True,
        on_trio=True,
    )


def _fine(name: str, *pieces: Piece, then: Any = "keep", **fields: Any) -> Fault:
    options = {"reused": then == "keep", "said": SAID_ALL, **fields}
    return Fault(name=name, answers=(raw(*pieces, then=then),), **options)


def _whole(*lines: str, status: str = "200 OK") -> bytes:
    return head(JSON, f"Content-Length: {len(BODY)}", *lines, status=status) + BODY


def _ended() -> list[Fault]:
    """Connections that end before the answer does."""
    status = b"HTTP/1.1 200 O"
    half = head(JSON, f"Content-Length: {len(BODY)}") + BODY[:20]
    return [
        *_lost("it closes without a word"),
        *_lost("it resets without a word", then="reset"),
        *_lost("it closes in the status line", status),
        *_lost("it resets in the status line", status, Pause(0.01), then="reset"),
        *_lost("it closes among the headers", CHUNKED[:-8]),
        *_lost("it closes in a document", half),
        *_lost("it resets in a document", half, Pause(0.01), then="reset"),
        *_lost("it closes in a chunk of a document",
               head(JSON, "Transfer-Encoding: chunked") + chunk(BODY)[:-9]),
        *_lost("it closes after the chunks of a document",
               head(JSON, "Transfer-Encoding: chunked") + chunk(BODY)),
        _broken("it closes in a chunk of a stream", CHUNKED + chunk(_FIRST + TWO)[:-9]),
        _broken("it closes between the chunks of a stream", CHUNKED + chunk(_FIRST)),
        _broken("it closes in the size of a chunk", CHUNKED + chunk(_FIRST) + b"1"),
        _broken("it resets in a stream", CHUNKED + chunk(_FIRST), Pause(0.01), then="reset"),
        _broken("it resets in a stream that ends with the connection",
                events().pieces[0], _FIRST, Pause(0.01), then="reset"),  # type: ignore[index]
        _broken("it resets before the first event", CHUNKED, Pause(0.01), then="reset", said=()),
        _broken("a stream shorter than it says", head(EVENTS, "Content-Length: 999") + _FIRST),
        _fine("it closes after the finish_reason, without the last chunk",
              CHUNKED + chunk(_FIRST + TWO + STOP), then="close", stream=True),
        _fine("it resets after the finish_reason",
              CHUNKED + chunk(_FIRST + TWO + STOP), Pause(0.01), then="reset", stream=True,
              on_trio=True),
        _fine("a document that ends with the connection",
              head(JSON, "Connection: close") + BODY, then="close"),
        Fault(
            name="a document that ends with the connection, too early",
            answers=(raw(head(JSON, "Connection: close") + BODY[:-9]),),
            error=APIResponseValidationError,
        ),
        Fault(
            name="a stream that ends with the connection, too early",
            answers=(events(_FIRST),),
            error=StreamTruncatedError,
            said=SAID_ONE,
            stream=True,
        ),
    ]  # fmt: skip


def _retried() -> list[Fault]:
    silent = raw()
    early = chunks(ROLE, then="keep")
    return [
        Fault(
            name="three connections that close without a word",
            answers=(silent,) * 3,
            error=APIConnectionError,
            max_retries=2,
            requests=3,
            connections=3,
        ),
        Fault(
            name="a connection that closes and one that answers",
            answers=(silent,),
            max_retries=2,
            requests=2,
            connections=2,
            reused=True,
        ),
        Fault(
            name="three streams that end before the first word",
            answers=(events(ROLE),) * 3,
            error=StreamTruncatedError,
            said=(Said(),),
            stream=True,
            max_retries=2,
            requests=3,
            connections=3,
        ),
        Fault(
            name="a stream that ends before the first word and one that goes on",
            answers=(early, chunks(WHOLE)),
            said=SAID_ALL,
            stream=True,
            max_retries=2,
            requests=2,
            reused=True,
        ),
        Fault(
            name="a stream that ends after a word is not asked for again",
            answers=(events(ROLE, ONE), events(WHOLE)),
            error=StreamTruncatedError,
            said=SAID_ONE,
            stream=True,
            max_retries=2,
        ),
    ]


# What http.client reads to the end of the connection, and what it does not read at all.
_READ = {"error": None, "said": SAID_ALL}
_NONE = {"error": APIConnectionError, "said": None, "reused": False}


def _heads() -> list[Fault]:
    many = [f"X-{number}: y" for number in range(400)]
    size = f"Content-Length: {len(BODY)}"
    return [
        *_lost("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n", Pause(0.01)),
        *_lost("garbage", bytes(range(256)) * 4),
        *_lost("a status line that is none", b"HTTP/1.1 OK\r\n\r\n"),
        *_lost("a status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
        *_lost("HTTP of another age", b"HTTP/3 200 OK\r\nContent-Length: 0\r\n\r\n"),
        *_lost("a header of 300 KB", head(JSON, f"X: {'y' * 307200}", size) + BODY),
        _fine("a header of 60 KB", head(JSON, f"X: {'y' * 61440}", size) + BODY),
        *_lost("headers without end", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000),
        *_lost(
            "a length that is no number", head(JSON, "Content-Length: many") + BODY, blocking=_READ
        ),
        *_lost("a length below zero", head(JSON, "Content-Length: -7") + BODY, blocking=_READ),
        *_lost("two lengths that differ", head(JSON, "Content-Length: 7", size) + BODY),
        _fine("two lengths that agree", head(JSON, size, size) + BODY),
        *_lost(
            "a framing nobody knows", head(JSON, "Transfer-Encoding: pigeon") + BODY, blocking=_READ
        ),
        _fine("400 headers", head(JSON, *many, size) + BODY, blocking=_NONE),
        _fine("an answer without a reason", _whole(status="200")),
        _fine("early hints before the answer", head(None, status="103 Early Hints"), _whole()),
        _fine("100 before the answer", b"HTTP/1.1 100 Continue\r\n\r\n", _whole()),
        _fine("HTTP/1.0", _whole().replace(b"HTTP/1.1", b"HTTP/1.0"), then="close"),
        _fine(
            "a stream of HTTP/1.0",
            head(EVENTS).replace(b"HTTP/1.1", b"HTTP/1.0") + WHOLE,
            then="close",
            stream=True,
        ),
    ]


def _bodies() -> list[Fault]:
    other = BODY.replace(b"one two", b"another answer")
    return [
        Fault(
            name="a document longer than it says",
            answers=(sized(BODY, size=len(BODY) - 9),),
            error=APIResponseValidationError,
            blocking={"reused": None},
            on_trio=True,
        ),
        Fault(
            name="a stream longer than it says",
            answers=(sized(WHOLE, kind=EVENTS, size=len(_FIRST)),),
            error=StreamTruncatedError,
            said=SAID_ONE,
            stream=True,
            blocking={"reused": None},
            on_trio=True,
        ),
        _fine("two answers at once", _whole() + _whole().replace(BODY, other), reused=False,
              blocking={"reused": None}, on_trio=True),
        _fine("two streams at once", CHUNKED + chunk(WHOLE) + LAST + CHUNKED + chunk(_FIRST) + LAST,
              stream=True, reused=False, blocking={"reused": None}, on_trio=True),
        _fine("bytes after the end of a stream", CHUNKED + chunk(WHOLE) + LAST + b"more",
              stream=True, reused=False, blocking={"reused": None}),
        _fine("a stream in chunks of one byte",
              CHUNKED, *[chunk(bytes([byte])) for byte in WHOLE], LAST, stream=True),
        _fine("a trailer after the chunks",
              CHUNKED + chunk(WHOLE) + b"0\r\nX-Trailer: y\r\n\r\n", stream=True),
        _fine("an extension of a chunk",
              CHUNKED + chunk(WHOLE).replace(b"\r\n", b";x=y\r\n", 1) + LAST, stream=True),
        _broken("a size of a chunk that is no number", CHUNKED + chunk(_FIRST) + b"zz\r\nabc\r\n"),
        _broken("a size of a chunk below zero", CHUNKED + chunk(_FIRST) + b"-5\r\nabc\r\n"),
        _broken("a chunk without its end", CHUNKED + chunk(_FIRST) + b"1\r\nabc\r\n" + LAST),
        *_lost("a size of a chunk that is no number, in a document",
               head(JSON, "Transfer-Encoding: chunked") + b"zz\r\n" + BODY),
        *_lost("a size of a chunk with a sign, in a document",
               head(JSON, "Transfer-Encoding: chunked") + b"+" + chunk(BODY) + LAST),
    ]  # fmt: skip


def _statuses() -> list[Fault]:
    """Statuses that no completion comes with."""
    rows: list[tuple[str, bytes, type[APIError]]] = [
        ("101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
         APIConnectionError),
        ("early hints and no answer", b"HTTP/1.1 103 Early Hints\r\n\r\n", APIConnectionError),
        ("304", b"HTTP/1.1 304 Not Modified\r\n\r\n", APIStatusError),
        ("300 without a place", b"HTTP/1.1 300 Choices\r\nContent-Length: 0\r\n\r\n",
         APIStatusError),
    ]  # fmt: skip
    nothing = (raw(b"HTTP/1.1 204 No Content\r\n\r\n", then="keep"),)
    return [
        Fault(
            name="204, asked for whole",
            answers=nothing,
            error=APIResponseValidationError,
            reused=True,
        ),
        Fault(
            name="204, asked for as a stream",
            answers=nothing,
            error=StreamTruncatedError,
            said=(),
            stream=True,
            reused=True,
        ),
    ] + [
        Fault(
            name=f"{name}, {asked}",
            answers=(raw(answer, then="close" if error is APIConnectionError else "keep"),),
            error=error,
            stream=stream,
            reused=error is not APIConnectionError,
        )
        for name, answer, error in rows
        for asked, stream in (("asked for whole", False), ("asked for as a stream", True))
    ]


ROWS = [*_ended(), *_retried(), *_heads(), *_bodies(), *_statuses()]
