"""The ways that httpx takes to a server: directly, or through a proxy, alike in both twins."""

from __future__ import annotations

import http.cookiejar
import ssl
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import httpx

from .._core.secret import Hidden, Secret
from . import no_cookies, wrong_setup
from ._certificates import trusted_context
from ._proxies import proxy_for, readable

# httpx keeps 20 connections and closes the others after each request: 32 tasks would open one for
# almost every call. And a limit on all of them makes callers time out who never got to send.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60)

WayT = TypeVar("WayT", httpx.BaseTransport, httpx.AsyncBaseTransport)


def new_client(*, proxy: str | None = None) -> httpx.AsyncClient:
    """A client that keeps no cookies, and goes through `proxy`, else by the environment's.

    Raises InvalidRequestError for a `proxy` that is none.
    """
    way = None if proxy is None else Secret(proxy)
    del proxy
    ways = AsyncWays(httpx.AsyncHTTPTransport, proxy=way, limits=LIMITS)
    nothing = http.cookiejar.CookieJar(no_cookies())
    return httpx.AsyncClient(cookies=nothing, transport=ways, trust_env=False)


def auth_of(client: httpx.Client | httpx.AsyncClient, *, is_signed: bool) -> httpx.Auth:
    """What the user's client signs with, for what is sent with a key; never a user name that stands
    in the address, which httpx would put in the place of the key."""
    return (client.auth if is_signed else None) or httpx.Auth()


def merged_params(
    client: httpx.Client | httpx.AsyncClient, url: str
) -> list[tuple[str, str | int | float | bool | None]] | None:
    """The query of the address where the client has one of its own, which would replace it."""
    return list(httpx.URL(url).params.multi_items()) if client.params else None


def verify() -> ssl.SSLContext | bool:
    """What httpx takes for the certificates to trust."""
    context = trusted_context()
    return True if context is None else context


class _Ways(Generic[WayT]):
    """Sends each request directly, or through the proxy that the environment names for it.

    make: a transport of httpx, which is given `verify`, `proxy` and `options`.
    proxy: for every request, in the place of what the environment says.
    verify: None to look for certificates at the first request that needs them.
    """

    def __init__(
        self,
        make: Callable[..., WayT],
        *,
        proxy: Secret | httpx.Proxy | None = None,
        environment: bool = True,
        verify: ssl.SSLContext | str | bool | None = None,
        **options: Any,
    ) -> None:
        self._make: Callable[..., WayT] = make
        self._proxy = readable(proxy) if isinstance(proxy, Secret) else proxy
        self._environment = environment
        self._verify = verify
        self._options = Hidden(options)
        del options  # a certificate may have a password
        self._ways: dict[tuple[Secret | httpx.Proxy | None, bool], WayT] = {}
        self._lock = threading.Lock()
        if proxy is not None and verify is not None:
            self._way("https://")  # what is wrong is said at once

    def _way(self, url: str) -> WayT:
        proxy = self._proxy
        if proxy is None and self._environment:
            proxy = proxy_for(url)
        secure = self._verify is not None or url.startswith("https:") or _is_secure(proxy)
        with self._lock:
            way = self._ways.get((proxy, secure))
            if way is None:
                way = self._ways[proxy, secure] = self._made(proxy, secure)
        return way

    def _made(self, proxy: Secret | httpx.Proxy | None, secure: bool) -> WayT:
        trust = self._verify
        if trust is None:
            trust = verify() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            return self._make(verify=trust, proxy=of_httpx(proxy, trust), **self._options.value)
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            problem = str(error)
        raise wrong_setup(problem)


class BlockingWays(_Ways[httpx.BaseTransport], httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._way(str(request.url)).handle_request(request)

    def close(self) -> None:
        for way in list(self._ways.values()):
            way.close()


class AsyncWays(_Ways[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._way(str(request.url)).handle_async_request(request)

    async def aclose(self) -> None:
        for way in list(self._ways.values()):
            await way.aclose()


def _is_secure(proxy: Secret | httpx.Proxy | None) -> bool:
    if isinstance(proxy, httpx.Proxy):
        return proxy.url.scheme == "https"
    return proxy is not None and proxy.reveal().startswith("https:")


def of_httpx(
    proxy: Secret | httpx.Proxy | None, trust: ssl.SSLContext | str | bool = True
) -> httpx.Proxy | None:
    if not isinstance(proxy, Secret):
        return proxy
    proxy = readable(proxy)
    # httpx checks a proxy that is itself reached by https with certifi, unless it is told.
    context = trust if _is_secure(proxy) and isinstance(trust, ssl.SSLContext) else None
    return httpx.Proxy(proxy.reveal(), ssl_context=context)
