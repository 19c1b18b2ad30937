"""What comes back through an httpx.Client of the user's, and when: all as with requests."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cerebras_sdk import (
    APIConnectionError,
    APITimeoutError,
    Cerebras,
    StreamInterruptedError,
    StreamTimeoutError,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"
SSE = {"Content-Type": "text/event-stream"}
NOW = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
STOP = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def mine() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def client(server: LocalServer, mine: httpx.Client) -> Iterator[Cerebras]:
    with Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client:
        yield client


def test_a_stream_arrives_event_by_event(server: LocalServer, client: Cerebras) -> None:
    arrived = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield NOW
        assert arrived.wait(10), "the first event did not arrive before the second was sent"
        yield STOP + DONE

    server.route("POST", CHAT, lambda _: Answer(200, SSE, pieces()))
    stream = client.chat.completions.create(**CALL, stream=True)
    assert next(stream.text_stream) == "now"
    arrived.set()
    assert stream.get_final_completion().text == "now"


def test_streams_that_were_read_share_a_connection(server: LocalServer, client: Cerebras) -> None:
    for _ in range(3):
        with client.chat.completions.create(**CALL, stream=True) as stream:
            assert "".join(stream.text_stream) == "Hi!"
    assert server.connections == 1


def test_a_stream_closed_early_gives_its_connection_up(server: LocalServer) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    with (
        httpx.Client(limits=httpx.Limits(max_connections=1)) as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, timeout=5) as client,
    ):
        with client.chat.completions.create(**CALL, stream=True) as stream:
            assert next(stream.text_stream) == "now"
        server.route("POST", CHAT, lambda _: None)
        assert client.chat.completions.create(**CALL).text == "Hi!"
    assert server.connections == 2


def test_a_server_that_does_not_end_its_answer_is_not_waited_for(
    server: LocalServer, client: Cerebras
) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW + STOP + DONE, Pause(9)]))
    before = time.monotonic()
    with client.chat.completions.create(**CALL, stream=True) as stream:
        assert "".join(stream.text_stream) == "now"
    assert time.monotonic() - before < 4


def test_a_stream_of_http2_is_not_read_on_after_its_last_event() -> None:
    class Events(httpx.SyncByteStream):
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            yield NOW + STOP + DONE
            raise AssertionError("httpx cannot be woken here: one connection serves other streams")

        def close(self) -> None:
            self.closed = True

    events = Events()

    def answer(_: httpx.Request) -> httpx.Response:
        version = {"http_version": b"HTTP/2"}
        return httpx.Response(200, headers=SSE, stream=events, extensions=version)

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as mine,
        Cerebras("csk-test", http_client=mine) as client,
        client.chat.completions.create(**CALL, stream=True) as stream,
    ):
        assert "".join(stream.text_stream) == "now"
    assert events.closed


def test_a_stream_closed_by_another_thread_ends_at_once(
    server: LocalServer, client: Cerebras
) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    texts: list[str] = []
    stream = client.chat.completions.create(**CALL, stream=True)
    thread = threading.Thread(target=lambda: texts.extend(stream.text_stream))
    thread.start()
    while not texts and thread.is_alive():
        time.sleep(0.01)
    stream.close()
    thread.join(5)
    assert not thread.is_alive()
    assert texts == ["now"]


def test_a_connection_that_breaks_keeps_what_had_arrived(
    server: LocalServer, client: Cerebras
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n"
    server.route("POST", CHAT, lambda _: RawAnswer([head + NOW]))
    stream = client.chat.completions.create(**CALL, stream=True)
    with pytest.raises(StreamInterruptedError) as caught:
        list(stream.text_stream)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "now"
    assert any(isinstance(cause, httpx.RemoteProtocolError) for cause in causes(caught.value))


def test_silence_in_a_stream_is_a_timeout(server: LocalServer, client: Cerebras) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    stream = client.chat.completions.create(**CALL, stream=True, timeout=0.2)
    with pytest.raises(StreamTimeoutError, match="silence"):
        list(stream.text_stream)


def causes(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__
    return found


def test_no_answer_is_a_timeout_which_is_tried_again(
    server: LocalServer, client: Cerebras, waits: list[float]
) -> None:
    server.route("POST", CHAT, lambda _: RawAnswer([Pause(9)]))
    with pytest.raises(APITimeoutError, match="no answer for longer"):
        client.with_options(timeout=0.1).chat.completions.create(**CALL)
    assert len(waits) == 2


def test_a_full_pool_is_a_timeout(server: LocalServer) -> None:
    server.route("POST", CHAT, lambda _: Answer(200, SSE, [NOW, Pause(9)]))
    with (
        httpx.Client(limits=httpx.Limits(max_connections=1)) as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine, max_retries=0) as client,
        client.chat.completions.create(**CALL, stream=True),
        pytest.raises(APITimeoutError),
    ):
        client.chat.completions.create(**CALL, timeout=0.1)


@pytest.mark.parametrize("stream", [False, True])
def test_a_compressed_answer_is_decoded_once(
    server: LocalServer, client: Cerebras, stream: bool
) -> None:
    whole = b'{"choices": [{"message": {"content": "now"}, "finish_reason": "stop"}]}'
    kind = SSE if stream else {"Content-Type": "application/json"}
    body = gzip.compress(NOW + STOP + DONE if stream else whole)
    server.route("POST", CHAT, lambda _: Answer(200, kind | {"Content-Encoding": "gzip"}, [body]))
    if stream:
        with client.chat.completions.create(**CALL, stream=True) as events:
            assert "".join(events.text_stream) == "now"
    else:
        assert client.chat.completions.create(**CALL).text == "now"


def test_a_broken_compression_is_an_error_of_the_answer(
    server: LocalServer, client: Cerebras, waits: list[float]
) -> None:
    broken = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    server.route("POST", CHAT, lambda _: Answer(200, broken, [b"no gzip"]))
    with pytest.raises(APIConnectionError):
        client.chat.completions.create(**CALL)
