"""What a user gets when something goes wrong, on the local server."""

from __future__ import annotations

import gzip
import json
import pickle
import socket
from typing import Any

import pytest

from cerebras_sdk import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AsyncCerebras,
    AsyncStream,
    AuthenticationError,
    BadRequestError,
    CerebrasError,
    ChatCompletionChunk,
    InternalServerError,
    InvalidRequestError,
    ModelNotFoundError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    StreamDecodeError,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
    Timeout,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "Hello, how are you?"}],
}
SSE = {"Content-Type": "text/event-stream; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=UTF-8", "cf-ray": "8c1f-FRA"}
BLOCKED = (
    b"<!DOCTYPE html><html><head><title>Attention Required!</title></head><body>no</body></html>"
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(content: str | None = None, finish_reason: str | None = None) -> bytes:
    delta = {} if content is None else {"content": content}
    choice = {"delta": delta, "index": 0, "finish_reason": finish_reason}
    body = {"id": "chatcmpl-1", "model": "gpt-oss-120b", "created": 1, "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def error(status: int, **fields: str) -> Answer:
    return Answer(status, JSON | {"cf-ray": "8c1f-FRA"}, json.dumps(fields).encode())


async def read(stream: AsyncStream[ChatCompletionChunk], seen: list[str]) -> None:
    async for piece in stream.text_stream:
        seen.append(piece)


async def test_a_wrong_key_is_a_typed_error_that_knows_everything(server: LocalServer) -> None:
    async with AsyncCerebras("csk-test-wrong", base_url=server.base_url) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.chat.completions.create(**CALL)
    wrong = caught.value
    assert wrong.status_code == 401
    assert (wrong.code, wrong.type, wrong.param) == (
        "wrong_api_key",
        "invalid_request_error",
        "api_key",
    )
    assert "Wrong API Key" in wrong.message
    assert server.base_url + CHAT in wrong.message
    assert wrong.request_id
    assert wrong.headers["Content-Type"] == "application/json"
    assert len(server.requests) == 1
    assert "csk-test-wrong" not in str(wrong) + repr(wrong) + repr(vars(wrong))


async def test_an_empty_404_names_the_address_and_the_base_url(server: LocalServer) -> None:
    async with AsyncCerebras("csk-test", base_url=server.base_url + "/wrong") as client:
        with pytest.raises(NotFoundError, match=f"{server.base_url}/wrong/v1/chat") as caught:
            await client.chat.completions.create(**CALL)
    assert "base_url" in caught.value.message
    assert not isinstance(caught.value, ModelNotFoundError)
    assert caught.value.code is None


async def test_a_firewall_page_says_that_it_is_one(
    server: LocalServer, options: dict[str, Any]
) -> None:
    server.route("POST", CHAT, Answer(403, HTML, BLOCKED))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(PermissionDeniedError, match="Attention Required!") as caught:
            await client.chat.completions.create(**CALL)
    assert "firewall" in caught.value.message
    assert "<html>" not in caught.value.message
    assert caught.value.request_id == "8c1f-FRA"


@pytest.mark.parametrize(
    ("answer", "cls", "tries"),
    [
        (error(400, message="m", code="wrong_api_format"), BadRequestError, 1),
        (Answer(403, JSON, b'{"detail": "Not authenticated"}'), PermissionDeniedError, 1),
        (error(402, message="Payment required", param="quota"), PaymentRequiredError, 1),
        (Answer(422, JSON, b'{"detail": [{"loc": ["body"], "msg": "m"}]}'), BadRequestError, 1),
        (error(408, message="m"), APIStatusError, 3),
        (error(429, message="m", code="request_quota_exceeded"), RateLimitError, 3),
        (error(500, message="m", type="server_error"), InternalServerError, 3),
        (Answer(503, HTML, BLOCKED), InternalServerError, 3),
        (Answer(500, JSON, gzip.compress(b"{}", mtime=0)), InternalServerError, 3),
    ],
)
async def test_each_status_has_its_class_and_only_passing_ones_are_tried_again(
    server: LocalServer,
    options: dict[str, Any],
    waits: list[float],
    answer: Answer,
    cls: type[APIStatusError],
    tries: int,
) -> None:
    server.route("POST", CHAT, answer)
    async with AsyncCerebras(**options) as client:
        for stream in (False, True):
            with pytest.raises(cls) as caught:
                await client.chat.completions.create(**CALL, stream=stream)
    assert caught.value.status_code == answer.status
    assert len(server.requests) == 2 * tries
    assert len(waits) == 2 * (tries - 1)
    assert server.connections == 1


async def test_an_overloaded_service_is_asked_again_after_the_time_it_names(
    server: LocalServer, options: dict[str, Any], waits: list[float]
) -> None:
    busy = Answer(
        429, JSON | {"retry-after": "7", "x-should-retry": "false"}, b'{"code": "queue_exceeded"}'
    )
    server.route("POST", CHAT, lambda _: busy if len(server.requests) == 1 else None)
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.create(**CALL)
    assert completion.text == "Hello, how are you?"
    assert waits == [7.0]


async def test_a_daily_quota_is_not_waited_for(
    server: LocalServer, options: dict[str, Any], waits: list[float]
) -> None:
    server.route("POST", CHAT, Answer(429, JSON | {"retry-after": "86399"}, b'{"message": "day"}'))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(RateLimitError):
            await client.chat.completions.create(**CALL)
    assert len(server.requests) == 1
    assert waits == []


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 100\r\n", [b'{"message":']),
        (b"Content-Encoding: gzip\r\nContent-Length: 3\r\n", [b"abc"]),
        (b"Transfer-Encoding: chunked\r\n", [b"5\r\n{"]),
        (b"Transfer-Encoding: chunked\r\n", [b"no size\r\n"]),
        (b"Content-Length: 100\r\n", [b"{", Pause(3)]),
    ],
)
@pytest.mark.parametrize(
    ("status", "cls"),
    [(401, AuthenticationError), (402, PaymentRequiredError), (429, RateLimitError)],
)
@pytest.mark.parametrize("timeout", [0.3, Timeout(total=0.3)])
async def test_a_refusal_is_one_however_little_of_its_body_can_be_read(
    server: LocalServer,
    options: dict[str, Any],
    waits: list[float],
    head: bytes,
    body: list[bytes | Pause],
    status: int,
    cls: type[APIStatusError],
    timeout: Any,
) -> None:
    start = b"HTTP/1.1 %d No\r\nContent-Type: application/json\r\nRetry-After: 86399\r\n" % status
    server.route("POST", CHAT, RawAnswer([start + head + b"\r\n", *body]))
    async with AsyncCerebras(**options, timeout=timeout) as client:
        with pytest.raises(cls, match="the rest of the answer could not be read") as caught:
            await client.chat.completions.create(**CALL)
    assert caught.value.status_code == status
    assert isinstance(caught.value.__cause__, APIConnectionError)
    assert len(server.requests) == 1
    assert waits == []


