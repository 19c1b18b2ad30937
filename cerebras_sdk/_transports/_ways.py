"""The ways that httpx takes to a server: directly, or through a proxy, alike in both twins."""

from __future__ import annotations

import contextlib
import http.cookiejar
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

import anyio
import h11
import httpx

from .._core.secret import Hidden, Secret
from ..errors import Phase
from . import no_cookies, wrong_setup
from ._certificates import trusted_context
from ._clocks import heed_ends
from ._early import hear_early_answers
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
            way = self._make(verify=trust, proxy=of_httpx(proxy, trust), **self._options.value)
            pool = getattr(way, "_pool", None)
            hear_early_answers(pool)
            heed_ends(pool)
            return way
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


def keep_apart(answer: httpx.Response) -> None:
    """Has the connection closed after `answer` if more has come on it: httpcore keeps those bytes,
    and the next call would take them for its own answer, which another one was meant for."""
    inner = answer.stream
    kind: Any = _AsyncAlone if isinstance(inner, httpx.AsyncByteStream) else _Alone
    answer.stream = kind(inner)


class _Alone(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        _spoil(self._stream)
        self._stream.close()


class _AsyncAlone(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        _spoil(self._stream)
        try:
            await self._stream.aclose()
        finally:
            inner = getattr(self._stream, "_stream", None)
            await _let_go(getattr(inner, "_httpcore_stream", None))


async def sweep(client: httpx.AsyncClient) -> None:
    """Closes the connections that httpcore 1.0 forgets when a task is cancelled before it sends on
    them: neither idle nor of a request. Nothing public leads there; another version is left as it
    is."""
    for way in (client._transport, *client._mounts.values()):
        for inner in list(way._ways.values()) if isinstance(way, AsyncWays) else [way]:
            pool: Any = getattr(inner, "_pool", None)
            used = {id(request.connection) for request in getattr(pool, "_requests", ())}
            for connection in list(getattr(pool, "_connections", ())):
                if id(connection) not in used:
                    await _close(pool, connection)


async def _let_go(stream: Any) -> None:
    """The same for the connection of an answer whose closing was cancelled: its request is still
    there."""
    pool: Any = getattr(stream, "_pool", None)
    request: Any = getattr(stream, "_pool_request", None)
    if request in getattr(pool, "_requests", ()):
        pool._requests.remove(request)
        stream._pool = _Nowhere()  # its closing may be under way elsewhere, and go on
        if all(other.connection is not request.connection for other in pool._requests):
            await _close(pool, request.connection)  # with HTTP/2 it serves others as well


class _Nowhere:
    """The pool of an answer that was let go: what is left of its closing finds nothing to do."""

    _optional_thread_lock = contextlib.nullcontext()

    def __init__(self) -> None:
        self._requests = self

    def remove(self, request: object) -> None:
        pass

    def _assign_requests_to_connections(self) -> list[Any]:
        return []

    async def _close_connections(self, closing: list[Any]) -> None:
        pass


async def _close(pool: Any, connection: Any) -> None:
    if connection not in pool._connections or connection.is_idle() or connection.is_closed():
        return
    pool._connections.remove(connection)
    with anyio.CancelScope(shield=True), contextlib.suppress(Exception):
        await connection.aclose()


def _spoil(stream: object) -> None:
    """Marks a connection of HTTP/1.1 that holds bytes after an answer as one to be closed.

    Nothing public leads there. Another library, or another version, is left as it is.
    """
    for name in ("_stream", "_httpcore_stream", "_stream", "_connection", "_h11_state"):
        stream = getattr(stream, name, None)
    if isinstance(stream, h11.Connection) and stream.their_state is h11.DONE:
        ahead, _ = stream.trailing_data
        if ahead:
            stream.send_failed()


_PHASES: tuple[tuple[type[Exception], Phase], ...] = (
    (httpx.ConnectTimeout, "connect"),
    (httpx.WriteTimeout, "write"),
    (httpx.PoolTimeout, "pool"),
    (httpx.TimeoutException, "read"),
    (TimeoutError, "total"),
)


def phase_of(error: Exception) -> Phase | None:
    """The clock that ran out, if `error` says that one did."""
    cause = error.__cause__
    if type(cause).__module__.partition(".")[0] == "aiohttp" and not isinstance(
        cause, TimeoutError
    ):
        return None  # httpx-aiohttp takes a refused connection for a timeout
    return next((phase for kind, phase in _PHASES if isinstance(error, kind)), None)


def is_unsent(failure: BaseException) -> bool:
    """Whether `failure` says that there was no connection to send the request on. Of a whole call
    that took too long nobody knows."""
    never = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
    return isinstance(failure.__cause__, never)
