"""The asynchronous client over aiohttp: all as with httpx."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import httpx
import pytest
import trustme
from httpx_aiohttp import HttpxAiohttpClient

from cerebras_sdk import (
    APIConnectionError,
    APITimeoutError,
    AsyncCerebras,
    InvalidRequestError,
    StreamInterruptedError,
    StreamTimeoutError,
)
from cerebras_sdk.httpx_clients import DefaultAioHttpClient
from cerebras_sdk.testing import Answer, EchoEngine, LocalServer, Pause, RawAnswer, serve

pytestmark = pytest.mark.anyio

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"
SSE = {"Content-Type": "text/event-stream"}
NOW = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
STOP = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@contextlib.asynccontextmanager
async def over_aiohttp(base_url: str, **options: Any) -> AsyncIterator[AsyncCerebras]:
    async with (
        DefaultAioHttpClient() as mine,
        AsyncCerebras("csk-test", base_url=base_url, http_client=mine, **options) as client,
    ):
        yield client


async def test_calls_and_streams_share_a_connection(server: LocalServer) -> None:
    async with over_aiohttp(server.base_url) as client:
        for _ in range(2):
            assert (await client.chat.completions.create(**CALL)).text == "Hi!"
            async with await client.chat.completions.create(**CALL, stream=True) as stream:
                assert [text async for text in stream.text_stream]
    assert server.connections == 1
    assert server.requests[0].headers["authorization"] == "Bearer csk-test"
    assert server.requests[0].headers["user-agent"].startswith("cerebras-inference-sdk/")


async def test_a_stream_arrives_event_by_event(server: LocalServer) -> None:
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    def pieces() -> Iterator[bytes]:
        yield NOW
        asyncio.run_coroutine_threadsafe(arrived.wait(), loop).result(10)
        yield STOP

    server.route("POST", CHAT, lambda _: Answer(200, SSE, pieces()))
    async with over_aiohttp(server.base_url) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert await anext(stream.text_stream) == "now"
        arrived.set()
        assert (await stream.get_final_completion()).text == "now"


async def test_a_stream_closed_early_gives_its_connection_up() -> None:
    with serve(EchoEngine(delay=0.05)) as server:
        call: dict[str, Any] = CALL | {"messages": [{"role": "user", "content": "word " * 500}]}
        async with over_aiohttp(server.base_url) as client:
            async with await client.chat.completions.create(**call, stream=True) as stream:
                assert await anext(stream.text_stream)
            with anyio.fail_after(5):
                while server.open_connections:
                    await anyio.sleep(0.01)
            assert (await client.chat.completions.create(**CALL)).text == "Hi!"


async def test_a_cancelled_stream_gives_its_connection_up() -> None:
    with serve(EchoEngine(delay=0.05)) as server:
        call: dict[str, Any] = CALL | {"messages": [{"role": "user", "content": "word " * 500}]}
        async with over_aiohttp(server.base_url) as client:
            with anyio.move_on_after(0.2) as scope:
                async with await client.chat.completions.create(**call, stream=True) as stream:
                    async for _ in stream:
                        pass
            assert scope.cancelled_caught
            with anyio.fail_after(5):
                while server.open_connections:
                    await anyio.sleep(0.01)


async def test_a_stream_closed_by_another_task_ends(server: LocalServer) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    texts: list[str] = []
    async with over_aiohttp(server.base_url) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)

        async def read() -> None:
            texts.extend([text async for text in stream.text_stream])

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(read)
                await anyio.sleep(0.1)
                await stream.close()
    assert texts == ["now"]


@pytest.mark.parametrize("make", [DefaultAioHttpClient, HttpxAiohttpClient])
async def test_a_refused_connection_is_no_timeout(waits: list[float], make: Any) -> None:
    async with (
        make() as mine,
        AsyncCerebras("csk-test", base_url="http://127.0.0.1:1", http_client=mine) as client,
    ):
        with pytest.raises(APIConnectionError, match="refused") as caught:
            await client.chat.completions.create(**CALL)
    assert not isinstance(caught.value, APITimeoutError)
    assert len(waits) == 2


async def test_no_answer_is_a_timeout(server: LocalServer, waits: list[float]) -> None:
    server.route("POST", CHAT, lambda _: RawAnswer([Pause(9)]))
    async with over_aiohttp(server.base_url, timeout=0.1) as client:
        with pytest.raises(APITimeoutError, match="no answer for longer"):
            await client.chat.completions.create(**CALL)
    assert len(waits) == 2


async def test_silence_in_a_stream_is_a_timeout(server: LocalServer) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    async with over_aiohttp(server.base_url, timeout=0.2) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamTimeoutError, match="silence"):
            assert [text async for text in stream.text_stream]


@pytest.mark.parametrize("raw", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nBroken\r\n\r\n"])
async def test_an_answer_that_is_no_http_is_a_lost_connection(
    server: LocalServer, waits: list[float], raw: bytes
) -> None:
    server.route("POST", CHAT, lambda _: RawAnswer([raw]))
    async with over_aiohttp(server.base_url) as client:
        with pytest.raises(APIConnectionError) as caught:
            await client.chat.completions.create(**CALL)
    assert not isinstance(caught.value, APITimeoutError)
    assert len(waits) == 2


async def test_a_connection_that_breaks_keeps_what_had_arrived(server: LocalServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n"
    server.route("POST", CHAT, lambda _: RawAnswer([head + NOW]))
    async with over_aiohttp(server.base_url) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamInterruptedError) as caught:
            assert [text async for text in stream.text_stream]
    assert not isinstance(caught.value, APITimeoutError)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "now"


async def test_an_upload_streams(server: LocalServer) -> None:
    data = bytes(range(256)) * 2000
    async with over_aiohttp(server.base_url) as client:
        file = await client.files.create(data)
        assert await client.files.content(file.id) == data
    assert server.requests[0].headers["content-length"] == str(len(server.requests[0].body))
    assert "transfer-encoding" not in server.requests[0].headers


async def test_an_error_of_the_progress_callback_comes_out_as_it_is(
    server: LocalServer, waits: list[float]
) -> None:
    mine = OSError("mine")

    def fail(sent: int, total: int) -> None:
        raise mine

    async with over_aiohttp(server.base_url) as client:
        with pytest.raises(OSError, match="mine") as caught:
            await client.files.create(b"x" * 1_000_000, on_progress=fail)
    assert caught.value is mine
    assert waits == []


async def test_no_cookie_of_an_answer_is_sent_again() -> None:
    with serve() as server:
        body = b'{"user": {"demoApiKey": "csk-test"}}'
        cookie = {"Set-Cookie": "t=rolled; Path=/"}
        server.route("GET", "/api/auth/session", lambda _: Answer(200, cookie, [body]))
        # aiohttp keeps no cookies of an address without a name.
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        session_url = server.session_url.replace("127.0.0.1", "localhost")
        async with (
            DefaultAioHttpClient() as mine,
            AsyncCerebras(
                cookies={"t": "t"}, base_url=base_url, session_url=session_url, http_client=mine
            ) as client,
        ):
            await client.chat.completions.create(**CALL)
    assert server.requests[0].headers["cookie"] == "t=t"
    assert "cookie" not in server.requests[1].headers


async def test_more_than_a_hundred_streams_are_open_at_once(server: LocalServer) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    async with over_aiohttp(server.base_url, timeout=5, max_retries=0) as client:
        streams = [await client.chat.completions.create(**CALL, stream=True) for _ in range(101)]
        for stream in streams:
            await stream.close()


async def test_the_certificates_of_the_environment_are_trusted(
    tls_url: str,
    certificate_authority: trustme.CA,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
) -> None:
    async with over_aiohttp(tls_url) as client:
        with pytest.raises(APIConnectionError, match="certificate"):
            await client.models.list()
    bundle = tmp_path / "bundle.pem"
    certificate_authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    async with over_aiohttp(tls_url) as client:
        assert list(await client.models.list()) == []


async def test_its_proxy_is_used(server: LocalServer) -> None:
    async with (
        DefaultAioHttpClient(proxy=server.base_url) as mine,
        AsyncCerebras("csk-test", base_url="http://api.localhost:1", http_client=mine) as client,
    ):
        assert (await client.chat.completions.create(**CALL)).text == "Hi!"
    assert server.requests[0].target == "http://api.localhost:1" + CHAT


async def test_a_closed_one_says_so(server: LocalServer) -> None:
    mine = DefaultAioHttpClient()
    await mine.aclose()
    async with AsyncCerebras("csk-test", base_url=server.base_url, http_client=mine) as client:
        with pytest.raises(InvalidRequestError, match="closed"):
            await client.chat.completions.create(**CALL)


def test_on_trio_it_says_that_it_cannot_work(server: LocalServer) -> None:
    async def ask() -> None:
        async with over_aiohttp(server.base_url) as client:
            with pytest.raises(InvalidRequestError, match="asyncio only"):
                await client.chat.completions.create(**CALL)

    anyio.run(ask, backend="trio")


def test_without_the_extra_it_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith(("aiohttp", "httpx_aiohttp")):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "cerebras_sdk._transports._aiohttp", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InvalidRequestError, match=r"cerebras-inference-sdk\[aiohttp\]"):
        DefaultAioHttpClient()


def test_it_is_a_client_of_httpx_with_the_settings_of_ours() -> None:
    client = DefaultAioHttpClient(headers={"X-Mine": "yes"})
    assert isinstance(client, httpx.AsyncClient)
    assert client.timeout == httpx.Timeout(60)
    assert client.headers["x-mine"] == "yes"
