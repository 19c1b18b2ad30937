"""The body of a request as an object: JSON or msgpack, plain or gzip."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import msgspec

from .engines import RequestRefused
from .exchange import ReceivedRequest

_MSGPACK = frozenset({"application/vnd.msgpack", "application/msgpack", "application/x-msgpack"})


def decode_body(request: ReceivedRequest, *, compression: bool) -> dict[str, Any]:
    """The body as an object; without `compression` only plain JSON is taken, the rest is a 415.

    The service's own answer to an encoding that it does not take is not known.
    """
    data = request.body
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    media_type = media_type_of(request)
    if not compression:
        if encoding not in ("", "identity"):
            raise _unsupported("Content-Encoding", encoding)
        if media_type in _MSGPACK:
            raise _unsupported("Content-Type", media_type)
    if encoding == "gzip":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise RequestRefused("body: Invalid gzip data") from None
    elif encoding not in ("", "identity"):
        raise RequestRefused(f"body: Unsupported Content-Encoding '{encoding}'")
    decode = msgspec.msgpack.decode if media_type in _MSGPACK else msgspec.json.decode
    try:
        body = decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRefused(f"body: Invalid JSON: {error}") from None
    if not isinstance(body, dict):
        raise RequestRefused("body: Input should be a valid dictionary")
    return body


def media_type_of(request: ReceivedRequest) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _unsupported(header: str, value: str) -> RequestRefused:
    return RequestRefused(
        f"body: Unsupported {header} '{value}'", status=415, code="unsupported_media_type"
    )
