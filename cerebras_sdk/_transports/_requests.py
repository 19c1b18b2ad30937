"""The blocking door: requests."""

from __future__ import annotations

import http.cookiejar
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import requests
import urllib3
import urllib3.exceptions

from .._core.http import Headers, Request, reveal_headers
from ..errors import APIConnectionError, InvalidRequestError
from . import DRAIN_BYTES, DRAIN_SECONDS, no_answer, type_name

T = TypeVar("T")

HttpClient = requests.Session
Lock = threading.Lock

_PIECE = 65536
_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class RequestsResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(self, response: requests.Response, request: Request, body: bytes = b"") -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.items())
        self.body = body
        self._request = request
        self._response = response
        self._pieces = _pieces(response)

    def receive(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except _ERRORS as error:
            raise no_answer(error, self._request, timed_out=_timed_out(error)) from error

    def drain(self) -> None:
        connection = getattr(self._response.raw, "connection", None)
        sock = getattr(connection, "sock", None)
        if sock is not None:
            sock.settimeout(DRAIN_SECONDS)  # urllib3 sets its own again for the next request
        size = 0
        try:
            deadline = time.monotonic() + DRAIN_SECONDS
            while size < DRAIN_BYTES and time.monotonic() < deadline:
                piece = self.receive()
                if not piece:
                    break
                size += len(piece)
        except APIConnectionError:
            pass  # the answer is whole; only the connection is lost
        self.close()

    def close(self) -> None:
        self._response.close()


class RequestsTransport:
    """Sends requests with a `requests.Session`, made at the first one unless the user gave it."""

    def __init__(self, http_client: requests.Session | None) -> None:
        if http_client is not None and not isinstance(http_client, requests.Session):
            raise InvalidRequestError(
                f"http_client must be a requests.Session, not {type_name(http_client)}"
            )
        self._given = http_client
        self._own: requests.Session | None = None
        self._lock = threading.Lock()

    def send(self, request: Request, *, stream: bool) -> RequestsResponse:
        try:
            response = self._session().request(
                request.method,
                request.url,
                headers=reveal_headers(request.headers),
                data=request.body or None,
                timeout=(request.timeout.connect, request.timeout.read),
                # Without an `auth` of ours, requests would put what netrc says of the host in the
                # place of the Authorization header.
                auth=_unchanged,
                allow_redirects=False,
                stream=True,
            )
            if stream and response.status_code < 300:
                return RequestsResponse(response, request)
            try:
                return RequestsResponse(response, request, response.content)
            finally:
                response.close()
        except _ERRORS as error:
            raise no_answer(error, request, timed_out=_timed_out(error)) from error

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def in_thread(self, function: Callable[..., T], *args: object) -> T:
        return function(*args)

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def _session(self) -> requests.Session:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._own is None:
                session = requests.Session()
                # No cookies are kept: those of a session answer would go to the API's host as well.
                session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
                self._own = session
        return self._own


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, decoded; never waiting for more than has come."""
    raw = response.raw
    if isinstance(raw, urllib3.HTTPResponse) and not raw.chunked:
        # `stream` would wait for a full piece where the body has no chunks of its own.
        while piece := raw.read1(_PIECE, decode_content=True):
            yield piece
    else:
        # An empty piece, as a decoder at work gives, would look like the end.
        yield from filter(None, raw.stream(_PIECE, decode_content=True))


def _timed_out(error: Exception) -> bool:
    kinds = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    return isinstance(error, kinds) or any(isinstance(part, kinds) for part in error.args)
