"""JSON in pieces: every field once, when it is whole, however the text is cut."""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.partial_json import PartialJSON

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every part of a value with its path, parts before the whole."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for step, item in items:
        yield from fields(item, (*path, step))
    yield path, value


def read(*pieces: str) -> tuple[list[Any], PartialJSON]:
    reader = PartialJSON()
    found = [field for piece in pieces for field in reader.feed(piece)]
    return found + reader.end(), reader


@settings(max_examples=500, deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 1]), st.randoms(use_true_random=False))
def test_any_json_cut_anywhere_gives_the_fields_that_json_loads_gives(
    value: Any, ascii_only: bool, indent: int | None, chance: random.Random
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    cuts = sorted(chance.choices(range(len(text) + 1), k=chance.randrange(len(text) + 1)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    reader, found = PartialJSON(), []
    for piece in pieces:
        found += reader.feed(piece)
        if chance.random() < 0.5:
            assert reader.value is not ...  # looking at it changes nothing
    found += reader.end()
    assert not reader.failed
    assert found == list(fields(json.loads(text)))
    assert reader.value == value


@settings(max_examples=300, deadline=None)
@given(st.text('{}[]",:\\u0123dD8cC9fFtrue nl-+.eE\x00'))
def test_what_json_loads_takes_is_taken_and_nothing_else(text: str) -> None:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in items}) < len(items):
            raise ValueError("twice the same name")
        return dict(items)

    try:
        expected = json.loads(text, strict=False, object_pairs_hook=pairs)
    except ValueError:
        found, reader = read(*text)
        assert reader.failed or () not in [path for path, _ in found]
    else:
        found, reader = read(*text)
        assert not reader.failed
        assert found[-1][0] == ()
        if "\\ud" not in json.dumps(expected):  # half a character, which json.loads leaves as it is
            assert found[-1][1] == expected


def test_a_field_is_announced_when_it_is_whole_and_not_before() -> None:
    reader = PartialJSON()
    assert reader.feed('{"name": "Ada') == []
    assert reader.value == {"name": "Ada"}
    assert reader.feed('", "age": 3') == [(("name",), "Ada")]
    assert reader.value == {"name": "Ada"}
    assert reader.feed("6") == []
    assert reader.feed(', "tags": ["a"') == [(("age",), 36), (("tags", 0), "a")]
    assert reader.feed("]") == [(("tags",), ["a"])]
    assert reader.feed("}") == [((), {"name": "Ada", "age": 36, "tags": ["a"]})]
    assert reader.feed(" \n") == []


def test_a_text_is_there_as_far_as_it_came() -> None:
    reader = PartialJSON()
    seen = []
    for piece in '["ab\\n\\ud83d\\ude00c"]':
        reader.feed(piece)
        seen.append(list(reader.value))
    assert [""] in seen
    assert ["ab"] in seen
    assert ["ab\n"] in seen
    assert ["ab\n😀"] in seen
    assert not any("\ud83d" in text for value in seen for text in value)
    assert seen[-1] == ["ab\n😀c"]


def test_a_text_that_is_looked_at_now_and_then_is_whole_at_the_end() -> None:
    reader = PartialJSON()
    reader.feed('["')
    for piece in ("ab", "", "c\\u00", "e4", "d"):
        reader.feed(piece)
        seen = reader.value[0]
    assert seen == "abcäd"
    reader.feed("e")
    reader.feed("f")
    assert seen == "abcäd"
    assert reader.value == ["abcädef"]
    assert reader.feed('"') == [((0,), "abcädef")]


def test_control_characters_and_halves_of_characters_do_no_harm() -> None:
    found, reader = read('{"a": "x\x00y\nz\\u0000", "b": "\\ud83d", "c": "\\ude00\\ud83dx\\n"}')
    assert not reader.failed
    assert found[:3] == [
        (("a",), "x\x00y\nz\x00"),
        (("b",), "\ufffd"),
        (("c",), "\ufffd\ufffdx\n"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "nope", "{a: 1}", '{"a" 1}', '{"a": 1,}', "[1,]", "[1 2]", "01 ", "1. ", "[-]", "[tru]",
        '["\\x"]', '["\\u12g4"]', "{} {}", "]", '{"a": 1]', '{"a": 1, "a": 2}', "[NaN]", "Sure! {}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 100])
def test_what_is_no_json_stops_it_quietly(text: str, size: int) -> None:
    reader = PartialJSON()
    for start in range(0, len(text), size):
        reader.feed(text[start : start + size])
    assert reader.failed
    assert reader.feed('{"a": 1}') == []
    assert reader.end() == []


def test_what_came_before_the_fault_stays() -> None:
    found, reader = read('{"a": 1, "b": x')
    assert found == [(("a",), 1)]
    assert reader.failed
    assert reader.value == {"a": 1}


def test_a_number_that_is_all_ends_with_the_text() -> None:
    reader = PartialJSON()
    assert reader.feed("-1.5e") == []
    assert reader.feed("3") == []
    assert reader.end() == [((), -1500.0)]
    assert reader.end() == []


def test_bottomless_json_and_endless_numbers_are_refused() -> None:
    assert read("[" * 10_000)[1].failed
    assert not read("[" * 100 + "]" * 100)[1].failed
    assert read("9" * 5000 + " ")[1].failed
    assert read("1e999 ")[0] == [((), math.inf)]


def test_the_work_grows_with_the_text_and_not_with_its_square() -> None:
    def steps(length: int) -> int:
        """The functions that are entered for a text of about this length, in pieces of three."""
        items = {"a": [{"b": "x" * 5, "c": [1.5, None]}] * length, "d": "é\n" * length * 10}
        text = json.dumps(items)
        reader, entered = PartialJSON(), 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal entered
            entered += 1

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            for start in range(0, len(text), 3):
                reader.feed(text[start : start + 3])
                _ = reader.value
        finally:
            sys.setprofile(before)
        assert reader.value == items
        return entered

    assert steps(400) < 4.5 * steps(100)
