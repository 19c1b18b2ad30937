"""The asynchronous door: httpx, on asyncio or trio."""

from __future__ import annotations

import contextlib
import http.cookiejar
from collections.abc import AsyncGenerator, Callable
from typing import TypeVar

import anyio
import anyio.to_thread
import httpx

from .._core.http import Headers, Request, Timeout, reveal_headers
from ..errors import APIConnectionError, InvalidRequestError
from . import DRAIN_BYTES, DRAIN_SECONDS, no_answer, type_name

T = TypeVar("T")

HttpClient = httpx.AsyncClient
Lock = anyio.Lock

_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)


class HttpxResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(self, response: httpx.Response, request: Request, body: bytes = b"") -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.multi_items())
        self.body = body
        self._request = request
        self._response = response
        self._pieces = _pieces(response)

    async def receive(self) -> bytes:
        try:
            return await anext(self._pieces, b"")
        except _ERRORS as error:
            raise no_answer(error, self._request, timed_out=_timed_out(error)) from error

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
        with contextlib.suppress(*_ERRORS):
            await self._response.aclose()
        # httpx nests generators, which end when they are resumed and fail; trio complains of those
        # that are left hanging.
        with anyio.CancelScope() as scope, contextlib.suppress(Exception):
            scope.cancel()
            while await anext(self._pieces, b""):
                pass


class HttpxTransport:
    """Sends requests with an `httpx.AsyncClient`, made at the first one unless the user gave it."""

    def __init__(self, http_client: httpx.AsyncClient | None) -> None:
        if http_client is not None and not isinstance(http_client, httpx.AsyncClient):
            raise InvalidRequestError(
                f"http_client must be an httpx.AsyncClient, not {type_name(http_client)}"
            )
        self._given = http_client
        self._own: httpx.AsyncClient | None = None

    async def send(self, request: Request, *, stream: bool) -> HttpxResponse:
        client = self._client()
        try:
            response = await client.send(
                client.build_request(
                    request.method,
                    request.url,
                    headers=[
                        (name.encode("ascii"), value.encode("latin-1"))
                        for name, value in reveal_headers(request.headers).items()
                    ],
                    content=request.body,
                    timeout=_timeout(request.timeout),
                ),
                stream=True,
                auth=None,
                follow_redirects=False,
            )
            if stream and response.status_code < 300:
                return HttpxResponse(response, request)
            try:
                return HttpxResponse(response, request, await response.aread())
            finally:
                await response.aclose()
        except _ERRORS as error:
            raise no_answer(error, request, timed_out=_timed_out(error)) from error

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    async def in_thread(self, function: Callable[..., T], *args: object) -> T:
        return await anyio.to_thread.run_sync(function, *args)

    async def close(self) -> None:
        if self._own is not None:
            await self._own.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        if self._own is None:
            # No cookies are kept: those of a session answer would go to the API's host as well.
            nothing = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
            self._own = httpx.AsyncClient(cookies=http.cookiejar.CookieJar(nothing))
        return self._own


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
    return isinstance(error, (httpx.TimeoutException, TimeoutError))
