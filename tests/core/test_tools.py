"""What is sent of a function that is a tool, and what its arguments become."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk import FunctionTool, InvalidRequestError, tool
from cerebras_sdk._core.docstrings import read_docstring
from cerebras_sdk._core.tool_input import ArgumentsRefused
from cerebras_sdk._core.tool_loop import text_of
from cerebras_sdk._core.tools import as_tool
from cerebras_sdk._core.usage import total_usage
from cerebras_sdk.types import ChatCompletion, Usage


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


@dataclasses.dataclass
class Place:
    name: str
    height: float = 0.0


class Hours(TypedDict):
    first: int
    last: NotRequired[int]


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(description="first and last", min_length=2)


@tool
def forecast(
    place: Place,
    days: int,
    unit: Unit = Unit.C,
    kind: Literal["rain", "sun"] | None = None,
    tags: list[str] = [],  # noqa: B006 - what users write
) -> str:
    """Tells the weather.

    It may be wrong.

    Args:
        place (Place): where
        days: how many,
            from 1
    """
    return f"{place} {days} {unit} {kind} {tags}"


def properties(made: FunctionTool[Any]) -> dict[str, Any]:
    found: dict[str, Any] = made.parameters["properties"]
    return found


def refusal(made: FunctionTool[Any], arguments: str) -> str:
    with pytest.raises(ArgumentsRefused) as caught:
        made.read(arguments)
    return str(caught.value)


def test_a_tool_is_the_dict_that_is_sent() -> None:
    @tool
    def add(a: int, b: float) -> float:
        """Adds two numbers.

        Args:
            a: the first
        """
        return a + b

    assert add == {
        "type": "function",
        "function": {
            "name": "add",
            "description": "Adds two numbers.",
            "parameters": {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "description": "the first"},
                    "b": {"type": "number"},
                },
                "required": ["a", "b"],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
    assert add(2, 0.5) == 2.5
    assert add.name == "add"
    assert list(inspect.signature(add).parameters) == ["a", "b"]


def test_the_docstring_and_the_types_are_told() -> None:
    assert forecast.description == "Tells the weather.\n\nIt may be wrong."
    assert forecast.parameters["required"] == ["place", "days"]
    told = properties(forecast)
    assert told["place"]["description"] == "where"
    assert told["place"]["properties"]["name"] == {"type": "string"}
    assert told["days"] == {"type": "integer", "description": "how many, from 1"}
    assert told["unit"]["enum"] == ["celsius", "fahrenheit"]
    assert 'Default: "celsius".' in told["unit"]["description"]
    assert {"type": "null"} in told["kind"]["anyOf"]
    assert told["tags"]["items"] == {"type": "string"}
    assert forecast.strict


def test_arguments_become_what_the_function_takes() -> None:
    positional, named = forecast.read(
        '{"place": {"name": "Oslo"}, "days": 2, "unit": "fahrenheit"}'
    )
    assert positional == []
    assert named == {
        "place": Place("Oslo", 0.0),
        "days": 2,
        "unit": Unit.F,
        "kind": None,
        "tags": [],
    }


def test_each_problem_is_named_with_its_place() -> None:
    told = refusal(forecast, '{"place": {"height": "x"}, "days": 1.5, "unit": "kelvin"}')
    for part in ("$.place.name", "$.place.height", "$.days", "$.unit"):
        assert part in told


@pytest.mark.parametrize(
    ("annotation", "value", "read"),
    [
        (str, '"a"', "a"),
        (float, "1", 1.0),
        (bool, "true", True),
        (list[Place], '[{"name": "a", "height": 1}]', [Place("a", 1.0)]),
        (Hours, '{"first": 1}', {"first": 1}),
        (Person, '{"name": "Ada"}', Person(name="Ada")),
        (Person | None, "null", None),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Any, '{"a": [1]}', {"a": [1]}),
        (Annotated[int, "from 1"], "3", 3),
    ],
)
def test_types_of_all_kinds_are_read(annotation: Any, value: str, read: Any) -> None:
    def take(it: Any) -> None: ...

    take.__annotations__["it"] = annotation
    assert tool(take).read(f'{{"it": {value}}}') == ([], {"it": read})


def test_what_is_said_of_a_type_goes_before_the_docstring() -> None:
    @tool
    def take(a: Annotated[int, "from 1"], b: Person, c: str) -> None:
        """Takes.

        :param a: something else
        :param str c: a text
        :type c: str
        """

    assert properties(take)["a"]["description"] == "from 1"
    assert properties(take)["c"]["description"] == "a text"
    assert "first and last" in str(properties(take)["b"])


def test_a_tool_is_strict_where_it_can_be() -> None:
    def search(filters: dict[str, str]) -> None: ...

    assert not as_tool(search).strict
    assert "strict" not in as_tool(search)["function"]
    assert properties(as_tool(search))["filters"]["type"] == "object"
    assert not tool(strict=False)(forecast.function).strict
    with pytest.raises(InvalidRequestError, match=r"'search' cannot be strict: \$\.filters"):
        dict(tool(strict=True)(search))


def test_a_function_without_parameters_takes_nothing_at_all() -> None:
    @tool
    def now() -> str:
        return "now"

    assert now.parameters["properties"] == {}
    assert now.read("") == now.read(" ") == now.read("{}") == now.read("null") == ([], {})
    assert "must not be here" in refusal(now, '{"zone": "UTC"}')


def test_whole_numbers_may_be_written_with_a_point() -> None:
    def take(days: int, height: float = 1.0, either: int | float = 1) -> None: ...

    taken = tool(take).read('{"days": 5.0, "height": 2.0, "either": 3.0}')[1]
    assert repr(taken) == "{'days': 5, 'height': 2.0, 'either': 3.0}"
    for wrong in ("5.5", "true", '"5"', "null"):
        assert f"$.days: must be a whole number, not {wrong}" in refusal(
            tool(take), f'{{"days": {wrong}}}'
        )


def test_name_and_description_can_be_given() -> None:
    @tool(name="get_weather", description="The weather.")
    def get(city: str) -> str:
        """Something else."""
        return city

    assert get["function"]["name"] == "get_weather"
    assert get["function"]["description"] == "The weather."
    assert get("Oslo") == "Oslo"
    assert tool(forecast, name="weather").name == "weather"
    assert tool(forecast.function, strict=False)["function"]["name"] == "forecast"
    assert tool(forecast) is forecast


def test_positional_parameters_are_given_by_position() -> None:
    @tool
    def take(a: int, b: int = 7, /, *, c: int = 9) -> tuple[int, int, int]:
        return a, b, c

    positional, named = take.read('{"a": 1, "c": 2}')
    assert take(*positional, **named) == (1, 7, 2)


class Counter:
    def __init__(self) -> None:
        self.count = 0

    @tool
    def add(self, by: int) -> int:
        """Counts on."""
        self.count += by
        return self.count

    @classmethod
    @tool
    def kind(cls, a: int) -> str:
        return f"{cls.__name__} {a}"

    @staticmethod
    @tool
    def double(a: int) -> int:
        return 2 * a

    @tool
    @classmethod
    def other(cls, a: int) -> str:
        return f"{cls.__name__} {a}"


def test_methods_are_bound_when_they_are_taken_from_an_object() -> None:
    counter = Counter()
    bound = as_tool(counter.add)
    assert list(properties(bound)) == ["by"]
    assert bound["function"]["description"] == "Counts on."
    positional, named = bound.read('{"by": 3}')
    assert bound(*positional, **named) == counter.count == 3
    for made, result in (
        (counter.kind, "Counter 1"),
        (counter.double, 2),
        (counter.other, "Counter 1"),
    ):
        one = as_tool(made)
        assert list(properties(one)) == ["a"]
        assert one(a=1) == result
    with pytest.raises(InvalidRequestError, match="'self' of the tool 'add' has no type"):
        dict(Counter.add)


def test_what_a_partial_has_given_is_not_asked_for() -> None:
    def send(to: str, text: str, *, key: str) -> str:
        return f"{to} {text} {key}"

    made = as_tool(functools.partial(send, "Ada", key="k"))
    assert made.name == "send"
    assert list(properties(made)) == ["text"]
    _, named = made.read('{"text": "Hi"}')
    assert made(**named) == "Ada Hi k"


def test_an_object_that_is_called_is_a_tool_by_its_class() -> None:
    class Lookup:
        def __call__(self, key: str) -> str:
            return key

    made = as_tool(Lookup())
    assert made.name == "Lookup"
    assert list(properties(made)) == ["key"]


def untyped(a) -> None: ...  # type: ignore[no-untyped-def]


def unknown(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def several(*args: int) -> None: ...


def named(**kwargs: int) -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (untyped, "'a' of the tool 'untyped' has no type"),
        (unknown, "Nowhere"),
        (several, r"\*args"),
        (named, r"\*\*kwargs"),
        (Person, "not the class Person"),
        (lambda: 1, "<lambda>"),
        (7, "not int"),
        (tool(name="take")(lambda a: a), "no type"),
    ],
)
def test_what_cannot_be_a_tool_says_why(function: Any, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        dict(as_tool(function))


@pytest.mark.parametrize("name", ["", "get weather", "wetter-für", "a" * 65, 7])
def test_a_name_that_the_service_refuses_is_refused(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be the name"):
        tool(name=name)(forecast.function)


def test_an_error_of_the_users_class_is_told_to_the_model() -> None:
    @dataclasses.dataclass
    class Even:
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise error

    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise ValueError("it has no text")

    def take(it: Any) -> None: ...

    take.__annotations__["it"] = Even
    error: Exception = KeyError("odd")
    assert "odd" in refusal(tool(take), '{"it": {"number": 3}}')
    error = Unspeakable()
    assert "Unspeakable" in refusal(tool(take), '{"it": {"number": 3}}')


GOOGLE = """Does it.

