"""Hooks: what a client tells of its calls."""

from __future__ import annotations

import gc
import json
import logging
import pickle
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    CerebrasError,
    InternalServerError,
    InvalidRequestError,
    NotFoundError,
    StreamTruncatedError,
)
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer
from cerebras_sdk.types.hooks import EndEvent, ErrorEvent, HookEvent, RequestEvent, ResponseEvent

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "a secret of mine"}],
}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
BUSY = Answer(503, {"retry-after-ms": "1"}, b"{}")
WHOLE = ["on_request", "on_response", "on_end"]


def event(finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice]}).encode() + b"\n\n"


class Recorder:
    """A hook that keeps everything."""

    def __init__(self, *, wants_content: bool = False) -> None:
        self.told: list[tuple[str, Any]] = []
        self.wants_content = wants_content

    def on_request(self, event: RequestEvent) -> None:
        self.told.append(("on_request", event))
        event.call.state.setdefault(self, []).append(event.attempt)

    def on_response(self, event: ResponseEvent) -> None:
        self.told.append(("on_response", event))

    def on_first_token(self, event: HookEvent) -> None:
        self.told.append(("on_first_token", event))

    def on_end(self, event: EndEvent) -> None:
        self.told.append(("on_end", event))

    def on_error(self, event: ErrorEvent) -> None:
        self.told.append(("on_error", event))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.told]

    @property
    def last(self) -> Any:
        return self.told[-1][1]


@pytest.fixture
def hook() -> Recorder:
    return Recorder()


async def test_a_whole_answer_is_told_in_three_events(
    options: dict[str, Any], hook: Recorder
) -> None:
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        completion = await client.chat.completions.create(
            **CALL, temperature=0.5, stop=["."], response_format={"type": "text"}
        )
    assert hook.names == WHOLE
    end: EndEvent = hook.last
    assert (end.operation, end.model, end.streaming, end.attempt) == (
        "chat",
        "gpt-oss-120b",
        False,
        1,
    )
    assert (end.status, end.request_id) == (200, completion.request_id)
    assert (end.response_id, end.response_model) == (completion.id, completion.model)
    assert (end.usage, end.finish_reasons) == (completion.usage, ("stop",))
    assert (end.timing, end.is_whole) == (completion.timing, True)
    assert end.seconds >= (end.timing.total or 0)
    parameters = {"temperature": 0.5, "stop": ["."], "response_format": "text"}
    assert end.call.parameters == parameters
    assert f"http://{end.call.address}:{end.call.port}" == options["base_url"]
    assert end.call.state[hook] == [1]
    assert all(told.call is end.call for _, told in hook.told)


async def test_a_stream_is_told_with_its_first_token(
    options: dict[str, Any], hook: Recorder
) -> None:
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        stream = await client.chat.completions.create(**CALL, stream=True)
        assert hook.names == ["on_request", "on_response"]
        completion = await stream.get_final_completion()
    assert hook.names == ["on_request", "on_response", "on_first_token", "on_end"]
    assert hook.last.streaming
    assert hook.last.is_whole
    assert hook.last.usage == completion.usage
    assert hook.last.timing == completion.timing
    assert hook.told[2][1].seconds < hook.last.seconds


async def test_nothing_of_a_prompt_an_answer_or_a_key_is_in_an_event(
    options: dict[str, Any], hook: Recorder
) -> None:
    async with AsyncCerebras(**options, default_headers={"X-Gateway": "gate-key"}) as client:
        client.add_hook(hook)
        await client.chat.completions.create(**CALL, user="me@example.com")
        stream = await client.chat.completions.create(**CALL, stream=True)
        await stream.get_final_completion()
    assert hook.told[0][1].content is None
    assert hook.last.completion is None
    for _, told in hook.told:
        for secret in ("a secret of mine", "csk-test", "gate-key", "me@example.com"):
            assert secret not in repr(told)


async def test_content_is_for_hooks_that_ask_for_it(
    options: dict[str, Any], hook: Recorder
) -> None:
    nosy = Recorder(wants_content=True)
    async with AsyncCerebras(**options) as client:
        client.add_hook(nosy)
        client.add_hook(hook)
        completion = await client.chat.completions.create(**CALL)
        stream = await client.chat.completions.create(**CALL, stream=True)
        streamed = await stream.get_final_completion()
    assert nosy.told[0][1].content == {**CALL}
    assert nosy.told[2][1].completion is completion
    assert nosy.last.completion == streamed
    assert "a secret of mine" not in repr(nosy.told)
    assert hook.told[0][1].content is None
    assert hook.last.completion is None


