"""The asynchronous door: httpx, on asyncio or trio."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpx

from .._core.http import Headers, Request, Timeout, Upload, reveal_headers
from ..errors import APIConnectionError, InvalidRequestError
from . import (
    DRAIN_BYTES,
    DRAIN_SECONDS,
    Streamed,
    closed,
    forget,
    is_left,
    is_made_for_us,
    kept,
    no_answer,
    type_name,
    wrong_setup,
)
from ._loops import Lock as Lock
from ._loops import OfLoops, spawn, spawn_in
from ._ways import auth_of, merged_params
from ._ways import new_client as new_client

T = TypeVar("T")

HttpClient = httpx.AsyncClient

_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)
_SET_COOKIE = re.compile(r"(?i)(b'set-cookie', b)('[^']*'|\"[^\"]*\")")


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
        self._loops = OfLoops(_Loop)
        self._closed = False

    async def send(
        self, request: Request, *, stream: Streamed, keep_cookies: bool = True
    ) -> HttpxResponse:
        if self._closed:
            raise closed()
        client = self._given or await self._loops.here().client()
        jar = client.cookies.jar
        before = kept(jar)
        upload = None if request.upload is None else _Body(request.upload)
        try:
            response = await client.send(
                client.build_request(
                    request.method,
                    request.url,
                    params=merged_params(client, request.url),
                    headers=[
                        (name.encode("ascii"), value.encode("latin-1"))
                        for name, value in reveal_headers(request.headers).items()
                    ]
                    + ([] if upload is None else [(b"Content-Length", b"%d" % upload.size)]),
                    content=request.body if upload is None else upload,
                    timeout=_timeout(request.timeout),
                ),
                stream=True,
                auth=auth_of(client, is_signed=request.is_signed),
                follow_redirects=False,
            )
            if not keep_cookies:
                for answered in (*response.history, response):
                    forget(jar, answered.cookies.jar, before)
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
        """Runs `function` in the background of the running event loop, until this is closed."""
        here = self._loops.here()
        scope, ended = anyio.CancelScope(), anyio.Event()

        async def run() -> None:
            with scope:
                await function()
            del here.background[scope]
            ended.set()

        here.background[scope] = ended
        spawn(run, here.tasks)

    async def close(self) -> None:
        self._closed = True
        here, others = self._loops.take()
        for token, other in others:
            spawn_in(token, other.close, other.tasks)
        if here is not None:
            await here.close()
        if self._given is not None and is_made_for_us(self._given):
            await self._given.aclose()


class _Loop:
    """What was opened and started in one event loop."""

    def __init__(self) -> None:
        self.background: dict[anyio.CancelScope, anyio.Event] = {}
        self.tasks: set[Any] = set()
        self._client: httpx.AsyncClient | None = None
        self._open: AsyncGenerator[None, None] | None = None

    async def client(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = new_client()
            self._open = _until_the_end(self._client)
            await anext(self._open)
        return self._client

    async def close(self) -> None:
        background = list(self.background.items())
        for scope, _ in background:
            scope.cancel()
        with anyio.move_on_after(DRAIN_SECONDS, shield=True):
            for _, ended in background:
                await ended.wait()
        if self._open is not None:
            await self._open.aclose()


async def _until_the_end(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Closes the client when it is closed itself, which every event loop does before it ends: a
    script may call asyncio.run twice, and the connections of the first belong to the first."""
    try:
        yield
    finally:
        await client.aclose()


class _Body:
    """An upload on its way: the disk is read in a thread, the progress told in the event loop."""

    def __init__(self, upload: Upload) -> None:
        self.size = len(upload)
        self._upload = upload
        self._parts = upload.parts()
        self._sent = 0
        self._abandoned = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._sent:
            self._upload.progress(self._sent)
        part = await anyio.to_thread.run_sync(self._read)
        if not part:
            raise StopAsyncIteration
        self._sent += len(part)
        return part

    def _read(self) -> bytes:
        try:
            return next(self._parts, b"")
        finally:
            if self._abandoned:
                self.close()

    def close(self) -> None:
        """Closes the file of an upload that was broken off; a thread that reads it does so then."""
        self._abandoned = True
        with contextlib.suppress(ValueError):  # it is being read
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
