"""Clients of httpx with the settings of this package's own, to change one thing and keep the rest.

    Cerebras(http_client=DefaultHttpxClient(proxy="http://proxy.example:8080"))
    AsyncCerebras(http_client=DefaultAsyncHttpxClient(http2=True))
    AsyncCerebras(http_client=DefaultAioHttpClient())

They are closed with the client that they were given to; other clients of yours stay open.
"""

from __future__ import annotations

import http.cookiejar
from collections.abc import Callable
from typing import Any

import httpx

from ._core.secret import Hidden, Secret
from ._transports import no_cookies
from ._transports._ways import LIMITS, AsyncWays, BlockingWays, of_httpx, verify
from .errors import InvalidRequestError

__all__ = [
    "DEFAULT_CONNECTION_LIMITS",
    "DefaultAioHttpClient",
    "DefaultAsyncHttpxClient",
    "DefaultHttpxClient",
]

DEFAULT_CONNECTION_LIMITS = LIMITS
"""As many connections as are needed, each kept for 60 seconds without work."""


class DefaultHttpxClient(httpx.Client):
    """An httpx.Client for `Cerebras(http_client=...)`.

    options: those of httpx.Client. What is not given is as in a client of this package: 60 seconds
        of patience, as many connections as are needed, kept for 60 seconds, no cookies kept, the
        proxies of the environment read in the same way, with none before this machine, and the
        certificates of REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE, else the system's
        (extra `[truststore]`), else certifi's.
        Calls of ours bring their own timeout, that of the Cerebras client.
    Raises InvalidRequestError for a `proxy` or certificates that cannot be used.
    """

    closes_with_cerebras = True

    def __init__(self, **options: Any) -> None:
        given = Hidden(options)
        del options
        super().__init__(**_with_ours(given, BlockingWays, httpx.HTTPTransport).value)


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """An httpx.AsyncClient for `AsyncCerebras(http_client=...)`.

    options: those of httpx.AsyncClient; what is not given is as in DefaultHttpxClient.
    """

    closes_with_cerebras = True

    def __init__(self, **options: Any) -> None:
        given = Hidden(options)
        del options
        super().__init__(**_with_ours(given, AsyncWays, httpx.AsyncHTTPTransport).value)


def DefaultAioHttpClient(**options: Any) -> httpx.AsyncClient:
    """An httpx.AsyncClient that sends through aiohttp, for `AsyncCerebras(http_client=...)` on
    asyncio (extra `[aiohttp]`).

    options: those of httpx.AsyncClient; what is not given is as in DefaultHttpxClient.
    Raises InvalidRequestError where the extra is not installed.
    """
    given = Hidden(options)
    del options
    try:
        from ._transports._aiohttp import Transport
    except ImportError:
        raise InvalidRequestError(
            "DefaultAioHttpClient needs the extra: pip install 'cerebras-inference-sdk[aiohttp]'"
        ) from None
    return DefaultAsyncHttpxClient(**_with_ours(given, AsyncWays, Transport).value)


# What a transport is told; the rest is for the client.
_FOR_TRANSPORTS = ("cert", "http1", "http2", "limits", "trust_env", "verify")


def _with_ours(
    given: Hidden[dict[str, Any]], ways: Callable[..., Any], make: Callable[..., Any]
) -> Hidden[dict[str, Any]]:
    """The options with those of ours in the place of what is not given.

    They are hidden: a traceback shows a frame's variables, and a proxy may have a password.
    """
    ours: Hidden[dict[str, Any]] = Hidden({"timeout": 60.0, "limits": LIMITS} | given.value)
    if "verify" not in ours.value:
        ours.value["verify"] = verify()
    ours.value["cookies"] = _jar(given)
    proxy = _proxy(given)
    if proxy is not None and ours.value.get("transport") is not None:
        ours.value["proxy"] = of_httpx(proxy)
    elif ours.value.get("transport") is None:
        ours.value.pop("proxy", None)
        told = Hidden({name: ours.value[name] for name in _FOR_TRANSPORTS if name in ours.value})
        heeds = ours.value.get("trust_env", True)
        ours.value["transport"] = ways(make, proxy=proxy, environment=heeds, **told.value)
        if ours.value.get("mounts"):
            # None stands for no proxy: it would lead to the transport above, which has them.
            ours.value["mounts"] = {
                pattern: way or ways(make, environment=False, **told.value)
                for pattern, way in ours.value["mounts"].items()
            }
    return ours


def _jar(given: Hidden[dict[str, Any]]) -> http.cookiejar.CookieJar:
    """Of the user's cookies only."""
    jar = http.cookiejar.CookieJar(no_cookies())
    for cookie in httpx.Cookies(given.value.get("cookies")).jar:
        jar.set_cookie(cookie)
    return jar


def _proxy(given: Hidden[dict[str, Any]]) -> Secret | httpx.Proxy | None:
    proxy = given.value.get("proxy")
    return Secret(str(proxy)) if isinstance(proxy, (str, httpx.URL)) else proxy
