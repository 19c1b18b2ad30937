"""A local server with limits on a virtual clock, a client that asks it, an engine that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from cerebras_sdk.testing import Delta, Engine, Finish, LocalServer, VirtualClock, serve

from .local_client import chat, client_of

URL = "/v1/chat/completions"


class Counting:
    """Says one word and counts what it is told to count."""

    model = None

    def __init__(self, prompt: int = 10, completion: int = 5, *, cached: int = 0) -> None:
        self.finish = Finish("stop", prompt, completion, cached_tokens=cached)

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        emit(Delta("word"))
        return self.finish


class Limited:
    """A server with limits and a virtual clock, and a client that asks it."""

    def __init__(self, server: LocalServer, client: httpx.Client, clock: VirtualClock) -> None:
        self.server = server
        self.client = client
        self.clock = clock

    def ask(self, text: str = "1234", **fields: Any) -> httpx.Response:
        fields = {"max_completion_tokens": 9, **fields}
        body = {name: value for name, value in chat(text, **fields).items() if value is not None}
        return self.client.post(URL, json=body)

    def remaining(self, kind: str) -> int:
        """What a request that is admitted for nothing more than its prompt leaves."""
        return int(self.ask(stream=True).headers[f"x-ratelimit-remaining-{kind}"])


@contextmanager
def limited(limits: Any, engine: Engine | None = None) -> Iterator[Limited]:
    clock = VirtualClock()
    with (
        serve(engine, limits=limits, clock=clock, api_keys=["csk-test", "csk-other"]) as server,
        client_of(server) as client,
    ):
        yield Limited(server, client, clock)
