"""What requests and urllib3 do not say of an answer by themselves."""

from __future__ import annotations

from typing import Any

import requests
import urllib3.exceptions

from ..errors import Phase

_LINE_END = b"\r\n"


def socket_of(raw: Any) -> Any:
    """The socket beneath an answer of urllib3. A connection that ends with the answer has given it
    away already: then the answer's own buffer has it."""
    sock = getattr(getattr(raw, "connection", None), "sock", None)
    for name in ("_fp", "fp", "raw", "_sock"):
        if sock is not None:
            return sock
        raw = getattr(raw, name, None)
    return raw


def content_of(response: requests.Response) -> bytes:
    """The whole body, decoded; what cannot be is an error of the connection."""
    try:
        return response.content
    except requests.RequestException:
        raise
    except ValueError as error:  # as in `receive`
        raise requests.ConnectionError(str(error)) from error


def phase_of(error: Exception) -> Phase | None:
    """The clock that ran out, if `error` says that one did."""
    if isinstance(error, (requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError)):
        return "connect"
    kinds = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    late = isinstance(error, kinds) or any(isinstance(part, kinds) for part in error.args)
    return "read" if late else None


def lost_of(raw: Any, error: Exception, given: bytes | None) -> bytes:
    """What had come of the last chunk of a body that failed, and was not `given` on.

    All of it, when only its line end was missing, or its beginning.
    """
    last = getattr(getattr(raw, "_fp", None), "last", b"")
    if last and last != _LINE_END and last is not given:
        return bytes(last)
    partial = getattr(error.args[-1] if error.args else None, "partial", None)
    return partial if isinstance(partial, bytes) else b""
