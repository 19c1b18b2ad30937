"""The bytes of an answer, as a socket sees them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable

import httpx
import msgspec
import pytest

from cerebras_sdk.testing import EchoEngine, LocalServer, serve

from .local_client import Socket, chat, client_of, events

Connect = Callable[[LocalServer], Socket]

_STREAM = (
    "HTTP/1.1 200 OK\r\n"
    "date: DATE\r\n"
    "server: cerebras-sdk-local\r\n"
    "cf-ray: HEX-LOC\r\n"
    "content-type: text/event-stream; charset=utf-8\r\n"
    "inference-id: ID\r\n"
    "LIMITS"
    "Transfer-Encoding: chunked\r\n"
    "\r\n"
)
_HEAD = '{"id":"ID","choices":['
_TAIL = (
    '],"created":INT,"model":"gpt-oss-120b","system_fingerprint":"fp_HEX",'
    '"object":"chat.completion.chunk"'
)
_USAGE = (
    '"usage":{"total_tokens":7,"completion_tokens":4,"completion_tokens_details":'
    '{"accepted_prediction_tokens":0,"rejected_prediction_tokens":0,"reasoning_tokens":1},'
    '"prompt_tokens":3,"prompt_tokens_details":{"cached_tokens":0}}'
)
_TIMES = (
    '"time_info":{"queue_time":FLOAT,"prompt_time":FLOAT,"completion_time":FLOAT,'
    '"total_time":FLOAT,"created":FLOAT}'
)


def _steady(text: str) -> str:
    """The text with the names of ids, dates and measured numbers in their place."""
    for pattern, name in (
        (r"chatcmpl-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
        (r"\b[0-9a-f]{16}(?=-LOC)|(?<=fp_)[0-9a-f]{20}", "HEX"),
        (r"(?<=date: ).*?(?=\r)", "DATE"),
        (r"(x-ratelimit-[a-z-]+: [0-9.]+\r\n){18}", "LIMITS"),
        (r'(?<="created":)\d{10}(?=,)', "INT"),
        (r"(?<=:)\d+\.\d+(e-\d+)?(?=[,}])", "FLOAT"),
    ):
        text = re.sub(pattern, name, text)
    return text


def test_a_stream_has_exactly_these_bytes(connect: Connect) -> None:
    with serve(EchoEngine(reasoning="Hm.")) as server:
        socket = connect(server)
        socket.post("/v1/chat/completions", chat("a b c", stream=True))
        head, _, body = socket.until(b"\r\n0\r\n\r\n").decode().partition("\r\n\r\n")
    assert _steady(head + "\r\n\r\n") == _STREAM
    sizes = re.findall(
        r"^([0-9a-f]+)\r\n(.*?)\r\n(?=[0-9a-f]+\r\n)", body, re.DOTALL | re.MULTILINE
    )
    assert [int(size, 16) for size, _ in sizes] == [len(data) for _, data in sizes]
    assert [_steady(data) for _, data in sizes] == [
        f'data: {_HEAD}{{"delta":{{"role":"assistant"}},"index":0}}{_TAIL}}}\n\n',
        f'data: {_HEAD}{{"delta":{{"reasoning":"Hm."}},"index":0}}{_TAIL}}}\n\n',
        f'data: {_HEAD}{{"delta":{{"content":"a b "}},"index":0}}{_TAIL}}}\n\n',
        f'data: {_HEAD}{{"delta":{{"content":"c"}},"index":0}}{_TAIL}}}\n\n',
        f'data: {_HEAD}{{"delta":{{}},"finish_reason":"stop","index":0}}{_TAIL},{_USAGE},{_TIMES}}}'
        "\n\n",
        "data: [DONE]\n\n",
    ]


def test_a_whole_answer_has_exactly_this_body(client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", json=chat("a b c"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["inference-id"] == answer.json()["id"]
    assert _steady(answer.text) == (
        '{"id":"ID","choices":[{"finish_reason":"stop","index":0,"message":{"content":"a b c",'
        '"role":"assistant"}}],"created":INT,"model":"gpt-oss-120b",'
        '"system_fingerprint":"fp_HEX","object":"chat.completion",'
        + _USAGE.replace("7", "6").replace("4", "3", 1).replace('_tokens":1', '_tokens":0')
        + f",{_TIMES}}}"
    )


def test_reasoning_of_a_whole_answer_is_beside_its_content() -> None:
    with serve(EchoEngine(reasoning="Let me think.")) as server:
        answer = httpx.post(
            f"{server.base_url}/v1/chat/completions",
            json=chat("yes"),
            headers={"Authorization": "Bearer csk-test"},
        )
    message = answer.json()["choices"][0]["message"]
    assert message == {"content": "yes", "reasoning": "Let me think.", "role": "assistant"}


def test_text_of_any_script_arrives_unharmed(client: httpx.Client) -> None:
    said = 'Привет, "мир"! \u0000 \u2028 👋'
    answer = client.post("/v1/chat/completions", json=chat(said, stream=True))
    deltas = [event["choices"][0]["delta"] for event in events(answer.text)[:-1]]
    assert "".join(delta.get("content", "") for delta in deltas) == said


def test_requests_on_one_connection_are_answered_in_order(
    server: LocalServer, connect: Connect
) -> None:
    socket = connect(server)
    for text in ("first", "second"):  # both sent before either is answered
        socket.post("/v1/chat/completions", chat(text, stream=True))
    said = socket.until(b"\r\n0\r\n\r\n")
    while b"second" not in said or not said.endswith(b"\r\n0\r\n\r\n"):
        said += socket.receive()
    assert said.index(b"first") < said.index(b"second")
    assert server.connections == 1
    assert [request.connection for request in server.requests] == [1, 1]


def test_twenty_answers_use_one_connection(server: LocalServer, client: httpx.Client) -> None:
    for number in range(20):
        answer = client.post("/v1/chat/completions", json=chat(stream=bool(number % 2)))
        assert answer.status_code == 200
    assert (server.connections, server.open_connections) == (1, 1)


def test_a_client_that_asks_to_close_is_closed(server: LocalServer, connect: Connect) -> None:
    socket = connect(server)
    socket.get("/v1/nowhere", headers="Connection: close\r\n")
    assert socket.rest().startswith(b"HTTP/1.1 404 ")


def test_an_http_1_0_client_gets_its_answer_without_chunks(
    server: LocalServer, connect: Connect
) -> None:
    socket = connect(server)
    body = json.dumps(chat(stream=True))
    socket.send(
        b"POST /v1/chat/completions HTTP/1.0\r\nAuthorization: Bearer csk-test\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    assert socket.rest().endswith(b"\n\ndata: [DONE]\n\n")


def test_a_client_may_close_its_side_after_the_request(
    server: LocalServer, connect: Connect
) -> None:
    socket = connect(server)
    socket.get("/api/auth/session")
    socket.half_close()
    assert socket.rest().endswith(b"\r\n\r\nnull")


def test_a_client_that_expects_100_continue_gets_it_before_it_sends_its_body(
    server: LocalServer, connect: Connect
) -> None:
    socket = connect(server)
    body = json.dumps(chat()).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer csk-test\r\n"
    socket.send(f"{head}Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    assert socket.until(b"\r\n\r\n") == b"HTTP/1.1 100 \r\n\r\n"
    socket.send(body)
    assert socket.until(b"}}").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "noise",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["text", "tls", "no host", "no length", "no chunk"],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(
    server: LocalServer, connect: Connect, noise: bytes
) -> None:
    socket = connect(server)
    socket.send(noise)
    answer = socket.rest()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in answer
    assert server.requests == []


def test_an_endless_header_is_refused(server: LocalServer, connect: Connect) -> None:
    socket = connect(server)
    socket.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000)
    assert socket.receive().startswith(b"HTTP/1.1 431 ")


def test_a_client_that_leaves_in_the_middle_of_a_request_harms_nobody(
    server: LocalServer, connect: Connect, client: httpx.Client
) -> None:
    socket = connect(server)
    socket.send(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    socket.close()
    assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PUT", "TRACE"])
def test_other_methods_are_answered_and_the_connection_kept(
    server: LocalServer, client: httpx.Client, method: str
) -> None:
    for _ in range(2):
        answer = client.request(method, "/v1/models")
        assert (answer.status_code, answer.content) == (404, b"")
    assert server.connections == 1


def test_a_compressed_request_is_read_and_kept_as_it_was_sent(
    server: LocalServer, client: httpx.Client
) -> None:
    packed = gzip.compress(json.dumps(chat("packed well")).encode(), mtime=0)
    answer = client.post(
        "/v1/chat/completions", content=packed, headers={"Content-Encoding": "gzip"}
    )
    assert answer.json()["choices"][0]["message"]["content"] == "packed well"
    assert server.requests[0].body == packed


def test_a_msgpack_request_is_read(client: httpx.Client) -> None:
    answer = client.post(
        "/v1/chat/completions",
        content=msgspec.msgpack.encode(chat("packed well")),
        headers={"Content-Type": "application/vnd.msgpack"},
    )
    assert answer.json()["choices"][0]["message"]["content"] == "packed well"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/v1/batches"])
@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"Content-Encoding": "gzip"}, "Content-Encoding 'gzip'"),
        ({"Content-Type": "application/vnd.msgpack"}, "Content-Type 'application/vnd.msgpack'"),
        (
            {"Content-Type": "application/x-msgpack", "Content-Encoding": "GZIP"},
            "Content-Encoding 'gzip'",
        ),
    ],
)
def test_a_server_without_compression_names_the_encoding_it_does_not_take(
    path: str, headers: dict[str, str], named: str
) -> None:
    with serve(compression=False) as server, client_of(server) as client:
        answer = client.post(path, content=b"x", headers=headers)
        plain = client.post("/v1/chat/completions", json=chat())
    assert answer.status_code == 415
    assert answer.json() == {
        "message": f"body: Unsupported {named}",
        "type": "invalid_request_error",
        "param": "validation_error",
        "code": "unsupported_media_type",
    }
    assert plain.status_code == 200


def test_token_ids_may_come_in_msgpack_and_gzip(client: httpx.Client) -> None:
    body = {"model": "gpt-oss-120b", "prompt": [[1, 2], [3]]}
    answer = client.post(
        "/v1/completions",
        content=gzip.compress(msgspec.msgpack.encode(body), mtime=0),
        headers={"Content-Type": "application/vnd.msgpack", "Content-Encoding": "gzip"},
    )
    assert [choice["text"] for choice in answer.json()["choices"]] == ["1 2", "3"]


def test_a_request_is_kept_with_everything_but_shows_no_secret(
    server: LocalServer, client: httpx.Client
) -> None:
    client.post("/v1/chat/completions?a=1&b", json=chat(), headers={"Cookie": "authjs=csk-c"})
    (request,) = server.requests
    assert (request.method, request.path, request.query) == (
        "POST",
        "/v1/chat/completions",
        "a=1&b",
    )
    assert request.target == "/v1/chat/completions?a=1&b"
    assert request.headers["AUTHORIZATION"] == "Bearer csk-test"
    assert request.json()["model"] == "gpt-oss-120b"
    assert "csk-" not in repr(request) + repr(request.headers) + str(request.headers)
    assert "host" in request.headers


def test_a_proxy_request_is_answered_by_its_path(server: LocalServer, connect: Connect) -> None:
    socket = connect(server)
    socket.get("http://api.cerebras.ai/api/auth/session?x=y")
    assert socket.until(b"null").startswith(b"HTTP/1.1 200 ")
    assert (server.requests[0].path, server.requests[0].query) == ("/api/auth/session", "x=y")
