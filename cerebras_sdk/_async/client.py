"""The client: one send loop for every call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from .._core.compression import Compression
from .._core.credentials import CookieInput, Credentials, given_key
from .._core.lint import Checks
from .._core.options import (
    API_VERSION,
    NOT_GIVEN,
    ClientOptions,
    Environment,
    NotGiven,
    Reserve,
    RetiredModels,
    timeout_of,
)
from .._core.retry import OnRetry, RetryPolicy
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from .._log import configure
from .._transports._dotenv import read_env_file
from .._transports._httpx import HttpClient, HttpxTransport, Lock
from .._transports._pacing import PacingInput, pacing_of
from .base import ClientState, Learned
from .batches import AsyncBatches
from .chat import AsyncChat
from .completions import AsyncCompletions
from .conversation import AsyncConversations
from .files import AsyncFiles
from .management import AsyncManagement
from .metrics import AsyncMetrics
from .models import AsyncModels
from .resource import AsyncWithResponse
from .settings import AsyncSettings
from .verbs import AsyncVerbs


class AsyncCerebras(AsyncVerbs, AsyncConversations, AsyncSettings):
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
    base_url: with or without `/v1`; else CEREBRAS_BASE_URL, else https://api.cerebras.ai. Plain
        http to another machine gives an InsecureURLWarning.
    timeout: seconds for each of connect, read, write and pool, 60 by default, or a Timeout, an
        httpx.Timeout, or None to wait for ever.
    max_retries: how often a call that failed in passing is tried again, 2 by default.
    retry: the whole RetryPolicy; `max_retries` is stronger. on_retry: called with a RetryEvent
        before each wait.
    pacing: True waits for room in the rate limits instead of being refused: one budget for each key
        and model, over all clients of this process. Each process, a forked one too, would spend
        all of it: several share one by `SharedPacing(path)`.
    reserve: "auto" learns how long the whole (not the streamed) answers to each line of your code
        are, and sets `max_completion_tokens` by that, so that the rate limits set aside no more. An
        answer that this cuts is asked for again with more; `answer.reserved` tells.
    default_model: used by calls that name no model.
    aliases: your own names for models; they go before the built-in spellings.
    default_headers: sent with every call; stronger than CEREBRAS_CUSTOM_HEADERS, whose lines are
        `Name: value`. default_query: added to the address of every call.
    http_client: your own httpx.AsyncClient, with your proxies and certificates; it is not closed,
        unless it is of `cerebras_sdk.httpx_clients`.
    management_key: for `client.management`; else CEREBRAS_MANAGEMENT_KEY.
    session_url: the one address to exchange cookies at, instead of those of cerebras.ai; else
        CEREBRAS_SESSION_URL.
    api_version: of the API, as the header X-Cerebras-Version-Patch; None sends none.
    compression: of request bodies: "auto" is gzip above 16 KiB (msgpack for token ids), "gzip" and
        "msgpack" are always, "off" never. A host that refuses it gets no more of it.
    retired_models: "warn" sends the id of a retired model as asked, with a ModelRetiredWarning;
        "replace" sends its replacement; "error" refuses.
    checks: of completions, before they are sent: "error" refuses what the service would refuse, and
        warns of what it may; "warn" only warns; "off" looks at nothing.
    warm_tcp_connection: True opens a connection in the background at the first use, `with`
        included; `warm_up()` does so at once.

    Raises InvalidRequestError for options that cannot be right.
    """

    _without_response = frozenset(
        {"close", "conversation", "copy", "from_env_file", "with_key_in_pickle", "with_options"}
    ) | {"add_hook"}

    def __init__(
        self,
        api_key: str | None = None,
        *,
        cookies: CookieInput | None = None,
        base_url: str | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        retry: RetryPolicy | None = None,
        on_retry: OnRetry | None = None,
        pacing: PacingInput = False,
        reserve: Reserve | None = None,
        default_model: str | None = None,
        aliases: Mapping[str, str] | None = None,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, Any] | None = None,
        http_client: HttpClient | None = None,
        management_key: str | None = None,
        session_url: str | None = None,
        api_version: str | None = API_VERSION,
        compression: Compression = "auto",
        retired_models: RetiredModels = "warn",
        checks: Checks = "error",
        warm_tcp_connection: bool = False,
        _environment: Environment | None = None,
    ) -> None:
        # A traceback shows a frame's variables: from here on these show nothing.
        key, other_key = Hidden[object](api_key), Hidden[object](management_key)
        jar = None if cookies is None else Hidden(cookies)
        headers = Hidden(default_headers)
        del api_key, management_key, cookies, default_headers
        environment = Environment.read(os.environ) if _environment is None else _environment
        self._options = ClientOptions.of(
            environment,
            base_url=base_url,
            timeout=timeout_of(http_client) if isinstance(timeout, NotGiven) else timeout,
            max_retries=max_retries,
            retry=retry,
            on_retry=on_retry,
            paced=pacing is not False,
            reserve=reserve,
            default_model=default_model,
            aliases=aliases,
            default_headers=headers,
            default_query=default_query,
            management_key=given_key(other_key, "management_key"),
            api_version=api_version,
            compression=compression,
            retired_models=retired_models,
            checks=checks,
        )
        self._environment = environment
        self._credentials = Credentials(given_key(key), jar, environment, session_url=session_url)
        self._transport = HttpxTransport(http_client)
        self._lock = Lock()
        self._pacing = pacing_of(pacing)
        self._state = ClientState()
        self._learned = Learned()
        self._to_warm = warm_tcp_connection
        self._attach()
        self._warn_of_plain_http()
        configure(environment.log)

    def _attach(self) -> None:
        self.batches = AsyncBatches(self)
        self.chat = AsyncChat(self)
        self.completions = AsyncCompletions(self)
        self.files = AsyncFiles(self)
        self.management = AsyncManagement(self)
        self.metrics = AsyncMetrics(self)
        self.models = AsyncModels(self)

    @classmethod
    def from_env_file(cls, path: str | os.PathLike[str] = ".env", **options: Any) -> Self:
        """A client that reads its CEREBRAS_ variables from a file too; extra `[dotenv]`.

        What is set in the environment is stronger. `options` are those of the constructor. Raises
        FileNotFoundError.
        """
        given = Hidden(options)
        del options
        return cls(**given.value, _environment=read_env_file(path))

    def is_closed(self) -> bool:
        """Whether `close()` was called, on this client or on one that shares its connections."""
        return self._state.closed

    def with_options(
        self,
        *,
        api_key: str | None = None,
        cookies: CookieInput | None = None,
        base_url: str | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven | None = None,
        retry: RetryPolicy | None = None,
        on_retry: OnRetry | None = None,
        pacing: PacingInput | None = None,
        reserve: Reserve | NotGiven | None = NOT_GIVEN,
        default_model: str | None = None,
        aliases: Mapping[str, str] | None = None,
        default_headers: Mapping[str, str | None] | None = None,
        set_default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, Any] | None = None,
        set_default_query: Mapping[str, Any] | None = None,
        http_client: HttpClient | None = None,
        management_key: str | None = None,
        session_url: str | None = None,
        api_version: str | NotGiven | None = NOT_GIVEN,
        compression: Compression | None = None,
        retired_models: RetiredModels | None = None,
        checks: Checks | None = None,
        warm_tcp_connection: bool | None = None,
    ) -> Self:
        """A client with other options, which shares the connections of this one and its key.

        `default_headers` are added to those of this client (None takes one away), `default_query`
        and `aliases` too; `set_default_headers` and `set_default_query` stand in their place.
        Closing one of the two clients closes the other, unless they have an `http_client` each.
        `client.copy` is the same.
        """
        key, other_key = Hidden[object](api_key), Hidden[object](management_key)
        jar = None if cookies is None else Hidden(cookies)
        headers, alone = Hidden(default_headers), Hidden(set_default_headers)
        del api_key, management_key, cookies, default_headers, set_default_headers
        other = self._copy()
        other._options = self._options.changed(
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            retry=retry,
            on_retry=on_retry,
            paced=None if pacing is None else pacing is not False,
            reserve=reserve,
            default_model=default_model,
            aliases=aliases,
            default_headers=headers,
            set_default_headers=alone,
            default_query=default_query,
            set_default_query=set_default_query,
            management_key=given_key(other_key, "management_key"),
            api_version=api_version,
            retired_models=retired_models,
            compression=compression,
            checks=checks,
        )
        if key.value is not None or jar is not None or session_url is not None:
            other._credentials = Credentials(
                given_key(key), jar, self._environment, session_url=session_url
            )
            other._lock = Lock()
        if other._credentials is not self._credentials or base_url is not None:
            other._learned = Learned()
        if http_client is not None:
            other._transport = HttpxTransport(http_client)
            other._state = ClientState()
        if base_url is not None:
            other._warn_of_plain_http()
        if pacing is not None:
            other._pacing = pacing_of(pacing)
        other._to_warm = bool(warm_tcp_connection)
        return other

    copy = with_options

    @property
    def with_raw_response(self) -> AsyncWithResponse:
        """The same resources, whose methods give the answer as it came, an AsyncAPIResponse."""
        return AsyncWithResponse(self._delivering("raw"))

    @property
    def with_streaming_response(self) -> AsyncWithResponse:
        """The same resources, whose methods are context managers around an unread answer."""
        return AsyncWithResponse(self._delivering("streamed"), entered=True)

    async def close(self) -> None:
        """Closes the connections, and with them the streams that are still open, which then say so.

        Those of an `http_client` of yours stay open.
        """
        self._state.closed = True
        await self._transport.close()

    async def __aenter__(self) -> Self:
        if self._to_warm:
            self._warm()
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
