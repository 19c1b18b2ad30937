"""Silence, connections that do not come about, TLS that is not to be trusted, and redirects."""

from __future__ import annotations

import json
from typing import Any

from cerebras_sdk import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    NotFoundError,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
    Timeout,
)
from cerebras_sdk.testing import Answer, Pause, RawAnswer

from .row import (
    CHAT,
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
    Door,
    Fault,
    Piece,
    Said,
    chunk,
    chunks,
    document,
    events,
    head,
)

BODY = json.dumps(COMPLETION).encode()
LONG = Pause(30)
KEEP_ALIVE: list[Piece] = [part for _ in range(99) for part in (b": wait\n\n", Pause(0.02))]
EMPTY: list[Piece] = [
    part for _ in range(99) for part in (b'data: {"choices":[]}\n\n', Pause(0.02))
]


def _silent(name: str, phase: str, timeout: Timeout, *pieces: Piece, said: Any = ()) -> Fault:
    return Fault(
        name=name,
        answers=(events(*pieces),),
        error=StreamTimeoutError,
        details={"phase": phase},
        said=said,
        stream=True,
        timeout=timeout,
        on_trio=True,
    )


def _late(name: str, phase: str, timeout: Timeout, *pieces: Piece, **fields: Any) -> Fault:
    return Fault(
        name=name,
        answers=(RawAnswer([*pieces, LONG]),) * 3,
        error=APITimeoutError,
        details={"phase": phase},
        timeout=timeout,
        on_trio=True,
        **fields,
    )


def _slowly(answer: bytes) -> list[Piece]:
    return [part for byte in answer for part in (bytes([byte]), Pause(0.01))]


SHORT = head("application/json", "Content-Length: 64") + BODY[:9]
_BRIEF = b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"x"}]}\n\n'

CLOCKS = [
    Fault(
        name="nobody accepts the connection",
        door="nobody accepts",
        error=APITimeoutError,
        details={"phase": "connect"},
        timeout=Timeout(4, connect=0.2),
        requests=0,
        connections=0,
        on_trio=True,
    ),
    Fault(
        name="nobody accepts the connection within the total",
        door="nobody accepts",
        error=APITimeoutError,
        details={"phase": "total"},
        timeout=Timeout(4, total=0.2),
        requests=0,
        connections=0,
    ),
    _late("no headers come", "read", Timeout(4, read=0.2)),
    _late("no headers come, of a stream", "read", Timeout(4, read=0.2), stream=True),
    _late("no headers come before the first token", "first_token", Timeout(4, first_token=0.2),
          stream=True),
    _late("no headers come within the total", "total", Timeout(4, total=0.2)),
    _late("no headers come, three times", "read", Timeout(4, read=0.1), max_retries=2, requests=3,
          connections=3),
    _late("half of the headers come", "read", Timeout(4, read=0.2), SHORT[:20]),
    _late("half of a document comes", "read", Timeout(4, read=0.2), SHORT),
    _late("half of a document comes within the total", "total", Timeout(4, total=0.2), SHORT),
    _silent("no event comes", "first_token", Timeout(4, first_token=0.2), LONG),
    _silent("the role alone comes", "first_token", Timeout(4, first_token=0.2), ROLE, LONG,
            said=(Said(),)),
    _silent("keep-alives alone come", "first_token", Timeout(4, first_token=0.2), *KEEP_ALIVE),
    _silent("empty chunks alone come", "first_token", Timeout(4, first_token=0.2), *EMPTY),
    _silent("keep-alives alone come, by the read timeout", "first_token", Timeout(0.2),
            *KEEP_ALIVE),
    _silent("silence after a word", "gap", Timeout(4, gap=0.2), ROLE + ONE, LONG, said=SAID_ONE),
    _silent("silence after a word, by the read timeout", "read", Timeout(0.2), ROLE + ONE, LONG,
            said=SAID_ONE),
    _silent("silence in the middle of an event", "gap", Timeout(4, gap=0.2), ROLE + ONE + TWO[:9],
            LONG, said=SAID_ONE),
    _silent("keep-alives after a word", "gap", Timeout(4, gap=0.2), ROLE + ONE, *KEEP_ALIVE,
            said=SAID_ONE),
    _silent("silence until the total is over", "total", Timeout(4, total=0.2), ROLE + ONE, LONG,
            said=SAID_ONE),
    Fault(
        name="silence after the finish_reason",
        answers=(chunks(WHOLE, LONG),),
        said=SAID_ALL,
        stream=True,
        on_trio=True,
    ),
    Fault(
        name="silence after the finish_reason and no [DONE]",
        answers=(events(ROLE + ONE + TWO + STOP, LONG),),
        said=SAID_ALL,
        stream=True,
    ),
    Fault(
        name="a stream that comes byte by byte",
        answers=(RawAnswer([CHUNKED, *_slowly(chunk(_BRIEF)), LAST], then="keep"),),
        said=(Said("hi"),),
        stream=True,
        timeout=Timeout(4, read=0.3, first_token=3),
        reused=True,
    ),
    Fault(
        name="headers that come byte by byte",
        answers=(
            RawAnswer(
                [*_slowly(head(None, f"Content-Length: {len(BODY)}")), BODY], then="keep"
            ),
        ),
        said=SAID_ALL,
        timeout=Timeout(4, read=0.3),
        reused=True,
    ),
]  # fmt: skip


