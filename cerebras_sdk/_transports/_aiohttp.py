"""An httpx.AsyncClient that sends through aiohttp, made fit for the asynchronous door."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from ..errors import CerebrasError, InvalidRequestError
from ._files import CallbackError


class AiohttpClient(HttpxAiohttpClient):
    """What `DefaultAioHttpClient` gives; for asyncio only."""

    closes_with_cerebras = True

    def _init_transport(
        self, *_: Any, transport: httpx.AsyncBaseTransport | None = None, **options: Any
    ) -> httpx.AsyncBaseTransport:
        return transport or _Transport(**options)

    def _init_proxy_transport(
        self, proxy: httpx.Proxy, *_: Any, **options: Any
    ) -> httpx.AsyncBaseTransport:
        return _Transport(proxy=proxy, **options)


class _Transport(AiohttpTransport):
    """Keeps no cookies, has no limit where httpx has none, and raises what httpx would."""

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
            response = await super().handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Stream(response.stream)
        return response


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
