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

from .._core.secret import Hidden
from . import is_made_for_us, wrong_setup
from ._bodies import NotConnected, PoolTimeout, WriteTimeout
from ._clocks import Clock, Timeouts, heed, heed_ends
from ._ends import end_of_call
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
        for way in (client._transport, *client._mounts.values()):
            heed_ends(getattr(way, "_pool", None))

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
        clock = Clock()
        clock.end = end_of_call()
        try:
            built = Hidden(  # its repr has the query, in which some gateways want a key
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
                )
            )
            # HTTP/2 asks for them with each read; its connection serves others as well.
            built.value.extensions["timeout"] = Timeouts(built.value.extensions["timeout"], clock)
            answer = client.send(
                built.value,
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
        response.raw = HttpxBody(answer, request, clock)
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

    def __init__(
        self, answer: httpx.Response, request: requests.PreparedRequest, clock: Clock
    ) -> None:
        self.headers = answer.headers
        self.version = answer.http_version
        self._answer = answer
        self._request = request
        self._clock = clock
        clock.end = None
        heed(answer, clock)
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


# The first that fits: a child stands before its parent.
_TRANSLATIONS: tuple[tuple[type[Exception], type[requests.RequestException]], ...] = (
    (httpx.ConnectTimeout, requests.exceptions.ConnectTimeout),
    (httpx.PoolTimeout, PoolTimeout),
    (httpx.WriteTimeout, WriteTimeout),
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
