"""One asynchronous client in several event loops, and what is left when it is closed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from cerebras_sdk import AsyncCerebras, Cerebras, CerebrasError
from cerebras_sdk._core.http import Request
from cerebras_sdk._transports import _loops
from cerebras_sdk._transports._httpx import HttpxTransport, Lock
from cerebras_sdk._transports._requests import RequestsTransport
from cerebras_sdk.testing import Answer, LocalServer, Pause

backends = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def in_threads(*functions: Callable[[], None]) -> None:
    """Runs them at once; an error of one is an error of all."""
    errors: list[BaseException] = []

    def run(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def no_connection_is_left(server: LocalServer) -> None:
    deadline = time.monotonic() + 5
    while server.open_connections:
        assert time.monotonic() < deadline, "a connection is still open"
        time.sleep(0.01)


@pytest.mark.parametrize("backends", [("asyncio", "asyncio"), ("asyncio", "trio")])
def test_two_running_loops_have_a_connection_each(
    server: LocalServer, backends: tuple[str, str]
) -> None:
    client = AsyncCerebras("csk-test", base_url=server.base_url)

    async def ask() -> None:
        for _ in range(30):
            await client.models.list()

    in_threads(*[lambda backend=backend: anyio.run(ask, backend=backend) for backend in backends])
    assert server.connections == 2
    no_connection_is_left(server)


def test_one_client_serves_one_loop_after_another_and_leaves_nothing_open(
    server: LocalServer,
) -> None:
    client = AsyncCerebras("csk-test", base_url=server.base_url)

    async def ask() -> None:
        await client.models.list()
        await client.models.list()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for count, backend in enumerate(["asyncio", "asyncio", "trio", "asyncio"], 1):
            anyio.run(ask, backend=backend)
            no_connection_is_left(server)
            assert server.connections == count
            gc.collect()
    assert len(client._transport._loops._things) == 1


@backends
@pytest.mark.parametrize("other", ["asyncio", "trio"])
def test_closing_it_in_one_loop_closes_it_in_the_others(
    server: LocalServer, backend: str, other: str
) -> None:
    client = AsyncCerebras("csk-test", base_url=server.base_url)
    opened, gone = threading.Event(), threading.Event()

    async def stay() -> None:
        await client.models.list()
        opened.set()
        while not gone.is_set():
            await anyio.sleep(0.01)
        with pytest.raises(CerebrasError, match="the client is closed"):
            await client.models.list()

    async def leave() -> None:
        try:
            await client.models.list()
            while not opened.is_set():
                await anyio.sleep(0.01)
            assert server.open_connections == 2
            await client.close()
            with anyio.fail_after(5):
                while server.open_connections:
                    await anyio.sleep(0.01)
        finally:
            gone.set()

    in_threads(lambda: anyio.run(stay, backend=other), lambda: anyio.run(leave, backend=backend))


@backends
def test_one_exchange_serves_two_loops(server: LocalServer, backend: str) -> None:
    answer = b'{"user": {"demoApiKey": "csk-test"}}'
    server.route("GET", "/api/auth/session", lambda _: Answer(200, {}, [Pause(0.1), answer]))
    client = AsyncCerebras(
        cookies={"t": "t"}, base_url=server.base_url, session_url=server.session_url
    )

    async def ask() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(client.models.list)

    in_threads(lambda: anyio.run(ask), lambda: anyio.run(ask, backend=backend))
    assert [request.path for request in server.requests].count("/api/auth/session") == 1


@backends
def test_a_cancelled_wait_for_the_lock_leaves_it_free(backend: str) -> None:
    lock = Lock()

    async def wait_in_vain() -> None:
        with anyio.move_on_after(0.02):
            async with lock:
                raise AssertionError("two hold it")

    async def try_it() -> None:
        async with lock, anyio.create_task_group() as group:
            group.start_soon(wait_in_vain)
        assert lock._loops.acquire(blocking=False)  # as another loop would
        await wait_in_vain()
        lock._loops.release()
        with anyio.fail_after(1):
            async with lock:
                pass

    anyio.run(try_it, backend=backend)


@backends
@pytest.mark.parametrize("given", [True, False])
def test_closing_cancels_what_runs_in_the_background_first(backend: str, given: bool) -> None:
    order: list[str] = []

    class Closing(httpx.AsyncClient):
        closes_with_cerebras = True

        async def aclose(self) -> None:
            order.append("closed")
            await super().aclose()

    async def work() -> None:
        try:
            await anyio.sleep(10)
        except BaseException:
            order.append("cancelled")
            raise

    async def run() -> None:
        transport = HttpxTransport(Closing() if given else None)
        transport.start(work)
        await anyio.sleep(0.01)
        await transport.close()
        await anyio.sleep(0.01)
        assert "cancelled" in order

    anyio.run(run, backend=backend)
    assert order == (["cancelled", "closed"] if given else ["cancelled"])


@backends
def test_what_starts_after_the_close_opens_nothing(server: LocalServer, backend: str) -> None:
    said: list[str] = []
    request = Request(method="GET", url=server.base_url)

    async def run() -> None:
        transport = HttpxTransport(None)

        async def warm() -> None:
            with contextlib.suppress(BaseException):
                await anyio.sleep(10)
            try:
                await transport.send(request, stream=False)
            except CerebrasError as error:
                said.append(str(error))

        await transport.close()
        transport.start(warm)
        await anyio.sleep(0.01)
        await transport.close()
        await anyio.sleep(0.05)

    anyio.run(run, backend=backend)
    assert said in (["the client is closed"], [])
    assert server.connections == 0


@pytest.mark.parametrize("make", [lambda: None, httpx.Client])
def test_a_closed_transport_opens_nothing(server: LocalServer, make: Any) -> None:
    transport = RequestsTransport(make())
    request = Request(method="GET", url=server.base_url)
    transport.send(request, stream=False)
    transport.close()
    transport.close()
    with pytest.raises(CerebrasError, match="the client is closed"):
        transport.send(request, stream=False)
    assert server.connections == 1
    if transport._adapted is not None:
        transport._adapted.close()


def test_a_closed_client_says_so_in_both_twins(server: LocalServer) -> None:
    client = Cerebras("csk-test", base_url=server.base_url)
    client.close()
    with pytest.raises(CerebrasError, match="the client is closed"):
        client.models.list()

    async def ask() -> None:
        client = AsyncCerebras("csk-test", base_url=server.base_url)
        await client.close()
        with pytest.raises(CerebrasError, match="the client is closed"):
            await client._transport.send(Request(method="GET", url=server.base_url), stream=False)

    anyio.run(ask)
    assert server.connections == 0


def test_what_belongs_to_a_loop_that_ended_is_forgotten() -> None:
    things = _loops.OfLoops(object)

    async def look() -> object:
        return things.here()

    seen = [asyncio.run(look()), anyio.run(look, backend="trio"), asyncio.run(look())]
    assert len(set(map(id, seen))) == 3
    assert list(things._things.values()) == [seen[-1]]
