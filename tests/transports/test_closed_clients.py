"""What becomes of a stream whose client is closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import requests

from cerebras_sdk import AsyncCerebras, Cerebras, StreamInterruptedError
from cerebras_sdk.httpx_clients import DefaultHttpxClient
from cerebras_sdk.testing import Answer, LocalServer, Pause

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"
NOW = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
STOP = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
SSE = {"Content-Type": "text/event-stream"}


@pytest.fixture
def silent(server: LocalServer) -> LocalServer:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    return server


def until_closed(server: LocalServer) -> Iterator[None]:
    for _ in range(2000):
        if not server.open_connections:
            break
        yield
    assert server.open_connections == 0


@pytest.mark.parametrize("kind", [None, DefaultHttpxClient])
def test_it_ends_with_the_client(silent: LocalServer, kind: Any) -> None:
    client = Cerebras("csk-test", base_url=silent.base_url, http_client=kind and kind())
    stream = client.chat.completions.create(**CALL, stream=True)
    assert next(stream).text == "now"
    client.close()
    for _ in until_closed(silent):
        client._transport.sleep(0.001)
    with pytest.raises(StreamInterruptedError, match="the client was closed") as caught:
        next(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "now"


def test_who_waits_for_it_hears_of_that(silent: LocalServer) -> None:
    client = Cerebras("csk-test", base_url=silent.base_url)
    stream = client.chat.completions.create(**CALL, stream=True)
    assert next(stream).text == "now"
    failures: list[Exception] = []

    def read() -> None:
        try:
            next(stream)
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    while not stream._reading:
        client._transport.sleep(0.001)
    client._transport.sleep(0.05)
    client.close()
    thread.join(5)
    assert not thread.is_alive()
    assert [type(failure) for failure in failures] == [StreamInterruptedError]
    assert "the client was closed" in str(failures[0])


@pytest.mark.anyio
async def test_it_ends_with_an_async_client(silent: LocalServer) -> None:
    client = AsyncCerebras("csk-test", base_url=silent.base_url)
    stream = await client.chat.completions.create(**CALL, stream=True)
    assert (await anext(stream)).text == "now"
    await client.close()
    for _ in until_closed(silent):
        await anyio.sleep(0.001)
    with pytest.raises(StreamInterruptedError, match="the client was closed"):
        await anext(stream)


@pytest.mark.anyio
async def test_a_task_that_waits_for_it_hears_of_that(silent: LocalServer) -> None:
    client = AsyncCerebras("csk-test", base_url=silent.base_url)
    stream = await client.chat.completions.create(**CALL, stream=True)
    assert (await anext(stream)).text == "now"
    async with anyio.create_task_group() as group:

        async def close() -> None:
            await anyio.sleep(0.05)
            await client.close()

        group.start_soon(close)
        with pytest.raises(StreamInterruptedError, match="the client was closed"):
            await anext(stream)


@pytest.mark.parametrize("kind", [requests.Session, httpx.Client])
def test_on_a_client_of_the_user_it_goes_on(server: LocalServer, kind: Any) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(0.1), NOW + STOP]))
    with kind() as mine:
        client = Cerebras("csk-test", base_url=server.base_url, http_client=mine)
        stream = client.chat.completions.create(**CALL, stream=True)
        assert next(stream).text == "now"
        client.close()
        assert stream.get_final_completion().text == "nownow"


@pytest.mark.anyio
async def test_on_an_async_client_of_the_user_it_goes_on(server: LocalServer) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(0.1), NOW + STOP]))
    async with httpx.AsyncClient() as mine:
        client = AsyncCerebras("csk-test", base_url=server.base_url, http_client=mine)
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert (await anext(stream)).text == "now"
        await client.close()
        assert (await stream.get_final_completion()).text == "nownow"
