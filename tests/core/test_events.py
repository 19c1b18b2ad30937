"""The events of a stream say what happened, in order, and what the answer was at that moment."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.accumulate import ChatAccumulator
from cerebras_sdk._core.events import EventReader
from cerebras_sdk.types import ChatCompletionChunk
from cerebras_sdk.types.chat.events import ChatStreamEvent, ToolCallDone, ToolCallPiece


def chunk(delta: dict[str, Any] | None = None, index: int = 0, **more: Any) -> ChatCompletionChunk:
    choice = {"index": index, "delta": delta or {}}
    for name in ("finish_reason", "logprobs", "reasoning_logprobs"):
        if name in more:
            choice[name] = more.pop(name)
    return ChatCompletionChunk.model_validate({"id": "a", "choices": [choice], **more})


def call(arguments: str | None = None, index: int | None = 0, **more: Any) -> dict[str, Any]:
    function = {name: more.pop(name) for name in ("name",) if name in more}
    if arguments is not None:
        function["arguments"] = arguments
    piece: dict[str, Any] = {**more, "function": function}
    if index is not None:
        piece["index"] = index
    return {"tool_calls": [piece]}


def read(*chunks: ChatCompletionChunk) -> list[ChatStreamEvent]:
    reader = EventReader()
    return [event for piece in chunks for event in reader.read(piece)]


def told(events: list[ChatStreamEvent]) -> list[str]:
    return [event.type for event in events]


def token(text: str) -> dict[str, Any]:
    return {"token": text, "logprob": -0.5, "bytes": None, "top_logprobs": []}


def test_an_answer_is_told_from_its_first_piece_to_its_usage() -> None:
    events = read(
        chunk({"role": "assistant"}),
        chunk({"reasoning": "Well, "}),
        chunk({"reasoning": "yes"}),
        chunk({"content": "Sure"}),
        chunk({"content": "!"}),
        chunk(finish_reason="stop", usage={"total_tokens": 7}, time_info={"queue_time": 0.5}),
    )
    assert told(events) == [
        "reasoning.delta", "reasoning.delta", "reasoning.done", "content.delta", "content.delta",
        "content.done", "finish", "usage",
    ]  # fmt: skip
    last = events[-1]
    assert last.type == "usage"
    assert last.usage.total_tokens == 7
    assert last.time_info is not None
    assert last.time_info.queue_time == 0.5


def test_a_snapshot_is_the_answer_of_its_moment_also_when_it_is_asked_for_later() -> None:
    events = read(
        chunk({"reasoning": "Hm"}),
        chunk({"content": "a"}),
        chunk({"content": "b"}),
        chunk(finish_reason="stop", usage={"total_tokens": 7}),
    )
    shown = [(e.type, e.snapshot.text, e.snapshot.choices[0].message.reasoning) for e in events]
    assert shown == [
        ("reasoning.delta", "", "Hm"),
        ("reasoning.done", "a", "Hm"),
        ("content.delta", "a", "Hm"),
        ("content.delta", "ab", "Hm"),
        ("content.done", "ab", "Hm"),
        ("finish", "ab", "Hm"),
        ("usage", "ab", "Hm"),
    ]
    assert events[3].snapshot.usage is None
    assert events[3].snapshot.choices[0].finish_reason is None
    assert events[-1].snapshot.usage is not None
    assert events[-1].snapshot.choices[0].finish_reason == "stop"


def test_a_snapshot_is_written_and_copied_as_a_completion() -> None:
    piece = read(chunk({"content": "a", "reasoning": "b"}), chunk(call('{"x"', name="f", id="1")))
    message = piece[-1].snapshot.choices[0].message
    document = message.to_dict()
    assert document["content"] == "a"
    assert document["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"x"'}
    assert json.loads(message.to_json()) == document
    assert "content='a'" in repr(message)
    assert message.model_copy(deep=True) == message


def test_reasoning_and_content_in_one_piece_are_both_told() -> None:
    events = read(chunk({"reasoning": "r", "content": "c"}), chunk(finish_reason="stop"))
    assert told(events) == [
        "reasoning.delta", "content.delta", "reasoning.done", "content.done", "finish"
    ]  # fmt: skip


def test_reasoning_that_begins_again_is_told_again_as_a_whole() -> None:
    events = read(
        chunk({"reasoning": "r"}),
        chunk({"content": "c"}),
        chunk({"reasoning": "s"}),
        chunk(finish_reason="stop"),
    )
    done = [event.reasoning for event in events if event.type == "reasoning.done"]
    assert done == ["r", "rs"]


def test_choices_are_told_apart() -> None:
    events = read(
        chunk({"content": "a"}, 0),
        chunk({"content": "A"}, 1),
        chunk({"content": "b"}, 0),
        chunk({}, 1, finish_reason="length"),
        chunk({}, 0, finish_reason="stop"),
    )
    assert [(event.type, event.index) for event in events] == [
        ("content.delta", 0), ("content.delta", 1), ("content.delta", 0),
        ("content.done", 1), ("finish", 1), ("content.done", 0), ("finish", 0),
    ]  # fmt: skip
    second = events[1].snapshot
    assert [choice.message.content for choice in second.choices] == ["a", "A"]


def test_parallel_tool_calls_are_told_apart_by_their_index() -> None:
    events = read(
        chunk(call("", 0, id="x", type="function", name="f")),
        chunk(call("", 1, id="y", type="function", name="g")),
        chunk(call('{"a":', 0)),
        chunk(call("[1]", 1)),
        chunk(call("1}", 0)),
        chunk(finish_reason="tool_calls"),
    )
    pieces = [e for e in events if isinstance(e, ToolCallPiece)]
    assert [(e.tool_index, e.id, e.name, e.delta) for e in pieces] == [
        (0, "x", "f", ""), (1, "y", "g", ""), (0, "x", "f", '{"a":'), (1, "y", "g", "[1]"),
        (0, "x", "f", "1}"),
    ]  # fmt: skip
    done = [e for e in events if isinstance(e, ToolCallDone)]
    assert [(e.tool_call.id, e.tool_call.function.arguments, e.is_cut) for e in done] == [
        ("x", '{"a":1}', False), ("y", "[1]", False),
    ]  # fmt: skip
    calls = pieces[2].snapshot.choices[0].message.tool_calls
    assert calls is not None
    assert [entry.function.arguments for entry in calls] == ['{"a":', ""]


def test_tool_calls_without_an_index_are_told_apart_by_their_id() -> None:
    events = read(
        chunk(call('{"a"', None, id="x", name="f")),
        chunk(call(":1}", None)),
        chunk(call("{}", None, id="y", name="g")),
        chunk(finish_reason="tool_calls"),
    )
    assert [e.tool_index for e in events if isinstance(e, ToolCallPiece)] == [0, 0, 1]
    done = [e.tool_call.function.arguments for e in events if isinstance(e, ToolCallDone)]
    assert done == ['{"a":1}', "{}"]


def test_a_whole_tool_call_in_one_piece_is_one_piece() -> None:
    events = read(chunk(call("{}", id="x", name="f")), chunk(finish_reason="tool_calls"))
    assert told(events) == ["tool_call.delta", "tool_call.done", "finish"]


def test_a_tool_call_that_the_bound_has_cut_says_so() -> None:
    events = read(chunk(call('{"a', id="x", name="f")), chunk(finish_reason="length"))
    assert [e.is_cut for e in events if isinstance(e, ToolCallDone)] == [True]


def test_a_refusal_is_told() -> None:
    events = read(chunk({"refusal": "No"}), chunk({"refusal": "."}), chunk(finish_reason="stop"))
    assert told(events) == ["refusal.delta", "refusal.delta", "refusal.done", "finish"]
    assert events[0].snapshot.choices[0].message.refusal == "No"
    assert events[-1].snapshot.choices[0].message.refusal == "No."


def test_log_probabilities_are_told_by_what_they_are_of() -> None:
    events = read(
        chunk({"reasoning": "r"}, reasoning_logprobs={"content": [token("r")]}),
        chunk({"content": "a"}, logprobs={"content": [token("a")], "refusal": None}),
        chunk({"content": "b"}, logprobs={"content": [token("b")]}),
        chunk(finish_reason="stop"),
    )
    assert [name for name in told(events) if name.startswith("logprobs")] == [
        "logprobs.reasoning.delta", "logprobs.content.delta", "logprobs.content.delta",
        "logprobs.content.done", "logprobs.reasoning.done",
    ]  # fmt: skip
    whole = next(event for event in events if event.type == "logprobs.content.done")
    assert [entry.token for entry in whole.tokens] == ["a", "b"]


def test_null_characters_are_characters() -> None:
    events = read(chunk({"content": "a\0"}), chunk({"content": "\0b"}), chunk(finish_reason="stop"))
    assert events[1].snapshot.text == "a\0\0b"


def test_a_finish_reason_that_comes_twice_is_told_once() -> None:
    events = read(chunk({"content": "a"}), *[chunk(finish_reason="stop")] * 2)
    assert told(events) == ["content.delta", "content.done", "finish"]


def test_usage_in_a_chunk_of_its_own_is_told() -> None:
    alone = ChatCompletionChunk.model_validate({"choices": [], "usage": {"total_tokens": 3}})
    assert told(read(chunk({"content": "a"}), chunk(finish_reason="stop"), alone))[-1] == "usage"


_DELTAS = st.one_of(
    st.builds(lambda text: {"content": text}, st.text(max_size=3)),
    st.builds(lambda text: {"reasoning": text}, st.text(max_size=3)),
    st.builds(lambda text, at: call(text, at), st.text(max_size=3), st.integers(0, 2)),
    st.just({}),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_DELTAS, st.integers(0, 2)), max_size=12), st.randoms())
def test_every_snapshot_is_what_the_chunks_so_far_add_up_to(
    deltas: list[tuple[dict[str, Any], int]], luck: random.Random
) -> None:
    reader, total = EventReader(), ChatAccumulator()
    seen: list[tuple[ChatStreamEvent, str]] = []
    for delta, index in deltas:
        piece = chunk(delta, index)
        total.add(piece)
        seen += [(event, total.completion().to_json()) for event in reader.read(piece)]
    luck.shuffle(seen)
    for event, so_far in seen:
        assert event.snapshot.to_json() == so_far


def test_a_late_event_costs_what_an_early_one_does() -> None:
    reader, piece = EventReader(), chunk({"content": "hello there "})

    def seconds(count: int) -> float:
        start = time.process_time()
        for _ in range(count):
            for event in reader.read(piece):
                assert event.snapshot.text
        return time.process_time() - start

    seconds(1000)
    early = min(seconds(500) for _ in range(5))
    seconds(60_000)
    late = min(seconds(500) for _ in range(5))
    assert late < early * 5  # to join the pieces anew each time takes hundreds of times as long


@pytest.mark.parametrize("name", ["content.delta", "finish"])
def test_an_event_shows_what_it_says_and_not_how_it_knows(name: str) -> None:
    events = read(chunk({"content": "a"}), chunk(finish_reason="stop"))
    event = next(event for event in events if event.type == name)
    assert "_at" not in repr(event)
    assert "index=0" in repr(event)


def test_a_snapshot_with_log_probabilities_costs_no_more_late_than_early() -> None:
    reader = EventReader()
    piece = chunk({"content": "a"}, logprobs={"content": [token("a")]})
    first = reader.read(piece)[0].snapshot
    for _ in range(5000):
        reader.read(piece)
    late = reader.read(piece)[0]
    start = time.process_time()
    for _ in range(100):
        _ = late.snapshot
    assert time.process_time() - start < 0.1  # to join them takes some 100 ms for one
    assert first.choices[0].logprobs is not None
    assert len(first.choices[0].logprobs.content or ()) == 1
    assert len(late.snapshot.to_dict()["choices"][0]["logprobs"]["content"]) == 5002


def test_a_copy_of_a_snapshot_takes_what_it_is_given() -> None:
    event = read(chunk({"content": "a", "reasoning": "r"}), chunk(call("{", id="1", name="f")))[-1]
    message = event.snapshot.choices[0].message.model_copy(update={"content": "z"})
    assert (message.content, message.reasoning) == ("z", "r")
    calls = event.snapshot.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].function.model_copy(update={"arguments": "{}"}).arguments == "{}"


def test_an_event_is_passed_on_as_json() -> None:
    events = read(
        chunk({"content": "a"}, logprobs={"content": [token("a")]}),
        chunk(call("{}", id="1", name="f")),
        chunk(finish_reason="tool_calls", usage={"total_tokens": 7}),
    )
    told = [json.loads(json.dumps(event.to_dict())) for event in events]
    assert told[0] == {"type": "content.delta", "index": 0, "delta": "a"}
    assert [event["type"] for event in told] == [event.type for event in events]
    done = next(event for event in told if event["type"] == "tool_call.done")
    assert done["tool_call"]["function"] == {"name": "f", "arguments": "{}"}
    assert told[-1]["usage"]["total_tokens"] == 7
