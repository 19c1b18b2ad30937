"""What requests and urllib3 do not say of an answer by themselves."""

from __future__ import annotations

import http.client
import io
import ssl
import time
from collections.abc import Iterator
from typing import Any

import requests
import requests.exceptions
import urllib3
import urllib3.exceptions

from ..errors import Phase
from ._chunks import Chunks
from ._ends import until
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
    file = getattr(body, "fp", None)
    if raw.chunked and isinstance(file, io.BufferedReader):
        reads: Any = file
        if not isinstance(file.raw, Wire):
            reads = raw.reads = _Reads(file)  # type: ignore[attr-defined]
        body.read1 = Chunks(reads).read1  # type: ignore[union-attr]
    decode = bool(raw.headers.get("content-encoding"))
    # `stream` waits for a full piece where the body has no chunks of its own.
    while piece := raw.read1(_PIECE, decode_content=decode):
        yield piece


def wait_within(raw: Any, seconds: float | None, read: float | None) -> None:
    """Sets how long the next bytes are waited for: each time for `read` seconds, and altogether no
    longer than `seconds`."""
    wire = getattr(getattr(getattr(raw, "_fp", None), "fp", None), "raw", None)
    if isinstance(wire, Wire):
        wire.within(seconds, read)
    elif hasattr(raw, "end_within"):
        raw.end_within(seconds)
    elif (sock := socket_of(raw)) is not None:  # urllib3 sets its own again for the next request
        sock.settimeout(min((s for s in (seconds, read) if s is not None), default=None))
        if getattr(raw, "reads", None) is not None:
            raw.reads.end = None if seconds is None else time.monotonic() + seconds


class _Reads:
    """The bytes of an answer of a user's session, whose socket begins anew with each of them."""

    end: float | None = None

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file

    def read1(self, amount: int = -1, /) -> bytes:
        sock = getattr(self._file.raw, "_sock", None)
        if sock is not None:
            sock.settimeout(until(self.end, sock.gettimeout()))
        return self._file.read1(amount)


def socket_of(raw: Any) -> Any:
    """The socket beneath an answer of urllib3. A connection that ends with the answer has given it
    away already: then the answer's own buffer has it."""
    sock = getattr(getattr(raw, "connection", None), "sock", None)
    for name in ("_fp", "fp", "raw", "_sock"):
        if sock is not None:
            return sock
        raw = getattr(raw, name, None)
    return raw


class WriteTimeout(requests.Timeout):
    """There was no room to send for too long."""


class PoolTimeout(requests.ConnectTimeout):
    """There was no free connection for too long."""


def phase_of(error: Exception) -> Phase | None:
    """The clock that ran out, if `error` says that one did."""
    layers = list(_layers(error))
    if any(isinstance(layer, PoolTimeout) for layer in layers):
        return "pool"
    if any(isinstance(layer, _CONNECT) for layer in layers):
        return "connect"
    if not any(isinstance(layer, _TIMEOUTS) for layer in layers):
        return None
    # What is late while it is read has a name of its own.
    return "write" if any(isinstance(layer, _WRITE) for layer in layers) else "read"


_CONNECT = (requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError)
_TIMEOUTS = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
_WRITE = (WriteTimeout, urllib3.exceptions.ProtocolError)


def _layers(error: object) -> Iterator[BaseException]:
    """`error` and those that it was made of, which libraries put into one another."""
    if isinstance(error, BaseException):
        yield error
        for part in error.args:
            yield from _layers(part)


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
