"""Lets the blocking door send through an httpx.Client of the user's."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import httpx
import requests
import requests.adapters
from requests.structures import CaseInsensitiveDict

from . import is_made_for_us, wrong_setup
from ._bodies import NotConnected
from ._gzip import read_all_members
from ._ways import auth_of, keep_apart, merged_params

HttpClient: TypeAlias = requests.Session | httpx.Client
"""What the blocking client takes as `http_client`.

A requests.Session reads answers as requests does, which is less strict than a session of the
package's own: see `_heads`. An httpx.Client is as strict."""


def session_over(client: httpx.Client) -> requests.Session:
    """A session that sends with `client`, and adds nothing of its own."""
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HttpxAdapter(client))
    return session


class HttpxAdapter(requests.adapters.BaseAdapter):
    """Sends the requests of a `requests.Session` with an httpx.Client, the user's to close."""

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self._client = client

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Certificates and proxies are the client's own: those given here count for nothing."""
        client = self._client
        connect, read = timeout
        try:
            answer = client.send(
                client.build_request(
                    str(request.method),
                    str(request.url),
                    params=merged_params(client, str(request.url)),
                    headers=[
                        (name.encode("ascii"), value.encode("latin-1"))
                        for name, value in request.headers.items()
                    ],
                    content=request.body,
                    # requests knows two: a full pool, and a full line, are waited for like bytes.
                    timeout=httpx.Timeout(read, connect=connect),
                ),
                stream=True,
                auth=auth_of(client, is_signed="Authorization" in request.headers),
                follow_redirects=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _translated(error, request) from error
        except RuntimeError as error:
            if client.is_closed:
                raise wrong_setup(error) from None
            raise
        keep_apart(answer)
        read_all_members(answer)
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response.raw = HttpxBody(answer, request)
        response.reason = answer.reason_phrase
        response.url = str(request.url)
        response.request = request
        for answered in (*answer.history, answer):
            response.cookies.update(answered.cookies.jar)
        return response

    def close(self) -> None:
        if is_made_for_us(self._client):
            self._client.close()


class HttpxBody:
    """The body of an answer, as requests asks urllib3 for one."""

    def __init__(self, answer: httpx.Response, request: requests.PreparedRequest) -> None:
        self.headers = answer.headers
        self.version = answer.http_version
        self._answer = answer
        self._request = request
        self._clock = _Clock()
        if answer.http_version == "HTTP/2":
            # Its connection serves others as well, and asks for the timeout with each read.
            timeouts = answer.request.extensions.get("timeout", {})
            answer.request.extensions["timeout"] = _Timeouts(timeouts, clock=self._clock)
        else:
            stream = answer.extensions.get("network_stream")
            assert isinstance(answer.stream, httpx.SyncByteStream)
            answer.stream = _Timed(answer.stream, self._clock, stream)
        self._pieces = answer.iter_bytes()

    def stream(self, amt: int = 65536, decode_content: bool = True) -> Iterator[bytes]:
        """The pieces as they arrive, decoded, of whatever size."""
        try:
            yield from self._pieces
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise _translated(error, self._request) from error

    def read(self, amt: int | None = None, decode_content: bool = True) -> bytes:
        return b"".join(self.stream())

    def end_within(self, seconds: float | None) -> None:
        """Has the wait for the next piece end by then, if that is sooner than the read timeout."""
        self._clock.end = None if seconds is None else time.monotonic() + seconds

    def shutdown(self) -> None:
        """Wakes a thread that waits for bytes; a connection of HTTP/2 serves others as well."""
        stream = self._answer.extensions.get("network_stream")
        sock = None if stream is None else stream.get_extra_info("socket")
        if sock is None or self._answer.is_closed or self._answer.http_version == "HTTP/2":
            return
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(httpx.HTTPError, OSError):
            self._answer.close()


class _Clock:
    """The end of a wait, on the monotonic clock."""

    end: float | None = None

    def left(self, seconds: float | None) -> float | None:
        """How long bytes are waited for, with a timeout of `seconds`."""
        if self.end is None:
            return seconds
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("timed out")
        return left if seconds is None else min(seconds, left)


class _Timeouts(dict[str, float | None]):
    """The timeouts of a request, of which that for reading gets shorter with time."""

    def __init__(self, timeouts: Mapping[str, float | None], *, clock: _Clock) -> None:
        super().__init__(timeouts)
        self._clock = clock

    def get(self, name: str, default: Any = None) -> Any:
        seconds = super().get(name, default)
        return self._clock.left(seconds) if name == "read" else seconds


class _Timed(httpx.SyncByteStream):
    """A body whose connection heeds a clock, until the connection is free for another answer.

    httpcore knows one timeout, which begins anew with each read, for all reads of a body.
    """

    def __init__(self, body: httpx.SyncByteStream, clock: _Clock, stream: Any) -> None:
        self._body = body
        self._stream = None
        # A transport of the user's may have none, or one that takes nothing.
        with contextlib.suppress(AttributeError):
            read = stream.read
            stream.read = lambda size, timeout=None: read(size, clock.left(timeout))
            self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            del stream.read
        self._body.close()


# The first that fits: a child stands before its parent.
_TRANSLATIONS: tuple[tuple[type[Exception], type[requests.RequestException]], ...] = (
    (httpx.ConnectTimeout, requests.exceptions.ConnectTimeout),
    (httpx.PoolTimeout, requests.exceptions.ConnectTimeout),
    (httpx.TimeoutException, requests.exceptions.ReadTimeout),
    (httpx.ConnectError, NotConnected),
    (httpx.UnsupportedProtocol, requests.exceptions.InvalidSchema),
    (httpx.InvalidURL, requests.exceptions.InvalidURL),
    (httpx.ProxyError, requests.exceptions.ProxyError),
    (httpx.DecodingError, requests.exceptions.ContentDecodingError),
    (Exception, requests.exceptions.ConnectionError),
)


def _translated(error: Exception, request: requests.PreparedRequest) -> requests.RequestException:
    for theirs, ours in _TRANSLATIONS:
        if isinstance(error, theirs):
            return ours(str(error), request=request)
    raise AssertionError  # the last row fits
