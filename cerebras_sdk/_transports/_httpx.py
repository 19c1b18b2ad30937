"""The asynchronous door: httpx, on asyncio or trio."""

from __future__ import annotations

import asyncio
import contextlib
import http.cookiejar
import logging
import re
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx

from .._core.http import Headers, Request, Timeout, Upload, reveal_headers
from ..errors import APIConnectionError, InvalidRequestError
from . import (
    DRAIN_BYTES,
    DRAIN_SECONDS,
    Streamed,
    forget,
    is_left,
    is_made_for_us,
    kept,
    no_answer,
    no_cookies,
    type_name,
    wrong_setup,
)
from ._certificates import trusted_context
from ._proxies import proxy_for

T = TypeVar("T")

HttpClient = httpx.AsyncClient
Lock = anyio.Lock

_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
# httpx keeps 20 connections and closes the others after each request: 32 tasks would open one for
# almost every call. And a limit on all of them makes callers time out who never got to send.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60)
_SET_COOKIE = re.compile(r"(?i)(b'set-cookie', b)('[^']*'|\"[^\"]*\")")


def new_client(*, proxy: str | None = None) -> httpx.AsyncClient:
    """A client that keeps no cookies, and goes through `proxy`, else by the environment's.

    Raises InvalidRequestError for settings that cannot work.
    """
    nothing = http.cookiejar.CookieJar(no_cookies())
    return httpx.AsyncClient(cookies=nothing, transport=_Ways(proxy), trust_env=False)


def verify() -> ssl.SSLContext | bool:
    """What httpx takes for the certificates to trust."""
    context = trusted_context()
    return True if context is None else context


class _Ways(httpx.AsyncBaseTransport):
    """Sends each request directly, or through the proxy that the environment names for it."""

    def __init__(self, proxy: str | None) -> None:
        self._proxy = proxy
        self._ways: dict[str | None, httpx.AsyncHTTPTransport] = {}
        self._way(proxy)  # what is wrong is said before anything is sent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        way = self._way(self._proxy or proxy_for(str(request.url)))
        return await way.handle_async_request(request)

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()

    def _way(self, proxy: str | None) -> httpx.AsyncHTTPTransport:
        way = self._ways.get(proxy)
        if way is None:
            certificates = verify()
            try:
                way = httpx.AsyncHTTPTransport(verify=certificates, limits=LIMITS, proxy=proxy)
            except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
                raise wrong_setup(error) from None
            self._ways[proxy] = way
        return way


def _without_cookies(record: logging.LogRecord) -> bool:
    """httpcore logs all headers of an answer: a session may send a new cookie in them."""
    if isinstance(record.msg, str) and "set-cookie" in record.msg.lower():
        record.msg = _SET_COOKIE.sub(r"\1'***'", record.msg)
    return True


for _protocol in ("http11", "http2"):
    logging.getLogger(f"httpcore.{_protocol}").addFilter(_without_cookies)


class HttpxResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(
        self, response: httpx.Response, request: Request, body: bytes | None = None
    ) -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.multi_items())
        self.http_version = response.http_version
        self.raw = response
        self.is_read = body is not None
        self.body = body or b""
        self._closed = False
        self._request = request
        self._pieces = _pieces(response)

    @property
    def is_closed(self) -> bool:
        return self.raw.is_closed

    async def receive(self) -> bytes:
        try:
            return await anext(self._pieces, b"")
        except _ERRORS as error:
            if self._closed:
                return b""  # another task closed it: that is its end
            timed_out = _timed_out(error)
            raise no_answer(error, self._request, timed_out=timed_out, begun=True) from error

    async def drain(self) -> None:
        size = 0
        try:
            with anyio.move_on_after(DRAIN_SECONDS):
                while size < DRAIN_BYTES and (piece := await self.receive()):
                    size += len(piece)
        except APIConnectionError:
            pass  # the answer is whole; only the connection is lost
        await self.close()

    async def close(self) -> None:
        self._closed = True
        with contextlib.suppress(*_ERRORS):
            await self.raw.aclose()
        # httpx nests generators, which end when they are resumed and fail; trio complains of those
        # that are left hanging.
        with anyio.CancelScope() as scope, contextlib.suppress(Exception):
            scope.cancel()
            while await anext(self._pieces, b""):
                pass