Really.

Args:
    a (int): the first
    b (dict[str, int], optional): the second:
        over two lines
    *rest: more

Returns:
    x: nothing
"""
NUMPY = """Does it.

Really.

Parameters
----------
a : int
    the first
b, c : str
    the others

    in paragraphs
Returns
-------
int
    nothing
"""
REST = """Does it.

Really.

:param a: the first
:param str b: the second
    over two lines
:type a: int
:returns: nothing
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOGLE, {"a": "the first", "b": "the second: over two lines", "rest": "more"}),
        (
            NUMPY,
            {"a": "the first", "b": "the others in paragraphs", "c": "the others in paragraphs"},
        ),
        (REST, {"a": "the first", "b": "the second over two lines"}),
        ("Does it.\n\nReally.", {}),
        ("Does it.\n\nReally.\n\nExample:\n    >>> a", {}),
    ],
    ids=["google", "numpy", "rest", "none", "another section"],
)
def test_docstrings_of_all_styles_are_read(text: str, said: dict[str, str]) -> None:
    assert read_docstring(text) == ("Does it.\n\nReally.", said)


@given(st.text(st.sampled_from("ab :*-\n\t()Args,param"), max_size=200))
def test_no_docstring_is_too_odd(text: str) -> None:
    read_docstring(f"Summary.\n\nArgs:\n    {text}\n:param {text}")


