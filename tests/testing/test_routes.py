"""Answers that a test puts in the place of the built-in ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer, ReceivedRequest

from .local_client import Socket, chat

Connect = Callable[[LocalServer], Socket]

_EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


def test_a_route_answers_before_what_is_built_in(server: LocalServer, client: httpx.Client) -> None:
    server.route("GET", "/v1/models", Answer(503, {"Retry-After": "2"}, b"later"))
    answer = client.get("/v1/models?format=default")
    assert (answer.status_code, answer.text) == (503, "later")
    assert answer.headers["retry-after"] == "2"
    assert client.post("/v1/chat/completions", json=chat()).status_code == 200


def test_a_handler_sees_the_request_and_may_leave_it_to_the_server(
    server: LocalServer, client: httpx.Client
) -> None:
    def refuse_the_first(request: ReceivedRequest) -> Answer | None:
        return Answer(429) if len(server.requests) == 1 and request.json()["stream"] else None

    server.route("post", "/v1/chat/completions", refuse_the_first)
    statuses = [
        client.post("/v1/chat/completions", json=chat(stream=True)).status_code for _ in range(2)
    ]
    assert statuses == [429, 200]
    assert server.connections == 1


def test_the_newest_route_wins(server: LocalServer, client: httpx.Client) -> None:
    server.route("GET", "/x", Answer(body=b"old"))
    server.route("GET", "/x", Answer(body=b"new"))
    assert client.get("/x").text == "new"


def test_a_handler_that_fails_is_a_500_and_is_logged(
    server: LocalServer, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: ReceivedRequest) -> Answer:
        raise LookupError("oops")

    server.route("GET", "/x", broken)
    assert client.get("/x").status_code == 500
    assert client.get("/v1/models").status_code == 200
    (record,) = caplog.records
    assert record.getMessage() == "the handler of GET /x failed"
    assert "oops" in str(record.exc_info)


def test_a_handler_that_calls_the_test_off_does_not_end_the_server(
    server: LocalServer, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    server.route("GET", "/x", lambda request: pytest.fail("not here"))
    assert client.get("/x").status_code == 500
    assert client.get("/v1/models").status_code == 200
    assert "not here" in str(caplog.records[0].exc_info)


def test_each_piece_is_one_chunk_and_one_write(server: LocalServer, connect: Connect) -> None:
    # The pauses keep the kernel from joining two writes into one read.
    pieces: list[bytes | Pause] = [b"data: a", Pause(0.05), b"\n", b"", Pause(0.05), b"\n"]
    server.route("GET", "/x", Answer(headers={"X-Odd": "Case"}, body=pieces))
    socket = connect(server)
    socket.get("/x")
    reads: list[bytes] = []
    while not reads or not reads[-1].endswith(b"0\r\n\r\n"):
        reads.append(socket.receive())
    assert b"".join(reads) == (
        b"HTTP/1.1 200 OK\r\nX-Odd: Case\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"7\r\ndata: a\r\n1\r\n\n\r\n1\r\n\n\r\n0\r\n\r\n"
    )
    assert [read for read in reads if read.startswith(b"1\r\n\n\r\n")]


def test_a_body_may_wait_for_the_test(server: LocalServer, client: httpx.Client) -> None:
    gate = threading.Event()

    def body() -> Iterator[bytes]:
        yield b"before"
        gate.wait(5)
        yield b"after"

    server.route("GET", "/x", lambda request: Answer(body=body()))
    with client.stream("GET", "/x") as answer:
        pieces = answer.iter_bytes()
        assert next(pieces) == b"before"
        assert not gate.is_set()
        with httpx.Client() as other:  # the server is not held up
            assert other.get(server.session_url).text == "null"
        gate.set()
        assert next(pieces) == b"after"


def test_a_body_that_fails_cuts_the_connection(
    server: LocalServer, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def body() -> Iterator[bytes]:
        yield b"some"
        raise LookupError("oops")

    server.route("GET", "/x", Answer(body=body()))
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
        client.get("/x")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_status_without_a_body_has_none(server: LocalServer, connect: Connect) -> None:
    server.route("GET", "/x", Answer(204))
    socket = connect(server)
    socket.get("/x")
    assert socket.until(b"\r\n\r\n") == _EMPTY


def test_head_gets_the_headers_alone(server: LocalServer, client: httpx.Client) -> None:
    server.route("HEAD", "/x", Answer(body=b"12345"))
    for _ in range(2):
        answer = client.head("/x")
        assert (answer.headers["content-length"], answer.content) == ("5", b"")
    assert server.connections == 1


def test_raw_bytes_are_sent_as_they_are_and_the_connection_closed(
    server: LocalServer, connect: Connect
) -> None:
    server.route("GET", "/x", RawAnswer([b"HTTP/1.1 200 OK\r\nContent-", b"Length: 99\r\n\r\nab"]))
    socket = connect(server)
    socket.get("/x")
    assert socket.rest() == b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nab"


def test_no_bytes_at_all_are_an_empty_reply(server: LocalServer, client: httpx.Client) -> None:
    server.route("GET", "/x", RawAnswer([]))
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        client.get("/x")


def test_a_reset_reaches_the_client_after_the_bytes(server: LocalServer, connect: Connect) -> None:
    server.route("GET", "/x", RawAnswer([b"abc", Pause(0.02)], then="reset"))
    socket = connect(server)
    socket.get("/x")
    assert socket.receive() == b"abc"
    with pytest.raises(ConnectionResetError):
        socket.receive()


def test_a_connection_is_kept_after_raw_bytes_when_asked(
    server: LocalServer, client: httpx.Client
) -> None:
    server.route("GET", "/x", RawAnswer([_EMPTY], then="keep"))
    assert [client.get("/x").status_code, client.get("/x").status_code] == [204, 204]
    assert client.get("/v1/models").status_code == 200
    assert server.connections == 1


def test_a_request_sent_ahead_is_not_lost_behind_raw_bytes(
    server: LocalServer, connect: Connect
) -> None:
    server.route("GET", "/x", RawAnswer([_EMPTY], then="keep"))
    socket = connect(server)
    socket.send(
        b"GET /x HTTP/1.1\r\nHost: x\r\n\r\nGET /api/auth/session HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    data = socket.until(b"null")
    assert data.startswith(_EMPTY + b"HTTP/1.1 200 OK\r\n")


def test_a_pause_is_silence_for_that_long(server: LocalServer, connect: Connect) -> None:
    pieces: list[bytes | Pause] = [b"a", Pause(0.1), b"b"]
    server.route("GET", "/x", RawAnswer(iter(pieces)))
    socket = connect(server)
    socket.get("/x")
    assert socket.receive() == b"a"
    start = time.monotonic()
    assert socket.receive() == b"b"
    assert 0.05 < time.monotonic() - start < 1