class HttpxTransport:
    """Sends requests with an `httpx.AsyncClient`: the user's, or one for each event loop."""

    def __init__(self, http_client: httpx.AsyncClient | None) -> None:
        if http_client is not None and not isinstance(http_client, httpx.AsyncClient):
            raise InvalidRequestError(
                f"http_client must be an httpx.AsyncClient, not {type_name(http_client)}"
            )
        self._given = http_client
        self._own: tuple[object, httpx.AsyncClient] | None = None
        self._background: set[asyncio.Task[None]] = set()

    async def send(
        self, request: Request, *, stream: Streamed, keep_cookies: bool = True
    ) -> HttpxResponse:
        client = self._client()
        before = kept(client.cookies.jar)
        upload = None if request.upload is None else _Body(request.upload)
        try:
            response = await client.send(
                client.build_request(
                    request.method,
                    request.url,
                    headers=[
                        (name.encode("ascii"), value.encode("latin-1"))
                        for name, value in reveal_headers(request.headers).items()
                    ]
                    + ([] if upload is None else [(b"Content-Length", b"%d" % upload.size)]),
                    content=request.body if upload is None else upload,
                    timeout=_timeout(request.timeout),
                ),
                stream=True,
                auth=None,
                follow_redirects=False,
            )
            if not keep_cookies:
                forget(client.cookies.jar, response.cookies.jar, before)
            answer = HttpxResponse(response, request)
            if is_left(stream, answer.status, answer.headers):
                return answer
            try:
                return HttpxResponse(response, request, await response.aread())
            finally:
                await response.aclose()
        except _ERRORS as error:
            raise no_answer(error, request, timed_out=_timed_out(error)) from error
        except RuntimeError as error:
            if client.is_closed:
                raise wrong_setup(error) from None
            raise
        finally:
            if upload is not None:
                upload.close()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    async def in_thread(self, function: Callable[..., T], *args: object) -> T:
        return await anyio.to_thread.run_sync(function, *args)

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs `function` in the background of the running event loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # the other one that anyio runs on
            sys.modules["trio"].lowlevel.spawn_system_task(function)
            return
        task = loop.create_task(function())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        if self._given is not None and is_made_for_us(self._given):
            await self._given.aclose()
        if self._own is not None and self._own[0] == anyio.lowlevel.current_token():
            for task in self._background:
                task.cancel()
            await self._own[1].aclose()
        self._own = None

    def _client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        # Connections belong to the loop they were opened in: a script may call asyncio.run twice.
        loop = anyio.lowlevel.current_token()
        if self._own is None or self._own[0] != loop:
            self._own = (loop, new_client())
        return self._own[1]


class _Body:
    """An upload on its way: the disk is read in a thread, the progress told in the event loop."""

    def __init__(self, upload: Upload) -> None:
        self.size = len(upload)
        self._upload = upload
        self._parts = upload.parts()
        self._sent = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._sent:
            self._upload.progress(self._sent)
        part = await anyio.to_thread.run_sync(next, self._parts, b"")
        if not part:
            raise StopAsyncIteration
        self._sent += len(part)
        return part

    def close(self) -> None:
        """Closes the file of an upload that was broken off."""
        self._parts.close()


def _timeout(timeout: Timeout) -> httpx.Timeout:
    return httpx.Timeout(
        connect=timeout.connect, read=timeout.read, write=timeout.write, pool=timeout.pool
    )


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it arrives, decoded; an empty piece would look like its end."""
    async for piece in response.aiter_bytes():
        if piece:
            yield piece


def _timed_out(error: Exception) -> bool:
    cause = error.__cause__
    if type(cause).__module__.partition(".")[0] == "aiohttp":
        # httpx-aiohttp takes a refused connection for a timeout.
        return isinstance(cause, TimeoutError)
    return isinstance(error, (httpx.TimeoutException, TimeoutError))
