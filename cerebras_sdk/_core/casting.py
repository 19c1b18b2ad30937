"""Answers as types of other libraries: texts, bytes, pydantic's models, HTTP libraries' responses.

Nothing of those libraries is imported here: whoever asks for a type has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

from ..types._decode import parse_json
from .http import Headers, Request

# They describe the body as it was on the wire, and this one is decoded.
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")


def is_foreign(kind: Any) -> bool:
    """Whether `cast` knows the type, and not the decoder of ours."""
    return kind in (str, bytes, type(None)) or _is_response(kind) or hasattr(kind, "model_validate")


def cast(body: bytes, kind: Any, request: Request, status: int, headers: Headers) -> Any:
    """`body` as a `kind`. Raises msgspec.DecodeError, or what pydantic raises."""
    if kind is bytes:
        return body
    if kind is str:
        return body.decode("utf-8", "replace")
    if kind is type(None):
        return None
    if not _is_response(kind):
        return kind.model_validate(parse_json(body))
    kept = {name: value for name, value in headers.items() if name not in _OF_THE_WIRE}
    library = _library(kind)
    if library == "requests":
        response = kind()
        response.status_code, response.url, response._content = status, request.url, body
        response.headers.update(kept)
        return response
    asked = sys.modules[library].Request(request.method, request.url)
    return kind(status, headers=kept, content=body, request=asked)


def _is_response(kind: Any) -> bool:
    return getattr(kind, "__name__", "") == "Response" and _library(kind) in ("httpx", "requests")


def _library(kind: Any) -> str:
    name: str = kind.__module__
    return name.partition(".")[0]
