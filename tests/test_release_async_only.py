"""Leaving a stream as one twin only can: cancelled tasks, interrupts, event loops that end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest

from cerebras_sdk import AsyncCerebras, Cerebras
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
WORD = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]}\n\n'
STOP = b'data: {"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
EVENTS = {"Content-Type": "text/event-stream"}
UNAVAILABLE = Answer(503, {"retry-after": "30"}, b"{}")
COMMENTS: list[Any] = [b": x\n\n", Pause(0.02)] * 500
BYTES: list[Any] = [b"x", Pause(0.02)] * 500

# What the server does when the caller is cancelled; it goes on, so that it notices that nobody
# listens any more.
MOMENTS: dict[str, Any] = {
    "before the headers": RawAnswer([Pause(0.6), *BYTES]),
    "within the headers": RawAnswer([HEAD[:30], *BYTES]),
    "before the first event": Answer(200, EVENTS, COMMENTS),
    "within an event": Answer(200, EVENTS, [WORD[:30], *BYTES]),
    "after an event": Answer(200, EVENTS, [WORD, *COMMENTS]),
    "between events": Answer(200, EVENTS, [WORD, Pause(0.02)] * 500),
    "while the rest is drained": Answer(200, EVENTS, [WORD, STOP, *COMMENTS]),
    "while the error is read": Answer(500, {}, BYTES),
    "while it waits to try again": UNAVAILABLE,
}


def answering(server: LocalServer, answer: Any) -> None:
    answers = iter([answer])
    server.route("POST", CHAT, lambda request: next(answers, None))


async def read(client: AsyncCerebras, pause: float = 0) -> None:
    async for _ in await client.chat.completions.create(**CALL, stream=True):
        if pause:
            await anyio.sleep(pause)


async def is_released(client: AsyncCerebras, server: LocalServer, kept: int = 0) -> bool:
    with anyio.move_on_after(2):
        while server.open_connections > kept:
            await anyio.sleep(0.01)
    completion = await client.chat.completions.create(**CALL)
    return server.open_connections == 1 and completion.text == "Hi!"


@pytest.mark.anyio
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("seconds", [0.1, 0.25])
async def test_a_cancelled_scope_releases_the_connection(
    options: dict[str, Any], server: LocalServer, moment: str, seconds: float
) -> None:
    answering(server, MOMENTS[moment])
    async with AsyncCerebras(**options) as client:
        with anyio.move_on_after(seconds) as scope:
            await read(client)
        assert scope.cancelled_caught
        # An answer that was read whole leaves its connection for the next call.
        kept = 1 if moment == "while it waits to try again" else 0
        assert await is_released(client, server, kept)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_cancelled_task_of_asyncio_releases_the_connection(
    options: dict[str, Any], server: LocalServer, moment: str
) -> None:
    answering(server, MOMENTS[moment])

    async def main() -> None:
        async with AsyncCerebras(**options) as client:
            task = asyncio.create_task(read(client))
            await asyncio.sleep(0.15)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            kept = 1 if moment == "while it waits to try again" else 0
            assert await is_released(client, server, kept)

    asyncio.run(main())


@pytest.mark.anyio
async def test_a_loop_body_that_is_cancelled_releases_the_connection(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["between events"])
    async with AsyncCerebras(**options) as client:
        with anyio.move_on_after(0.1) as scope:
            async with await client.chat.completions.create(**CALL, stream=True) as stream:
                async for _ in stream:
                    await anyio.sleep(30)
        assert scope.cancelled_caught
        assert await is_released(client, server)


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")
async def test_a_loop_body_that_is_cancelled_without_a_with_releases_it_too(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["between events"])
    async with AsyncCerebras(**options) as client:
        with anyio.move_on_after(0.1) as scope:
            await read(client, pause=30)
        assert scope.cancelled_caught
        assert await is_released(client, server)


@pytest.mark.anyio
async def test_closing_in_a_cancelled_scope_releases_the_connection(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["between events"])
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        await anext(stream)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await stream.close()
        assert await is_released(client, server)


@pytest.mark.anyio
async def test_aclose_is_close_and_aclosing_takes_a_stream(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["between events"])
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        async with contextlib.aclosing(stream):
            async for _ in stream:
                break
        await stream.aclose()
        assert await is_released(client, server)
        assert "closed" in repr(stream)


@pytest.mark.anyio
async def test_another_task_that_closes_ends_the_stream(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["after an event"])
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        async with anyio.create_task_group() as group:

            async def close() -> None:
                await anyio.sleep(0.1)
                await stream.close()

            group.start_soon(close)
            texts = [text async for text in stream.text_stream]
        assert texts == ["one "]
        assert await is_released(client, server)


def test_a_stream_that_another_thread_forgets_is_released(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["between events"])

    async def main() -> None:
        async with AsyncCerebras(**options) as client:
            held = [await client.chat.completions.create(**CALL, stream=True)]
            await anext(held[0])
            await asyncio.to_thread(held.clear)
            assert await is_released(client, server)

    asyncio.run(main())


def test_a_stream_that_outlives_its_loop_is_forgotten_in_silence(
    options: dict[str, Any], server: LocalServer
) -> None:
    answering(server, MOMENTS["between events"])
    client = AsyncCerebras(**options)

    async def main() -> Any:
        stream = await client.chat.completions.create(**CALL, stream=True)
        await anext(stream)
        return stream

    stream = asyncio.run(main())
    end = time.monotonic() + 2
    while server.open_connections and time.monotonic() < end:
        time.sleep(0.01)
    assert server.open_connections == 0
    del stream
    gc.collect()

    async def next_call() -> str:
        async with client:
            text: str = (await client.chat.completions.create(**CALL)).text
            return text

    assert asyncio.run(next_call()) == "Hi!"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads here")
@pytest.mark.parametrize("moment", [m for m in MOMENTS if "error" not in m])
def test_control_c_releases_the_connection_of_the_blocking_client(
    options: dict[str, Any], server: LocalServer, moment: str
) -> None:
    answering(server, MOMENTS[moment])
    main = threading.main_thread().ident
    assert main is not None
    with Cerebras(**options) as client:
        timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            for _ in client.chat.completions.create(**CALL, stream=True):
                pass
        timer.join()
        kept = 1 if moment == "while it waits to try again" else 0
        end = time.monotonic() + 2
        while server.open_connections > kept and time.monotonic() < end:
            time.sleep(0.01)
        assert client.chat.completions.create(**CALL).text == "Hi!"
        assert server.open_connections == 1


SCRIPT = """
import gc, signal, sys, threading
import {library} as library
from cerebras_sdk import AsyncCerebras

