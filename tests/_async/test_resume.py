"""Streams that break off after they have begun, and go on: when asked to, and by themselves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    InternalServerError,
    InvalidRequestError,
    RetryEvent,
    StreamInterruptedError,
    StreamResumeError,
    StreamTimeoutError,
    StreamTruncatedError,
    Timeout,
)
from cerebras_sdk.testing import Answer, Delta, Finish, LocalServer, Pause, RawAnswer, serve

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "Hi!"}],
    "stream": True,
}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
FAILED = b'data: {"status_code":503,"error":{"message":"late","type":"server_error"}}\n\n'
TEXT = (
    "The quick brown fox jumps over the lazy dog, while seven wizards hex a puzzled journalist; "
    "nobody objects, because every zebra knows how vexing a daft jumble of waltzing nymphs can be. "
    "So the international committee (which nobody elected) went home, and wrote 12 letters more."
)
INSIDE = TEXT.index("national")  # in the middle of a word


def event(finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice]}).encode() + b"\n\n"


def begun(until: int) -> list[bytes | Pause]:
    """An answer that has said so much of the text."""
    return [
        HEAD,
        event(role="assistant"),
        event(reasoning="Count the words."),
        *[event(content=TEXT[:until][at : at + 9]) for at in range(0, until, 9)],
        Pause(0.05),  # a reset may overtake what was sent
    ]


class Continues:
    """Goes on with the text where the last message of the assistant stopped, or does not."""

    model = None

    def __init__(self, overlap: int = 0, *, start: str = "", anew: bool = False) -> None:
        self.overlap = overlap
        self.start = start
        self.anew = anew

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        said = request["messages"][-2]["content"]
        assert TEXT.startswith(said)
        rest = self.start + TEXT[0 if self.anew else len(said) - self.overlap :]
        emit(Delta(reasoning="Where was I?"))
        for at in range(0, len(rest), 5):
            emit(Delta(content=rest[at : at + 5]))
        return Finish("stop", 20, 30)


@contextlib.contextmanager
def broken(engine: Any, *firsts: Any) -> Iterator[tuple[LocalServer, dict[str, Any]]]:
    """A server whose first answers are these, and the rest the engine's; what a client needs."""
    left = iter(firsts)
    with serve(engine) as server:
        server.route("POST", CHAT, lambda request: next(left, None))
        yield server, {"api_key": "csk-test", "base_url": server.base_url}


async def read(stream: Any, seen: list[str] | None = None) -> str:
    seen = [] if seen is None else seen
    async for chunk in stream:
        seen.append(chunk.text)
    return "".join(seen)


@pytest.mark.parametrize("until", [30, INSIDE, 200])
@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (RawAnswer([]), StreamTruncatedError),
        (RawAnswer([b"data: {"], then="reset"), StreamInterruptedError),
        (RawAnswer([FAILED]), InternalServerError),
        (RawAnswer([Pause(30)]), StreamTimeoutError),
    ],
)
async def test_a_stream_that_broke_off_is_resumed(until: int, end: RawAnswer, kind: Any) -> None:
    first = RawAnswer([*begun(until), *end.pieces], then=end.then)
    with broken(Continues(overlap=12), first) as (server, options):
        async with AsyncCerebras(**options, timeout=Timeout(5, gap=0.4)) as client:
            stream = await client.chat.completions.create(**CALL)
            seen: list[str] = []
            with pytest.raises(kind) as caught:
                await read(stream, seen)
            assert "".join(seen) == TEXT[:until] == caught.value.partial.text
            rest = await stream.resume()
            assert await read(rest) == TEXT[until:]
            whole = await rest.get_final_completion()
    assert whole.text == TEXT
    assert whole.choices[0].message.reasoning == "Count the words."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 30
    *before, said, please = server.requests[-1].json()["messages"]
    assert before == CALL["messages"]
    assert said == {
        "role": "assistant",
        "content": TEXT[:until],
        "reasoning": "Count the words.",
    }
    assert please["role"] == "user"
    assert len(server.requests) == 2


@pytest.mark.parametrize("overlap", [0, 4, 5, 13, 80])
@pytest.mark.parametrize("until", [100, INSIDE])
async def test_a_stream_goes_on_by_itself_and_nothing_is_lost_or_doubled(
    overlap: int, until: int, waits: list[float]
) -> None:
    events: list[RetryEvent] = []
    with broken(Continues(overlap), RawAnswer(begun(until), then="reset")) as (server, options):
        async with AsyncCerebras(**options, on_retry=events.append) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            assert await read(stream) == TEXT
            assert (await stream.get_final_completion()).text == TEXT
    assert len(server.requests) == 2
    assert [type(event.error) for event in events] == [StreamInterruptedError]
    assert waits == [event.delay for event in events]


