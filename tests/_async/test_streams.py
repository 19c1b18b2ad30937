"""What a stream does where its reader, its server or its retries are out of step."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cerebras_sdk import (
    APIError,
    APITimeoutError,
    AsyncCerebras,
    CerebrasError,
    InternalServerError,
    RateLimitError,
    StreamInterruptedError,
    StreamTimeoutError,
    StreamTruncatedError,
    Timeout,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
WORD = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"one "}}]}\n\n'
STOP = b'data: {"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
EVENTS = {"Content-Type": "text/event-stream"}
JSON = {"Content-Type": "application/json"}
WHOLE: dict[str, Any] = {
    "id": "a",
    "choices": [{"index": 0, "message": {"content": "one two"}, "finish_reason": "stop"}],
}
FAILED = {"status_code": 503, "error": {"message": "late", "type": "server_error"}}


def document(fields: dict[str, Any]) -> Answer:
    return Answer(200, JSON, json.dumps(fields).encode())


def in_turn(server: LocalServer, *answers: Any) -> None:
    left = iter(answers)
    server.route("POST", CHAT, lambda request: next(left))


async def read(stream: Any) -> str:
    return "".join([text async for text in stream.text_stream])


@pytest.mark.parametrize(
    ("timeout", "first", "phase"),
    [(Timeout(5, first_token=0.3), b"", "first_token"), (Timeout(5, gap=0.3), WORD, "gap")],
)
async def test_keep_alives_that_come_faster_than_they_are_read_fool_no_clock(
    options: dict[str, Any], server: LocalServer, timeout: Timeout, first: bytes, phase: str
) -> None:
    fast: list[Any] = [b": x\n\n", Pause(0.002)] * 1500
    server.route("POST", CHAT, RawAnswer([HEAD, first, *fast] if first else [HEAD, *fast]))
    async with AsyncCerebras(**options, timeout=timeout, max_retries=0) as client:
        start = time.monotonic()
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamTimeoutError) as caught:
            await read(stream)
        assert time.monotonic() - start < 1.5
    assert caught.value.phase == phase


async def test_who_looks_late_gets_what_came_in_time(
    options: dict[str, Any], server: LocalServer
) -> None:
    chunks: list[Any] = [b": x\n\n" * 50, Pause(0.05), WORD, Pause(0.05), STOP]
    server.route("POST", CHAT, Answer(200, EVENTS, chunks))
    async with AsyncCerebras(**options, timeout=Timeout(5, first_token=0.3), max_retries=0) as own:
        stream = await own.chat.completions.create(**CALL, stream=True)
        time.sleep(0.6)  # noqa: ASYNC251  the whole program is busy
        assert await read(stream) == "one "


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_error_in_the_place_of_an_answer_is_tried_again(
    options: dict[str, Any], server: LocalServer, waits: list[float], streamed: bool
) -> None:
    in_turn(server, document(FAILED), document(WHOLE))
    async with AsyncCerebras(**options) as client:
        if streamed:
            assert await read(await client.chat.completions.create(**CALL, stream=True)) == (
                "one two"
            )
        else:
            assert (await client.chat.completions.create(**CALL)).text == "one two"
    assert len(waits) == 1


async def test_an_error_in_the_place_of_an_answer_tells_its_attempts(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    in_turn(server, Answer(500, {}, b"{}"), *[document(FAILED)] * 2)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InternalServerError, match="late") as caught:
            await client.chat.completions.create(**CALL, stream=True)
    assert [attempt.status for attempt in caught.value.attempts] == [500, 503]


async def test_an_answer_that_cannot_be_read_tells_its_attempts(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    in_turn(server, Answer(500, {}, b"{}"), Answer(200, JSON, b'{"id": "a", "cho'))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(APIError) as caught:
            await client.chat.completions.create(**CALL)
    assert [attempt.status for attempt in caught.value.attempts] == [500]


async def test_a_continuation_that_is_refused_in_a_document_leaves_the_error_of_the_break(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    text = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"A long answer, "}}]}\n\n'
    cut = RawAnswer([HEAD.replace(b"Connection: close", b"Content-Length: 9999"), text])
    in_turn(server, cut, *[document(FAILED)] * 3)
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True, on_interrupt="continue")
        with pytest.raises(StreamInterruptedError, match=r"not continued: .*late") as caught:
            await read(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.text == "A long answer, "
    assert [attempt.status for attempt in caught.value.attempts] == [None, 503]


@pytest.mark.parametrize("fields", [WHOLE, {**FAILED, "status_code": 429}])
async def test_a_document_in_the_place_of_a_stream_is_read_from_a_streaming_response(
    options: dict[str, Any], server: LocalServer, fields: dict[str, Any]
) -> None:
    server.route("POST", CHAT, document(fields))
    async with AsyncCerebras(**options, max_retries=0) as client:
        calls = client.chat.completions.with_streaming_response
        async with calls.create(**CALL, stream=True) as response:
            if fields is WHOLE:
                assert await read(await response.parse()) == "one two"
            else:
                with pytest.raises(RateLimitError, match="late"):
                    await response.parse()


async def test_the_whole_time_of_a_call_holds_for_a_raw_response(
    options: dict[str, Any], server: LocalServer
) -> None:
    slow: list[Any] = [b": x\n\n", Pause(0.05)] * 60
    server.route("POST", CHAT, Answer(200, EVENTS, slow))
    async with AsyncCerebras(**options, timeout=Timeout(5, total=0.4)) as client:
        calls = client.chat.completions.with_streaming_response
        start = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            async with calls.create(**CALL, stream=True) as response:
                async for _ in response.iter_lines():
                    pass
        assert time.monotonic() - start < 1.5
    assert caught.value.phase == "total"


async def test_a_stream_that_is_closed_before_another_attempt_stays_closed(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    cut = Answer(200, EVENTS, [b": x\n\n"])
    in_turn(server, cut, Answer(200, EVENTS, [WORD, STOP]))
    streams: list[Any] = []

    def give_up(event: Any) -> None:
        streams[0]._left = True  # as its close() does, which no hook can call in both twins

    async with AsyncCerebras(**options, on_retry=give_up) as client:
        streams.append(await client.chat.completions.create(**CALL, stream=True))
        assert await read(streams[0]) == ""
        with pytest.raises(StreamTruncatedError, match="closed before its end"):
            await streams[0].get_final_completion()


async def test_a_second_reader_is_told_and_the_first_one_reads_on(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(200, EVENTS, [WORD, STOP]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        stream._reading = True  # by another task or thread, which waits for the next bytes
        with pytest.raises(CerebrasError, match="read already"):
            await anext(stream)
        stream._reading = False
        assert await read(stream) == "one "


async def test_a_stream_whose_loop_was_left_says_so(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(200, EVENTS, [WORD, Pause(0.02)] * 200))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        async for _ in stream:
            break
        with pytest.raises(StreamTruncatedError, match="loop over this stream was left") as caught:
            await read(stream)
        assert caught.value.partial is not None
        assert caught.value.partial.text.startswith("one ")


async def test_a_stream_can_be_read_step_by_step(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(200, EVENTS, [WORD, Pause(0.02), WORD, STOP]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert (await anext(stream)).text == "one "
        assert await read(stream) == "one "


async def test_the_first_chunk_of_a_loop_is_had_without_the_loop(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(200, EVENTS, [WORD, STOP]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert (await anext(stream.__aiter__())).text == "one "


@pytest.mark.parametrize("apart", [False, True])
async def test_a_loop_that_is_left_at_the_end_of_the_answer_has_the_whole(
    options: dict[str, Any], server: LocalServer, apart: bool
) -> None:
    pieces: list[Any] = [WORD, Pause(0.05), STOP, Pause(0.05), b"data: [DONE]\n\n"]
    server.route("POST", CHAT, Answer(200, EVENTS, pieces if apart else [WORD + STOP]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        async for chunk in stream:
            if chunk.choices[0].finish_reason:
                break
        assert (await stream.get_final_completion()).text == "one "


async def test_a_stream_whose_reading_was_interrupted_is_not_whole(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(200, EVENTS, [WORD, Pause(0.05), WORD, STOP]))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        await anext(stream)
        receive = stream._response.receive

        def interrupt(*given: Any) -> Any:
            raise KeyboardInterrupt

        stream._response.receive = interrupt  # as Ctrl-C or a cancellation does
        with pytest.raises(KeyboardInterrupt):
            await anext(stream)
        stream._response.receive = receive
        with pytest.raises(StreamInterruptedError, match="interrupted") as caught:
            await read(stream)
        assert caught.value.partial is not None
        assert caught.value.partial.text == "one "