def _tls(name: str, door: Door, **fields: Any) -> Fault:
    told = {"error": APIConnectionError, "requests": 0, "connections": 0, "on_trio": True}
    return Fault(name=name, door=door, **{**told, **fields})


TLS = [
    _tls("nothing listens", "nothing listens", says="refused"),
    _tls("a name that nobody knows", "unknown name", says="not known"),
    _tls("a certificate of somebody else", "tls of somebody else", says="certificate"),
    _tls("a certificate of another name", "tls of another name", says="certificate"),
    _tls("a certificate of yesterday", "tls of yesterday", says="expired"),
    _tls("a certificate of somebody else is not tried again quickly", "tls of somebody else",
         max_retries=2, says="certificate"),
    _tls("no TLS where it is expected", "tls where none is spoken", connections=1),
    _tls("TLS where none is expected", "none where tls is spoken"),
    _tls("TLS that ends without a word", "tls", answers=(RawAnswer([]),), requests=1,
         connections=1),
    _tls("TLS that ends in a stream", "tls", answers=(RawAnswer([CHUNKED, chunk(ROLE + ONE)]),),
         error=StreamInterruptedError, said=SAID_ONE, stream=True, requests=1, connections=1),
    _tls("TLS that ends in a chunk",
         "tls", answers=(RawAnswer([CHUNKED, chunk(ROLE + ONE + TWO)[:-9]]),),
         error=StreamInterruptedError, said=SAID_ONE, stream=True, requests=1, connections=1),
    _tls("TLS that ends after the finish_reason", "tls",
         answers=(RawAnswer([CHUNKED, chunk(ROLE + ONE + TWO + STOP)]),),
         error=None, said=SAID_ALL, stream=True, requests=1, connections=1),
    _tls("TLS that works", "tls", answers=(chunks(WHOLE),), error=None, said=SAID_ALL, stream=True,
         requests=1, connections=1, reused=True),
]  # fmt: skip


def _to(place: str, status: int = 307) -> Answer:
    return Answer(status, {"Location": place, "Content-Type": "text/plain"}, b"over there")


def _refused(name: str, place: str, status: int = 307, **fields: Any) -> Fault:
    told: dict[str, Any] = {"says": "which is not followed", **fields}
    return Fault(
        name=name,
        answers=(_to(place, status),),
        error=APIStatusError,
        details={"status_code": status},
        reused=True,
        **told,
    )


REDIRECTS = [
    *(
        Fault(
            name=f"a redirect of {status} to the same host keeps the prompt",
            answers=(_to(CHAT, status), document(COMPLETION)),
            said=SAID_ALL,
            requests=2,
            reused=True,
        )
        for status in (301, 302, 307, 308)
    ),
    Fault(
        name="a redirect of a stream",
        answers=(_to(f"{CHAT}?once", 307), chunks(WHOLE)),
        said=SAID_ALL,
        stream=True,
        requests=2,
        reused=True,
    ),
    Fault(
        name="a redirect of 303 asks for another thing",
        answers=(_to("/v1/other", 303),),
        error=NotFoundError,
        requests=2,
        reused=True,
    ),
    Fault(
        name="a redirect in a circle",
        answers=(_to(CHAT),) * 9,
        error=APIStatusError,
        details={"status_code": 307},
        says="one of too many",
        requests=6,
        reused=True,
    ),
    _refused("a redirect to another host", "http://127.0.0.2:9/v1/chat/completions"),
    _refused("a redirect of a stream to another host", "http://127.0.0.2:9/", stream=True),
    _refused("a redirect to another port", "http://127.0.0.1:9/v1/chat/completions", 308),
    _refused("a redirect to another scheme", "https://127.0.0.1/v1/chat/completions"),
    _refused("a redirect to a host without a scheme", "//127.0.0.2:9/v1", 302),
    _refused("a redirect to a file", "file:///etc/passwd", says="307"),
    _refused("a redirect with a password", "http://a:b@127.0.0.2:9/", says="which is not followed"),
    _refused("a redirect to no address", "http://[", says="no address of one"),
    _refused("a redirect to nowhere", "", says="no address of one"),
    Fault(
        name="a redirect from https to http",
        door="tls",
        answers=(_to("http://127.0.0.1:9/v1/chat/completions"),),
        error=APIStatusError,
        details={"status_code": 307},
        says="which is not followed",
        reused=True,
    ),
    Fault(
        name="a redirect to a stream that breaks off",
        answers=(_to(CHAT), events(ROLE + ONE)),
        error=StreamTruncatedError,
        said=SAID_ONE,
        stream=True,
        requests=2,
    ),
    Fault(
        name="a redirect to a page",
        answers=(_to(CHAT), document(b"<html></html>", kind="text/html")),
        error=APIResponseValidationError,
        requests=2,
        reused=True,
    ),
]

ROWS = [*CLOCKS, *TLS, *REDIRECTS]
