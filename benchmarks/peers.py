"""The blocking clients that are measured, each used as its own documentation does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from .floor import Floor

OURS, OFFICIAL = "cerebras_sdk", "cerebras_cloud_sdk"
HEADERS = {"Authorization": "Bearer csk-test"}
SYLLABLES = [
    "an", "be", "cer", "da", "e", "fi", "go", "ha", "in", "ki",
    "la", "me", "no", "o", "pro", "que", "ra", "st", "té", "ver",
]  # fmt: skip


class Peer(Protocol):
    def events(self) -> Iterator[Any]:
        """The decoded chunks of one stream, to the end of it."""
        ...

    def whole(self) -> Any:
        """One answer that is not streamed, decoded."""
        ...


def call_of(size: int) -> dict[str, Any]:
    """The arguments of a call, with a prompt of `size` characters."""
    return {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": prose(size)}]}


def prose(size: int) -> str:
    """As hard to encode and to compress as what people write: words, quotes, accents, lines."""
    chance = random.Random(1)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(4000)]
    odds = [1 / (number + 5) for number in range(len(words))]
    ends = chance.choices([" ", ", ", ".\n", ' "', '" '], [16, 2, 1, 0.3, 0.3], k=size // 2)
    said = chance.choices(words, odds, k=size // 2)
    return "".join(word + end for word, end in zip(said, ends, strict=True))[:size]


def json_of(line: str) -> Any:
    return json.loads(line[6:]) if line.startswith("data: {") else None


class SDK:
    """The three clients that have one interface."""

    def __init__(self, client: Any, call: dict[str, Any]) -> None:
        self._create, self._call = client.chat.completions.create, call

    def events(self) -> Iterator[Any]:
        return iter(self._create(**self._call, stream=True))

    def whole(self) -> Any:
        return self._create(**self._call)


def sdk(name: str, url: str) -> Any:
    if name == OURS:
        from cerebras_sdk import Cerebras

        return Cerebras("csk-test", base_url=url)
    if name == OFFICIAL:
        from cerebras.cloud import sdk as official

        return official.Cerebras(api_key="csk-test", base_url=url, warm_tcp_connection=False)
    import openai

    return openai.OpenAI(api_key="csk-test", base_url=f"{url}/v1")


class Requests:
    def __init__(self, url: str, call: dict[str, Any]) -> None:
        import requests

        self._session = requests.Session()
        self._session.headers.update(HEADERS)
        self._url, self._call = f"{url}/v1/chat/completions", call

    def events(self) -> Iterator[Any]:
        body = {**self._call, "stream": True}
        with self._session.post(self._url, json=body, stream=True) as response:
            for line in response.iter_lines():
                if line.startswith(b"data: {"):
                    yield json.loads(line[6:])

    def whole(self) -> Any:
        return self._session.post(self._url, json=self._call).json()


class Httpx:
    def __init__(self, url: str, call: dict[str, Any]) -> None:
        import httpx

        self._client = httpx.Client(headers=HEADERS, timeout=60)
        self._url, self._call = f"{url}/v1/chat/completions", call

    def events(self) -> Iterator[Any]:
        body = {**self._call, "stream": True}
        with self._client.stream("POST", self._url, json=body) as response:
            for line in response.iter_lines():
                if (chunk := json_of(line)) is not None:
                    yield chunk

    def whole(self) -> Any:
        return self._client.post(self._url, json=self._call).json()


class HttpxSSE(Httpx):
    def events(self) -> Iterator[Any]:
        from httpx_sse import connect_sse

        body = {**self._call, "stream": True}
        with connect_sse(self._client, "POST", self._url, json=body) as source:
            for event in source.iter_sse():
                if event.data != "[DONE]":
                    yield json.loads(event.data)


PLAIN: dict[str, Callable[[str, dict[str, Any]], Peer]] = {
    "requests": Requests,
    "httpx": Httpx,
    "httpx-sse": HttpxSSE,
    "floor": Floor,
}


def peer(name: str, url: str, *, size: int) -> Peer:
    call = call_of(size)
    return PLAIN[name](url, call) if name in PLAIN else SDK(sdk(name, url), call)
