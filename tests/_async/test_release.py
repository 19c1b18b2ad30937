"""Streams that are left early: the connection is given back at once, and never half read."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, RetryPolicy, StreamInterruptedError
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
WORD = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]}\n\n'
STOP = b'data: {"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
EVENTS = {"Content-Type": "text/event-stream"}
ENDLESS = Answer(200, EVENTS, [WORD, Pause(0.02)] * 500)
# The answer is whole, but its body goes on, and what comes is more than is waited for.
COMMENTS: list[Any] = [b": x\n\n", Pause(0.02)] * 500
OPEN_END = Answer(200, EVENTS, [WORD, STOP, *COMMENTS])


kept: list[Any] = []


class Oops(Exception):
    pass


@pytest.fixture
def endless(server: LocalServer) -> LocalServer:
    """A server whose first answer does not end, and the others do."""
    answers = iter([ENDLESS])
    server.route("POST", CHAT, lambda request: next(answers, None))
    return server


async def streamed(client: AsyncCerebras) -> Any:
    return await client.chat.completions.create(**CALL, stream=True)


async def released(client: AsyncCerebras, server: LocalServer) -> bool:
    """Whether the first connection is gone at once, and the next call works on another."""
    end = time.monotonic() + 2
    while server.open_connections and time.monotonic() < end:
        await client._transport.sleep(0.01)
    if server.open_connections:
        return False
    completion = await client.chat.completions.create(**CALL)
    first, *_, last = server.requests
    return completion.text == "Hi!" and first.connection != last.connection


async def closed(client: AsyncCerebras) -> None:
    stream = await streamed(client)
    await stream.close()
    await stream.close()
    assert [chunk async for chunk in stream] == []


async def closed_after_a_chunk(client: AsyncCerebras) -> None:
    stream = await streamed(client)
    await anext(stream)
    await stream.close()


async def left_by_break(client: AsyncCerebras) -> None:
    async with await streamed(client) as stream:
        async for _ in stream:
            break


async def left_by_an_error(client: AsyncCerebras) -> None:
    with pytest.raises(Oops):
        async with await streamed(client) as stream:
            async for _ in stream:
                raise Oops


async def left_before_the_first_chunk(client: AsyncCerebras) -> None:
    async with await streamed(client):
        pass


async def forgotten(client: AsyncCerebras) -> None:
    await streamed(client)


async def forgotten_after_break(client: AsyncCerebras) -> None:
    async for _ in await streamed(client):
        break


async def kept_after_break(client: AsyncCerebras) -> None:
    stream = await streamed(client)
    async for _ in stream:
        break
    kept.append(stream)


async def kept_after_an_error(client: AsyncCerebras) -> None:
    stream = await streamed(client)
    kept.append(stream)
    with pytest.raises(Oops):
        async for _ in stream:
            raise Oops


async def kept_text(client: AsyncCerebras) -> None:
    texts = (await streamed(client)).text_stream
    kept.append(texts)
    async for _ in texts:
        break


async def forgotten_text(client: AsyncCerebras) -> None:
    async for _ in (await streamed(client)).text_stream:
        break


async def forgotten_after_an_error(client: AsyncCerebras) -> None:
    try:
        async for _ in await streamed(client):
            raise Oops
    except Oops:
        pass


@pytest.mark.parametrize(
    "leave",
    [
        closed,
        closed_after_a_chunk,
        left_by_break,
        left_by_an_error,
        left_before_the_first_chunk,
        forgotten,
        forgotten_after_break,
        kept_after_break,
        kept_after_an_error,
        kept_text,
        forgotten_text,
        forgotten_after_an_error,
    ],
)
async def test_the_connection_is_given_back_at_once(
    options: dict[str, Any], endless: LocalServer, leave: Callable[[AsyncCerebras], Any]
) -> None:
    gc.disable()  # the last reference is enough
    try:
        async with AsyncCerebras(**options) as client:
            await leave(client)
            assert await released(client, endless)
    finally:
        kept.clear()
        gc.enable()


async def test_a_stream_that_was_tried_again_is_released_when_it_is_forgotten(
    options: dict[str, Any], server: LocalServer
) -> None:
    answers: Iterator[Any] = iter([Answer(503, {}, b"{}"), RawAnswer([], then="reset"), ENDLESS])
    server.route("POST", CHAT, lambda request: next(answers, None))
    gc.disable()
    try:
        async with AsyncCerebras(**options, retry=RetryPolicy(initial_delay=0)) as client:
            await forgotten_after_break(client)
            assert len(server.requests) == 3
            if sys.version_info >= (3, 12):
                gc.collect()  # there a connection that was reset leaves a cycle
            assert await released(client, server)
    finally:
        gc.enable()


async def test_many_streams_that_are_forgotten_do_not_use_up_the_pool(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, lambda request: ENDLESS if b"stream" in request.body else None)
    async with AsyncCerebras(**options) as client:
        for _ in range(130):
            await forgotten_after_break(client)
        assert (await client.chat.completions.create(**CALL)).text == "Hi!"
    assert server.connections >= 130


async def test_a_stream_that_was_read_to_its_end_keeps_its_connection(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        for _ in range(3):
            async for _ in await streamed(client):
                pass
    assert server.connections == 1


async def test_a_body_that_goes_on_after_the_answer_is_not_waited_for(
    options: dict[str, Any], server: LocalServer
) -> None:
    answers = iter([OPEN_END])
    server.route("POST", CHAT, lambda request: next(answers, None))
    async with AsyncCerebras(**options) as client:
        start = time.monotonic()
        stream = await streamed(client)
        assert [chunk.text async for chunk in stream] == ["one ", ""]
        assert time.monotonic() - start < 2
        assert await released(client, server)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Oops])
async def test_an_interrupt_while_bytes_are_waited_for_releases_the_connection(
    options: dict[str, Any],
    endless: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[BaseException],
) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await streamed(client)
        await anext(stream)

        def interrupted(deadline: object) -> Any:
            raise kind

        monkeypatch.setattr(stream._response, "receive", interrupted)
        try:
            while True:  # until nothing is left of what had come
                await anext(stream)
        except kind:
            pass
        assert await released(client, endless)
        with pytest.raises(StreamInterruptedError, match="its reading was interrupted"):
            await stream.get_final_completion()


async def test_an_error_of_a_hook_between_attempts_leaves_nothing_open(
    options: dict[str, Any], server: LocalServer
) -> None:
    def refuse(event: object) -> None:
        raise Oops

    server.route("POST", CHAT, Answer(200, EVENTS, [b": x\n\n"]))
    async with AsyncCerebras(**options, on_retry=refuse) as client:
        stream = await streamed(client)
        with pytest.raises(Oops):
            await anext(stream)
        server.route("POST", CHAT, lambda request: None)
        assert (await client.chat.completions.create(**CALL)).text == "Hi!"


async def test_a_connection_that_broke_is_not_used_again(
    options: dict[str, Any], server: LocalServer
) -> None:
    def cut() -> Any:
        yield WORD
        raise Oops

    answers = iter([Answer(200, EVENTS, cut())])
    server.route("POST", CHAT, lambda request: next(answers, None))
    async with AsyncCerebras(**options) as client:
        stream = await streamed(client)
        with pytest.raises(StreamInterruptedError):
            async for _ in stream:
                pass
        assert await released(client, server)
