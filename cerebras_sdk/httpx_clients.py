"""Clients of httpx with the settings of this package's own, to change one thing and keep the rest.

    Cerebras(http_client=DefaultHttpxClient(proxy="http://proxy.example:8080"))
    AsyncCerebras(http_client=DefaultAsyncHttpxClient(http2=True))
    AsyncCerebras(http_client=DefaultAioHttpClient())

They are closed with the client that they were given to; other clients of yours stay open.
"""

from __future__ import annotations

from typing import Any

import httpx

from ._transports._httpx import LIMITS, verify
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
        of patience, as many connections as are needed, kept for 60 seconds, and the certificates of
        REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE, else the system's (extra
        `[truststore]`), else certifi's.
        Calls of ours bring their own timeout, that of the Cerebras client.
    """

    closes_with_cerebras = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**_with_ours(options))


class DefaultAsyncHttpxClient(httpx.AsyncClient):
    """An httpx.AsyncClient for `AsyncCerebras(http_client=...)`.

    options: those of httpx.AsyncClient; what is not given is as in DefaultHttpxClient.
    """

    closes_with_cerebras = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**_with_ours(options))


def DefaultAioHttpClient(**options: Any) -> httpx.AsyncClient:
    """An httpx.AsyncClient that sends through aiohttp, for `AsyncCerebras(http_client=...)` on
    asyncio (extra `[aiohttp]`).

    options: those of httpx.AsyncClient; what is not given is as in DefaultHttpxClient.
    Raises InvalidRequestError where the extra is not installed.
    """
    try:
        from ._transports._aiohttp import AiohttpClient
    except ImportError:
        raise InvalidRequestError(
            "DefaultAioHttpClient needs the extra: pip install 'cerebras-inference-sdk[aiohttp]'"
        ) from None
    return AiohttpClient(**_with_ours(options))


def _with_ours(options: dict[str, Any]) -> dict[str, Any]:
    if "verify" not in options:
        options["verify"] = verify()
    return {"timeout": 60.0, "limits": LIMITS} | options