async def test_each_attempt_is_told_and_the_end_once(
    options: dict[str, Any], server: LocalServer, hook: Recorder
) -> None:
    answers = iter([BUSY, BUSY, None])
    server.route("POST", CHAT, lambda request: next(answers))
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        await client.chat.completions.create(**CALL)
    assert hook.names == ["on_request", "on_response"] * 3 + ["on_end"]
    assert [told.attempt for _, told in hook.told] == [1, 1, 2, 2, 3, 3, 3]
    responses = [told for name, told in hook.told if name == "on_response"]
    assert [told.status for told in responses] == [503, 503, 200]
    assert isinstance(responses[0].error, InternalServerError)
    assert responses[2].error is None


async def test_the_error_that_is_raised_is_told_once(
    options: dict[str, Any], server: LocalServer, hook: Recorder
) -> None:
    server.route("POST", CHAT, BUSY)
    async with AsyncCerebras(**options, max_retries=1) as client:
        client.add_hook(hook)
        with pytest.raises(InternalServerError) as caught:
            await client.chat.completions.create(**CALL)
    assert hook.names == ["on_request", "on_response"] * 2 + ["on_error"]
    assert hook.last.error is caught.value
    assert hook.last.status == 503


async def test_an_answer_that_cannot_be_read_is_an_error(
    options: dict[str, Any], server: LocalServer, hook: Recorder
) -> None:
    server.route("POST", CHAT, Answer(200, {}, b'{"choices": 5}'))
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        with pytest.raises(CerebrasError):
            await client.chat.completions.create(**CALL)
    assert hook.names == ["on_request", "on_response", "on_error"]


async def test_a_call_that_was_never_sent_is_told_by_its_error(
    options: dict[str, Any], hook: Recorder
) -> None:
    client = AsyncCerebras(base_url=options["base_url"])
    client.add_hook(hook)
    with pytest.raises(CerebrasError):
        await client.chat.completions.create(**CALL)
    await client.close()
    assert hook.names == ["on_error"]
    assert hook.last.attempt == 0


async def test_a_stream_that_is_left_has_ended(
    options: dict[str, Any], server: LocalServer, hook: Recorder
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, event(content="Ho"), Pause(30)]))
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        for way in ("break", "close", "forget"):
            stream = await client.chat.completions.create(**CALL, stream=True)
            if way == "break":
                async for _ in stream:
                    break
            elif way == "close":
                await stream.close()
            del stream
            gc.collect()
            await client.models.list()  # where an event loop closes what was forgotten
            ends = [told for name, told in hook.told if name == "on_end" and told.streaming]
            assert [told.is_whole for told in ends] == [False], way
            assert "on_error" not in hook.names
            hook.told.clear()


async def test_a_stream_that_breaks_off_is_an_error(
    options: dict[str, Any], server: LocalServer, hook: Recorder
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, event(content="Ho")]))
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamTruncatedError) as caught:
            await stream.get_final_completion()
        await stream.close()
    assert hook.names == ["on_request", "on_response", "on_first_token", "on_error"]
    assert hook.last.error is caught.value


async def test_a_stream_that_says_nothing_and_is_asked_for_again_is_one_call(
    options: dict[str, Any], server: LocalServer, hook: Recorder, waits: list[float]
) -> None:
    answers = iter([RawAnswer([HEAD, event(role="assistant")]), None])
    server.route("POST", CHAT, lambda request: next(answers))
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        stream = await client.chat.completions.create(**CALL, stream=True)
        await stream.get_final_completion()
    assert hook.names == ["on_request", "on_response"] * 2 + ["on_first_token", "on_end"]
    assert hook.last.attempt == 2
    assert hook.last.call.state[hook] == [1, 2]


