"""Answers that come so slowly that no wait for bytes is too long, and all of them together are."""

from __future__ import annotations

from typing import Any

from cerebras_sdk import APITimeoutError, StreamTimeoutError, Timeout
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


FIRST, GAP, TOTAL = Timeout(4, first_token=0.2), Timeout(4, gap=0.2), Timeout(4, total=0.2)

ROWS = [
    _stream("keep-alives in a chunk that does not end", "first_token", FIRST, UNENDED, *_WAITS,
            said=()),
    _stream("keep-alives after a word, in a chunk that does not end", "gap", GAP,
            UNENDED + ROLE + ONE, *_WAITS, said=SAID_ONE),
    _stream("a chunk that does not end until the total is over", "total", TOTAL,
            UNENDED + ROLE + ONE, *_WAITS, said=SAID_ONE),
    _stream("a size of a chunk that does not end", "gap", GAP,
            CHUNKED + chunk(ROLE + ONE) + b"5;", *_LETTERS, said=SAID_ONE),
    _whole("headers that do not end until the total is over", "total", TOTAL,
           head()[:-4], *_LETTERS),
    _whole("headers that do not end before the first token", "first_token", FIRST,
           head()[:-4], *_LETTERS, stream=True),
    _whole("a document that does not end until the total is over", "total", TOTAL,
           head(JSON, "Content-Length: 9999"), *_BLANKS),
    _whole("a chunk of a document that does not end until the total is over", "total", TOTAL,
           head(JSON, "Transfer-Encoding: chunked") + b"ffff\r\n", *_LETTERS),
]  # fmt: skip
