"""Python types as strict schemas: what is sent for them, and what is refused with its path."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import re
import time
import types
import uuid
from collections.abc import Sequence
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NewType,
    NotRequired,
    TypedDict,
    TypeVar,
)

import annotated_types
import msgspec
import pydantic
import pydantic.dataclasses
import pytest

from cerebras_sdk import InvalidRequestError
from cerebras_sdk._core.options import NOT_GIVEN
from cerebras_sdk._core.schema import OutputProblems, OutputSchema, schema_of, strict
from cerebras_sdk._core.schema.output import reading

T = TypeVar("T")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    x: int
    y: Annotated[float, annotated_types.Gt(0)] = 1.0
    tags: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Line:
    """Two points."""

    start: Point
    end: Annotated[Point, "Where it ends"]
    color: Color | None = None


@dataclasses.dataclass
class Box(Generic[T]):
    inside: T


@dataclasses.dataclass
class Empty:
    pass


@dataclasses.dataclass
class Node:
    children: list[Node]


class Cat(msgspec.Struct, tag=True):
    lives: int


class Dog(msgspec.Struct, tag=True, rename="camel"):
    good_boy: bool = True


class Partial(TypedDict, total=False):
    a: int


class Mixed(TypedDict):
    a: NotRequired[Annotated[int, annotated_types.Interval(ge=1, le=3)]]
    b: Annotated[str, pydantic.Field(pattern="^x", description="A b")]


class Model(pydantic.BaseModel):
    """A model."""

    number: int = pydantic.Field(5, ge=1, lt=10, description="How many")
    kind: Literal["m"] = "m"
    color: Color = Color.RED
    when: datetime.datetime
    code: str | None = pydantic.Field(None, min_length=2, max_length=3, pattern="^[a-z]+$")


@pydantic.dataclasses.dataclass
class PydanticPoint:
    x: int = pydantic.Field(ge=0)


UserId = NewType("UserId", int)


def sent(kind: Any) -> dict[str, Any]:
    """The schema that is sent for a type."""
    response_format = OutputSchema.of(kind).response_format
    assert response_format["type"] == "json_schema"
    assert response_format["json_schema"]["strict"] is True
    schema: dict[str, Any] = response_format["json_schema"]["schema"]
    return schema


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


POINT = closed(
    x={"type": "integer"},
    y={"type": "number", "description": "More than 0. Default: 1.0."},
    tags={"type": "array", "items": {"type": "string"}},
)


def test_a_dataclass_is_an_object_with_every_field_required() -> None:
    assert sent(Point) == POINT
    assert OutputSchema.of(Point).name == "Point"
    assert not OutputSchema.of(Point).wrapped


def test_what_is_used_twice_is_a_definition_and_what_is_used_once_is_not() -> None:
    schema = sent(Line)
    assert schema == {
        **closed(
            start={"$ref": "#/$defs/Point"},
            end={"anyOf": [{"$ref": "#/$defs/Point"}], "description": "Where it ends"},
            color={"anyOf": [{"type": "string", "enum": ["red", "blue"]}, {"type": "null"}]},
        ),
        "description": "Two points.",
        "$defs": {"Point": POINT},
    }


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            set[int],
            {"type": "array", "items": {"type": "integer"}, "description": "No item twice."},
        ),
        (Literal["yes", "no"], {"type": "string", "enum": ["yes", "no"]}),
        (Literal["a", 1, None], {"enum": ["a", 1, None]}),
        (Color, {"type": "string", "enum": ["red", "blue"]}),
        (bool, {"type": "boolean"}),
        (types.NoneType, {"type": "null"}),
        (UserId, {"type": "integer"}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (datetime.date, {"type": "string", "description": "Format: date."}),
        (datetime.datetime, {"type": "string", "description": "Format: date-time."}),
        (uuid.UUID, {"type": "string", "description": "Format: uuid."}),
        (decimal.Decimal, {"type": "string", "description": "Format: decimal."}),
        (bytes, {"type": "string", "description": "Encoded in base64."}),
        (
            Cat | Dog,
            {
                "anyOf": [
                    closed(type={"type": "string", "enum": ["Cat"]}, lives={"type": "integer"}),
                    closed(
                        type={"type": "string", "enum": ["Dog"]},
                        goodBoy={"type": "boolean", "description": "Default: true."},
                    ),
                ]
            },
        ),
        (
            Annotated[list[str], annotated_types.Len(1, 3), "Names"],
            {
                "type": "array",
                "items": {"type": "string"},
                "description": "Names. At least 1 item. At most 3 items.",
            },
        ),
        (
            Annotated[str | None, pydantic.Field(min_length=2, pattern="^a")],
            {
                "anyOf": [
                    {
                        "type": "string",
                        "description": "At least 2 characters. Matches the regular expression "
                        "`^a`.",
                    },
                    {"type": "null"},
                ]
            },
        ),
    ],
)
def test_what_is_no_object_is_wrapped_in_one(kind: Any, inner: dict[str, Any]) -> None:
    assert OutputSchema.of(kind).wrapped
    assert sent(kind) == closed(value=inner)


def test_generic_and_empty_dataclasses_and_dicts_of_types_are_objects() -> None:
    assert sent(Box[int]) == closed(inside={"type": "integer"})
    assert sent(Box[list[Point]]) == closed(inside={"type": "array", "items": POINT})
    assert sent(Empty) == closed()
    assert sent(Partial) == closed(a={"type": "integer"})
    assert sent(Mixed) == closed(
        a={"type": "integer", "minimum": 1, "maximum": 3},
        b={"type": "string", "description": "A b. Matches the regular expression `^x`."},
    )


def test_a_model_of_pydantic_loses_its_noise_and_keeps_its_meaning() -> None:
    assert sent(Model) == {
        **closed(
            number={
                "type": "integer",
                "minimum": 1,
                "maximum": 9,
                "description": "How many. Default: 5.",
            },
            kind={"type": "string", "const": "m", "description": 'Default: "m".'},
            color={
                "type": "string",
                "enum": ["red", "blue"],
                "description": 'Default: "red".',
            },
            when={"type": "string", "description": "Format: date-time."},
            code={
                "anyOf": [
                    {
                        "type": "string",
                        "description": "At most 3 characters. At least 2 characters. Matches the "
                        "regular expression `^[a-z]+$`.",
                    },
                    {"type": "null"},
                ]
            },
        ),
        "description": "A model.",
    }


@pytest.mark.parametrize(
    "kind", [list[Model], list[PydanticPoint], pydantic.TypeAdapter(list[PydanticPoint])]
)
def test_lists_of_what_pydantic_made_are_read_by_pydantic(kind: Any) -> None:
    assert sent(kind)["properties"]["value"]["type"] == "array"


def test_a_dataclass_of_pydantic_is_checked_by_pydantic() -> None:
    assert sent(PydanticPoint) == closed(x={"type": "integer", "minimum": 0})
    assert OutputSchema.of(PydanticPoint).parse('{"x": 5}') == PydanticPoint(5)
    assert OutputSchema.of(list[PydanticPoint]).parse('{"value": [{"x": 5}]}') == [PydanticPoint(5)]


class Lenient(pydantic.BaseModel):
    code: Annotated[str, pydantic.StringConstraints(strip_whitespace=True, max_length=3)]
    age: Annotated[
        int, pydantic.Field(le=120), pydantic.BeforeValidator(lambda age: min(int(age), 120))
    ]


def test_what_pydantic_accepts_is_accepted() -> None:
    read = OutputSchema.of(Lenient).parse('{"code": " abc ", "age": 200}')
    assert read == Lenient(code="abc", age=120)
    assert OutputSchema.of(list[Lenient]).parse('{"value": [{"code": " abc ", "age": 200}]}') == [
        read
    ]


class CatModel(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class DogModel(pydantic.BaseModel):
    kind: Literal["dog"]
    weight: float


class PetModel(pydantic.BaseModel):
    pet: Annotated[CatModel | DogModel, pydantic.Field(discriminator="kind")]
    age: int | str


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('{"pet": {"kind": "dog", "weight": "x"}, "age": 1}', {("pet", "weight")}),
        ('{"pet": {"kind": "dog"}, "age": [1]}', {("pet", "weight"), ("age",)}),
        ('{"pet": {"kind": "cow"}, "age": 1}', {("pet",)}),
        ("[]", {()}),
    ],
)
def test_the_paths_of_pydantic_lead_into_the_answer(text: str, paths: set[Any]) -> None:
    with pytest.raises(OutputProblems) as caught:
        OutputSchema.of(PetModel).parse(text)
    assert {problem.path for problem in caught.value.problems} == paths


@dataclasses.dataclass
class Asserting:
    n: int

    def __post_init__(self) -> None:
        assert self.n < 3, "n must be below 3"


class Looking(pydantic.BaseModel):
    n: int

    @pydantic.field_validator("n")
    @classmethod
    def known(cls, n: int) -> int:
        return {1: 1}[n]


class Refusing(msgspec.Struct):
    n: int

    def __post_init__(self) -> None:
        if self.n > 2:
            raise ValueError("n is large")


@pytest.mark.parametrize(
    ("kind", "message", "cause"),
    [
        (Asserting, "$: AssertionError: n must be below 3", AssertionError),
        (Looking, "$: KeyError: 5", KeyError),
        (Refusing, "$: n is large", ValueError),
        (PydanticPoint, "$.x: Field required", pydantic.ValidationError),
    ],
)
def test_what_a_check_of_the_users_own_raises_is_a_problem_of_the_answer(
    kind: Any, message: str, cause: type[Exception]
) -> None:
    with pytest.raises(OutputProblems) as caught:
        OutputSchema.of(kind).parse('{"n": 5}')
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert type(caught.value.__cause__) is cause


def test_what_stops_a_program_is_no_problem_of_the_answer() -> None:
    @dataclasses.dataclass
    class Stopping:
        def __post_init__(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        OutputSchema.of(Stopping).parse("{}")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Node, r"response_format: \$\.children\[\]: Node contains itself"),
        (dict, r"response_format: \$: .*names of the model's choice"),
        (Box[dict[str, int]], r"\$\.inside: .*names of the model's choice"),
        (Box[Any], r"\$\.inside: strict output needs a type here"),
        (list, r"\$: strict output needs the type of the items"),
        (tuple[int, str], r"\$: a tuple of fixed places"),
        (Box[complex], r"\$\.inside: a complex has no JSON Schema"),
        (Box[T], r"\$\.inside: the type ~T is not known"),  # type: ignore[valid-type]
        (lambda: 1, "has no JSON Schema"),
        ("Point", "the type 'Point' is not known"),
        (
            Point | Line,
            "makes no schema: Type unions may not contain more than one dataclass.*msgspec Structs",
        ),
        (None, "response_format: parse needs the type of the answer"),
        (NOT_GIVEN, "response_format: parse needs the type of the answer"),
    ],
)
def test_what_strict_mode_cannot_say_is_refused_with_its_path(kind: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        OutputSchema.of(kind)


# The transformation of schemas that no type of ours makes.


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object", "properties": {}}, closed()),
        ({"type": "object", "additionalProperties": False}, closed()),
        (
            {"properties": {"a": {"items": {"type": "null"}}}, "additionalProperties": True},
            closed(a={"type": "array", "items": {"type": "null"}}),
        ),
        (
            {"title": "T", "$schema": "s", "type": "object", "properties": {"title": {"const": 1}}},
            closed(title={"const": 1}),
        ),
        (
            {
                "$ref": "#/definitions/A",
                "definitions": {"A": {"type": "object", "properties": {"a": {"type": "string"}}}},
            },
            closed(a={"type": "string"}),
        ),
        (
            {
                "type": "object",
                "properties": {
                    "a": {"$ref": "#/definitions/a%20b~1c", "default": 1},
                    "b": {"$ref": "#/definitions/a%20b~1c"},
                },
                "definitions": {"a b/c": {"type": "integer"}, "unused": {"not": {}}},
            },
            {
                **closed(
                    a={"anyOf": [{"$ref": "#/$defs/a_20b_1c"}], "description": "Default: 1."},
                    b={"$ref": "#/$defs/a_20b_1c"},
                ),
                "$defs": {"a_20b_1c": {"type": "integer"}},
            },
        ),
        (
            {
                "allOf": [{"type": "object", "properties": {"a": {"allOf": [{"type": "null"}]}}}],
                "description": "d",
            },
            {**closed(a={"type": "null"}), "description": "d"},
        ),
        (
            {
                "allOf": [
                    {"type": "object", "properties": {"a": {"type": "null"}}},
                    {"properties": {"b": {"type": "null"}}, "required": ["b"]},
                ]
            },
            closed(a={"type": "null"}, b={"type": "null"}),
        ),
        (
            {"type": "object", "properties": {"a": {"oneOf": [{"type": "null"}], "default": 2}}},
            closed(a={"anyOf": [{"type": "null"}], "description": "Default: 2."}),
        ),
        (
            {
                "type": "object",
                "properties": {
                    "a": {
                        "type": ["string", "integer", "null"],
                        "minLength": 1,
                        "maximum": 5,
                        "description": "An a",
                    },
                    "b": {"type": ["integer"], "exclusiveMinimum": 0, "minimum": 5},
                    "c": {"type": ["string", "null"], "enum": ["x", None]},
                },
            },
            closed(
                a={
                    "anyOf": [
                        {"type": "string", "description": "At least 1 character."},
                        {"type": "integer", "maximum": 5},
                        {"type": "null"},
                    ],
                    "description": "An a",
                },
                b={"type": "integer", "minimum": 5},
                c={"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]},
            ),
        ),
        (
            {
                "type": "object",
                "properties": {
                    "a": {
                        "type": "number",
                        "exclusiveMinimum": 0,
                        "maximum": 9,
                        "multipleOf": 0.5,
                        "examples": [1, 2.5],
                        "x-unit": "m",
                        "default": None,
                    }
                },
                "minProperties": 1,
            },
            {
                **closed(
                    a={
                        "type": "number",
                        "maximum": 9,
                        "description": "More than 0. A multiple of 0.5. Examples: 1, 2.5. "
                        "x-unit: m.",
                    }
                ),
                "description": "At least 1 field.",
            },
        ),
    ],
)
def test_a_schema_is_made_strict(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    before = json.dumps(schema)
    assert strict(schema) == expected
    assert json.dumps(schema) == before


def test_what_was_made_strict_stays_as_it_is() -> None:
    for kind in (Line, Model, Cat | Dog, list[Point]):
        assert strict(sent(kind)) == sent(kind)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"type": "object"}, r"\$\.a: .*names of the model's choice"),
        ({"type": "object", "additionalProperties": {"type": "null"}}, "names of the model's"),
        ({}, r"\$\.a: .*not any value"),
        (True, "not any value"),
        ({"description": "x"}, "not any value"),
        ({"type": "array"}, r"\$\.a: .*type of the items"),
        ({"type": "array", "items": {}}, r"\$\.a\[\]: .*not any value"),
        ({"type": "text"}, "'text' is no type of JSON Schema"),
        ({"not": {"type": "null"}}, "cannot say 'not'"),
        ({"type": "array", "prefixItems": [], "items": False}, "cannot say 'prefixItems'"),
        ({"type": "object", "patternProperties": {}}, "cannot say 'patternProperties'"),
        ({"$ref": "#"}, r"contains itself"),
        ({"$ref": "#/$defs/B"}, r"\$\.a\.b: B contains itself"),
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        ({"$ref": "https://example.com/a"}, "leads nowhere"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, r"\$\.a: .*differ in 'type'"),
        ({"anyOf": [{"type": "null"}], "oneOf": []}, "beside other rules"),
    ],
)
def test_a_schema_that_cannot_be_strict_is_refused_with_its_path(part: Any, message: str) -> None:
    schema = {
        "type": "object",
        "properties": {"a": part},
        "$defs": {"B": {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}}},
    }
    with pytest.raises(InvalidRequestError, match=message):
        strict(schema)


def nested(depth: int) -> dict[str, Any]:
    if depth == 1:
        return {"type": "object", "properties": {"a": {"type": "null"}}}
    return {"type": "object", "properties": {"a": nested(depth - 1)}}


def test_ten_levels_are_the_deepest() -> None:
    strict(nested(10))
    with pytest.raises(InvalidRequestError, match=r"^\$(\.a){10}: .*up to 10 deep"):
        strict(nested(11))


def test_depth_goes_through_definitions() -> None:
    schema = {
        "type": "object",
        "properties": {"p": {"$ref": "#/$defs/N"}, "q": {"type": "array", "items": {
            "$ref": "#/$defs/N"}}},
        "$defs": {"N": nested(9)},
    }  # fmt: skip
    with pytest.raises(InvalidRequestError, match=r"^\$\.q\[\](\.a){8}: .*up to 10 deep"):
        strict(schema)


def test_a_schema_of_shared_definitions_is_measured_in_no_time() -> None:
    definitions: dict[str, Any] = {"N0": {"type": "object", "properties": {"a": {"type": "null"}}}}
    for level in range(1, 9):
        below = {"$ref": f"#/$defs/N{level - 1}"}
        fields = {str(number): below for number in range(6)}
        definitions[f"N{level}"] = {"type": "object", "properties": fields}
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/N8"}},
        "$defs": definitions,
    }
    start = time.process_time()
    strict(schema)
    assert time.process_time() - start < 1  # each way through them takes minutes


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {
            "properties": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/A"}]}},
            "$defs": {
                "A": {"allOf": [{"$ref": "#/$defs/B"}]},
                "B": {"oneOf": [{"$ref": "#/$defs/A"}]},
            },
        },
    ],
)
def test_a_reference_that_leads_to_itself_is_refused(schema: Any) -> None:
    given = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
    with pytest.raises(InvalidRequestError, match=r"reference '#.*' leads to itself"):
        OutputSchema.of(given)


def test_a_value_in_a_value_of_its_kind_is_no_loop() -> None:
    tree = {"type": "object", "properties": {"below": {"type": "array", "items": {"$ref": "#"}}}}
    given = {"type": "json_schema", "json_schema": {"name": "a", "schema": tree}}
    text = '{"below": [{"below": []}]}'
    assert OutputSchema.of(given).parse(text) == json.loads(text)


def test_the_fields_are_counted() -> None:
    def wide(count: int) -> dict[str, Any]:
        fields = {str(number): {"type": "null"} for number in range(count)}
        return {"type": "object", "properties": fields}

    with pytest.raises(InvalidRequestError, match=r"^\$\.500: .*at most 500 properties"):
        strict(wide(501))


def test_the_values_of_all_enums_are_counted() -> None:
    def choices(first: int, second: int) -> dict[str, Any]:
        of = {"a": {"enum": list(range(first))}, "b": {"enum": list(range(second))}}
        return {"type": "object", "properties": of}

    strict(choices(300, 200))
    with pytest.raises(InvalidRequestError, match=r"^\$\.b: .*at most 500 enum values"):
        strict(choices(300, 201))


def test_the_text_of_the_schema_is_measured() -> None:
    def long(length: int) -> dict[str, Any]:
        texts = {"a": {"type": "string", "description": "d" * length}, "b": {"type": "string"}}
        return {"type": "object", "properties": texts}

    room = 5000 - len(json.dumps(strict(long(1)), separators=(",", ":"))) + 1
    strict(long(room))
    with pytest.raises(InvalidRequestError, match=r"^\$\.a: .*5000 characters.*has 5001, of which"):
        strict(long(room + 1))


def test_a_name_has_the_letters_that_the_service_takes() -> None:
    for kind in (Box[int], list[int], int | None, Literal["a"], pydantic.TypeAdapter(list[int])):
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", OutputSchema.of(kind).name)
    made = dataclasses.make_dataclass("Ä" * 70 + "x", [("a", int)])
    assert OutputSchema.of(made).name == "x"


def test_the_schema_of_a_type_is_made_once() -> None:
    assert OutputSchema.of(Point) is OutputSchema.of(Point)


def test_the_schema_of_a_type_as_it_is_keeps_its_constraints() -> None:
    assert schema_of(Annotated[int, annotated_types.Gt(3)]) == {
        "type": "integer",
        "exclusiveMinimum": 3,
    }
    with pytest.raises(InvalidRequestError):
        schema_of(complex)


def test_a_default_is_used_where_the_model_leaves_a_field_out() -> None:
    assert OutputSchema.of(Point).parse('{"x": 1}') == Point(1, 1.0, [])


def test_types_are_read_from_their_json() -> None:
    when = OutputSchema.of(datetime.datetime).parse('{"value": "2026-11-22T21:42:00Z"}')
    assert when == datetime.datetime(2026, 11, 22, 21, 42, tzinfo=datetime.UTC)
    assert OutputSchema.of(Cat | Dog).parse('{"value": {"type": "Dog", "goodBoy": false}}') == Dog(
        good_boy=False
    )
    assert OutputSchema.of(set[int]).parse('{"value": [1, 2]}') == {1, 2}
    assert OutputSchema.of(int).parse('{"value": 123456789012345678901234567890}') == (
        123456789012345678901234567890
    )


class Rank(enum.IntEnum):
    FIRST = 1


class Several(TypedDict):
    direct: int
    listed: list[int | None]
    named: dict[str, int]
    point: Point
    either: Point | int
    float_or_int: float | int
    text_or_int: Annotated[int, annotated_types.Gt(0)] | str
    rank: Rank
    literal: Literal["a", 2]
    number: float
    any: Any


def test_whole_numbers_are_read_with_a_point_too() -> None:
    schema = OutputSchema("several", {}, schema=schema_of(Several), read=reading(Several)[1])
    point = {"x": 7.0, "y": 2.0}
    written = {
        "direct": 5.0, "listed": [1.0, None, 2], "named": {"a": 3.0}, "point": point,
        "either": point, "float_or_int": 4.0, "text_or_int": 6.0, "rank": 1.0, "literal": 2.0,
        "number": 8.0, "any": 9.0,
    }  # fmt: skip
    read = schema.parse(json.dumps(written))
    assert repr(read) == repr(
        {
            "direct": 5, "listed": [1, None, 2], "named": {"a": 3}, "point": Point(7, 2.0),
            "either": Point(7, 2.0), "float_or_int": 4.0, "text_or_int": 6, "rank": Rank.FIRST,
            "literal": 2, "number": 8.0, "any": 9.0,
        }
    )  # fmt: skip


@pytest.mark.parametrize("wrong", ["5.5", "true", '"5"', "1e-3"])
def test_what_is_no_whole_number_is_said_in_our_words(wrong: str) -> None:
    with pytest.raises(OutputProblems, match=r"^\$: must be a whole number, not "):
        OutputSchema.of(int).parse(f'{{"value": {wrong}}}')
    assert repr(OutputSchema.of(int).parse('{"value": 5.0}')) == "5"


def test_control_characters_and_half_characters_do_not_spoil_an_answer() -> None:
    assert OutputSchema.of(str).parse('{"value": "a\x00\nb"}') == "a\x00\nb"
    assert OutputSchema.of(str).parse('{"value": "\\ud83d"}') == "\ufffd"


@pytest.mark.parametrize("text", ['{"value": NaN}', '{"value": 1', "```json\n{}\n```", ""])
def test_what_is_no_json_is_a_problem_of_the_whole(text: str) -> None:
    with pytest.raises(OutputProblems) as caught:
        OutputSchema.of(float).parse(text)
    assert [problem.path for problem in caught.value.problems] == [()]
