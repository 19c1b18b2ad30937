"""What requests does by itself, and what of it must not touch the key."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from cerebras_sdk import APIConnectionError, Cerebras, InvalidRequestError, KeyExchangeError
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer, serve

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"
SESSION = "/api/auth/session"


def test_netrc_does_not_replace_the_key(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password netrc-secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    plain = requests.get(server.base_url, timeout=5)
    assert plain.request.headers["Authorization"].startswith("Basic")
    with Cerebras("csk-test", base_url=server.base_url) as client:
        client.chat.completions.create(**CALL)
    assert server.requests[-1].headers["authorization"] == "Bearer csk-test"


def test_a_session_of_the_user_is_used_and_left_open(server: LocalServer) -> None:
    with requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        with Cerebras("csk-test", base_url=server.base_url, http_client=session) as client:
            client.chat.completions.create(**CALL)
        assert session.get(server.base_url + "/v1/models", timeout=5).status_code == 403
    assert server.requests[0].headers["x-mine"] == "yes"
    assert server.requests[0].headers["authorization"] == "Bearer csk-test"
    assert server.connections == 1


def test_the_proxy_of_a_users_session_is_used(server: LocalServer) -> None:
    with requests.Session() as session:
        session.proxies = {"http": server.base_url}
        with Cerebras("csk-test", base_url="http://api.localhost:1", http_client=session) as client:
            assert client.chat.completions.create(**CALL).text == "Hi!"
    assert server.requests[0].target == "http://api.localhost:1" + CHAT


def test_many_threads_wait_for_one_exchange() -> None:
    with serve(sessions={"t": "csk-test"}) as server:
        slow = Pause(0.1)
        answer = b'{"user": {"demoApiKey": "csk-test"}}'
        server.route("GET", SESSION, lambda _: Answer(200, {}, [slow, answer]))
        client = Cerebras(
            cookies={"t": "t"}, base_url=server.base_url, session_url=server.session_url
        )
        texts: list[str] = []
        threads = [
            threading.Thread(
                target=lambda: texts.append(client.chat.completions.create(**CALL).text)
            )
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()
    assert texts == ["Hi!"] * 16
    assert [request.path for request in server.requests].count(SESSION) == 1


def test_many_threads_share_the_failure_of_one_exchange(server: LocalServer) -> None:
    server.route("GET", SESSION, lambda _: Answer(200, {}, [Pause(0.3), b"null"]))
    client = Cerebras(cookies={"t": "t"}, base_url=server.base_url, session_url=server.session_url)
    failures: list[str] = []

    def ask() -> None:
        with pytest.raises(KeyExchangeError) as caught:
            client.chat.completions.create(**CALL)
        failures.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert len(failures) == 8
    assert len(set(failures)) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize("length", [b"", b"Content-Length: %d\r\n"])
def test_a_body_without_chunks_still_arrives_event_by_event(
    server: LocalServer, length: bytes
) -> None:
    first = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
    last = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    head += (length % len(first + last) if length else b"") + b"\r\n"
    arrived = threading.Event()

    def pieces() -> Any:
        yield head + first
        assert arrived.wait(10), "the first event did not arrive before the second was sent"
        yield last

    server.route("POST", CHAT, lambda _: RawAnswer(pieces()))
    with Cerebras("csk-test", base_url=server.base_url, timeout=10) as client:
        stream = client.chat.completions.create(**CALL, stream=True)
        assert next(stream.text_stream) == "now"
        arrived.set()
        assert stream.get_final_completion().text == "now"


def test_many_threads_keep_their_connections(server: LocalServer) -> None:
    def ask() -> None:
        for _ in range(5):
            assert client.chat.completions.create(**CALL).text == "Hi!"

    with Cerebras("csk-test", base_url=server.base_url) as client:
        threads = [threading.Thread(target=ask) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.connections <= 32


def test_a_stream_closed_by_another_thread_ends_at_once(server: LocalServer) -> None:
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
    sse = {"Content-Type": "text/event-stream"}
    server.route("POST", CHAT, lambda _: Answer(200, sse, [event, Pause(9)]))
    texts: list[str] = []
    with Cerebras("csk-test", base_url=server.base_url) as client:
        stream = client.chat.completions.create(**CALL, stream=True)
        thread = threading.Thread(target=lambda: texts.extend(stream.text_stream))
        thread.start()
        time.sleep(0.1)
        stream.close()
        thread.join(5)
        assert not thread.is_alive()
    assert texts == ["now"]


def test_a_bundle_of_certificates_that_is_not_there_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    with (
        Cerebras("csk-test", base_url="https://127.0.0.1:1") as client,
        pytest.raises(InvalidRequestError, match=r"/no/such/file\.pem"),
    ):
        client.chat.completions.create(**CALL)
    assert waits == []


def test_an_untrusted_certificate_says_so(waits: list[float], tls_url: str) -> None:
    with (
        Cerebras("csk-test", base_url=tls_url) as client,
        pytest.raises(APIConnectionError, match="certificate"),
    ):
        client.chat.completions.create(**CALL)
