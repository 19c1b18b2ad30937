"""Tools called by the embedded model: real answers, which the tool's schema constrains."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from cerebras_sdk import Cerebras, tool
from cerebras_sdk.testing import (
    LlamaEngine,
    LocalModelError,
    LocalServer,
    RequestRefused,
    local_model_path,
    serve,
)

pytestmark = pytest.mark.local

WEATHER = [{"role": "user", "content": "What is the weather in Oslo, in celsius?"}]


@tool
def weather(city: str, unit: Literal["celsius", "fahrenheit"]) -> str:
    """The weather in a city."""
    return f"Heavy snow in {city}, -7 degrees {unit}."


@tool
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    try:
        path = local_model_path(download=False)
    except LocalModelError as error:
        pytest.skip(str(error))
    with LlamaEngine(path) as engine:
        yield engine


@pytest.fixture
def local(engine: LlamaEngine) -> Iterator[LocalServer]:
    with serve(engine) as server:
        yield server


@pytest.fixture
def client(local: LocalServer) -> Iterator[Cerebras]:
    with Cerebras("csk-test", base_url=local.base_url, default_model="qwen-3.8-27b") as client:
        yield client


def test_a_function_is_run_and_its_result_is_in_the_answer(client: Cerebras) -> None:
    runner = client.chat.completions.run_tools(
        messages=WEATHER,
        tools=[weather, add],
        tool_choice="required",
        temperature=0,
        max_completion_tokens=30,
    )
    completion = runner.until_done()
    _, message, result, _ = runner.messages
    [call] = dict(message)["tool_calls"]
    assert json.loads(call.function.arguments) == {"city": "Oslo", "unit": "celsius"}
    assert dict(result) == {
        "role": "tool",
        "tool_call_id": call.id,
        "content": "Heavy snow in Oslo, -7 degrees celsius.",
    }
    assert "-7" in completion.text


def test_what_a_model_asks_of_a_sum_is_what_the_question_says(client: Cerebras) -> None:
    completion = client.chat.completions.create(
        messages=[{"role": "user", "content": "What is 17 + 25?"}],
        tools=[add],
        tool_choice="required",
        temperature=0,
    )
    [call] = completion.choices[0].message.tool_calls or []
    assert json.loads(call.function.arguments) == {"a": 17, "b": 25}


def test_a_call_that_is_required_fits_the_schema(client: Cerebras) -> None:
    completion = client.chat.completions.create(
        messages=WEATHER, tools=[add, weather], tool_choice="required", temperature=0
    )
    [choice] = completion.choices
    [call] = choice.message.tool_calls or []
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "Oslo", "unit": "celsius"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_function_that_is_named_is_called(client: Cerebras, seed: int) -> None:
    completion = client.chat.completions.create(
        messages=WEATHER,
        tools=[add, weather],
        tool_choice={"type": "function", "function": {"name": "add"}},
        temperature=1.5,
        seed=seed,
    )
    [call] = completion.choices[0].message.tool_calls or []
    assert call.function.name == "add"
    arguments = json.loads(call.function.arguments)
    assert {name: type(value) for name, value in arguments.items()} == {"a": int, "b": int}


def test_a_call_is_streamed_in_pieces(client: Cerebras) -> None:
    with client.chat.completions.stream(
        messages=WEATHER, tools=[add, weather], tool_choice="required", temperature=0
    ) as stream:
        events = list(stream)
        completion = stream.get_final_completion()
    pieces = [event for event in events if event.type == "tool_call.delta"]
    [done] = [event for event in events if event.type == "tool_call.done"]
    assert len(pieces) > 5
    assert {event.name for event in pieces} == {"weather"}
    assert "".join(event.delta for event in pieces) == done.tool_call.function.arguments
    assert json.loads(done.tool_call.function.arguments) == {"city": "Oslo", "unit": "celsius"}
    assert [event.finish_reason for event in events if event.type == "finish"] == ["tool_calls"]
    [call] = completion.choices[0].message.tool_calls or []
    assert call.id == done.tool_call.id


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_without_need_of_a_tool_it_answers_in_words(
    client: Cerebras, choice: Literal["auto", "none"]
) -> None:
    completion = client.chat.completions.create(
        messages=[{"role": "user", "content": "Hello!"}],
        tools=[add, weather],
        tool_choice=choice,
        temperature=0,
        max_completion_tokens=15,
    )
    assert completion.text
    assert completion.choices[0].message.tool_calls is None


def test_a_schema_that_cannot_be_followed_is_refused(engine: LlamaEngine) -> None:
    nonsense = {"name": "add", "parameters": {"type": "nonsense"}}
    tools = [{"type": "function", "function": nonsense}]
    body: dict[str, Any] = {"messages": WEATHER, "tools": tools, "tool_choice": "required"}
    with pytest.raises(RequestRefused, match="cannot follow the schema of a tool"):
        engine.answer(body, lambda delta: True)
