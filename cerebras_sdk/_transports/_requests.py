"""The blocking door: requests."""

from __future__ import annotations

import contextlib
import http.cookiejar
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import urllib3
import urllib3.exceptions

from .._core.http import Headers, Request, reveal_headers
from .._core.urls import origin
from ..errors import APIConnectionError, InvalidRequestError
from . import (
    DRAIN_BYTES,
    DRAIN_SECONDS,
    Streamed,
    closed,
    forget,
    is_left,
    kept,
    no_answer,
    type_name,
    wrong_setup,
)
from ._proxies import proxy_for
from ._session import new_session as new_session

if TYPE_CHECKING:
    from ._httpx_adapter import HttpClient as HttpClient
else:
    HttpClient = requests.Session  # or an httpx.Client, which is loaded only by who has one

T = TypeVar("T")

Lock = threading.Lock

_PIECE = 65536
_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_WRONG_SETUP = (requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)


class RequestsResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(
        self, response: requests.Response, request: Request, body: bytes | None = None
    ) -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.items())
        self.raw = response
        self.is_read = body is not None
        self.body = body or b""
        self._closed = False
        self._request = request
        self._pieces = _pieces(response)

    @property
    def http_version(self) -> str:
        version = getattr(self.raw.raw, "version", 11)  # 11 for HTTP/1.1
        return f"HTTP/{version // 10}.{version % 10}" if isinstance(version, int) else version

    @property
    def is_closed(self) -> bool:
        return self._closed or self.is_read

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
        if self.http_version == "HTTP/2":
            self.close()  # which ends one stream of the connection, and not the connection
            return
        raw = self.raw.raw
        sock = getattr(getattr(raw, "connection", None), "sock", None)
        if sock is not None:
            sock.settimeout(DRAIN_SECONDS)  # urllib3 sets its own again for the next request
        elif hasattr(raw, "end_within"):
            raw.end_within(DRAIN_SECONDS)
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
        shutdown = getattr(self.raw.raw, "shutdown", None)
        if shutdown is not None:
            # Wakes a thread that waits for bytes, which would hold up the closing.
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                shutdown()
        self.raw.close()


class RequestsTransport:
    """Sends requests with a `requests.Session`, made at the first one unless the user gave it, or
    with an `httpx.Client` of the user's."""

    def __init__(self, http_client: HttpClient | None) -> None:
        self._adapted: Any = None  # the httpx.Client of the user's
        httpx = sys.modules.get("httpx")  # whoever made a client of it has loaded it
        if httpx is not None and isinstance(http_client, httpx.Client):
            from ._httpx_adapter import session_over

            self._adapted = http_client
            http_client = session_over(http_client)
        elif http_client is not None and not isinstance(http_client, requests.Session):
            raise InvalidRequestError(
                "http_client must be a requests.Session or an httpx.Client, "
                f"not {type_name(http_client)}"
            )
        self._given: requests.Session | None = http_client
        self._own: requests.Session | None = None
        self._closed = False
        self._lock = threading.Lock()

    def send(
        self, request: Request, *, stream: Streamed, keep_cookies: bool = True
    ) -> RequestsResponse:
        session = self._session()
        jar = self._jar(session)
        before = kept(jar)
        try:
            response = session.request(
                request.method,
                request.url,
                headers=reveal_headers(request.headers),
                data=request.upload or request.body or None,
                timeout=(request.timeout.connect, request.timeout.read),
                # Without an `auth` of ours, requests would put what netrc says of the host in the
                # place of the Authorization header.
                auth=(session.auth if request.is_signed else None) or _unchanged,
                allow_redirects=False,
                stream=True,
                proxies=self._proxies(request.url),
            )
            if not keep_cookies:
                for answered in (*response.history, response):
                    forget(jar, answered.cookies, before)
            answer = RequestsResponse(response, request)
            if is_left(stream, answer.status, answer.headers):
                return answer
            try:
                return RequestsResponse(response, request, response.content)
            finally:
                response.close()
        except requests.exceptions.InvalidURL:
            # What it says may be a part of the password of a proxy.
            problem = "an address, this one or that of a proxy, cannot be read"
        except _WRONG_SETUP as error:
            problem = str(error)
        except _ERRORS as error:
            if type(error) is not OSError or error.errno is not None:
                raise no_answer(error, request, timed_out=_timed_out(error)) from error
            problem = str(error)  # a bundle of certificates that is not there
        raise wrong_setup(problem)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def in_thread(self, function: Callable[..., T], *args: object) -> T:
        return function(*args)

    def start(self, function: Callable[[], None]) -> None:
        """Runs `function` in the background."""
        threading.Thread(target=function, name="cerebras-sdk-background", daemon=True).start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        if self._own is not None:
            self._own.close()
        if self._given is not None and self._adapted is not None:
            self._given.close()

    def _proxies(self, url: str) -> dict[str, str]:
        """A session of the user's looks for proxies by itself."""
        proxy = proxy_for(url) if self._given is None else None
        return {} if proxy is None else {origin(url)[0]: proxy.reveal()}

    def _session(self) -> requests.Session:
        with self._lock:
            if self._closed:
                raise closed()
            if self._given is not None:
                return self._given
            if self._own is None:
                self._own = new_session()
            return self._own

    def _jar(self, session: requests.Session) -> http.cookiejar.CookieJar:
        """Where the cookies of an answer go."""
        jar: http.cookiejar.CookieJar = session.cookies
        if self._adapted is not None:
            jar = self._adapted.cookies.jar
        return jar


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
