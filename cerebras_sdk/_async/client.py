"""The client: one send loop for every call."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from .._core.credentials import CookieInput, Credentials, given_key
from .._core.failures import redact, redacted_headers, status_error
from .._core.http import Request, TimeoutInput, redirected
from .._core.options import USER_AGENT, ClientOptions, Environment, RetiredModels
from .._core.secret import Hidden, Secret
from .._transports._cookies import read_sources
from .._transports._httpx import HttpClient, HttpxResponse, HttpxTransport, Lock
from ..errors import APIConnectionError, APIError, CerebrasError
from .chat import AsyncChat

_MAX_REDIRECTS = 5


class AsyncCerebras:
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
    default_headers: sent with every call.
    http_client: your own httpx.AsyncClient, with your proxies and certificates; it is not closed.
    session_url: the one address to exchange cookies at, instead of those of cerebras.ai; else
        CEREBRAS_SESSION_URL.
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
            retired_models=retired_models,
        )
        self._credentials = Credentials(given_key(key), jar, environment, session_url=session_url)
        self._transport = HttpxTransport(http_client)
        self._lock = Lock()
        self._closed = False
        self.chat = AsyncChat(self)

    @property
    def base_url(self) -> str:
        """The address of the service, without `/v1`."""
        return self._options.base_url

    @property
    def is_closed(self) -> bool:
        return self._closed

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

    async def _send(
        self, request: Request, *, stream: bool, model: str
    ) -> tuple[HttpxResponse, Request]:
        """The answer to `request` once it is below 300, and the request as it was sent last."""
        if self._closed:
            raise CerebrasError("the client is closed")
        attempts = 0
        renewed = False
        while True:
            attempts += 1
            key = None if request.is_signed else await self._key()
            error: APIError
            try:
                response, sent = await self._follow(
                    request if key is None else request.signed(key), stream=stream
                )
            except APIConnectionError as failure:
                error = failure
            else:
                if response.status < 300:
                    return response, sent
                error = status_error(
                    response.status,
                    redacted_headers(response.headers, sent),
                    redact(response.body, sent),
                    sent,
                    model=model,
                )
                if response.status == 401 and key is not None and not renewed:
                    renewed = self._credentials.renew(key)
                    if renewed:
                        attempts -= 1
                        continue
            delay = self._options.retry.next_delay(
                attempts, error, now=time.time(), random=random.random()
            )
            if delay is None:
                raise error
            await self._transport.sleep(delay)

    async def _follow(self, request: Request, *, stream: bool) -> tuple[HttpxResponse, Request]:
        response = await self._transport.send(request, stream=stream)
        for _ in range(_MAX_REDIRECTS):
            target = redirected(request, response.status, response.headers.get("location"))
            if target is None:
                break
            request = target
            response = await self._transport.send(request, stream=stream)
        return response, request

    async def _key(self) -> Secret:
        credentials = self._credentials
        key = credentials.current(time.time())
        if key is not None:
            return key
        ticket = credentials.attempts
        async with self._lock:
            # Somebody else may have got the key, or failed to, while this call waited.
            key = credentials.current(time.time())
            if key is not None:
                return key
            credentials.recheck(ticket)
            try:
                key = await self._new_key()
            except CerebrasError as error:
                credentials.ended(error)
                raise
            credentials.ended(None)
            return key

    async def _new_key(self) -> Secret:
        credentials = self._credentials
        if credentials.unread():
            credentials.accept(await self._transport.in_thread(read_sources, credentials.unread()))
        exchange = credentials.exchange(
            time.time(), timeout=self._options.timeout, user_agent=USER_AGENT
        )
        while (request := exchange.next_request()) is not None:
            try:
                response = await self._transport.send(request, stream=False, keep_cookies=False)
            except APIConnectionError as error:
                exchange.fail(error)
            else:
                exchange.accept(response.status, response.headers, response.body, time.time())
        return credentials.settle(exchange, time.time())
