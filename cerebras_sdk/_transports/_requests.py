"""The blocking door: requests."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

import requests
import requests.adapters
import urllib3
import urllib3.exceptions

from .._core.http import Headers, Request, reveal_headers
from .._core.urls import is_loopback
from ..errors import APIConnectionError, InvalidRequestError
from . import (
    DRAIN_BYTES,
    DRAIN_SECONDS,
    ca_bundle,
    forget,
    is_stream,
    kept,
    no_answer,
    no_cookies,
    type_name,
    wrong_setup,
)

T = TypeVar("T")

HttpClient = requests.Session
Lock = threading.Lock

_PIECE = 65536
_POOL = 100  # connections kept for a host; requests keeps 10, a client may serve more threads
_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_WRONG_SETUP = (
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


def new_session(*, proxy: str | None = None) -> requests.Session:
    """A session that keeps no cookies."""
    session = requests.Session()
    session.cookies.set_policy(no_cookies())
    for scheme in ("https://", "http://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=_POOL))
    session.verify = ca_bundle() or True
    if proxy is not None:
        session.proxies = {"http": proxy, "https": proxy}
        # requests prefers the proxies of the environment to those of its session.
        session.trust_env = False
    return session


class RequestsResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(self, response: requests.Response, request: Request, body: bytes = b"") -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.items())
        self.body = body
        self._closed = False
        self._request = request
        self._response = response
        self._pieces = _pieces(response)

    def receive(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except Exception as error:
            if self._closed:
                return b""  # another thread closed it: that is its end
            if not isinstance(error, _ERRORS):
                raise
            timed_out = _timed_out(error)
            raise no_answer(error, self._request, timed_out=timed_out, begun=True) from error

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
        self._closed = True
        shutdown = getattr(self._response.raw, "shutdown", None)
        if shutdown is not None:
            # Wakes a thread that waits for bytes, which would hold up the closing.
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                shutdown()
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

    def send(
        self, request: Request, *, stream: bool, keep_cookies: bool = True
    ) -> RequestsResponse:
        session = self._session()
        before = kept(session.cookies)
        try:
            response = session.request(
                request.method,
                request.url,
                headers=reveal_headers(request.headers),
                data=request.upload or request.body or None,
                timeout=(request.timeout.connect, request.timeout.read),
                # Without an `auth` of ours, requests would put what netrc says of the host in the
                # place of the Authorization header.
                auth=_unchanged,
                allow_redirects=False,
                stream=True,
                proxies=self._bypass(request.url),
            )
            if not keep_cookies:
                forget(session.cookies, response.cookies, before)
            answer = RequestsResponse(response, request)
            if stream and is_stream(answer.status, answer.headers):
                return answer
            try:
                return RequestsResponse(response, request, response.content)
            finally:
                response.close()
        except _WRONG_SETUP as error:
            raise wrong_setup(error) from None
        except _ERRORS as error:
            if type(error) is OSError and error.errno is None:
                raise wrong_setup(error) from None  # a bundle of certificates that is not there
            raise no_answer(error, request, timed_out=_timed_out(error)) from error

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def in_thread(self, function: Callable[..., T], *args: object) -> T:
        return function(*args)

    def close(self) -> None:
        if self._own is not None:
            self._own.close()

    def _bypass(self, url: str) -> dict[str, str]:
        """No proxy of the environment stands between this machine and itself."""
        host = urlsplit(url).hostname
        return {"no_proxy": host} if self._given is None and host and is_loopback(host) else {}

    def _session(self) -> requests.Session:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._own is None:
                self._own = new_session()
        return self._own


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, decoded."""
    raw = response.raw
    if isinstance(raw, urllib3.HTTPResponse) and not raw.chunked:
        # `stream` would wait for a full piece where the body has no chunks of its own.
        while piece := raw.read1(_PIECE, decode_content=True):
            yield piece
        return
    try:
        # An empty piece, as a decoder at work gives, would look like the end.
        yield from filter(None, raw.stream(_PIECE, decode_content=True))
    except urllib3.exceptions.ProtocolError as error:
        # A chunk that is cut is thrown away by urllib3: what had come of it is still the answer's.
        cut = getattr(error.args[-1], "partial", None)
        if cut and isinstance(cut, bytes) and not raw.headers.get("content-encoding"):
            yield cut
        raise


def _timed_out(error: Exception) -> bool:
    kinds = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    return isinstance(error, kinds) or any(isinstance(part, kinds) for part in error.args)
