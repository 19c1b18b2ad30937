"""What the service is known to refuse is found in a request, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk._core.lint import checked, lint
from cerebras_sdk.errors import InvalidRequestError, RequestCheckError

HI = {"role": "user", "content": "Hi"}
PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
ADD: dict[str, Any] = {"type": "function", "function": {"name": "add", "parameters": {}}}
SCHEMA = {
    "type": "object",
    "properties": {"format": {"type": "string"}},
    "required": ["format"],
    "additionalProperties": False,
}


def body(**changes: Any) -> dict[str, Any]:
    return {"model": "gpt-oss-120b", "messages": [HI], **changes}


def found(**changes: Any) -> list[tuple[str, str, bool]]:
    return [(f.code, f.path, f.certain) for f in lint(body(**changes))]


def call(ident: str = "1", arguments: Any = "{}") -> dict[str, Any]:
    return {"id": ident, "type": "function", "function": {"name": "f", "arguments": arguments}}


def calls(*idents: str) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": [call(i) for i in idents]}


def result(ident: str) -> dict[str, Any]:
    return {"role": "tool", "content": "4", "tool_call_id": ident}


def strict(tool: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**tool, "function": {**tool["function"], "strict": True, "parameters": SCHEMA, **more}}


def schema(inner: dict[str, Any], **more: Any) -> dict[str, Any]:
    form = {"name": "it", "schema": inner, "strict": True, **more}
    return {"type": "json_schema", "json_schema": form}


ROOT = "response_format.json_schema.schema"

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"temperature": 2.1}, "parameter_range", "temperature"),
    ({"temperature": -1}, "parameter_range", "temperature"),
    ({"temperature": "hot"}, "parameter_range", "temperature"),
    ({"temperature": True}, "parameter_range", "temperature"),
    ({"top_p": 1.5}, "parameter_range", "top_p"),
    ({"frequency_penalty": 3}, "parameter_range", "frequency_penalty"),
    ({"presence_penalty": -2.5}, "parameter_range", "presence_penalty"),
    ({"n": 0}, "parameter_range", "n"),
    ({"n": 1.5}, "parameter_range", "n"),
    ({"max_completion_tokens": -2}, "parameter_range", "max_completion_tokens"),
    ({"logprobs": True, "top_logprobs": 21}, "parameter_range", "top_logprobs"),
    ({"stop": ["a"] * 5}, "parameter_range", "stop"),
    ({"prompt_cache_key": "k" * 1025}, "parameter_range", "prompt_cache_key"),
    ({"logit_bias": {"1": 0, "2": 101}}, "parameter_range", "logit_bias['2']"),
    ({"n": 2.5}, "parameter_range", "n"),
    ({"reasoning_effort": ["low"]}, "parameter_range", "reasoning_effort"),
    ({"response_format": {"type": 5}}, "parameter_range", "response_format.type"),
    ({"top_logprobs": 3}, "top_logprobs", "top_logprobs"),
    ({"min_p": 0.1}, "unsupported_parameter", "min_p"),
    ({"store": False}, "unsupported_parameter", "store"),
    ({"reasoning": None}, "unsupported_parameter", "reasoning"),
    ({"prediction": {}, "tools": [ADD]}, "prediction", "prediction"),
    ({"prediction": {}, "logprobs": True}, "prediction", "prediction"),
    ({"prediction": {}, "n": 2}, "prediction", "prediction"),
    ({"prediction": {}, "n": 2.0}, "prediction", "prediction"),
    ({"response_format": {"type": "json_object"}, "tools": [ADD]}, "tools_with_response_format",
     "response_format"),
    ({"response_format": schema(SCHEMA), "tools": [ADD]}, "tools_with_response_format",
     "response_format"),
    ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format",
     "response_format.json_schema"),
    ({"response_format": schema({"type": "array", "items": {}})}, "strict_schema", ROOT),
    ({"response_format": schema({"type": ["array", "null"]})}, "strict_schema", ROOT),
    ({"response_format": schema({"$ref": "#/$defs/a/b", "$defs": {"a/b": {}}, "type": "array"})},
     "strict_schema", ROOT),
    ({"response_format": schema({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "array"}}})},
     "strict_schema", ROOT),
    ({"response_format": schema({"type": "object"})}, "strict_schema", ROOT),
    ({"response_format": schema({**SCHEMA, "properties": {"a": {"type": "object"}}})},
     "strict_schema", f"{ROOT}.properties.a"),
    ({"response_format": schema({**SCHEMA, "properties": {"a": {"pattern": "x"}}})},
     "strict_schema", f"{ROOT}.properties.a.pattern"),
    ({"response_format": schema({**SCHEMA, "$defs": {"d": {"items": {"anyOf": [{"oneOf": []}]}}}})},
     "strict_schema", f"{ROOT}.$defs.d.items.anyOf[0].oneOf"),
    ({"response_format": schema({**SCHEMA, "definitions": {}})}, "strict_schema",
     f"{ROOT}.definitions"),
    ({"response_format": schema({**SCHEMA, "properties": {"a": {"$ref": "http://a/b"}}})},
     "strict_schema", f"{ROOT}.properties.a.$ref"),
    ({"tools": [strict(ADD, parameters={"type": "object"})]}, "strict_schema",
     "tools[0].function.parameters"),
    ({"tools": [strict(ADD), {**ADD, "function": {"name": "b"}}]}, "mixed_strict", "tools"),
    ({"tools": [{"type": "function"}]}, "tool", "tools[0]"),
    ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tool_name",
     "tools[0].function.name"),
    ({"tools": [{"type": "function", "function": {"name": "a" * 65}}]}, "tool_name",
     "tools[0].function.name"),
    ({"tools": [{"type": "function", "function": {"name": "a\n"}}]}, "tool_name",
     "tools[0].function.name"),
    ({"tools": [ADD, ADD]}, "tool_name", "tools[1].function.name"),
    ({"tool_choice": "none"}, "tool_choice_without_tools", "tool_choice"),
    ({"tool_choice": "auto", "tools": []}, "tool_choice_without_tools", "tool_choice"),
    ({"tool_choice": "any", "tools": [ADD]}, "tool_choice", "tool_choice"),
    ({"tool_choice": {"type": "auto"}, "tools": [ADD]}, "tool_choice", "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": "sub"}}, "tools": [ADD]},
     "tool_choice", "tool_choice.function.name"),
    ({"messages": [HI, calls("1"), HI]}, "unanswered_tool_call", "messages[1].tool_calls"),
    ({"messages": [HI, calls("1", "2"), result("2")]}, "unanswered_tool_call",
     "messages[1].tool_calls"),
    ({"messages": [HI, result("1")]}, "orphan_tool_message", "messages[1].tool_call_id"),
    ({"messages": [calls("1"), result("1"), HI, result("1")]}, "orphan_tool_message",
     "messages[3].tool_call_id"),
    ({"messages": [calls("1"), result("1"), result("1")]}, "duplicate_tool_answer",
     "messages[2].tool_call_id"),
    ({"messages": [{"role": "tool", "content": "4"}]}, "orphan_tool_message",
     "messages[0].tool_call_id"),
    ({"messages": [calls("1", "1"), result("1")]}, "duplicate_tool_call",
     "messages[0].tool_calls[1].id"),
    ({"messages": [{"role": "assistant", "tool_calls": [call(arguments={"a": 1})]}, result("1")]},
     "tool_call", "messages[0].tool_calls[0].function.arguments"),
    ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]}]},
     "tool_call", "messages[0].tool_calls[0]"),
    ({"messages": [{"role": "assistant", "content": "4", "reasoning_content": "2+2"}]},
     "message_field", "messages[0].reasoning_content"),
    ({"messages": [{"role": "assistant", "content": "4", "refusal": None}]}, "message_field",
     "messages[0].refusal"),
    ({"messages": [{"role": "function", "content": "4"}]}, "role", "messages[0].role"),
    ({"messages": [{"role": "user", "content": None}]}, "content", "messages[0].content"),
    ({"messages": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}]},
     "content_part", "messages[0].content[0]"),
    ({"messages": [{"role": "assistant", "content": [{"type": "thinking", "thinking": "a"}]}]},
     "content_part", "messages[0].content[0]"),
    ({"messages": [{"role": "user", "content": [PNG]}]}, "images", "messages[0].content[0]"),
    ({"model": "qwen-3.8-27b", "messages": [{"role": "system", "content": [PNG]}]}, "images",
     "messages[0].content[0]"),
    ({"model": "qwen-3.8-27b", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}]}, "images",
     "messages[0].content[0]"),
    ({"model": "qwen-3.8-27b", "messages": [{"role": "user", "content": [PNG] * 11}]}, "images",
     "messages"),
    ({"reasoning_effort": "none"}, "reasoning_effort", "reasoning_effort"),
    ({"disable_reasoning": True}, "disable_reasoning", "disable_reasoning"),
    ({"model": "qwen-3.8-27b", "messages": [{"role": "developer", "content": "a"}]}, "role",
     "messages[0].role"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "path"), REFUSED)
def test_what_the_service_refuses_is_found_where_it_stands(
    changes: dict[str, Any], code: str, path: str
) -> None:
    assert found(**changes) == [(code, path, True)]
    [finding] = lint(body(**changes))
    assert finding.message
    assert finding.advice
    with pytest.raises(RequestCheckError) as caught:
        checked(body(**changes), "error")
    assert caught.value.findings == (finding,)
    assert str(finding) in str(caught.value)
    assert finding.advice in str(caught.value)


@pytest.mark.parametrize(("changes", "code", "path"), REFUSED)
def test_a_model_that_nobody_knows_is_never_blocked(
    changes: dict[str, Any], code: str, path: str
) -> None:
    for model in ("tomorrow-1", "my-org-gpt-oss-120b"):
        given_body = body(**{**changes, "model": model})
        assert not any(finding.certain for finding in lint(given_body))
        checked(given_body, "error")
    # The name of a model of ours may be that of the user's own endpoint.
    assert not any(finding.certain for finding in lint(body(**changes), known=False))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"model": "qwen-3.8-27b", "prediction": {}}, "prediction"),
        ({"clear_thinking": False}, "clear_thinking"),
        ({"response_format": {"type": "json_object"}, "stream": True}, "json_object_stream"),
        ({"model": "qwen-3.8-27b", "reasoning_format": "hidden"}, "reasoning_format"),
        ({"model": "gemma-4-31b", "reasoning_format": "raw"}, "reasoning_format"),
        ({"model": "zai-glm-4.7", "disable_reasoning": True}, "disable_reasoning"),
        ({"model": "my-kimi-k2.7", "reasoning_effort": "none"}, "reasoning_effort"),
        ({"messages": [{**HI, "new": 1}]}, "message_field"),
        ({"messages": [calls("1"), result("1"), calls("1"), result("1")]}, "duplicate_tool_call"),
        ({"response_format": schema({**SCHEMA, "properties": {"a": {"minLength": 1}}})},
         "strict_schema"),
        ({"response_format": schema({})}, "strict_schema"),
        ({"response_format": schema({"$ref": "#/$defs/a", "$defs": {}})}, "strict_schema"),
        ({"response_format": schema({"$ref": "#"})}, "strict_schema"),
        ({"response_format": schema({**SCHEMA, "type": ["object", "null"]})}, "strict_schema"),
        # A word may be newer than this version.
        ({"service_tier": "fast"}, "parameter_range"),
        ({"reasoning_effort": "xhigh", "model": "qwen-3.8-27b"}, "parameter_range"),
        ({"response_format": {"type": "xml"}}, "parameter_range"),
        ({"tools": [ADD], "tool_choice": "maybe"}, "tool_choice"),
        ({"messages": [HI, {"role": "critic", "content": "4"}]}, "role"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "content_part"),
    ],
)  # fmt: skip
def test_what_was_never_seen_to_be_refused_is_a_warning(changes: dict[str, Any], code: str) -> None:
    assert [(f.code, f.certain) for f in checked(body(**changes), "error")] == [(code, False)]


RIGHT: list[dict[str, Any]] = [
    {},
    {"temperature": 0, "top_p": 1, "frequency_penalty": -2, "presence_penalty": 2.0, "n": 1},
    {
        "temperature": None,
        "stop": None,
        "tools": None,
        "tool_choice": None,
        "response_format": None,
    },
    {"max_completion_tokens": -1, "min_tokens": 0, "seed": -5, "logit_bias": {"5": -100.0}},
    {"max_completion_tokens": 10_000_000},
    {"n": 1.0, "max_completion_tokens": 100.0, "seed": -5.0},
    {"logprobs": True, "top_logprobs": 20, "stop": ["a"] * 4, "prompt_cache_key": "k" * 1024},
    {"top_logprobs": 0},
    {"stop": "a", "user": "me", "service_tier": "flex", "a_parameter_of_tomorrow": {"a": 1}},
    {"reasoning_effort": "low", "reasoning_format": "hidden", "disable_reasoning": False},
    {"model": "qwen-3.8-27b", "reasoning_effort": "none", "clear_thinking": True},
    {"model": "zai-glm-4.7", "clear_thinking": False, "prediction": {"type": "content"}},
    {"model": "kimi-k2.7-code", "reasoning_effort": "low"},
    {"prediction": {"type": "content", "content": "a"}, "tools": [], "n": 1},
    {"response_format": {"type": "text"}, "tools": [ADD]},
    {"response_format": {"type": "json_object"}},
    {"response_format": schema(SCHEMA), "stream": True},
    {"response_format": schema({"type": "array", "pattern": "a"}, strict=False)},
    {"response_format": {"type": "json_schema", "json_schema": {"name": "any"}}},
    {"response_format": schema({**SCHEMA, "type": ["object"]})},
    {"response_format": schema({"properties": {}, "additionalProperties": False})},
    {"response_format": schema({"$ref": "#/$defs/a", "$defs": {"a": SCHEMA}})},
    {
        "response_format": schema(
            {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a~1b%20c"}, "a/b c": SCHEMA}}
        )
    },
    {"tools": [ADD], "tool_choice": "required", "parallel_tool_calls": True},
    {"tools": [ADD], "tool_choice": {"type": "function", "function": {"name": "add"}}},
    {"tools": [strict(ADD), strict({**ADD, "function": {"name": "b"}})]},
    {"tools": [{"type": "function", "function": {"name": "a", "strict": False}}, ADD]},
    {"messages": [HI, calls("1", "2"), result("2"), result("1"), HI, calls("3"), result("3")]},
    {"messages": [{"role": "developer", "content": "a"}, {"role": "system", "content": "a"}]},
    {"messages": [{"role": "assistant", "content": None, "reasoning": "a"}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}], "name": "me"}]},
    {"messages": [{"role": "user", "content": ""}]},
    {"model": "qwen-3.8-27b", "messages": [{"role": "user", "content": [PNG] * 10}]},
]


@pytest.mark.parametrize("changes", RIGHT)
def test_what_is_right_is_left_alone(changes: dict[str, Any]) -> None:
    assert lint(body(**changes)) == []


def words(count: int, word: str = "hello ") -> list[dict[str, Any]]:
    return [{"role": "user", "content": word * (count // 10)} for _ in range(10)]


def test_a_prompt_that_no_context_holds_is_refused_with_both_numbers() -> None:
    [finding] = lint(body(messages=words(200_000)))
    assert (finding.code, finding.path, finding.certain) == ("context_length", "messages", True)
    assert "at least 200,0" in finding.message
    assert "131,072" in finding.message


LONG = "think " * 140_000


@pytest.mark.parametrize(
    "messages",
    [
        words(60_000),
        words(90_000),
        words(1_000_000, " "),  # blanks are hardly counted by anyone
        words(130_000, "a "),
        words(2_000_000, "- "),  # a tokenizer may take several signs for one token
        [{"role": "user", "content": "漢字" * 40_000}],
        [{"role": "user", "content": "a" * 2_000_000}],
        [{"role": "user", "content": "-" * 800_000}],  # up to 64 of them are one token
        [{"role": "user", "content": ("=" * 80 + "\n") * 10_000}],
        [{"role": "user", "content": ("| " + "-" * 76 + " |\n") * 70_000}],
        [{"role": "user", "content": [{"type": "text", "text": "a"}] * 140_000}],
        # The templates of models leave earlier thoughts out.
        [HI, {"role": "assistant", "content": "Ho", "reasoning": LONG}, HI],
        [HI, {"role": "assistant", "content": f"<think>{LONG}</think>Ho"}, HI],
        [HI, {"role": "assistant", "content": [{"type": "text", "text": f"{LONG}</think>"}]}, HI],
    ],
)
def test_a_prompt_that_may_fit_is_never_certain_not_to(messages: list[dict[str, Any]]) -> None:
    assert not [finding for finding in lint(body(messages=messages)) if finding.certain]


def test_what_is_too_long_by_its_size_alone_is_a_warning() -> None:
    for text in ("-" * 800_000, "0f" * 400_000):
        assert found(messages=[{"role": "user", "content": text}]) == [
            ("context_length", "messages", False)
        ]


def test_a_text_in_parts_is_as_long_as_in_one() -> None:
    parts = [{"type": "text", "text": "hello " * 100_000}] * 2
    assert found(messages=[{"role": "user", "content": parts}]) == [
        ("context_length", "messages", True)
    ]


def test_a_long_word_costs_no_more_than_short_ones() -> None:
    for text in ("-" * 3_000_000, "a" * 3_000_000, ("-" * 1_000 + "a") * 3_000):
        assert _seconds(body(messages=[{"role": "user", "content": text}])) < 1


def test_a_prompt_that_is_probably_too_long_is_a_warning() -> None:
    assert found(messages=words(125_000, "wonderful ")) == [("context_length", "messages", False)]
    assert found(messages=words(90_000)) == []


def test_a_long_text_of_an_image_is_no_prompt() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 3_000_000}}
    changes: dict[str, Any] = {"messages": [{"role": "user", "content": [image]}]}
    assert found(model="qwen-3.8-27b", **changes) == []
    [(code, _, certain)] = found(
        model="qwen-3.8-27b", messages=[{"role": "user", "content": [image] * 4}]
    )
    assert (code, certain) == ("images", True)


@pytest.mark.parametrize(
    ("prompt", "codes"),
    [
        ("Hi", []),
        (["Hi", "ho"], []),
        ([1] * 131_072, []),
        ([1] * 131_073, ["context_length"]),
        ([[1] * 131_073, [1]], ["context_length"]),
        ("hello " * 200_000, ["context_length"]),
        (["hello " * 60_000] * 4, []),
    ],
)
def test_a_text_completion_is_checked_too(prompt: Any, codes: list[str]) -> None:
    asked = {"model": "gpt-oss-120b", "prompt": prompt, "logprobs": 5}
    assert [finding.code for finding in lint(asked)] == codes


def test_what_is_certain_comes_first_and_everything_is_told() -> None:
    with pytest.raises(RequestCheckError) as caught:
        checked(body(clear_thinking=True, temperature=3, n=0), "error")
    assert [f.path for f in caught.value.findings] == ["temperature", "n", "clear_thinking"]
    assert str(caught.value).count("\n- ") == 3
    assert isinstance(caught.value, InvalidRequestError)


def test_of_many_findings_the_first_are_told_and_all_are_there() -> None:
    with pytest.raises(RequestCheckError, match="and 15 more") as caught:
        checked(body(messages=[result("1")] * 20), "error")
    assert len(caught.value.findings) == 20


def test_warn_gives_everything_and_off_looks_at_nothing() -> None:
    wrong = body(temperature=3)
    assert [finding.certain for finding in checked(wrong, "warn")] == [True]
    assert checked(wrong, "off") == ()


def test_a_strict_tool_without_arguments_is_told_the_empty_object() -> None:
    [finding] = lint(body(tools=[strict(ADD, parameters={})]))
    assert (finding.code, finding.certain) == ("strict_schema", False)
    assert '{"type": "object", "properties": {}, "additionalProperties": False}' in finding.advice
    assert lint(body(tools=[strict(ADD, parameters=json.loads(_EMPTY))])) == []


def rounds(count: int) -> dict[str, Any]:
    return body(messages=[HI, *(m for i in range(count) for m in (calls(f"{i}"), result(f"{i}")))])


def nested(depth: int) -> dict[str, Any]:
    inner = SCHEMA
    for _ in range(depth):
        inner = {**SCHEMA, "properties": {"p" * 2_000: inner}}
    return body(response_format=schema(inner))


@pytest.mark.parametrize(("make", "count"), [(rounds, 4_000), (nested, 500)])
def test_a_request_four_times_as_long_takes_about_four_times_as_long(
    make: Callable[[int], dict[str, Any]], count: int
) -> None:
    short, long = make(count), make(4 * count)
    ratios = (min(_seconds(long) for _ in range(3)) / _seconds(short) for _ in range(5))
    assert min(ratios) < 8


def test_a_long_prompt_is_not_read() -> None:
    """What a check of 200 KB costs is next to nothing beside encoding it."""
    asked = body(messages=[{"role": "user", "content": "hello there " * 17_000}])
    best = min(_seconds(asked) for _ in range(20))
    assert best < 0.001


def _seconds(asked: dict[str, Any]) -> float:
    start = time.perf_counter()
    lint(asked)
    return time.perf_counter() - start


_EMPTY = '{"type": "object", "properties": {}, "additionalProperties": false}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "function", "name", "content", "role", "tool_calls", "strict", "id",
                 "parameters", "properties", "anyOf", "image_url", "url", "json_schema", "schema"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip
NAMES = st.sampled_from(
    ["model", "messages", "tools", "tool_choice", "response_format", "prediction", "n", "stop",
     "logprobs", "top_logprobs", "reasoning_format", "reasoning_effort", "prompt", "logit_bias"]
)  # fmt: skip


@given(st.dictionaries(NAMES, JSON), st.booleans(), JSON)
def test_no_request_is_too_odd_to_be_looked_at(
    changes: dict[str, Any], known: bool, part: object
) -> None:
    odd = {"role": "assistant", "content": [part], "tool_calls": part}
    tool = {"type": "function", "function": {"name": "f", "strict": True, "parameters": part}}
    for given_body in (body(**changes), body(messages=[odd, part], tools=[tool, part])):
        for finding in lint(given_body, known=known):
            assert finding.certain <= known