async def test_an_error_keeps_no_cookie_that_its_answer_sets(
    server: LocalServer, options: dict[str, Any]
) -> None:
    refusal = Answer(402, JSON | {"Set-Cookie": "session=c00k1e-c00k1e; Path=/"}, b"{}")
    server.route("POST", CHAT, refusal)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(PaymentRequiredError) as caught:
            await client.chat.completions.create(**CALL)
    assert caught.value.headers["set-cookie"] == "***"
    assert b"c00k1e" not in pickle.dumps(caught.value)


async def test_the_causes_of_a_connection_error_keep_no_request(waits: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with AsyncCerebras("csk-test", base_url=url, max_retries=0) as client:
            with pytest.raises(APIConnectionError) as caught:
                await client.models.list()
    layer: BaseException | None = caught.value.__cause__
    assert layer is not None
    while layer is not None:
        kept = {name: value for name, value in vars(layer).items() if value is not None}
        assert not kept.keys() & {"request", "_request", "response", "_response"}
        layer = layer.__cause__ or layer.__context__


async def test_nobody_there_is_a_connection_error_with_the_address(waits: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with AsyncCerebras("csk-test", base_url=url, max_retries=1) as client:
            with pytest.raises(APIConnectionError, match="Connection refused") as caught:
                await client.chat.completions.create(**CALL)
    assert url in str(caught.value)
    assert caught.value.__cause__ is not None
    assert len(waits) == 1


async def test_a_silent_service_is_a_timeout(server: LocalServer, options: dict[str, Any]) -> None:
    server.route("POST", CHAT, Answer(200, JSON, [Pause(5), b"{}"]))
    async with AsyncCerebras(**options, max_retries=0) as client:
        with pytest.raises(APITimeoutError):
            await client.chat.completions.create(**CALL, timeout=0.1)


async def test_a_dropped_answer_is_asked_for_again(
    server: LocalServer, options: dict[str, Any], waits: list[float]
) -> None:
    half = RawAnswer([b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"])
    server.route("POST", CHAT, lambda _: half if len(server.requests) == 1 else None)
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.create(**CALL)
    assert completion.text == "Hello, how are you?"
    assert len(waits) == 1


@pytest.mark.parametrize("done", [b"", b"data: [DONE]\n\n"])
async def test_a_stream_without_finish_reason_is_an_error_that_carries_what_came(
    server: LocalServer, options: dict[str, Any], done: bytes
) -> None:
    server.route("POST", CHAT, Answer(200, SSE, [chunk("Half an "), chunk("answer"), done]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        seen: list[str] = []
        with pytest.raises(StreamTruncatedError) as caught:
            await read(stream, seen)
        with pytest.raises(StreamTruncatedError):
            await stream.get_final_completion()
    assert seen == ["Half an ", "answer"]
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half an answer"
    assert caught.value.partial.choices[0].finish_reason is None


async def test_a_stream_needs_no_done(server: LocalServer, options: dict[str, Any]) -> None:
    server.route("POST", CHAT, Answer(200, SSE, [chunk("All"), chunk(finish_reason="stop")]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert (await stream.get_final_completion()).text == "All"


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_connection_lost_in_a_stream_is_an_error_that_carries_what_came(
    server: LocalServer, options: dict[str, Any], then: Any
) -> None:
    event = chunk("Half")
    piece = b"%x\r\n%b\r\n" % (len(event), event)
    server.route("POST", CHAT, RawAnswer([HEAD, piece, Pause(0.05)], then=then))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamInterruptedError) as caught:
            async for _ in stream:
                pass
    assert isinstance(caught.value, APIConnectionError)
    assert not isinstance(caught.value, APITimeoutError)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"
    assert isinstance(caught.value.__cause__, APIConnectionError)


async def test_a_stream_that_falls_silent_is_a_timeout_that_carries_what_came(
    server: LocalServer, options: dict[str, Any]
) -> None:
    server.route("POST", CHAT, Answer(200, SSE, [chunk("Half"), Pause(5)]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True, timeout=0.2)
        with pytest.raises(StreamTimeoutError) as caught:
            async for _ in stream:
                pass
    assert isinstance(caught.value, APITimeoutError)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"


async def test_a_connection_lost_after_the_last_chunk_is_no_error(
    server: LocalServer, options: dict[str, Any]
) -> None:
    event = chunk("All") + chunk(finish_reason="stop")
    server.route("POST", CHAT, RawAnswer([HEAD, b"%x\r\n%b\r\n" % (len(event), event)]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert (await stream.get_final_completion()).text == "All"


async def test_a_service_that_never_closes_after_done_is_not_waited_for(
    server: LocalServer, options: dict[str, Any]
) -> None:
    events: list[Any] = [chunk("All"), chunk(finish_reason="stop"), b"data: [DONE]\n\n", Pause(30)]
    server.route("POST", CHAT, lambda _: Answer(200, SSE, events))
    async with AsyncCerebras(**options, timeout=10) as client:
        for _ in range(2):
            stream = await client.chat.completions.create(**CALL, stream=True)
            assert (await stream.get_final_completion()).text == "All"
    assert server.connections == 2


@pytest.mark.parametrize(
    "body",
    [
        {"status_code": 500, "error": {"message": "Encountered a server error", "type": "t"}},
        {"message": "Encountered a server error", "type": "t", "param": "", "code": ""},
    ],
)
async def test_an_error_in_a_stream_is_raised_with_what_came(
    server: LocalServer, options: dict[str, Any], body: dict[str, Any]
) -> None:
    event = b"data: " + json.dumps(body).encode() + b"\n\n"
    server.route("POST", CHAT, Answer(200, SSE, [chunk("Half") + event, b"data: [DONE]\n\n"]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        seen: list[str] = []
        with pytest.raises(InternalServerError, match="Encountered a server error") as caught:
            await read(stream, seen)
    assert seen == ["Half"]
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"


@pytest.mark.parametrize("event", [b"data: {half\n\n", b"data: 7\n\n", b'data: "\xff"\n\n'])
async def test_an_event_that_is_no_chunk_is_a_decode_error(
    server: LocalServer, options: dict[str, Any], event: bytes
) -> None:
    server.route("POST", CHAT, Answer(200, SSE, [chunk("Half"), event]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamDecodeError) as caught:
            async for _ in stream:
                pass
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"


@pytest.mark.parametrize(
    ("body", "cls"),
    [
        (b'{"status_code": 500, "error": {"message": "no"}}', InternalServerError),
        (b'{"message": "no", "type": "server_error", "code": ""}', InternalServerError),
        (b"{}", APIResponseValidationError),
        (b"[]", APIResponseValidationError),
        (BLOCKED, APIResponseValidationError),
        (b'{"choices": [{"message": "text"}]}', APIResponseValidationError),
    ],
)
async def test_a_200_that_is_no_completion_is_an_error(
    server: LocalServer, options: dict[str, Any], body: bytes, cls: type[CerebrasError]
) -> None:
    server.route("POST", CHAT, Answer(200, JSON, body))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(cls):
            await client.chat.completions.create(**CALL)


async def test_an_error_that_repeats_the_key_is_shown_without_it(
    server: LocalServer, options: dict[str, Any]
) -> None:
    server.route("POST", CHAT, error(400, message="bad header: Authorization: Bearer csk-test"))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(BadRequestError) as caught:
            await client.chat.completions.create(**CALL)
        with pytest.raises(BadRequestError) as again:
            await client.chat.completions.create(
                **CALL, extra_headers={"Authorization": "Bearer csk-test"}
            )
    for failure in (caught.value, again.value):
        assert "csk-test" not in str(failure) + repr(vars(failure))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_on_the_same_host_keeps_the_request(
    server: LocalServer, options: dict[str, Any], status: int
) -> None:
    server.route("POST", "/old/v1/chat/completions", Answer(status, {"Location": CHAT}))
    options["base_url"] += "/old"
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.create(**CALL)
    assert completion.text == "Hello, how are you?"
    assert server.connections == 1


async def test_the_key_goes_to_no_other_host_on_a_redirect(
    server: LocalServer, options: dict[str, Any]
) -> None:
    other = server.base_url.replace("127.0.0.1", "localhost")
    server.route("POST", CHAT, Answer(307, {"Location": other + "/elsewhere"}))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(APIStatusError, match="redirect to http://localhost") as caught:
            await client.chat.completions.create(**CALL)
    assert caught.value.status_code == 307
    assert [request.path for request in server.requests] == [CHAT]


async def test_a_circle_of_redirects_ends(server: LocalServer, options: dict[str, Any]) -> None:
    server.route("POST", CHAT, Answer(308, {"Location": CHAT}))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(APIStatusError, match="one of too many"):
            await client.chat.completions.create(**CALL)
    assert len(server.requests) == 6


async def test_a_document_where_a_stream_was_asked_for_is_read_as_what_it_is(
    server: LocalServer, options: dict[str, Any]
) -> None:
    body = b'{"choices": [{"index": 0, "message": {"content": "All"}, "finish_reason": "stop"}]}'
    answers = [
        Answer(200, JSON, body),
        Answer(200, JSON, b'{"status_code": 500, "error": {"message": "no"}}'),
        Answer(200, HTML, BLOCKED),
        Answer(200, JSON, b""),
    ]
    server.route("POST", CHAT, lambda _: answers[len(server.requests) - 1])
    async with AsyncCerebras(**options, max_retries=0) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert [piece async for piece in stream.text_stream] == ["All"]
        assert (await stream.get_final_completion()).choices[0].finish_reason == "stop"
        with pytest.raises(InternalServerError, match="no"):
            await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(APIResponseValidationError, match="HTML page titled 'Attention"):
            await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(APIResponseValidationError, match="an empty answer"):
            await client.chat.completions.create(**CALL, stream=True)
    assert server.connections == 1


async def test_what_had_come_of_a_chunk_that_is_cut_is_not_lost(
    server: LocalServer, options: dict[str, Any]
) -> None:
    events = chunk("Ha") + chunk("lf")
    server.route("POST", CHAT, RawAnswer([HEAD, b"%x\r\n%b" % (len(events) + 99, events)]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        seen: list[str] = []
        with pytest.raises(StreamInterruptedError, match="connection was lost") as caught:
            await read(stream, seen)
    assert seen == ["Ha", "lf"]
    assert caught.value.partial is not None
    assert caught.value.partial.text == "Half"


async def test_a_header_that_repeats_a_secret_is_shown_without_it(server: LocalServer) -> None:
    secrets = {"X-Gateway": "gw-secret-77"}

    def echo(request: Any) -> Answer:
        said = f'{{"message": "no {request.headers["x-gateway"]}"}}'
        return Answer(400, JSON | {"X-Echo": request.headers["authorization"]}, said.encode())

    server.route("POST", CHAT, echo)
    async with AsyncCerebras(
        "csk-test-3f9a", base_url=server.base_url, default_headers=secrets
    ) as client:
        with pytest.raises(BadRequestError) as caught:
            await client.chat.completions.create(**CALL)
    assert "gw-secret-77" not in str(caught.value) + repr(vars(caught.value))
    assert "csk-test-3f9a" not in repr(vars(caught.value))


@pytest.mark.parametrize("proxy", ["foo://127.0.0.1:1", "http://127.0.0.1:abc"])
async def test_a_broken_set_up_is_said_at_once(
    waits: list[float], monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    async with AsyncCerebras("csk-test") as client:
        with pytest.raises(InvalidRequestError, match="HTTPS_PROXY"):
            await client.chat.completions.create(**CALL)
    assert waits == []


async def test_a_closed_client_says_so(options: dict[str, Any]) -> None:
    client = AsyncCerebras(**options)
    await client.close()
    await client.close()
    assert client.is_closed()
    with pytest.raises(CerebrasError, match="the client is closed"):
        await client.chat.completions.create(**CALL)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"base_url": "api.cerebras.ai"}, "must start with https://"),
        ({"base_url": "http://api.cerebras.ai"}, "over https only"),
        ({"base_url": "https://user:secret@example.com"}, "user name or password"),
        ({"session_url": "http://example.com/session"}, "over https only"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"timeout": "soon"}, "timeout takes"),
        ({"timeout": True}, "timeout takes"),
        ({"timeout": float("nan")}, "timeout must be more than 0"),
        ({"max_retries": -1}, "max_retries"),
        ({"aliases": ["fast"]}, "aliases must be a dict"),
        ({"default_headers": {"Content-Length": "3"}}, "follows from the body"),
        ({"retired_models": "never"}, "retired_models"),
        ({"aliases": {"fast": ""}}, "aliases"),
        ({"http_client": object()}, "http_client must be"),
        ({"default_headers": {"X": 1}}, "names and values are str"),
        ({"default_headers": "X: 1"}, "headers must be a dict"),
    ],
)
async def test_options_that_cannot_be_right_are_refused_at_once(
    wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequestError, match=says) as caught:
        AsyncCerebras("csk-test", **wrong)
    assert "secret" not in str(caught.value)