async def test_it_goes_on_as_often_as_the_client_retries(waits: list[float]) -> None:
    def cut_at(start: int, until: int) -> RawAnswer:
        return RawAnswer([HEAD, event(content=TEXT[start:until]), Pause(0.02)])

    cuts = (RawAnswer(begun(50)), Answer(503, {}, b"{}"), cut_at(50, 120), cut_at(110, 180))
    with broken(Continues(), *cuts) as (server, options):
        async with AsyncCerebras(**options, max_retries=4) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            assert await read(stream) == TEXT
    assert len(server.requests) == 5
    with broken(Continues(), *cuts) as (server, options):
        async with AsyncCerebras(**options, max_retries=3) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            seen: list[str] = []
            with pytest.raises(StreamTruncatedError, match="4 attempts were made") as caught:
                await read(stream, seen)
            assert "".join(seen) == TEXT[:180] == caught.value.partial.text  # type: ignore[union-attr]
            assert len(caught.value.attempts) == 3
            assert await read(await stream.resume()) == TEXT[180:]


async def test_a_resumed_stream_is_resumed(waits: list[float]) -> None:
    again = RawAnswer([HEAD, event(content=TEXT[40:140]), Pause(0.02)])
    silent = RawAnswer([HEAD, event(role="assistant")])
    with broken(Continues(9), RawAnswer(begun(50)), silent, again) as (server, options):
        async with AsyncCerebras(**options) as client:
            first = await client.chat.completions.create(**CALL)
            with pytest.raises(StreamTruncatedError):
                await read(first)
            second = await first.resume()
            with pytest.raises(StreamTruncatedError) as caught:
                await read(second)
            assert caught.value.partial is not None
            assert caught.value.partial.text == TEXT[:140]
            third = await second.resume()
            assert await read(third) == TEXT[140:]
            assert (await third.get_final_completion()).text == TEXT
    assert len(server.requests) == 4
    *before, said, please = server.requests[-1].json()["messages"]
    assert before == CALL["messages"]  # and nothing twice
    assert said == {
        "role": "assistant",
        "content": TEXT[:140],
        "reasoning": "Count the words.",
    }
    assert please["role"] == "user"


@pytest.mark.parametrize("held", [" the", "Sur", TEXT[:20]])
async def test_what_was_held_back_when_the_rest_broke_off_is_there_and_not_doubled(
    held: str,
) -> None:
    """It may be a repetition or not: the caller has not seen it, and it is asked for again."""
    again = RawAnswer([HEAD, event(content=held), Pause(0.02)])
    with broken(Continues(9), RawAnswer(begun(200)), again) as (server, options):
        async with AsyncCerebras(**options, max_retries=0) as client:
            first = await client.chat.completions.create(**CALL)
            with pytest.raises(StreamTruncatedError):
                await read(first)
            second = await first.resume()
            seen: list[str] = []
            with pytest.raises(StreamTruncatedError) as caught:
                await read(second, seen)
            assert seen == []
            assert caught.value.partial is not None
            assert caught.value.partial.text == TEXT[:200] + held
            third = await second.resume()
            assert await read(third) == TEXT[200:]
            assert (await third.get_final_completion()).text == TEXT
    assert server.requests[-1].json()["messages"][-2]["content"] == TEXT[:200]


