"""Structured output on its way: fields when they are whole, and nothing final after a cut."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import time
from typing import Any, Literal

import pytest

from cerebras_sdk._core.events import EventReader
from cerebras_sdk._core.schema import (
    OutputProblems,
    OutputSchema,
    StreamedOutput,
    parsed_completion,
)
from cerebras_sdk.types import ChatCompletion, ChatCompletionChunk, Choice, Message
from cerebras_sdk.types.chat.events import ContentDelta


@dataclasses.dataclass
class Person:
    name: str
    tags: list[str]


TEXT = '{"name": "Ada", "tags": ["x", "y"]}'


def reading(kind: Any) -> StreamedOutput[Any]:
    return StreamedOutput(OutputSchema.of(kind))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_each_field_comes_once_and_then_the_object(size: int) -> None:
    output = reading(Person)
    found = []
    for start in range(0, len(TEXT), size):
        found += output.feed(TEXT[start : start + size])
    assert found == [
        (("name",), "Ada"),
        (("tags", 0), "x"),
        (("tags", 1), "y"),
        (("tags",), ["x", "y"]),
    ]
    assert output.partial == {"name": "Ada", "tags": ["x", "y"]}
    assert output.end("stop") == Person("Ada", ["x", "y"])


def test_what_is_no_object_is_shown_without_the_one_around_it() -> None:
    assert reading(list[Person]).partial is None
    output = reading(list[Person])
    assert output.feed('{"value": [{"name": "A') == []
    assert output.partial == [{"name": "A"}]
    assert output.feed('da", "tags": []}, ') == [
        ((0, "name"), "Ada"),
        ((0, "tags"), []),
        ((0,), {"name": "Ada", "tags": []}),
    ]
    assert output.feed("]}") == []  # no JSON, which the end says
    with pytest.raises(OutputProblems, match="is no JSON"):
        output.end("stop")


def test_a_single_value_has_no_fields() -> None:
    output = reading(Literal["yes", "no"])
    assert output.feed('{"value": "yes"}') == []
    assert output.partial == "yes"
    assert output.end("stop") == "yes"


@pytest.mark.parametrize(
    ("finish_reason", "more"),
    [
        ("length", {}),
        ("content_filter", {}),
        ("stop", {"refusal": "I will not."}),
        ("tool_calls", {"calls": ["a call"]}),
    ],
)
def test_nothing_is_final_after_another_end(finish_reason: str, more: dict[str, Any]) -> None:
    output = reading(Person)
    output.feed(TEXT[:-1])
    assert output.end(finish_reason, **more) is None
    assert output.feed("}") == []
    assert output.partial == {"name": "Ada", "tags": ["x", "y"]}


def test_an_object_that_breaks_a_rule_says_so_at_the_end() -> None:
    output = reading(Person)
    assert output.feed('{"name": 5, "tags": []}') == [(("name",), 5), (("tags",), [])]
    with pytest.raises(OutputProblems, match=r"\$\.name: must be a text, not 5"):
        output.end("stop")


@pytest.mark.parametrize("finish_reason", ["stop", "tool_calls", "newer"])
def test_the_end_and_the_whole_answer_have_the_same_object(finish_reason: str) -> None:
    output = reading(Person)
    output.feed(TEXT)
    value = output.end(finish_reason)
    assert value == Person("Ada", ["x", "y"])
    assert output.parse(TEXT) is value
    message = Message(role="assistant", content=TEXT)
    choice = Choice(index=0, finish_reason=finish_reason, message=message)
    whole = parsed_completion(
        ChatCompletion(choices=[choice]), OutputSchema.of(Person), streamed=lambda index: output
    )
    assert whole.parsed is value


def test_what_was_wrong_at_the_end_is_not_looked_for_again() -> None:
    output = reading(Person)
    output.feed('{"name": 5, "tags": []}')
    with pytest.raises(OutputProblems, match=r"\$\.name: must be a text, not 5"):
        output.end("stop")
    with pytest.raises(OutputProblems, match=r"\$\.name: must be a text, not 5"):
        output.parse(output.text)
    assert output.parse(TEXT) == Person("Ada", ["x", "y"])  # another text is read


def chunk(text: str) -> ChatCompletionChunk:
    choice = {"index": 0, "delta": {"content": text}}
    return ChatCompletionChunk.model_validate({"id": "a", "choices": [choice]})


@pytest.mark.parametrize("is_read", [False, True])
def test_a_late_event_of_a_long_text_costs_what_an_early_one_does(is_read: bool) -> None:
    reader = EventReader(output=lambda: reading(Person))
    reader.read(chunk('{"name": "'))
    piece = chunk("hello there " * 10)

    def seconds(count: int) -> float:
        start = time.process_time()
        for _ in range(count):
            (event,) = reader.read(piece)
            assert isinstance(event, ContentDelta)
            assert not is_read or event.parsed_partial["name"]
        return time.process_time() - start

    seconds(1000)
    early = min(seconds(500) for _ in range(5))
    seconds(20_000)
    late = min(seconds(500) for _ in range(5))
    assert late < early * 5  # to join the text for each piece takes far longer late than early


def test_an_event_of_a_type_is_copied_pickled_and_passed_on() -> None:
    reader = EventReader(output=lambda: reading(Person))
    (event,) = reader.read(chunk('{"name": "A'))
    assert isinstance(event, ContentDelta)
    assert repr(event) == (
        """ContentDelta(index=0, delta='{"name": "A', parsed_partial={'name': 'A'})"""
    )
    assert event.to_dict()["parsed_partial"] == {"name": "A"}
    for again in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event)):
        assert again.parsed_partial == {"name": "A"}
        assert again.snapshot.text == '{"name": "A'
