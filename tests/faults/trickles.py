"""Answers that come so slowly that no wait for bytes is too long, and all of them together are."""

from __future__ import annotations

import zlib
from typing import Any

from cerebras_sdk import (
    APIConnectionError,
    APITimeoutError,
    InternalServerError,
    StreamTimeoutError,
    Timeout,
)
from cerebras_sdk.testing import Pause, RawAnswer

from .row import CHUNKED, ONE, ROLE, SAID_ONE, Fault, Piece, chunk, head

JSON = "application/json"
UNENDED = CHUNKED + b"ffff\r\n"  # a chunk larger than what comes of it
_WAITS: list[Piece] = [b": wait\n\n", Pause(0.02)] * 99
_BLANKS: list[Piece] = [b" ", Pause(0.002)] * 999
_LETTERS: list[Piece] = [b"x", Pause(0.02)] * 99


def _stream(name: str, phase: str, timeout: Timeout, *pieces: Piece, said: Any) -> Fault:
    return Fault(
        name=name,
        answers=(RawAnswer(list(pieces)),),
        error=StreamTimeoutError,
        details={"phase": phase},
        said=said,
        stream=True,
        timeout=timeout,
        on_trio=True,
    )


def _whole(name: str, phase: str, timeout: Timeout, *pieces: Piece, **fields: Any) -> Fault:
    return Fault(
        name=name,
        answers=(RawAnswer(list(pieces)),),
        error=APITimeoutError,
        details={"phase": phase},
        timeout=timeout,
        on_trio=True,
        **fields,
    )


def _packed(text: bytes, kind: str, *, status: str = "200 OK") -> list[Piece]:
    """A body in gzip, after which come blocks with nothing in them."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    begun = packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)
    first = head(kind, "Content-Encoding: gzip", "Connection: close", status=status) + begun
    more: list[Piece] = [b"\0\0\0\xff\xff", Pause(0.02)] * 99
    return [first, *more]


FIRST, GAP, TOTAL = Timeout(4, first_token=0.2), Timeout(4, gap=0.2), Timeout(4, total=0.2)
SHORT_READ = Timeout(0.1, total=0.3)  # of which the read timeout begins anew with each byte

ROWS = [
    _stream("keep-alives in a chunk that does not end", "first_token", FIRST, UNENDED, *_WAITS,
            said=()),
    _stream("keep-alives after a word, in a chunk that does not end", "gap", GAP,
            UNENDED + ROLE + ONE, *_WAITS, said=SAID_ONE),
    _stream("a chunk that does not end until the total is over", "total", TOTAL,
            UNENDED + ROLE + ONE, *_WAITS, said=SAID_ONE),
    _stream("a size of a chunk that does not end", "gap", GAP,
            CHUNKED + chunk(ROLE + ONE) + b"5;", *_LETTERS, said=SAID_ONE),
    _stream("a size of a chunk that does not end, by the read timeout", "read", Timeout(0.2),
            CHUNKED + chunk(ROLE + ONE) + b"5;", *_LETTERS, said=SAID_ONE),
    _stream("a size of a chunk that does not end, by the read timeout within the total", "read",
            Timeout(0.2, total=9), CHUNKED + chunk(ROLE + ONE) + b"5;", *_LETTERS, said=SAID_ONE),
    _stream("blocks of gzip with nothing in them", "read", Timeout(0.2),
            *_packed(ROLE + ONE, "text/event-stream"), said=SAID_ONE),
    _whole("a document in gzip that does not end until the total is over", "total", SHORT_READ,
           *_packed(b'{"id', JSON)),
    _whole("a size of a chunk of a document that does not end until the total is over", "total",
           SHORT_READ, head(JSON, "Transfer-Encoding: chunked") + b"5;", *_LETTERS),
    Fault(
        name="a refusal in gzip that does not end until the total is over",
        answers=(RawAnswer(_packed(b'{"message": "no"}', JSON, status="500 No")),),
        error=InternalServerError,
        details={"status_code": 500},
        says="the rest of the answer could not be read",
        timeout=SHORT_READ,
        on_trio=True,
    ),
    Fault(
        name="an announcement of headers without end",
        answers=(RawAnswer([b"HTTP/1.1 103 Early Hints\r\n" + b"a: b\r\n" * 20000, Pause(30)]),),
        error=APIConnectionError,
        says="no answer",
        on_trio=True,
    ),
    _whole("headers that do not end until the total is over", "total", TOTAL,
           head()[:-4], *_LETTERS),
    _whole("headers that do not end before the first token", "first_token", FIRST,
           head()[:-4], *_LETTERS, stream=True),
    _whole("a document that does not end until the total is over", "total", TOTAL,
           head(JSON, "Content-Length: 9999"), *_BLANKS),
    _whole("a chunk of a document that does not end until the total is over", "total", TOTAL,
           head(JSON, "Transfer-Encoding: chunked") + b"ffff\r\n", *_LETTERS),
]  # fmt: skip
