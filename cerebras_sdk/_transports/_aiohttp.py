"""A transport of httpx that sends through aiohttp, made fit for the asynchronous door."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from ..errors import CerebrasError, InvalidRequestError
from ._files import CallbackError


class Transport(AiohttpTransport):
    """Keeps no cookies, has no limit where httpx has none, and raises what httpx would; for asyncio
    only."""

    def __init__(self, *, proxy: httpx.Proxy | None = None, **options: Any) -> None:
        if proxy is not None and proxy.url.scheme not in ("http", "https"):
            raise ValueError("aiohttp knows proxies of http:// and https:// only")
        super().__init__(proxy=_by_header(proxy), **options)

    def get_client(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=self.ssl_context,
                limit=self.limits.max_connections or 0,  # None would mean 100
                keepalive_timeout=self.limits.keepalive_expiry,
            ),
            # A jar of its own would send the cookies of a session to the API's host as well.
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            raise InvalidRequestError("aiohttp runs on asyncio only, not on trio") from None
        with _as_httpx():
            response = await super().handle_async_request(_as_stream(request))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Stream(response.stream)
        return response


def _as_stream(request: httpx.Request) -> httpx.Request:
    """The same, whose stream httpx-aiohttp sends: aiohttp warns of bytes that are many."""
    return httpx.Request(
        request.method,
        request.url,
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _by_header(proxy: httpx.Proxy | None) -> httpx.Proxy | None:
    """The same proxy: aiohttp is about to give up the way in which httpx-aiohttp signs to it."""
    if proxy is None or proxy.auth is None:
        return proxy
    userinfo = base64.b64encode(b":".join(proxy.raw_auth or ())).decode()
    return httpx.Proxy(
        proxy.url,
        ssl_context=proxy.ssl_context,
        headers=[*proxy.headers.multi_items(), ("Proxy-Authorization", f"Basic {userinfo}")],
    )


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for piece in self._stream:
                yield piece

    async def aclose(self) -> None:
        with _as_httpx():
            await self._stream.aclose()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """Finishes what httpx-aiohttp begins: it lets some errors of aiohttp through, and aiohttp
    takes what goes wrong with a body on its way out for an error of the connection."""
    try:
        yield
    except (httpx.HTTPError, aiohttp.ClientError) as error:
        layer: BaseException | None = error
        while layer is not None:
            if isinstance(layer, (CallbackError, CerebrasError)):
                raise layer from None
            layer = layer.__cause__
        if isinstance(error, aiohttp.ClientError):
            raise httpx.RemoteProtocolError(str(error)) from error
        raise