async def test_an_answer_that_is_continued_is_one_call(
    options: dict[str, Any], server: LocalServer, hook: Recorder, waits: list[float]
) -> None:
    begun: list[bytes | Pause] = [
        HEAD,
        event(content="Once upon a time there was a small"),
        Pause(0.05),
    ]
    rest = [HEAD, event(content=" house on a hill."), event("stop"), b"data: [DONE]\n\n"]
    answers = iter([RawAnswer(begun, then="reset"), RawAnswer(rest)])
    server.route("POST", CHAT, lambda request: next(answers))
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        stream = await client.chat.completions.create(**CALL, stream=True, on_interrupt="continue")
        completion = await stream.get_final_completion()
    assert completion.text == "Once upon a time there was a small house on a hill."
    middle = ["on_first_token", "on_request", "on_response"]
    assert hook.names == ["on_request", "on_response", *middle, "on_end"]
    assert hook.last.is_whole


async def test_chunks_are_told_to_those_who_count_them(
    options: dict[str, Any], server: LocalServer
) -> None:
    class Counter:
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def on_chunks(self, event: Any) -> None:
            self.seen.append(event)

    pieces: list[bytes | Pause] = [
        event(content="a") + event(content="b"),
        Pause(0.05),
        event("stop"),
    ]
    server.route("POST", CHAT, RawAnswer([HEAD, *pieces, b"data: [DONE]\n\n"]))
    counter = Counter()
    async with AsyncCerebras(**options) as client:
        client.add_hook(counter)
        stream = await client.chat.completions.create(**CALL, stream=True)
        await stream.get_final_completion()
    assert sum(told.count for told in counter.seen) == 3
    assert counter.seen[-1].gap > 0.03


async def test_a_hook_that_fails_is_logged_and_breaks_nothing(
    options: dict[str, Any], hook: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def on_request(self, event: Any) -> None:
            raise ValueError("out of order")

        def on_end(self, event: Any) -> None:
            raise KeyError("no")

    async with AsyncCerebras(**options) as client:
        client.add_hook(Broken())
        client.add_hook(hook)
        with caplog.at_level(logging.WARNING, "cerebras_sdk"):
            await client.chat.completions.create(**CALL)
    assert hook.names == WHOLE
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert "on_request" in caplog.text
    assert "out of order" in caplog.text


async def test_what_is_no_hook_is_refused() -> None:
    client = AsyncCerebras("csk-test")
    for wrong in (None, object(), print, Recorder):
        with pytest.raises(InvalidRequestError, match="on_request"):
            client.add_hook(wrong)
    assert client._hooks is None
    await client.close()


async def test_a_copy_has_the_hooks_of_its_client_and_its_own(
    options: dict[str, Any], hook: Recorder
) -> None:
    own = Recorder()
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        copy = client.with_options(max_retries=0)
        copy.add_hook(own)
        await client.chat.completions.create(**CALL)
        assert (hook.names, own.names) == (WHOLE, [])
        await copy.chat.completions.create(**CALL)
        assert (hook.names, own.names) == (WHOLE * 2, WHOLE)
        assert pickle.loads(pickle.dumps(client))._hooks is None


async def test_an_answer_that_the_user_reads_has_ended_with_its_headers(
    options: dict[str, Any], hook: Recorder
) -> None:
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        raw = await client.chat.completions.with_raw_response.create(**CALL)
        assert hook.names == WHOLE
        completion = await raw.parse()
        assert hook.last.usage == completion.usage
        async with client.chat.completions.with_streaming_response.create(**CALL) as response:
            assert hook.names == WHOLE * 2
            await response.parse()
        raw = await client.chat.completions.with_raw_response.create(**CALL, stream=True)
        stream = await raw.parse()
        await stream.get_final_completion()
    assert hook.names == WHOLE * 3
    assert hook.last.usage is None


async def test_other_calls_are_told_too(options: dict[str, Any], hook: Recorder) -> None:
    async with AsyncCerebras(**options) as client:
        client.add_hook(hook)
        await client.models.list()
        await client.models.retrieve("gpt-oss-120b")
        with pytest.raises(NotFoundError):
            await client.get("/v1/nothing", cast_to=dict)
        await client.completions.create(model="gpt-oss-120b", prompt="Hi")
    said = [(told.operation, name) for name, told in hook.told if name in ("on_end", "on_error")]
    assert said == [
        ("GET models", "on_end"),
        ("GET models", "on_end"),
        ("GET nothing", "on_error"),
        ("text_completion", "on_end"),
    ]
