"""What all requests of the API have in common: the address and the body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from ...errors import InvalidRequestError
from ...types._base import plain
from ..options import ClientOptions


def url_of(options: ClientOptions, path: str, query: Mapping[str, Any] | None) -> str:
    return f"{options.base_url}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")


def encode(body: Mapping[str, Any]) -> bytes:
    try:
        sent = plain(body)
        _refuse_changed(sent, "the request")
        return msgspec.json.encode(sent)
    except UnicodeEncodeError:
        raise InvalidRequestError(
            "the request has a lone surrogate (half a character) in a text; "
            "text.encode('utf-8', 'replace').decode() removes it"
        ) from None
    except InvalidRequestError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(f"the request cannot be written as JSON: {error}") from None


def _refuse_changed(value: object, where: str) -> None:
    """Bytes would be sent as base64, and NaN as null: nobody means that."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            _refuse_changed(item, str(name) if where == "the request" else f"{where}.{name}")
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            _refuse_changed(item, f"{where}[{position}]")
    elif isinstance(value, (bytes, bytearray, memoryview)):
        raise InvalidRequestError(f"{where} is bytes: decode it to a str first")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequestError(f"{where} is {value}, which JSON cannot say")
