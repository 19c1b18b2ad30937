"""Tasks that are cancelled at any moment leave no connection behind."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import httpx
import pytest

from cerebras_sdk import AsyncCerebras, Timeout
from cerebras_sdk.errors import APITimeoutError
from cerebras_sdk.httpx_clients import DefaultAioHttpClient, DefaultAsyncHttpxClient
from cerebras_sdk.testing import EchoEngine, LocalServer, serve

CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "one two three four"}],
}
CALLS = 240
Limit = Callable[[float], AbstractAsyncContextManager[Any]]


@contextlib.asynccontextmanager
async def by_a_scope(seconds: float) -> AsyncIterator[None]:
    with anyio.move_on_after(seconds):
        yield


@contextlib.asynccontextmanager
async def by_asyncio(seconds: float) -> AsyncIterator[None]:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            yield


async def left_by(
    server: LocalServer, limit: Limit, *, stream: bool, callers: int, **options: Any
) -> int:
    """The connections that are open after calls of at most 10 ms."""
    chance = random.Random(7)
    async with AsyncCerebras("csk-test", base_url=server.base_url, **options) as client:

        async def call() -> None:
            answer: Any = await client.chat.completions.create(**CALL, stream=stream)
            if stream:
                await answer.get_final_completion()

        async def caller() -> None:
            for _ in range(CALLS // callers):
                async with limit(chance.random() * 0.01):
                    await call()

        async with anyio.create_task_group() as group:
            for _ in range(callers):
                group.start_soon(caller)
        return await settled(server, callers)


async def settled(server: LocalServer, expected: int) -> int:
    """The open connections, once they are few enough, or after 2 seconds."""
    with anyio.move_on_after(2):
        while server.open_connections > expected:
            await anyio.sleep(0.005)
    return server.open_connections


WAYS = {
    "asyncio": ("asyncio", by_asyncio, None),
    "a scope of asyncio": ("asyncio", by_a_scope, None),
    "trio": ("trio", by_a_scope, None),
    "a client of the user": ("asyncio", by_asyncio, httpx.AsyncClient),
    "a default client": ("asyncio", by_asyncio, DefaultAsyncHttpxClient),
    "aiohttp": ("asyncio", by_asyncio, DefaultAioHttpClient),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("callers", [1, 8])
@pytest.mark.parametrize("way", WAYS)
def test_cancelled_tasks_leave_no_connection_but_an_idle_one_each(
    way: str, callers: int, stream: bool
) -> None:
    backend, limit, make = WAYS[way]

    async def main() -> tuple[int, int]:
        async with contextlib.AsyncExitStack() as stack:
            mine = None if make is None else await stack.enter_async_context(make())
            kept = await left_by(server, limit, stream=stream, callers=callers, http_client=mine)
        return kept, await settled(server, 0)

    with serve(EchoEngine(delay=0.001)) as server:
        kept, closed = anyio.run(main, backend=backend)
    assert kept <= callers
    assert closed == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_calls_that_take_too_long_altogether_leave_no_connection(backend: str) -> None:
    async def main() -> int:
        chance = random.Random(7)
        async with AsyncCerebras("csk-test", base_url=server.base_url, max_retries=0) as client:
            for _ in range(CALLS):
                with contextlib.suppress(APITimeoutError):
                    await client.chat.completions.create(
                        **CALL, timeout=Timeout(20, total=0.0001 + chance.random() * 0.01)
                    )
            return await settled(server, 1)

    with serve(EchoEngine(delay=0.001)) as server:
        assert anyio.run(main, backend=backend) <= 1


@pytest.mark.parametrize("make", [None, httpx.AsyncClient, DefaultAsyncHttpxClient])
def test_a_task_that_is_cancelled_while_it_closes_an_answer_leaves_no_connection(
    make: Callable[[], httpx.AsyncClient] | None,
) -> None:
    async def main() -> int:
        mine = None if make is None else make()
        options: dict[str, Any] = {"base_url": server.base_url, "http_client": mine}
        async with AsyncCerebras("csk-test", **options) as client:
            stream: Any = await client.chat.completions.create(**CALL, stream=True)
            await anext(stream)
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stream.close()
            task.uncancel()
            left = await settled(server, 0)
        if mine is not None:
            await mine.aclose()
        return left

    with serve(EchoEngine(delay=0.1)) as server:
        assert asyncio.run(main()) == 0