@pytest.mark.parametrize("start", ["", "Sure, here is the rest:\n\n"])
async def test_a_model_that_does_not_go_on_is_an_error_with_everything_so_far(
    start: str, waits: list[float]
) -> None:
    engine = Continues(start=start, anew=not start)
    with broken(engine, RawAnswer(begun(230))) as (server, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            seen: list[str] = []
            with pytest.raises(StreamResumeError) as caught:
                await read(stream, seen)
            assert "".join(seen) == TEXT[:230]
            assert caught.value.partial is not None
            assert caught.value.partial.text.startswith(TEXT[:230] + (start or TEXT[:20]))
            assert isinstance(caught.value.__cause__, StreamTruncatedError)
            assert len(server.requests) == 2
            engine.anew, engine.start = False, ""
            assert await read(await stream.resume()) == TEXT[230:]


async def test_an_announcement_of_the_rest_is_left_out_where_the_seam_is_clear(
    waits: list[float],
) -> None:
    engine = Continues(20, start="Sure, here is the rest:\n\n")
    with broken(engine, RawAnswer(begun(100))) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            assert await read(stream) == TEXT


JSON = {"type": "json_schema", "json_schema": {"name": "any"}}
CALLED = event(tool_calls=[{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{"}}])


@pytest.mark.parametrize(
    ("pieces", "more", "why"),
    [
        ([event(reasoning="Hm")], {}, "no text yet"),
        ([event(content="One "), CALLED], {}, "tool calls"),
        ([event(content="{")], {"response_format": JSON}, "structured output"),
    ],
)
async def test_what_cannot_be_continued_keeps_its_error(
    pieces: list[bytes], more: dict[str, Any], why: str, waits: list[float]
) -> None:
    with broken(Continues(), *[RawAnswer([HEAD, *pieces])] * 2) as (server, options):
        async with AsyncCerebras(**options) as client:
            chat = client.chat.completions
            stream = await chat.create(**CALL, **more, on_interrupt="continue")
            with pytest.raises(StreamTruncatedError, match=f"not continued: .*{why}") as broke:
                await read(stream)
            with pytest.raises(StreamResumeError, match=why) as caught:
                await stream.resume()
            assert caught.value.partial is broke.value.partial
            assert caught.value.__cause__ is broke.value
    assert len(server.requests) == 1


async def test_several_choices_are_not_resumed() -> None:
    with broken(Continues(), RawAnswer(begun(20))) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, n=2)
            with pytest.raises(StreamTruncatedError):
                await read(stream)
            with pytest.raises(StreamResumeError, match="several choices"):
                await stream.resume()


async def test_a_stream_that_has_not_failed_is_not_resumed(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL)
        with pytest.raises(StreamResumeError, match="has not failed"):
            await stream.resume()
        text = await read(stream)
        with pytest.raises(StreamResumeError, match="has not failed") as caught:
            await stream.resume()
        assert caught.value.partial is not None
        assert caught.value.partial.text == text


async def test_a_text_completion_is_not_resumed(
    options: dict[str, Any], server: LocalServer
) -> None:
    piece = b'data: {"id":"a","choices":[{"index":0,"text":"one "}]}\n\n'
    server.route("POST", "/v1/completions", RawAnswer([HEAD, piece]))
    async with AsyncCerebras(**options) as client:
        stream: Any = await client.completions.create(model="m", prompt="a", stream=True)
        with pytest.raises(StreamTruncatedError):
            await read(stream)
        with pytest.raises(StreamResumeError, match="only a chat completion"):
            await stream.resume()


async def test_a_rest_that_the_service_refuses_leaves_the_part_that_is_there(
    waits: list[float],
) -> None:
    refused = Answer(401, {}, b'{"message":"no","code":"wrong_api_key"}')
    with broken(Continues(), RawAnswer(begun(30)), refused, refused) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            for _ in range(2):
                with pytest.raises(StreamTruncatedError, match=r"not continued: .*no") as caught:
                    await read(stream)
                assert caught.value.partial is not None
                assert caught.value.partial.text == TEXT[:30]


async def test_the_total_timeout_covers_the_continuation() -> None:
    first = RawAnswer([*begun(30), Pause(0.3)])
    stalls = RawAnswer([HEAD, event(content=TEXT[30:60]), Pause(30)])
    with broken(Continues(), first, stalls) as (_, options):
        async with AsyncCerebras(**options, timeout=Timeout(5, total=1.5)) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            with pytest.raises(StreamTimeoutError, match="total timeout") as caught:
                await read(stream)
    assert caught.value.phase == "total"
    assert caught.value.partial is not None
    assert caught.value.partial.text == TEXT[:60]


async def test_thinking_anew_does_not_run_into_the_gap() -> None:
    thinks = [piece for _ in range(8) for piece in (event(reasoning="Hm."), Pause(0.1))]
    rest = RawAnswer([HEAD, *thinks, event(content=TEXT[30:]), event(finish="stop")])
    with broken(Continues(), RawAnswer(begun(30)), rest) as (_, options):
        async with AsyncCerebras(**options, timeout=Timeout(5, gap=0.4)) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            assert await read(stream) == TEXT


async def test_a_stream_raises_unless_it_is_asked_to_go_on(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, RawAnswer(begun(30)))
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(**CALL, on_interrupt="raise")
        with pytest.raises(StreamTruncatedError):
            await read(stream)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"on_interrupt": "go on"}, "'raise' or 'continue'"),
        ({"stream": False}, "stream=True"),
        ({"n": 2}, "several choices"),
    ],
)
async def test_going_on_where_it_cannot_be_is_refused(
    options: dict[str, Any], server: LocalServer, given: dict[str, Any], why: str
) -> None:
    async with AsyncCerebras(**options) as client:
        call: dict[str, Any] = {**CALL, "on_interrupt": "continue", **given}
        with pytest.raises(InvalidRequestError, match=why):
            await client.chat.completions.create(**call)
    assert server.requests == []


async def test_a_raw_stream_does_not_go_on_by_itself(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        raw = client.chat.completions.with_raw_response
        with pytest.raises(InvalidRequestError, match="raw"):
            await raw.create(**CALL, on_interrupt="continue")
    assert server.requests == []


async def test_who_speaks_and_what_is_thought_is_said_once(waits: list[float]) -> None:
    with broken(Continues(8), RawAnswer(begun(40))) as (_, options):
        async with AsyncCerebras(**options) as client:
            stream = await client.chat.completions.create(**CALL, on_interrupt="continue")
            deltas = [chunk.choices[0].delta async for chunk in stream if chunk.choices]
    assert [delta.role for delta in deltas if delta.role] == ["assistant"]
    assert [delta.reasoning for delta in deltas if delta.reasoning] == ["Count the words."]
