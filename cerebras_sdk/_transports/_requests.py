"""The blocking door: requests."""

from __future__ import annotations

import contextlib
import http.cookiejar
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import requests.adapters
import urllib3
import urllib3.exceptions

from .._core.http import Headers, Request, reveal_headers
from .._core.timeout import Deadline
from .._core.urls import origin
from ..errors import APIConnectionError, InvalidRequestError
from . import (
    DRAIN_BYTES,
    DRAIN_SECONDS,
    Streamed,
    _forks,
    bounded,
    closed,
    forget,
    is_left,
    kept,
    no_answer,
    patience,
    type_name,
    wrong_setup,
)
from ._bodies import content_of, lost_of, phase_of, socket_of
from ._forks import Lock as Lock
from ._proxies import proxy_for
from ._session import new_pools
from ._session import new_session as new_session

if TYPE_CHECKING:
    from ._httpx_adapter import HttpClient as HttpClient
else:
    HttpClient = requests.Session  # or an httpx.Client, which is loaded only by who has one

T = TypeVar("T")

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
        self._patience: float | None = None
        self._request = request
        self._pieces = _pieces(response)
        self._process = os.getpid()

    @property
    def http_version(self) -> str:
        version = getattr(self.raw.raw, "version", 11)  # 11 for HTTP/1.1
        return f"HTTP/{version // 10}.{version % 10}" if isinstance(version, int) else version

    @property
    def is_closed(self) -> bool:
        return self._closed or self.is_read

    def receive(self, deadline: Deadline | None = None) -> bytes:
        seconds = None
        if deadline is not None:
            seconds = patience(deadline, self._request.timeout.read, time.monotonic())
        try:
            if seconds != self._patience:
                self._wait_for(seconds)
            return next(self._pieces, b"")
        except Exception as error:
            if self._closed:
                return b""  # another thread closed it: that is its end
            if not isinstance(error, (*_ERRORS, ValueError)):
                raise  # a ValueError is what http.client has for a chunk of less than no bytes
            phase = phase_of(error)
            if deadline is not None and seconds is not None and time.monotonic() >= deadline.at:
                phase = deadline.phase
            raise no_answer(error, self._request, phase=phase, begun=True) from error

    def _wait_for(self, seconds: float | None) -> None:
        """Sets how long the next bytes are waited for; None is as long as the read timeout."""
        raw = self.raw.raw
        sock = socket_of(raw)
        if sock is not None:  # urllib3 sets its own again for the next request
            sock.settimeout(self._request.timeout.read if seconds is None else seconds)
        elif hasattr(raw, "end_within"):
            raw.end_within(seconds)
        self._patience = seconds

    def drain(self) -> None:
        if self.http_version == "HTTP/2":
            self.close()  # which ends one stream of the connection, and not the connection
            return
        size = 0
        end = Deadline(time.monotonic() + DRAIN_SECONDS, "read")
        with contextlib.suppress(APIConnectionError):  # the answer is whole, whatever follows
            while size < DRAIN_BYTES and time.monotonic() < end.at:
                piece = self.receive(end)
                if not piece:
                    break
                size += len(piece)
        self.close()

    def close(self) -> None:
        self._closed = True
        shutdown = getattr(self.raw.raw, "shutdown", None)
        # In a process that was forked it would end the stream of the parent.
        if shutdown is not None and self._process == os.getpid():
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
        self._lock = Lock()
        self._used = self._stale = False  # what the user gave, and by the parent of this process
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        self._stale = self._used and self._adapted is not None
        for adapter in () if self._given is None else self._given.adapters.values():
            if isinstance(adapter, requests.adapters.HTTPAdapter):
                new_pools(adapter)

    def send(
        self,
        request: Request,
        *,
        stream: Streamed,
        keep_cookies: bool = True,
        deadline: Deadline | None = None,
    ) -> RequestsResponse:
        session = self._session()
        timeout = bounded(request.timeout, deadline, time.monotonic())
        jar = self._jar(session)
        before = kept(jar)
        try:
            response = session.request(
                request.method,
                request.url,
                headers=reveal_headers(request.headers),
                data=request.upload or request.body or None,
                timeout=(timeout.connect, timeout.read),
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
            if answer.status < 200:
                # http.client takes what only announces an answer for the answer itself.
                answer.close()
                raise requests.ConnectionError(f"status {answer.status} is none of an answer")
            if is_left(stream, answer.status, answer.headers):
                return answer
            try:
                if deadline is None:
                    return RequestsResponse(response, request, content_of(response))
                body = b"".join(iter(lambda: answer.receive(deadline), b""))
                return RequestsResponse(response, request, body)
            finally:
                response.close()
        except requests.exceptions.InvalidURL:
            # What it says may be a part of the password of a proxy.
            problem = "an address, this one or that of a proxy, cannot be read"
        except _WRONG_SETUP as error:
            problem = str(error)
        except _ERRORS as error:
            if type(error) is not OSError or error.errno is not None:
                phase = phase_of(error)
                if phase is not None and deadline is not None and time.monotonic() >= deadline.at:
                    phase = deadline.phase
                raise no_answer(error, request, phase=phase) from error
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
            if self._stale:
                raise _forks.of_the_parent()
            if self._given is not None:
                self._used = True
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
    if isinstance(raw, urllib3.HTTPResponse):
        if raw.chunked and not raw.headers.get("content-encoding"):
            yield from _chunks(raw)
            return
        # `stream` waits for a full piece where the body has no chunks of its own, and loses what is
        # cut where it has to be decoded.
        while piece := raw.read1(_PIECE, decode_content=True):
            yield piece
        return
    # An empty piece, as a decoder at work gives, would look like the end.
    yield from filter(None, raw.stream(_PIECE, decode_content=True))


def _chunks(raw: urllib3.HTTPResponse) -> Iterator[bytes]:
    """The chunks of a body, the fast way; and what had come of the last one when it was cut, which
    urllib3 throws away."""
    given: bytes | None = None
    try:
        for given in raw.stream(_PIECE, decode_content=True):
            if given:
                yield given
    except Exception as error:
        lost = lost_of(raw, error, given)
        if lost:
            yield lost
        raise
