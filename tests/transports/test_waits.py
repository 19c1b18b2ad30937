"""How long clients that the user brings are waited for, and redirects that they cannot read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests

from cerebras_sdk import APIStatusError, APITimeoutError, Cerebras, StreamTimeoutError, Timeout
from cerebras_sdk.httpx_clients import DefaultHttpxClient
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"
NOW = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
STOP = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CLOSE, CHUNKED = b"Connection: close\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nffff\r\n"
CLIENTS: list[Callable[[], Any]] = [requests.Session, httpx.Client]
clients = pytest.mark.parametrize("kind", CLIENTS)


@clients
@pytest.mark.parametrize("framing", [CLOSE, CHUNKED])
@pytest.mark.parametrize("clock", ["first_token", "gap", "total"])
@pytest.mark.parametrize("more", [[Pause(9)], [b": wait\n\n", Pause(0.02)] * 99])
def test_the_clocks_of_a_stream_are_heeded(
    server: LocalServer, kind: Callable[[], Any], framing: bytes, clock: str, more: list[Any]
) -> None:
    said = b"" if clock == "first_token" else NOW
    server.route("POST", CHAT, lambda _: RawAnswer([HEAD + framing + said, *more]))
    options: dict[str, Any] = {clock: 0.2}
    before, texts = time.monotonic(), list[str]()
    with (
        kind() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
        pytest.raises(APITimeoutError) as caught,
    ):
        stream = client.chat.completions.create(**CALL, stream=True, timeout=Timeout(4, **options))
        texts.extend(stream.text_stream)
    assert caught.value.phase == clock
    assert time.monotonic() - before < 2
    assert isinstance(caught.value, StreamTimeoutError)
    assert caught.value.partial is not None
    assert caught.value.partial.text == ("" if clock == "first_token" else "now")


@clients
@pytest.mark.parametrize(
    ("timeout", "phase"),
    [(Timeout(0.2), "read"), (Timeout(4, gap=0.2), "gap"), (Timeout(4, total=0.2), "total")],
)
def test_a_chunk_whose_size_does_not_end_is_waited_for_no_longer_than_an_event(
    server: LocalServer, kind: Callable[[], Any], timeout: Timeout, phase: str
) -> None:
    begun = HEAD + CHUNKED.removesuffix(b"ffff\r\n") + b"%x\r\n%b\r\n5;" % (len(NOW), NOW)
    slowly: list[bytes | Pause] = [b"x", Pause(0.02)] * 99
    server.route("POST", CHAT, lambda _: RawAnswer([begun, *slowly]))
    with (
        kind() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
        client.chat.completions.create(**CALL, stream=True, timeout=timeout) as stream,
        pytest.raises(StreamTimeoutError) as caught,
    ):
        list(stream)
    assert caught.value.phase == phase


@pytest.mark.parametrize("kind", [httpx.Client, DefaultHttpxClient])
@pytest.mark.parametrize("clock", ["first_token", "total"])
def test_headers_that_trickle_end_with_the_clock_of_the_call(
    server: LocalServer, kind: Callable[[], Any], clock: str
) -> None:
    slowly: list[bytes | Pause] = [b"x", Pause(0.02)] * 99
    server.route("POST", CHAT, lambda _: RawAnswer([HEAD, *slowly]))
    options: dict[str, Any] = {clock: 0.2}
    before = time.monotonic()
    with (
        kind() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
        pytest.raises(APITimeoutError) as caught,
    ):
        client.chat.completions.create(**CALL, stream=True, timeout=Timeout(4, **options))
    assert caught.value.phase == clock
    assert time.monotonic() - before < 1


@clients
def test_a_whole_answer_that_trickles_ends_with_the_total(
    server: LocalServer, kind: Callable[[], Any]
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    slowly: list[bytes | Pause] = [b" ", Pause(0.002)] * 999
    server.route("POST", CHAT, lambda _: RawAnswer([head, *slowly]))
    with (
        kind() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
        pytest.raises(APITimeoutError) as caught,
    ):
        client.chat.completions.create(**CALL, timeout=Timeout(4, total=0.2))
    assert caught.value.phase == "total"


def test_waiting_for_a_piece_starts_no_thread(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sse = {"Content-Type": "text/event-stream"}
    server.route("POST", CHAT, lambda _: Answer(200, sse, [NOW, Pause(0.01), NOW, NOW, STOP]))
    with (
        httpx.Client() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client,
        client.chat.completions.create(**CALL, stream=True, timeout=Timeout(4, gap=3)) as stream,
    ):
        monkeypatch.setattr(threading.Thread, "start", lambda _: pytest.fail("a thread"))
        assert "".join(stream.text_stream) == "now" * 3
        monkeypatch.undo()


def test_a_connection_forgets_the_clock_of_its_last_answer(server: LocalServer) -> None:
    whole = b'{"choices": [{"message": {"content": "late"}, "finish_reason": "stop"}]}'
    with (
        httpx.Client() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
    ):
        tight = Timeout(4, first_token=0.3, gap=0.3)
        with client.chat.completions.create(**CALL, stream=True, timeout=tight) as stream:
            assert "".join(stream.text_stream) == "Hi!"
        server.route("POST", CHAT, lambda _: Answer(200, {}, [Pause(0.6), whole]))
        assert client.chat.completions.create(**CALL).text == "late"
    assert server.connections == 1


class Silent(httpx.SyncByteStream):
    """A body as httpcore reads it from HTTP/2: each read looks for its timeout."""

    def __init__(self, request: httpx.Request) -> None:
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        yield NOW
        while True:
            seconds = self._request.extensions["timeout"].get("read", None)
            assert seconds < 1, "another answer on the connection would keep this one waiting"
            time.sleep(0.02)  # in which something came for another answer


@pytest.mark.parametrize("clock", ["gap", "total"])
def test_the_clocks_are_heeded_on_http2(clock: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        kind = {"Content-Type": "text/event-stream"}
        version = {"http_version": b"HTTP/2"}
        return httpx.Response(200, headers=kind, stream=Silent(request), extensions=version)

    options: dict[str, Any] = {clock: 0.2}
    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as mine,
        Cerebras("csk-test", http_client=mine, max_retries=0) as client,
        client.chat.completions.create(
            **CALL, stream=True, timeout=Timeout(4, **options)
        ) as stream,
        pytest.raises(StreamTimeoutError) as caught,
    ):
        list(stream)
    assert caught.value.phase == clock


@clients
@pytest.mark.parametrize("total", [None, 3.0])
def test_a_redirect_to_what_is_no_address_is_an_answer_without_one(
    server: LocalServer, kind: Callable[[], Any], total: float | None
) -> None:
    seen: list[int] = []
    server.route("POST", CHAT, Answer(307, {"Location": "http://["}, b"{}"))
    with (
        kind() as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
    ):
        if isinstance(mine, requests.Session):
            mine.hooks["response"].append(lambda answer, **_: seen.append(answer.status_code))
        for _ in range(2):
            with pytest.raises(APIStatusError, match="no address of one") as caught:
                client.chat.completions.create(**CALL, timeout=Timeout(4, total=total))
            assert caught.value.status_code == 307
        assert seen == [307, 307] or not isinstance(mine, requests.Session)
    assert server.connections == 1
