"""The asynchronous clients that are measured, each used as its own documentation does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from .floor import AsyncFloor
from .peers import HEADERS, OFFICIAL, OURS, call_of, json_of


class AsyncPeer(Protocol):
    async def events(self) -> AsyncIterator[Any]:
        """Asks; the decoded chunks of one stream, to the end of it."""
        ...

    async def whole(self) -> Any:
        """One answer that is not streamed, decoded."""
        ...


class SDK:
    """The three clients that have one interface."""

    def __init__(self, client: Any, call: dict[str, Any]) -> None:
        self._create, self._call = client.chat.completions.create, call

    async def events(self) -> AsyncIterator[Any]:
        return aiter(await self._create(**self._call, stream=True))

    async def whole(self) -> Any:
        return await self._create(**self._call)


def sdk(name: str, url: str) -> Any:
    if name == OURS:
        from cerebras_sdk import AsyncCerebras

        return AsyncCerebras("csk-test", base_url=url)
    if name == OFFICIAL:
        from cerebras.cloud import sdk as official

        return official.AsyncCerebras(api_key="csk-test", base_url=url, warm_tcp_connection=False)
    import openai

    return openai.AsyncOpenAI(api_key="csk-test", base_url=f"{url}/v1")


class Generated:
    """A client whose chunks come from a generator."""

    async def events(self) -> AsyncIterator[Any]:
        return self._events()

    def _events(self) -> AsyncIterator[Any]:
        raise NotImplementedError


class Httpx(Generated):
    def __init__(self, url: str, call: dict[str, Any]) -> None:
        import httpx

        self._client = httpx.AsyncClient(headers=HEADERS, timeout=60)
        self._url, self._call = f"{url}/v1/chat/completions", call

    async def _events(self) -> AsyncIterator[Any]:
        body = {**self._call, "stream": True}
        async with self._client.stream("POST", self._url, json=body) as response:
            async for line in response.aiter_lines():
                if (chunk := json_of(line)) is not None:
                    yield chunk

    async def whole(self) -> Any:
        return (await self._client.post(self._url, json=self._call)).json()


class HttpxSSE(Httpx):
    async def _events(self) -> AsyncIterator[Any]:
        from httpx_sse import aconnect_sse

        body = {**self._call, "stream": True}
        async with aconnect_sse(self._client, "POST", self._url, json=body) as source:
            async for event in source.aiter_sse():
                if event.data != "[DONE]":
                    yield json.loads(event.data)


class Aiohttp(Generated):
    def __init__(self, url: str, call: dict[str, Any]) -> None:
        import aiohttp

        self._session = aiohttp.ClientSession(headers=HEADERS)
        self._url, self._call = f"{url}/v1/chat/completions", call

    async def _events(self) -> AsyncIterator[Any]:
        body = {**self._call, "stream": True}
        async with self._session.post(self._url, json=body) as response:
            async for line in response.content:
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])

    async def whole(self) -> Any:
        async with self._session.post(self._url, json=self._call) as response:
            return await response.json()


PLAIN: dict[str, Callable[[str, dict[str, Any]], AsyncPeer]] = {
    "httpx": Httpx,
    "httpx-sse": HttpxSSE,
    "aiohttp": Aiohttp,
    "floor": AsyncFloor,
}


def peer(name: str, url: str, *, size: int) -> AsyncPeer:
    call = call_of(size)
    return PLAIN[name](url, call) if name in PLAIN else SDK(sdk(name, url), call)
