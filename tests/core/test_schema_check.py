"""What a schema's rules find in a value, the rules that strict mode does not know included."""

from __future__ import annotations

from typing import Any

import pytest

from cerebras_sdk import OutputProblem
from cerebras_sdk._core.schema import problems_of


def said(value: Any, schema: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in problems_of(value, schema)]


@pytest.mark.parametrize(
    ("schema", "good", "bad", "message"),
    [
        ({"type": "string"}, "a", 5, "must be a text, not 5"),
        ({"type": "integer"}, 5.0, 5.5, "must be a whole number, not 5.5"),
        ({"type": "integer"}, 5, True, "must be a whole number, not true"),
        ({"type": "number"}, 5, "5", 'must be a number, not "5"'),
        ({"type": "boolean"}, False, 0, "must be true or false, not 0"),
        ({"type": "null"}, None, 0, "must be null, not 0"),
        ({"type": "array"}, [], {}, "must be a list, not {}"),
        ({"type": "object"}, {}, [], "must be an object, not []"),
        ({"type": ["string", "null"]}, None, 1, "must be a text or null, not 1"),
        ({"type": "string"}, "", [1] * 99, f"must be a text, not {'[' + '1,' * 28}..."),
        ({"enum": ["a", 1]}, 1, "b", 'must be one of "a", 1, not "b"'),
        ({"enum": [1]}, 1, True, "must be 1, not true"),
        ({"const": None}, None, 1, "must be null, not 1"),
        ({"minimum": 5}, 5, 4, "must be at least 5, not 4"),
        ({"maximum": 5}, 5, 5.5, "must be at most 5, not 5.5"),
        ({"exclusiveMinimum": 5}, 6, 5, "must be more than 5, not 5"),
        ({"exclusiveMaximum": 5}, 4, 5, "must be less than 5, not 5"),
        ({"multipleOf": 0.1}, 0.3, 0.35, "must be a multiple of 0.1, not 0.35"),
        ({"minLength": 2}, "äö", "ä", "must have at least 2 characters, not 1"),
        ({"maxLength": 1}, "😀", "ab", "must have at most 1 character, not 2"),
        ({"minItems": 1}, [1], [], "must have at least 1 item, not 0"),
        ({"maxItems": 1}, [1], [1, 2], "must have at most 1 item, not 2"),
        ({"minProperties": 1}, {"a": 1}, {}, "must have at least 1 field, not 0"),
        ({"maxProperties": 0}, {}, {"a": 1}, "must have at most 0 fields, not 1"),
        ({"uniqueItems": True}, [1, 2], [{"a": 1}, {"a": 1}], "must have no item twice"),
        (
            {"pattern": "^a+$"},
            "aa",
            "b",
            'must match the regular expression ^a+$, and "b" does not',
        ),
        ({"format": "date"}, "2026-11-22", "22.11.2026", None),
        ({"format": "date"}, "2024-02-29", "2026-02-29", None),
        ({"format": "date-time"}, "2026-11-22T21:42:00.5Z", "2026-11-22", None),
        ({"format": "date-time"}, "2026-11-22t21:42:00+01:00", "2026-11-22T25:00:00Z", None),
        ({"format": "date-time"}, "2026-11-22T21:42:00", "now", None),
        ({"format": "time"}, "21:42:00z", "9 o'clock", None),
        ({"format": "email"}, "ada@example.com", "ada@", None),
        ({"format": "uuid"}, "0b0e6dd8-5a0e-4b5f-8d0e-2f7a2f1f6c11", "0b0e6dd8", None),
        ({"format": "uri"}, "https://example.com/a?b#c", "example.com", None),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 5, None, None),
        (
            {"oneOf": [{"minimum": 5}, {"maximum": 9}]},
            4,
            7,
            "fits 2 of the alternatives, and must fit one",
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            None,
            "x",
            'must be a whole number, not "x", or must be null, not "x"',
        ),
        (
            {"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}]},
            "ab",
            "a",
            "must have at least 2 characters, not 1",
        ),
        ({"allOf": [{"minimum": 1}, {"maximum": 3}]}, 2, 4, "must be at most 3, not 4"),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"maximum": 3}}}, 2, 4, "must be at most 3, not 4"),
    ],
)
def test_a_rule_finds_what_breaks_it(
    schema: dict[str, Any], good: Any, bad: Any, message: str | None
) -> None:
    assert said(good, schema) == []
    found = said(bad, schema)
    assert len(found) == 1
    if message is not None:
        assert found == [f"$: {message}"]


def test_a_format_is_named_in_the_message() -> None:
    assert said("x", {"format": "date"}) == ['$: must be in the format date, and "x" is not']


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("x", {"format": "ipv4"}),  # not checked
        ("x", {"pattern": "("}),  # of another dialect
        (5, {"minLength": 9, "pattern": "x", "format": "date", "minItems": 1}),
        ("x", {"minimum": 5, "multipleOf": 2}),
        (1e308, {"multipleOf": 1e-308}),
        (5, {}),
        (5, {"default": 3, "title": "x", "exclusiveMinimum": True}),
        ({"b": 1}, {"properties": {"a": {"type": "null"}}}),
    ],
)
def test_what_is_not_meant_for_a_value_does_not_find_it(value: Any, schema: dict[str, Any]) -> None:
    assert said(value, schema) == []


def test_problems_have_paths_into_the_value() -> None:
    schema = {
        "type": "object",
        "properties": {
            "people": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"age": {"type": "integer"}, "a b": {"maximum": 1}},
                    "required": ["age"],
                    "additionalProperties": False,
                },
            }
        },
    }
    value = {"people": [{"age": 1}, {"a b": 2}, {"age": "x", "more": 1}]}
    assert problems_of(value, schema) == [
        OutputProblem(("people", 1, "age"), "is missing"),
        OutputProblem(("people", 1, "a b"), "must be at most 1, not 2"),
        OutputProblem(("people", 2, "age"), 'must be a whole number, not "x"'),
        OutputProblem(("people", 2, "more"), "must not be here"),
    ]
    assert said(value, schema)[1] == '$.people[1]["a b"]: must be at most 1, not 2'


def test_of_alternatives_the_one_with_the_tag_is_meant() -> None:
    def animal(tag: str, **properties: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {"type": {"const": tag}, **properties},
            "required": ["type", *properties],
        }

    schema = {
        "anyOf": [{"$ref": "#/$defs/Cat"}, animal("dog", name={"type": "string"})],
        "$defs": {"Cat": animal("cat", lives={"maximum": 9})},
    }
    assert said({"type": "cat", "lives": 10}, schema) == ["$.lives: must be at most 9, not 10"]
    assert said({"type": "dog"}, schema) == ["$.name: is missing"]
    assert said({"type": "cow"}, schema) == ['$.type: must be one of "cat", "dog", not "cow"']
    assert said({}, schema) == ['$.type: is missing, and must be one of "cat", "dog"']
    assert said(5, {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}) == [
        "$: must be an object, not 5, or must be null, not 5"
    ]
    nullable: dict[str, Any] = {
        "properties": {"a": {**schema, "anyOf": [{"type": "null"}, *schema["anyOf"]]}}
    }
    nullable["$defs"] = schema["$defs"]
    assert said({"a": {"type": 5}}, nullable) == ['$.a.type: must be one of "cat", "dog", not 5']


def test_alternatives_without_a_common_tag_have_none_to_name() -> None:
    one = {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}
    two = {"type": "object", "properties": {"b": {"const": 1}}, "required": ["b"]}
    assert said({"c": 1}, {"anyOf": [one, two]}) == ["$: fits none of the alternatives"]