CALL = dict(model="gpt-oss-120b", messages=[dict(role="user", content="Hi!")], stream=True)
kept = []

async def main():
    client = AsyncCerebras("csk-test", base_url="{url}")
    stream = await client.chat.completions.create(**CALL)
    {body}

try:
    library.run({main})
except KeyboardInterrupt:
    print("interrupted")
gc.collect()
print("over")
"""
INTERRUPT = "signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)"


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads here")
@pytest.mark.parametrize("library", ["asyncio", "trio"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return", "over"),
        ("await anext(stream)", "over"),
        ("await anext(stream); kept.append(stream)", "over"),
        ("kept.append(client); kept.append(stream)", "over"),
        ("await anext(stream); kept.append(client); kept.append(stream)", "over"),
        ("await stream.close()", "over"),
        (
            f"threading.Timer(0.3, lambda: {INTERRUPT}).start()\n    async for _ in stream: pass",
            "interrupted\nover",
        ),
    ],
)
def test_a_process_that_leaves_a_stream_open_ends_in_silence(
    server: LocalServer, library: str, body: str, said: str
) -> None:
    answering(server, MOMENTS["between events"])
    script = SCRIPT.format(
        library=library,
        url=server.base_url,
        body=body,
        main="main()" if library == "asyncio" else "main",
    )
    # trio warns of every asynchronous generator that was not closed: that is its way.
    quiet = "ignore:Async generator:ResourceWarning"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", quiet, "-c", textwrap.dedent(script)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (said, "")
    end = time.monotonic() + 2
    while server.open_connections and time.monotonic() < end:
        time.sleep(0.01)
    assert server.open_connections == 0
