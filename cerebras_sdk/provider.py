"""The small provider face: pieces of text from a model name and messages, in one call.

from cerebras_sdk.provider import Cerebras

async for piece in Cerebras.create_async_generator("gpt-oss-120b", ["Hello, world!"]):
    print(piece, end="")
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from typing import Any

from ._core.aliases import resolve_model
from ._core.catalog import DEFAULT_MODEL, MODELS
from ._core.credentials import COOKIE_FILE, CookieInput
from ._core.options import BASE_URL
from ._core.secret import Hidden
from ._core.timeout import TimeoutInput
from .errors import ModelRetiredWarning

Messages = Iterable[Mapping[str, Any] | str] | str


class Cerebras:
    """Cerebras Inference as a provider; use its class methods, with or without an instance.

    `model`: an id or a known spelling; empty or None is `default_model`. Unlike the clients, which
    send a retired id as asked, this face takes the replacement, with a ModelRetiredWarning: a call
    written for an old model keeps running.
    `messages`: dicts with `role` and `content`, or plain strings, which are the user's.
    `api_key`, `cookies`: as in `cerebras_sdk.Cerebras`.
    Keyword arguments: `headers` and `extra_body` are added to the request, `proxy` is the URL of a
    proxy, `timeout` is in seconds, `base_url` another address; every other one is a parameter of
    the API: `temperature`, `max_tokens`, `top_p`, `stop`, `tools`, `response_format`, `seed`,
    `reasoning_effort`, ...

    Raises the errors of `cerebras_sdk.errors`, at the first piece or later.
    """

    label = "Cerebras Inference"
    url = "https://inference.cerebras.ai/"
    login_url = "https://cloud.cerebras.ai"
    api_base = f"{BASE_URL}/v1"
    cookie_file = COOKIE_FILE
    working = True
    default_model = DEFAULT_MODEL
    models = tuple(model.id for model in MODELS if model.retired is None)
    model_aliases: Mapping[str, str] = {
        spelling: model.id for model in MODELS for spelling in model.spellings
    }

    @classmethod
    async def create_async_generator(
        cls,
        model: str | None,
        messages: Messages,
        api_key: str | None = None,
        cookies: CookieInput | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        timeout: TimeoutInput = 60.0,
        base_url: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[str, None]:
        """Yields the answer's text in pieces, as they arrive."""
        from . import AsyncCerebras

        # A traceback shows a frame's variables: from here on these show nothing.
        given: Hidden[dict[str, Any]] = Hidden(
            {"api_key": api_key, "cookies": cookies, "default_headers": headers}
        )
        way = Hidden(proxy)
        del api_key, cookies, headers, proxy
        kwargs.pop("stream", None)  # it always streams
        name = _resolved(model, cls.default_model)
        http_client = None
        if way.value:
            from ._transports._httpx import new_client

            http_client = new_client(proxy=way.value)
        try:
            async with AsyncCerebras(
                **given.value, base_url=base_url, timeout=timeout, http_client=http_client
            ) as client:
                stream = await client.chat.completions.create(
                    model=name, messages=_as_messages(messages), stream=True, **kwargs
                )
                async with stream:
                    async for piece in stream.text_stream:
                        yield piece
        finally:
            if http_client is not None:
                await http_client.aclose()

    @classmethod
    def create_generator(
        cls,
        model: str | None,
        messages: Messages,
        api_key: str | None = None,
        cookies: CookieInput | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        timeout: TimeoutInput = 60.0,
        base_url: str | None = None,
        **kwargs: Any,
    ) -> Generator[str, None, None]:
        """Yields the answer's text in pieces, as they arrive; the blocking twin."""
        from . import Cerebras as Client

        given: Hidden[dict[str, Any]] = Hidden(
            {"api_key": api_key, "cookies": cookies, "default_headers": headers}
        )
        way = Hidden(proxy)
        del api_key, cookies, headers, proxy
        kwargs.pop("stream", None)  # it always streams
        name = _resolved(model, cls.default_model)
        http_client = None
        if way.value:
            from ._transports._requests import new_session

            http_client = new_session(proxy=way.value)
        try:
            with Client(
                **given.value, base_url=base_url, timeout=timeout, http_client=http_client
            ) as client:
                stream = client.chat.completions.create(
                    model=name, messages=_as_messages(messages), stream=True, **kwargs
                )
                with stream:
                    yield from stream.text_stream
        finally:
            if http_client is not None:
                http_client.close()


def _resolved(model: str | None, default: str) -> str:
    resolution = resolve_model(model or default, retired="replace")
    if resolution.replaced and resolution.retirement is not None:
        warnings.warn(
            f"the model {resolution.asked!r} was retired on {resolution.retirement.date}; "
            f"{resolution.id!r} answers in its place",
            ModelRetiredWarning,
            stacklevel=3,
        )
    return resolution.id


def _as_messages(messages: Messages) -> list[Any]:
    items = [messages] if isinstance(messages, str) else messages
    return [{"role": "user", "content": m} if isinstance(m, str) else m for m in items]
