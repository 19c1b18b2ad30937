"""The client: one send loop for every call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from .._core.compression import Compression
from .._core.credentials import CookieInput, Credentials, given_key
from .._core.endpoints.models import plain_request
from .._core.http import TimeoutInput
from .._core.options import (
    API_VERSION,
    NOT_GIVEN,
    ClientOptions,
    Environment,
    NotGiven,
    RetiredModels,
)
from .._core.secret import Hidden
from .._transports._httpx import HttpClient, HttpxTransport, Lock
from .base import AsyncBaseClient
from .batches import AsyncBatches
from .chat import AsyncChat
from .completions import AsyncCompletions
from .files import AsyncFiles
from .metrics import AsyncMetrics
from .models import AsyncModels

T = TypeVar("T")


class AsyncCerebras(AsyncBaseClient):
    """The asynchronous client of the Cerebras Inference API.

    Use it as a context manager, or call `close()` at the end:

        async with AsyncCerebras() as client:
            stream = await client.chat.completions.create(
                model="gpt-oss-120b", messages=[{"role": "user", "content": "Hi"}], stream=True
            )
            async for text in stream.text_stream:
                print(text, end="")

    api_key: the key; else `cookies`, else the variables CEREBRAS_API_KEY and CEREBRAS_COOKIES, else
        a file `.cerebras.ai` in the working folder or the user's configuration folder. Nothing is
        read or sent before the first call.
    cookies: of a signed-in session on cerebras.ai, exchanged for a short-lived key: a mapping, a
        `Cookie:` header, a jar (http.cookiejar, requests, httpx), the path of a file (cookies.txt,
        JSON export, HAR), or "browser" for those of the user's browser (extra `[browser]`).
    base_url: with or without `/v1`; else CEREBRAS_BASE_URL, else https://api.cerebras.ai.
    timeout: seconds for each of connect, read, write and pool, or a Timeout, an httpx.Timeout, or
        None to wait for ever.
    max_retries: how often a call that failed in passing is tried again.
    default_model: used by calls that name no model.
    aliases: your own names for models; they go before the built-in spellings.
    default_headers: sent with every call; stronger than CEREBRAS_CUSTOM_HEADERS, whose lines are
        `Name: value`.
    http_client: your own httpx.AsyncClient, with your proxies and certificates; it is not closed.
    session_url: the one address to exchange cookies at, instead of those of cerebras.ai; else
        CEREBRAS_SESSION_URL.
    api_version: of the API, as the header X-Cerebras-Version-Patch; None sends none.
    compression: of request bodies: "auto" takes gzip above 16 KiB (and msgpack for token ids),
        "gzip" and "msgpack" take that always, "off" never. Where it is refused it is switched off
        for that host, and the request sent again.
    retired_models: "warn" sends the id of a retired model as asked, with a ModelRetiredWarning;
        "replace" sends its replacement; "error" refuses.

    Raises InvalidRequestError for options that cannot be right.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        cookies: CookieInput | None = None,
        base_url: str | None = None,
        timeout: TimeoutInput = 60.0,
        max_retries: int = 2,
        default_model: str | None = None,
        aliases: Mapping[str, str] | None = None,
        default_headers: Mapping[str, str] | None = None,
        http_client: HttpClient | None = None,
        session_url: str | None = None,
        api_version: str | None = API_VERSION,
        compression: Compression = "auto",
        retired_models: RetiredModels = "warn",
    ) -> None:
        # A traceback shows a frame's variables: from here on these show nothing.
        key = Hidden[object](api_key)
        jar = None if cookies is None else Hidden(cookies)
        headers = Hidden(default_headers)
        del api_key, cookies, default_headers
        environment = Environment.read(os.environ)
        self._options = ClientOptions.of(
            environment,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            default_model=default_model,
            aliases=aliases,
            default_headers=headers,
            api_version=api_version,
            compression=compression,
            retired_models=retired_models,
        )
        self._credentials = Credentials(given_key(key), jar, environment, session_url=session_url)
        self._transport = HttpxTransport(http_client)
        self._lock = Lock()
        self._uncompressed = set()
        self._closed = False
        self._attach()

    def _attach(self) -> None:
        self.batches = AsyncBatches(self)
        self.chat = AsyncChat(self)
        self.completions = AsyncCompletions(self)
        self.files = AsyncFiles(self)
        self.metrics = AsyncMetrics(self)
        self.models = AsyncModels(self)

    @property
    def base_url(self) -> str:
        """The address of the service, without `/v1`."""
        return self._options.base_url

    @property
    def is_closed(self) -> bool:
        return self._closed

    def with_options(
        self,
        *,
        api_key: str | None = None,
        cookies: CookieInput | None = None,
        base_url: str | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        max_retries: int | None = None,
        default_model: str | None = None,
        aliases: Mapping[str, str] | None = None,
        default_headers: Mapping[str, str | None] | None = None,
        http_client: HttpClient | None = None,
        session_url: str | None = None,
        compression: Compression | None = None,
        retired_models: RetiredModels | None = None,
    ) -> Self:
        """A client with other options, which shares the connections of this one and its key.

        `default_headers` are added to those of this client (None takes one away), `aliases` too;
        closing one of the two closes the connections of both. `client.copy` is the same.
        """
        key = Hidden[object](api_key)
        jar = None if cookies is None else Hidden(cookies)
        headers = Hidden(default_headers)
        del api_key, cookies, default_headers
        other = object.__new__(type(self))
        other._options = self._options.changed(
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            default_model=default_model,
            aliases=aliases,
            default_headers=headers,
            retired_models=retired_models,
            compression=compression,
        )
        if key.value is None and jar is None and session_url is None:
            other._credentials, other._lock = self._credentials, self._lock
        else:
            other._credentials = Credentials(
                given_key(key), jar, Environment.read(os.environ), session_url=session_url
            )
            other._lock = Lock()
        other._transport = self._transport if http_client is None else HttpxTransport(http_client)
        other._uncompressed = self._uncompressed
        other._closed = self._closed
        other._attach()
        return other

    copy = with_options

    async def warm_up(self) -> None:
        """Opens a connection before the first call needs it: GET /v1/tcp_warming.

        The connection goes to the pool that later serves the calls. Raises what a call raises.
        """
        await self.get("/v1/tcp_warming")

    async def request(
        self,
        method: str,
        path: str,
        *,
        cast_to: type[T] | None = None,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> T | Any:
        """Any request to any path below the base URL, with the key, the retries and the errors of
        every other call.

        path: from the slash on, such as `/v1/models`. body: sent as JSON. cast_to: the type of the
        answer; None gives it as plain dicts and lists.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        request = plain_request(
            self._options,
            method,
            path,
            body=body,
            query=query,
            extra_headers=headers,
            timeout=timeout,
        )
        kind: Any = Any if cast_to is None else cast_to
        return await self._ask(request, kind)

    async def get(self, path: str, **options: Any) -> Any:
        """`request("GET", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("GET", path, **given.value)

    async def post(self, path: str, **options: Any) -> Any:
        """`request("POST", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("POST", path, **given.value)

    async def put(self, path: str, **options: Any) -> Any:
        """`request("PUT", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("PUT", path, **given.value)

    async def patch(self, path: str, **options: Any) -> Any:
        """`request("PATCH", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("PATCH", path, **given.value)

    async def delete(self, path: str, **options: Any) -> Any:
        """`request("DELETE", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("DELETE", path, **given.value)

    async def close(self) -> None:
        """Closes the connections; those of an `http_client` of yours stay open."""
        self._closed = True
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        # A debugger may look at a client whose constructor has just failed.
        made = f"base_url={self.base_url!r}" if hasattr(self, "_options") else "not made"
        return f"{type(self).__name__}({made})"
