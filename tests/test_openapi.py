"""The check of the service's documents: what it finds, what it lets pass, and that it ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

SCRIPT = Path(__file__).parent.parent / "scripts" / "check_openapi.py"
CHAT = "POST /v1/chat/completions"

Check: TypeAlias = Callable[..., tuple[int, list[str]]]


def run(*documents: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, documents)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def content(schema: dict[str, Any], media: str = "application/json") -> dict[str, Any]:
    return {"content": {media: {"schema": schema}}}


def chat(
    request: dict[str, Any] | None = None, answer: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A document of one operation: a chat completion."""
    operation = {
        "requestBody": content({"properties": request or {}}),
        "responses": {"200": content(answer or {})},
    }
    return {"paths": {"/v1/chat/completions": {"post": operation | more}}}


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Checks a document: the exit status, and the lines of the output."""

    def checked(document: dict[str, Any], **schemas: Any) -> tuple[int, list[str]]:
        path = tmp_path / "openapi.yaml"
        path.write_text(yaml.safe_dump(document | {"components": {"schemas": schemas}}))
        result = run(path)
        assert result.returncode in (0, 1), result.stderr
        return result.returncode, result.stdout.splitlines()

    return checked


def test_a_document_that_is_known_whole_gives_no_line(check: Check) -> None:
    text = {"properties": {"type": {"const": "text"}, "text": {"type": "string"}}}
    user = {
        "properties": {
            "role": {"enum": ["user"]},
            "content": {
                "oneOf": [{"type": "string"}, {"items": {"$ref": "#/components/schemas/T"}}]
            },
            "name": {"type": "string", "nullable": True},
        }
    }
    token: dict[str, Any] = {
        "properties": {"token": {}, "top_logprobs": {"items": {"properties": {"bytes": {}}}}}
    }
    choice = {"properties": {"logprobs": {"properties": {"content": {"items": token}}}}}
    document = chat(
        {
            "model": {"type": "string"},
            "messages": {"items": {"oneOf": [{"$ref": "#/components/schemas/User"}]}},
            "reasoning_effort": {"anyOf": [{"enum": ["low", None]}, {"type": "null"}]},
            "stop": {"type": ["string", "null"]},
        },
        {"allOf": [{"properties": {"choices": {"items": choice}}}]},
        parameters=[{"in": "header", "name": "queue_threshold", "schema": {"type": "string"}}],
    )
    document["paths"]["/public/v1/models/{any_name}"] = {
        "parameters": [{"in": "path", "name": "any_name"}],
        "get": {"parameters": [{"in": "query", "name": "format", "schema": {"enum": ["default"]}}]},
    }
    assert check(document, T=text, User=user) == (0, [])


def test_what_is_not_known_is_named_with_the_way_to_it(check: Check) -> None:
    audio = {"properties": {"type": {"const": "audio"}, "data": {"properties": {"deep": {}}}}}
    document = chat(
        {
            "messages": {
                "items": {
                    "anyOf": [
                        {
                            "properties": {
                                "role": {"const": "user"},
                                "content": {
                                    "oneOf": [
                                        {"type": "string"},
                                        {"items": {"$ref": "#/components/schemas/Audio"}},
                                    ]
                                },
                            }
                        }
                    ]
                }
            }
        },
        {"allOf": [{"properties": {"usage": {"properties": {"total_tokens": {}, "joules": {}}}}}]},
        parameters=[
            {"in": "header", "name": "X-New"},
            {"$ref": "#/components/schemas/Shared"},
        ],
    )
    document["paths"]["/v1/chat/completions"]["get"] = {}
    document["paths"]["/v1/chat/completions"]["parameters"] = [{"in": "header", "name": "X-Path"}]
    document["paths"]["/v1/embeddings"] = {"post": {}}
    assert check(document, Audio=audio, Shared={"in": "query", "name": "verbose"}) == (
        1,
        [
            "GET /v1/chat/completions",
            f"{CHAT} header X-New",
            f"{CHAT} header X-Path",
            f"{CHAT} query verbose",
            f"{CHAT} request messages[].content[].data",
            f"{CHAT} request messages[].content[].type = 'audio'",
            f"{CHAT} response usage.joules",
            "POST /v1/embeddings",
        ],
    )


def test_a_field_of_one_kind_is_not_known_in_another(check: Check) -> None:
    def message(role: str, field: str) -> dict[str, Any]:
        return {"properties": {"role": {"const": role}, field: {"type": "string"}}}

    def answer(name: str, field: str) -> dict[str, Any]:
        inner: dict[str, Any] = {"properties": {field: {"properties": {"content": {}}}}}
        return {"properties": {"object": {"const": name}, "choices": {"items": inner}}}

    messages = [message("assistant", "reasoning"), message("user", "tool_call_id")]
    answers = [
        answer("chat.completion", "message"),
        answer("chat.completion", "delta"),
        answer("chat.completion.chunk", "message"),
        {"properties": {"error": {"properties": {"code": {}}}, "choices": {}}},
    ]
    document = chat({"messages": {"items": {"oneOf": messages}}}, {"anyOf": answers})
    assert check(document) == (
        1,
        [
            f"{CHAT} request messages[].tool_call_id",
            f"{CHAT} response choices",
            f"{CHAT} response choices[].delta",
            f"{CHAT} response choices[].message",
        ],
    )


def test_the_chunks_of_a_stream_are_apart_from_the_whole_answer(check: Check) -> None:
    inner: dict[str, Any] = {"properties": {"message": {}, "delta": {}}}
    chunk = {"properties": {"choices": {"items": inner}}}
    document = chat(responses={"200": content(chunk, "text/event-stream")})
    assert check(document) == (1, [f"{CHAT} response choices[].message"])


def test_a_value_that_a_literal_leaves_out_is_named(check: Check) -> None:
    document = chat(
        {
            "reasoning_effort": {"enum": ["low", "extreme"]},
            "user": {"enum": ["anybody"]},
            "messages": {"type": ["array", "null"], "items": {"properties": {"role": {}}}},
            "tools": {"items": {"enum": [None]}},
        },
        {"properties": {"object": {"enum": ["x", "y"]}, "created": {"type": ["null"]}}},
    )
    assert check(document) == (
        1,
        [
            f"{CHAT} request messages = null",
            f"{CHAT} request reasoning_effort = 'extreme'",
            f"{CHAT} request tools[] = null",
        ],
    )


def test_below_a_plain_mapping_every_name_is_known(check: Check) -> None:
    schema = {"properties": {"type": {"enum": ["object"]}, "properties": {"properties": {"x": {}}}}}
    function = {"properties": {"name": {}, "parameters": schema}}
    document = chat(
        {
            "tools": {"items": {"properties": {"function": function}}},
            "model_parameters": {"properties": {"depth": {"properties": {"x": {}}}}},
            "logit_bias": {"additionalProperties": {"type": "number"}},
        }
    )
    assert check(document) == (0, [])


@pytest.mark.parametrize(
    "looped",
    [
        {"$ref": "#/components/schemas/Looped"},
        {"allOf": [{"$ref": "#/components/schemas/Looped"}]},
        {"anyOf": [{"$ref": "#/components/schemas/Looped"}, {"properties": {"x": {}}}]},
        {"items": {"$ref": "#/components/schemas/Looped"}},
        {"additionalProperties": {"$ref": "#/components/schemas/Looped"}},
        {"properties": {"error": {"$ref": "#/components/schemas/Looped"}}},
    ],
)
def test_a_schema_that_leads_back_to_itself_comes_to_an_end(
    check: Check, looped: dict[str, Any]
) -> None:
    reference = {"$ref": "#/components/schemas/Looped"}
    document = chat({"tools": reference, "new": reference}, reference)
    status, lines = check(document, Looped=looped)
    assert status == 1
    assert f"{CHAT} request new" in lines


def test_what_is_explained_is_printed_with_its_reason_and_is_no_failure(check: Check) -> None:
    status, lines = check(chat(parameters=[{"in": "header", "name": "Content-Encoding"}]))
    assert status == 0
    (line,) = lines
    assert line.startswith(f"explained: {CHAT} header Content-Encoding: ")
    assert "compresses" in line


def test_an_explanation_that_explains_nothing_is_a_warning(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(yaml.safe_dump(chat(parameters=[{"in": "header", "name": "Content-Type"}])))
    other.write_text(yaml.safe_dump(chat()))
    for documents, is_warned in (((other,), True), ((other, one), False)):
        result = run(*documents)
        assert result.returncode == 0
        assert ("explains nothing in these documents: * header Content-Type" in result.stderr) is (
            is_warned
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No such file"),
        ("paths: [", "while parsing"),
        ("\x00", "unacceptable character"),
        ("[]", "no OpenAPI document"),
        ("paths: {/v1/models: {$ref: '#/nowhere'}}", "nothing at the $ref #/nowhere"),
        ("paths: {/v1/models: {$ref: '#/paths/~1v1~1models'}}", "leads back to itself"),
        ("paths: {/v1/models: {$ref: 'other.yaml#/x'}}", "nothing at the $ref other.yaml#/x"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_in_one_line(
    tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "openapi.yaml"
    if text is not None:
        path.write_text(text)
    result = run(path)
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{path}: ")
    assert message in line
