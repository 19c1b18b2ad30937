"""Answers as they came: with_raw_response, with_streaming_response, and errors that tell theirs."""

from __future__ import annotations

import json
import pickle
import traceback
from typing import Any

import pytest

from cerebras_sdk import (
    APIResponseValidationError,
    AsyncAPIResponse,
    AsyncCerebras,
    AsyncStream,
    BadRequestError,
    CerebrasError,
    ChatCompletion,
    NotFoundError,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer
from cerebras_sdk.types import ModelList

pytestmark = pytest.mark.anyio

CHAT: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "One two three"}],
}


async def test_a_raw_response_has_the_headers_and_parses_to_the_object(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        response = await client.chat.completions.with_raw_response.create(**CHAT)
        assert isinstance(response, AsyncAPIResponse)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("application/json")
        assert response.request_id == response.headers["inference-id"]
        assert response.rate_limits.windows
        assert response.method == response.http_request.method == "POST"
        assert response.url == f"{server.base_url}/v1/chat/completions"
        assert response.http_version == "HTTP/1.1"
        assert 0 < response.elapsed.total_seconds() < 60
        assert response.retries_taken == 0
        assert response.is_closed
        assert response.http_response.status_code == 200
        completion = await response.parse()
        assert isinstance(completion, ChatCompletion)
        assert completion.text == "One two three"
        assert completion.request_id == response.request_id
        assert await response.parse() is completion
        body = await response.read()
        assert json.loads(body) == await response.json() == json.loads(await response.text())
        assert [piece async for piece in response.iter_bytes()] == [body]
        assert "".join([line async for line in response.iter_lines()]).encode() == body
        assert (await response.parse(to=ChatCompletion)).id == completion.id
        assert (await response.parse(to=str)).encode() == body
        assert "APIResponse [200]" in repr(response)


async def test_a_raw_response_of_a_stream_parses_to_the_stream(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        response = await client.chat.completions.with_raw_response.create(**CHAT, stream=True)
        assert response.headers["content-type"].startswith("text/event-stream")
        assert not response.is_closed
        stream = await response.parse()
        assert isinstance(stream, AsyncStream)
        assert "".join([text async for text in stream.text_stream]) == "One two three"
        assert stream.response.status_code == 200


async def test_every_resource_gives_its_raw_response(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        listed = await client.models.with_raw_response.list()
        assert isinstance(await listed.parse(), ModelList)
        entry = await client.models.public.with_raw_response.retrieve("gpt-oss-120b")
        assert (await entry.parse()).id == "gpt-oss-120b"
        text = await client.with_raw_response.completions.create(model="gpt-oss-120b", prompt="a")
        assert (await text.parse()).choices
        nested = await client.chat.with_raw_response.completions.create(**CHAT)
        assert (await nested.parse()).text == "One two three"
        upload = await client.files.with_raw_response.create(b'{"a": 1}\n', filename="a.jsonl")
        file = await upload.parse()
        content = await client.files.with_raw_response.content(file.id)
        assert await content.parse() == await content.read() == b'{"a": 1}\n'
        plain = await client.with_raw_response.get("/v1/models")
        assert (await plain.parse())["data"]
        server.route("GET", "/api/v1/metrics/organizations/my-org", Answer(200, {}, b"up 1\n"))
        metrics = await client.metrics.with_raw_response.retrieve("my-org")
        assert (await metrics.parse()).text == "up 1\n"
        # The client itself gives objects as before.
        assert isinstance(await client.models.list(), ModelList)


async def test_what_is_not_one_call_has_no_raw_response(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        for name in ("list", "results", "wait"):
            with pytest.raises(AttributeError, match=f"{name} is not one call with one answer"):
                getattr(client.batches.with_raw_response, name)
        assert "create" in dir(client.batches.with_raw_response)
        assert "list" not in dir(client.batches.with_raw_response)
        with pytest.raises(AttributeError):
            _ = client.with_raw_response.close
        with pytest.raises(AttributeError):
            _ = client.models.with_raw_response.no_such_method
        assert "Models" in repr(client.models.with_raw_response)


async def test_the_body_of_a_streaming_response_is_read_when_asked_for(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route(
        "GET",
        "/v1/models",
        RawAnswer(
            [
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
                b"Content-Length: 12\r\n\r\n",
                b'{"dat',
                Pause(0.2),
                b'a": []}',
            ]
        ),
    )
    async with AsyncCerebras(**options) as client:
        call = client.models.with_streaming_response.list()
        assert not server.requests  # made when it is entered
        async with call as response:
            assert not response.is_closed
            pieces = [piece async for piece in response.iter_bytes()]
        assert b"".join(pieces) == b'{"data": []}'
        assert len(pieces) > 1
        async with client.models.with_streaming_response.list() as response:
            assert isinstance(await response.parse(), ModelList)
            assert await response.read() == b'{"data": []}'
        assert response.is_closed


async def test_the_lines_of_a_streaming_response_are_those_of_the_wire(
    options: dict[str, Any], server: LocalServer
) -> None:
    events = "data: eins\r\n\r\ndata: zwölf\rdata: 五\n\nlast".encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    bytewise = [events[at : at + 1] for at in range(len(events))]
    server.route("POST", "/v1/chat/completions", RawAnswer([head, *bytewise]))
    async with AsyncCerebras(**options) as client:
        create = client.chat.completions.with_streaming_response.create
        async with create(**CHAT, stream=True) as response:
            lines = [line async for line in response.iter_lines()]
            with pytest.raises(CerebrasError, match="read already"):
                await response.read()
            with pytest.raises(CerebrasError, match="read already"):
                await response.parse()
        assert lines == ["data: eins", "", "data: zwölf", "data: 五", "", "last"]
        async with create(**CHAT, stream=True) as response:
            assert "".join([text async for text in response.iter_text()]) == events.decode()
        async with create(**CHAT, stream=True) as response:
            sevens = [piece async for piece in response.iter_bytes(7)]
        assert b"".join(sevens) == events
        assert {len(piece) for piece in sevens[:-1]} == {7}


async def test_a_streaming_response_left_early_gives_its_connection_back(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        create = client.chat.completions.with_streaming_response.create
        for _ in range(3):
            async with create(**CHAT, stream=True) as response:
                async for _line in response.iter_lines():
                    break
            assert response.is_closed
        async with create(**CHAT, stream=True) as response:
            stream = await response.parse()
            assert "".join([text async for text in stream.text_stream]) == "One two three"


async def test_a_refusal_is_raised_as_everywhere(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(NotFoundError):
            await client.models.with_raw_response.retrieve("no-such-model")
        with pytest.raises(NotFoundError):
            async with client.models.with_streaming_response.retrieve("no-such-model"):
                pass


async def test_retries_are_counted(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    answers = iter(
        [Answer(500, {}, b"{}"), Answer(503, {}, b"{}"), Answer(200, {}, b'{"data":[]}')]
    )
    server.route("GET", "/v1/models", lambda request: next(answers))
    async with AsyncCerebras(**options) as client:
        response = await client.models.with_raw_response.list()
    assert response.retries_taken == 2
    assert len(waits) == 2


async def test_an_answer_that_is_not_understood_is_refused_when_it_is_parsed(
    options: dict[str, Any], server: LocalServer
) -> None:
    key = "csk-test-3f9a"
    server.route("GET", "/v1/models", Answer(200, {"X-Echo": key}, f'["{key}"]'.encode()))
    async with AsyncCerebras(**{**options, "api_key": key}) as client:
        response = await client.models.with_raw_response.list()
        with pytest.raises(APIResponseValidationError) as caught:
            await response.parse()
    error = caught.value
    assert error.status_code == error.response.status_code == 200
    assert error.response.json() == ["***"]
    seen = [str(error), repr(vars(error)), repr(error.response)]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if "/cerebras_sdk/" in frame.f_code.co_filename:
            seen += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
    assert not [text for text in seen if key in text]


async def test_an_error_tells_its_request_and_its_response(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(BadRequestError) as caught:
            await client.chat.completions.create(**CHAT, extra_body={"min_p": 1}, checks="off")
    error = caught.value
    assert error.request.method == "POST"
    assert error.request.url == error.response.url == error.url
    assert error.response.status_code == 400
    assert error.response.headers is error.headers
    assert error.response.json() == error.body
    assert json.loads(error.response.text) == json.loads(error.response.content) == error.body
    again = pickle.loads(pickle.dumps(error))
    assert again.response == error.response


async def test_a_body_that_was_closed_unread_is_an_error(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        async with client.models.with_streaming_response.list() as response:
            pass
        for read in (response.read, response.text, response.json, response.parse):
            with pytest.raises(CerebrasError, match="closed before its end"):
                await read()
        call = client.models.with_streaming_response.list()
        async with call:
            pass
        with pytest.raises(CerebrasError, match="made already"):
            async with call:
                pass


async def test_the_whole_of_a_stream_knows_how_it_came(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CHAT, stream=True)
        completion = await stream.get_final_completion()
    assert completion.request_id == stream.request_id
    assert completion.rate_limits == stream.rate_limits
    assert completion.rate_limits.windows
