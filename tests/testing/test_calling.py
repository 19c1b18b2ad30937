"""Tool calls of an engine: on the wire, and as the text of a model that knows no tools."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from cerebras_sdk.testing import CallDelta, Delta, Finish, RequestRefused, serve
from cerebras_sdk.testing.calling import Calling, CallReader

from .local_client import chat, client_of, events

ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
NOW = {"type": "function", "function": {"name": "now", "strict": True}}
MUST = {"tools": [ADD, NOW], "tool_choice": "required"}
WRITTEN = '<tool_call>{"name": "add", "arguments": {"a": {"b": "}</tool_call>"}}}</tool_call>'
ARGUMENTS = '{"a": {"b": "}</tool_call>"}}'


class TwoCalls:
    """Says something and calls two tools."""

    model = "caller"

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        for delta in (
            Delta("Well."),
            Delta(call=CallDelta("add")),
            Delta(call=CallDelta(arguments='{"a"')),
            Delta(call=CallDelta(arguments=": 1}")),
            Delta(call=CallDelta("now", "{}")),
        ):
            emit(delta)
        return Finish("tool_calls", prompt_tokens=1, completion_tokens=5)


def ask(**fields: Any) -> httpx.Response:
    with serve(TwoCalls()) as server, client_of(server) as client:
        return client.post("/v1/chat/completions", json=chat(**fields))


def test_a_whole_answer_has_its_calls() -> None:
    [choice] = ask(tools=[ADD, NOW]).json()["choices"]
    calls = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "Well."
    assert [call["function"] for call in calls] == [
        {"name": "add", "arguments": '{"a": 1}'},
        {"name": "now", "arguments": "{}"},
    ]
    assert all(re.fullmatch("[0-9a-f]{9}", call["id"]) for call in calls)
    assert calls[0]["id"] != calls[1]["id"]


def test_a_stream_has_them_in_pieces_that_are_numbered() -> None:
    *chunks, _ = events(ask(tools=[ADD, NOW], stream=True).text)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[:2] == [{"role": "assistant"}, {"content": "Well."}]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", [])]
    idents = [piece.pop("id") for piece in pieces if "id" in piece]
    assert len(set(idents)) == 2
    assert pieces == [
        {"function": {"name": "add", "arguments": ""}, "type": "function", "index": 0},
        {"function": {"arguments": '{"a"'}, "type": "function", "index": 0},
        {"function": {"arguments": ": 1}"}, "type": "function", "index": 0},
        {"function": {"name": "now", "arguments": "{}"}, "type": "function", "index": 1},
    ]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tool_choice": "auto"}, "tool_choice: there are no tools to choose from"),
        ({"tools": [], "tool_choice": "none"}, "tool_choice: there are no tools to choose from"),
        ({"tools": [ADD], "tool_choice": "any"}, "tool_choice: Input should be one of"),
        (
            {"tools": [ADD], "tool_choice": {"type": "function", "function": {"name": "sub"}}},
            "tool_choice: it names none of the tools",
        ),
        (
            {"tools": [ADD], "response_format": {"type": "json_object"}},
            '"tools" is incompatible with "response_format"',
        ),
        ({"tools": ["add"]}, "tools: Input should be a list of functions with names"),
        (
            {"tools": [{"function": {"name": "add", "parameters": 1}}]},
            "tools: Input should be a list of functions with dictionaries",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "add"}}]}]},
            "messages.0.assistant.tool_calls: Input should be a list of calls",
        ),
    ],
)
def test_tools_that_the_service_refuses_are_refused(fields: Any, message: str) -> None:
    answer = ask(**fields) if "messages" not in fields else ask_with(fields)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


def ask_with(fields: Mapping[str, Any]) -> httpx.Response:
    with serve() as server, client_of(server) as client:
        return client.post("/v1/chat/completions", json={**chat(), **fields})


def read(request: Mapping[str, Any], *pieces: str, reason: str = "stop") -> tuple[Any, ...]:
    """The content, the name and the arguments of what was written, and the finish_reason."""
    reader = CallReader(Calling(request))
    deltas = [delta for piece in pieces for delta in reader.feed(piece)]
    held, reason = reader.end(reason)
    deltas += held
    calls = [delta.call for delta in deltas if delta.call]
    return (
        "".join(delta.content or "" for delta in deltas),
        "".join(call.name or "" for call in calls),
        "".join(call.arguments for call in calls),
        reason,
    )


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_a_call_is_read_in_any_pieces(size: int) -> None:
    pieces = [WRITTEN[at : at + size] for at in range(0, len(WRITTEN), size)]
    assert read(MUST, *pieces) == ("", "add", ARGUMENTS, "tool_calls")


@pytest.mark.parametrize("text", ["<tool_box> is a tag.", "<", "Hello!", WRITTEN[3:]])
def test_what_is_no_call_is_text(text: str) -> None:
    request = {"tools": [ADD]}
    assert read(request, *text) == (text, "", "", "stop")
    assert read({}, *text) == (text, "", "", "stop")


def test_a_call_that_is_cut_is_told_so() -> None:
    assert read(MUST, WRITTEN[:20], reason="length") == ("", "", "", "length")
    assert read(MUST, WRITTEN[:45], reason="length") == ("", "add", '{"a":', "length")
    cut = WRITTEN.removesuffix("}}}</tool_call>") + "}"
    assert read(MUST, cut, reason="length")[2:] == (ARGUMENTS[:-1], "length")


@pytest.mark.parametrize("missing", ["", "_call>", "</tool_call>"])
def test_a_call_is_whole_when_its_arguments_are(missing: str) -> None:
    written = WRITTEN.removesuffix(missing)
    assert read(MUST, written, reason="length") == ("", "add", ARGUMENTS, "tool_calls")


def test_a_model_that_does_not_follow_the_grammar_is_not_believed() -> None:
    with pytest.raises(RequestRefused, match="cannot follow the schema"):
        read(MUST, "Hello!")


@pytest.mark.parametrize(
    ("choice", "names", "forced"),
    [
        (None, ["add", "now"], False),
        ("auto", ["add", "now"], False),
        ("none", [], False),
        ("required", ["add", "now"], True),
        ({"type": "function", "function": {"name": "now"}}, ["now"], True),
    ],
)
def test_the_choice_says_which_tools_are_offered(
    choice: Any, names: list[str], forced: bool
) -> None:
    calling = Calling({"tools": [ADD, NOW], "tool_choice": choice})
    assert list(calling.openings) == names
    assert calling.forced is forced
    grammar = calling.grammar() or ""
    assert ("TEXT" in grammar) is (bool(names) and not forced)
    [told] = calling.told([{"role": "system", "content": "Be terse."}])
    assert [name for name in ("add", "now") if f'"{name}"' in told["content"]] == names
    assert "strict" not in told["content"]
    assert told["content"].startswith("Be terse.")


def test_calls_and_results_are_told_as_text() -> None:
    call = {"name": "add", "arguments": '{"a": 1}'}
    calls = [{"id": "a", "type": "function", "function": call}]
    told = Calling({}).told(
        [
            {"role": "developer", "content": "Be terse."},
            {"role": "user", "content": [{"type": "text", "text": "What is 1?"}]},
            {"role": "assistant", "content": "Well.", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "a", "content": "one"},
            {"role": "tool", "tool_call_id": "b", "content": "two"},
            {"role": "assistant", "tool_calls": calls},
        ]
    )
    written = f'<tool_call>{{"name": "add", "arguments": {json.dumps({"a": 1})}}}</tool_call>'
    results = "<tool_response>one</tool_response>\n<tool_response>two</tool_response>"
    assert told == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "What is 1?"},
        {"role": "assistant", "content": f"Well.\n{written}"},
        {"role": "user", "content": results},
        {"role": "assistant", "content": written},
    ]
