"""The blocking door: requests."""

from __future__ import annotations

import http.cookiejar
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import requests.adapters

from .._core.http import Request, reveal_headers
from .._core.secret import Hidden
from .._core.timeout import Deadline, Timeout
from .._core.urls import origin
from ..errors import InvalidRequestError
from . import (
    Streamed,
    _forks,
    bounded,
    closed,
    forget,
    is_left,
    is_made_for_us,
    kept,
    no_answer,
    type_name,
    wrong_setup,
)
from ._answers import ERRORS
from ._answers import RequestsResponse as RequestsResponse
from ._bodies import is_unsent as is_unsent
from ._bodies import phase_of
from ._ends import InTime, answered_by
from ._forks import Lock as Lock
from ._log_lines import in_hand
from ._proxies import proxy_for
from ._session import new_pools
from ._session import new_session as new_session
from ._threads import call as call
from ._threads import gather as gather

if TYPE_CHECKING:
    from ._httpx_adapter import HttpClient as HttpClient
else:
    HttpClient = requests.Session  # or an httpx.Client, which is loaded only by who has one

T = TypeVar("T")

_WRONG_SETUP = (requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)


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
        self._open = weakref.WeakSet[RequestsResponse]()  # answers, on connections of its own
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
        caught: Hidden[Exception] | None = None  # what it says may repeat the key
        in_hand.set(request)
        try:
            response = self._answer(session, request, timeout, deadline)
            if not keep_cookies:
                for answered in (*response.history, response):
                    forget(jar, answered.cookies, before)
            answer = RequestsResponse(response, request)
            if answer.status < 200:
                # http.client takes what only announces an answer for the answer itself.
                answer.close()
                raise requests.ConnectionError(f"status {answer.status} is none of an answer")
            if is_left(stream, answer.status, answer.headers):
                self._keep(answer)
                return answer
            try:
                if answer.status >= 300:
                    answer.read_refusal(deadline)
                    return answer
                return RequestsResponse(response, request, answer.read_whole(deadline))
            finally:
                response.close()
        except requests.exceptions.InvalidURL:
            # What it says may be a part of the password of a proxy.
            problem = "an address, this one or that of a proxy, cannot be read"
        except _WRONG_SETUP as error:
            problem = str(error)
        except ERRORS as error:
            if type(error) is not OSError or error.errno is not None:
                caught = Hidden(error)
            else:
                problem = str(error)  # a bundle of certificates that is not there
        finally:
            in_hand.set(None)
        if caught is None:
            raise wrong_setup(problem)
        phase = phase_of(caught.value)
        if phase is not None and deadline is not None and time.monotonic() >= deadline.at:
            phase = deadline.phase
        raise no_answer(caught.value, request, phase=phase)

    def _answer(
        self,
        session: requests.Session,
        request: Request,
        timeout: Timeout,
        deadline: Deadline | None,
    ) -> requests.Response:
        heard: list[requests.Response] = []
        upload = request.upload
        try:
            with answered_by(None if deadline is None else deadline.at, write=timeout.write):
                return session.request(
                    request.method,
                    request.url,
                    headers=reveal_headers(request.headers),
                    data=request.body or None if upload is None else InTime(upload),
                    timeout=(timeout.connect, timeout.read),
                    # Without an `auth` of ours, requests would put what netrc says of the host in
                    # the place of the Authorization header.
                    auth=(session.auth if request.is_signed else None) or _unchanged,
                    allow_redirects=False,
                    stream=True,
                    proxies=self._proxies(request.url),
                    hooks={"response": [*session.hooks["response"], _ear(heard)]},
                )
        except ValueError as error:
            # It reads the address even of a redirect that it does not follow, which may be none.
            if not heard or isinstance(error, requests.RequestException):
                raise
            return heard[-1]

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
            left = list(self._open)
        for answer in left:
            answer.abandon()
        if self._own is not None:
            self._own.close()
        if self._given is not None and self._adapted is not None:
            self._given.close()

    def _keep(self, answer: RequestsResponse) -> None:
        if self._given is not None and not is_made_for_us(self._adapted):
            return
        with self._lock:
            if not self._closed:
                self._open.add(answer)
                return
        answer.abandon()

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


def begin(generator: Iterator[None]) -> None:
    """Its first step. Whoever forgets it gives back what it holds."""
    next(generator)


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _ear(heard: list[requests.Response]) -> Callable[..., None]:
    def hear(response: requests.Response, **_: object) -> None:
        heard.append(response)

    return hear
