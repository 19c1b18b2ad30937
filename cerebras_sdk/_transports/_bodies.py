"""What requests and urllib3 do not say of an answer by themselves."""

from __future__ import annotations

import http.client
import io
import ssl
from collections.abc import Iterator
from typing import Any

import requests
import requests.exceptions
import urllib3
import urllib3.exceptions

from ..errors import Phase
from ._chunks import Chunks
from ._heads import Wire

_PIECE = 65536


def pieces_of(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, decoded."""
    raw = response.raw
    body = getattr(raw, "_fp", None)
    if not isinstance(raw, urllib3.HTTPResponse) or (
        raw.chunked and not isinstance(body, http.client.HTTPResponse)
    ):
        # An empty piece, as a decoder at work gives, would look like the end.
        yield from filter(None, raw.stream(_PIECE, decode_content=True))
        return
    if raw.chunked and isinstance(getattr(body, "fp", None), io.BufferedReader):
        body.read1 = Chunks(body.fp).read1  # type: ignore[union-attr]
    decode = bool(raw.headers.get("content-encoding"))
    # `stream` waits for a full piece where the body has no chunks of its own.
    while piece := raw.read1(_PIECE, decode_content=decode):
        yield piece


def wait_within(raw: Any, seconds: float | None, read: float | None) -> None:
    """Sets how long the next bytes are waited for: each time for `read` seconds, and altogether no
    longer than `seconds`. A session of the user's has its socket only, which begins anew with each
    byte."""
    wire = getattr(getattr(getattr(raw, "_fp", None), "fp", None), "raw", None)
    if isinstance(wire, Wire):
        wire.within(seconds, read)
    elif hasattr(raw, "end_within"):
        raw.end_within(seconds)
    elif (sock := socket_of(raw)) is not None:  # urllib3 sets its own again for the next request
        sock.settimeout(min((s for s in (seconds, read) if s is not None), default=None))


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


class NotConnected(requests.ConnectionError):
    """There was no connection to send the request on."""


_UNSENT = (
    NotConnected,
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    ssl.SSLCertVerificationError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
)


def is_unsent(failure: BaseException) -> bool:
    """Whether `failure` says that there was no connection to send the request on."""
    layer: BaseException | None = failure
    seen: set[int] = set()
    while layer is not None and id(layer) not in seen:
        if isinstance(layer, _UNSENT):
            return True
        seen.add(id(layer))
        layer = layer.__cause__ or layer.__context__
    return False