@given(st.text(max_size=60))
def test_no_arguments_are_too_odd(text: str) -> None:
    with contextlib.suppress(ArgumentsRefused):
        forecast.read(text)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("text", "text"),
        (Place("Oslo"), '{"name":"Oslo","height":0.0}'),
        (Unit.C, '"celsius"'),
        ([Person(name="Ada")], '[{"name":"Ada"}]'),
        ({1: {2}}, '{"1":[2]}'),
        (Usage(prompt_tokens=1, total_tokens=1).to_dict(), None),
        ([Usage()], None),
    ],
)
def test_results_of_all_kinds_are_written(result: Any, text: str | None) -> None:
    written = text_of(result)
    assert text is None or written == text
    assert "_extra" not in written


@pytest.mark.parametrize("result", [object(), open, (n for n in "ab"), {object(): 1}])
def test_a_result_that_json_cannot_say_is_a_type_error(result: Any) -> None:
    with pytest.raises(TypeError, match="cannot be written as JSON"):
        text_of(result)


def test_usage_is_added_up_with_what_is_in_it() -> None:
    def answer(**usage: Any) -> ChatCompletion:
        return ChatCompletion.model_validate({"usage": usage or None})

    total = total_usage(
        [
            answer(total_tokens=3, prompt_tokens_details={"cached_tokens": 1}),
            answer(),
            answer(total_tokens=4, prompt_tokens_details={"cached_tokens": 2, "image_tokens": 5}),
        ]
    )
    assert total.total_tokens == 7
    assert total.prompt_tokens_details is not None
    assert total.prompt_tokens_details.cached_tokens == 3
    assert total.prompt_tokens_details.image_tokens == 5


def test_a_function_is_not_changed() -> None:
    def take(a: int) -> int:
        return a

    made: Callable[[int], int] = tool(take)
    assert made(1) == take(1)
    assert not isinstance(take, FunctionTool)
