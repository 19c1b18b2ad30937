"""Answers of 200 that are not what was asked for."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

from cerebras_sdk import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    InternalServerError,
    ModelNotFoundError,
    RateLimitError,
    StreamDecodeError,
    StreamInterruptedError,
    StreamTruncatedError,
)
from cerebras_sdk.testing import Answer

from .events import GONE, QUOTA, SERVER
from .row import (
    COMPLETION,
    KEY,
    ONE,
    ROLE,
    SAID_ALL,
    SAID_ONE,
    STOP,
    TWO,
    WHOLE,
    Fault,
    document,
    sized,
)

BODY = json.dumps(COMPLETION).encode()
PAGE = b"<html><head><title>Sign in</title></head></html>"


def _both(name: str, answer: Answer, error: type[APIError] | None, **fields: Any) -> list[Fault]:
    """An answer that is a document, whether a stream was asked for or not."""
    return [
        Fault(name=f"{name}, {asked}", answers=(answer,), error=error, stream=stream,
              reused=True, **fields)
        for asked, stream in (("asked for whole", False), ("asked for as a stream", True))
    ]  # fmt: skip


def _wrong(name: str, body: object, kind: str = "application/json", **fields: Any) -> list[Fault]:
    return _both(name, document(body, kind=kind), APIResponseValidationError, **fields)


def _errors() -> list[Fault]:
    forms: list[tuple[str, object, type[APIError], int]] = [
        ("500, nested", {"status_code": 500, "error": SERVER}, InternalServerError, 500),
        ("429, nested", {"status_code": 429, "error": QUOTA}, RateLimitError, 429),
        ("500, flat", {"status_code": 500, **SERVER}, InternalServerError, 500),
        ("no status, flat", SERVER, InternalServerError, 500),
        ("no status, nested", {"error": SERVER}, InternalServerError, 500),
        ("a text", {"error": "It broke."}, InternalServerError, 500),
        ("a detail", {"detail": "It broke."}, InternalServerError, 500),
        ("a model that is gone", GONE, ModelNotFoundError, 404),
        ("beside no choices", {"choices": [], "error": SERVER}, InternalServerError, 500),
        ("the key", {"error": f"{KEY} is wrong"}, InternalServerError, 500),
    ]
    return [
        row
        for name, body, error, status in forms
        for row in _both(
            f"200 with an error: {name}", document(body), error, details={"status_code": status}
        )
    ]


def _stream(name: str, answer: Any, error: type[APIError] | None = None, **fields: Any) -> Fault:
    return Fault(name=name, answers=(answer,), error=error, stream=True, **fields)


def _types() -> list[Fault]:
    """The same stream, and the same document, under names that are not theirs."""
    kinds = ("text/plain", None, "application/octet-stream", "TEXT/EVENT-STREAM; charset=latin-1")
    streams = [
        _stream(f"a stream as {kind}", document(WHOLE, kind=kind), said=SAID_ALL, reused=True)
        for kind in kinds
    ]
    documents = [
        Fault(
            name=f"a completion as {kind}",
            answers=(document(BODY, kind=kind),),
            said=SAID_ALL,
            reused=True,
        )
        for kind in (*kinds, "text/html", "application/problem+json", "APPLICATION/JSON")
    ]
    return streams + documents


def _packed(coding: str, body: bytes, kind: str = "application/json") -> Any:
    return sized(body, f"Content-Encoding: {coding}", kind=kind)


def _deflated(data: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(data) + packer.flush()


GZIPPED = gzip.compress(BODY, mtime=0)
ZIPPED = gzip.compress(WHOLE, mtime=0)
MEMBERS = b"".join(gzip.compress(part, mtime=0) for part in (BODY[:20], BODY[20:50], BODY[50:]))
EVENTS = "text/event-stream"


def _compressed() -> list[Fault]:
    fine = [
        ("gzip", GZIPPED),
        ("gzip", MEMBERS),
        ("gzip", MEMBERS + b"and no more of it"),
        ("deflate", _deflated(BODY, 15)),
        ("deflate", _deflated(BODY, -15)),
        ("identity", BODY),
    ]
    return [
        *(
            Fault(
                name=f"a completion in {coding}, {number}",
                answers=(_packed(coding, body),),
                said=SAID_ALL,
                reused=True,
            )
            for number, (coding, body) in enumerate(fine)
        ),
        Fault(
            name="gzip that is none",
            answers=(_packed("gzip", BODY),),
            error=APIConnectionError,
            blocking={"reused": True},
            on_trio=True,
        ),
        Fault(
            name="deflate that is none",
            answers=(_packed("deflate", b"\xff" * 64),),
            error=APIConnectionError,
            blocking={"reused": True},
        ),
        Fault(
            name="gzip that is cut",
            answers=(_packed("gzip", GZIPPED[:-20]),),
            error=APIResponseValidationError,
            reused=True,
        ),
        Fault(
            name="a coding nobody knows",
            answers=(_packed("x-rot13", b"?" * 64),),
            error=APIResponseValidationError,
            reused=True,
        ),
        _stream("a stream in gzip", _packed("gzip", ZIPPED, EVENTS), said=SAID_ALL, reused=True),
        _stream(
            "a stream in gzip of two members",
            _packed(
                "gzip", gzip.compress(ROLE + ONE[:9]) + gzip.compress(ONE[9:] + TWO + STOP), EVENTS
            ),
            said=SAID_ALL,
            reused=True,
            on_trio=True,
        ),
        _stream(
            "a stream in gzip that is none",
            _packed("gzip", WHOLE, EVENTS),
            StreamInterruptedError,
            said=(),
            blocking={"reused": True},
            on_trio=True,
        ),
        _stream(
            "a stream in gzip that is cut",
            _packed("gzip", _flushed(ROLE + ONE + TWO[:9]), EVENTS),
            StreamTruncatedError,
            said=SAID_ONE,
            reused=True,
        ),
        _stream(
            "a stream in a coding nobody knows",
            _packed("x-rot13", b"?" * 64, EVENTS),
            StreamTruncatedError,
            said=(),
            reused=True,
        ),
    ]


def _flushed(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


ROWS = [
    *_errors(),
    *_types(),
    *_compressed(),
    *_both("a whole completion", document(COMPLETION), None, said=SAID_ALL),
    *_both("a completion and its fields of tomorrow", document(COMPLETION | {"x": [1]}), None,
           said=SAID_ALL),
    *_wrong("200 with nothing", b""),
    *_wrong("200 with a page", PAGE, "text/html", says="titled 'Sign in'"),
    *_wrong("200 with blanks", b" \r\n "),
    *_wrong("200 with half of JSON", BODY[:-9]),
    *_wrong("200 with JSON and more", BODY + b"x"),
    *_wrong("200 with two completions", BODY + BODY),
    *_wrong("200 with a list", []),
    *_wrong("200 with null", b"null"),
    *_wrong("200 with a number", 7),
    *_wrong("200 with a text", "one two"),
    *_wrong("200 with an empty object", {}),
    *_wrong("200 with null choices", {**COMPLETION, "choices": None}),
    *_wrong("200 with no choices", {**COMPLETION, "choices": []}),
    *_wrong("200 with choices that are none", {**COMPLETION, "choices": [7]}),
    *_wrong("200 with a NUL", BODY.replace(b"one", b"\0")),
    *_wrong("200 with bytes that are no UTF-8", BODY.replace(b"one", b"\xff\xfe")),
    *_wrong("200 in UTF-16", BODY.decode().encode("utf-16")),
    *_wrong("200 with JSON nested without end", b"[" * 100_000),
    *_wrong("200 with the key", b'{"choices": "%b"}' % KEY.encode()),
    Fault(
        name="a stream where a completion was asked for",
        answers=(document(WHOLE, kind=EVENTS),),
        error=APIResponseValidationError,
        reused=True,
    ),
    _stream(
        "a page that says it is a stream",
        document(PAGE, kind=EVENTS),
        StreamTruncatedError,
        said=(),
        reused=True,
    ),
    _stream(
        "a stream of another kind",
        document(b'data: {"message": {"content": "one"}}\n\n' * 2, kind=EVENTS),
        StreamTruncatedError,
        said=(),
        reused=True,
    ),
    *(
        _stream(f"a completion for a stream, as {kind}", document(BODY, kind=kind),
                said=SAID_ALL, reused=True)
        for kind in (EVENTS, "text/plain", None, "application/octet-stream", "Application/JSON")
    ),
    *(
        _stream(f"an error for a stream, as {kind}",
                document({"status_code": 429, "error": QUOTA}, kind=kind),
                RateLimitError, said=said, reused=True)
        for kind, said in ((EVENTS, ()), (None, ()), ("Application/JSON", None))
    ),
    _stream("half a completion for a stream", document(BODY[:-9], kind=EVENTS), StreamDecodeError,
            said=(), reused=True),
    *(
        Fault(name=f"200 with an error, and a retry: {name}", stream=asked,
              answers=(document({"status_code": 503, "error": SERVER}, kind=kind),
                       document(COMPLETION)),
              said=SAID_ALL, max_retries=1, requests=2, reused=True)
        for name, asked, kind in (("asked for whole", False, "application/json"),
                                  ("asked for as a stream", True, "application/json"),
                                  ("as a stream", True, EVENTS))
    ),
    _stream(
        "an empty stream of no type",
        document(b"", kind=None),
        StreamTruncatedError,
        said=(),
        reused=True,
    ),
    _stream(
        "a stream that is a picture",
        document(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), kind="image/png"),
        StreamTruncatedError,
        said=(),
        reused=True,
    ),
    _stream(
        "an event that is an image",
        document(b"data: \x89PNG\n\n", kind=EVENTS),
        StreamDecodeError,
        said=(),
        blocking={"reused": True},
    ),
]  # fmt: skip
