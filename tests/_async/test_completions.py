"""What a user gets from `completions.create`, whole and streamed."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    InternalServerError,
    InvalidRequestError,
    ModelRetiredWarning,
    StreamTruncatedError,
)
from cerebras_sdk._core.endpoints.completions import CompletionOptions
from cerebras_sdk.testing import Answer, LocalServer
from cerebras_sdk.types import Completion
from cerebras_sdk.types.params import CompletionParams

pytestmark = pytest.mark.anyio

PATH = "/v1/completions"
PROMPT = "Once upon a time, there was"
NAMES = {"id": "cmpl-1", "created": 5, "model": "m", "object": "text_completion"}
PARAMETERS: dict[str, Any] = {
    "best_of": 3,
    "echo": True,
    "frequency_penalty": -2,
    "grammar_root": "object",
    "logit_bias": {"5": -100},
    "logprobs": 20,
    "max_tokens": 5,
    "min_tokens": 0,
    "n": 2,
    "presence_penalty": 2,
    "prompt_cache_key": "me",
    "reasoning_format": "raw",
    "return_raw_tokens": True,
    "seed": 0,
    "stop": "a",
    "stream_options": {"include_usage": True},
    "suffix": "!",
    "temperature": 0.5,
    "top_p": 0.5,
    "user": "me",
}


def whole(*choices: dict[str, Any]) -> Answer:
    body = json.dumps({**NAMES, "choices": choices}).encode()
    return Answer(200, {"Content-Type": "application/json"}, body)


def streamed(*choices: dict[str, Any], end: bytes = b"data: [DONE]\n\n") -> Answer:
    documents = [{**NAMES, "choices": [choice]} for choice in choices]
    body = b"".join(b"data: %s\n\n" % json.dumps(document).encode() for document in documents)
    return Answer(200, {"Content-Type": "text/event-stream"}, body + end)


async def test_a_whole_answer_is_a_typed_completion(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        completion = await client.completions.create(model="gpt-oss-120b", prompt=PROMPT)
    assert isinstance(completion, Completion)
    assert completion.text == completion.choices[0].text
    assert completion.text
    assert completion.choices[0].finish_reason == "stop"
    assert completion.object == "text_completion"
    assert completion.usage is not None
    assert completion.usage.completion_tokens > 0
    assert completion.time_info is not None
    assert completion.request_id == completion.response_headers["Inference-Id"]


async def test_a_stream_adds_up_to_what_comes_whole(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        given: dict[str, Any] = {"model": "gpt-oss-120b", "prompt": ["a b c", "d e f"], "n": 2}
        completion = await client.completions.create(**given)
        stream = await client.completions.create(**given, stream=True)
        chunks = [chunk async for chunk in stream]
        total = await stream.get_final_completion()
    assert all(isinstance(chunk, Completion) for chunk in chunks)
    assert len(chunks) > 4
    assert len(completion.choices) == 4
    assert total.choices == completion.choices
    assert total.usage == completion.usage


async def test_the_text_stream_is_the_text_of_the_first_choice(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.completions.create(model="gpt-oss-120b", prompt=PROMPT, stream=True)
        pieces = [piece async for piece in stream.text_stream]
        completion = await stream.get_final_completion()
    assert len(pieces) > 1
    assert all(pieces)
    assert "".join(pieces) == completion.text


@pytest.mark.parametrize("prompt", [PROMPT, [PROMPT, "a"], [1, 2, 3], [[1, 2], [3]]])
async def test_a_prompt_is_text_or_tokens_one_or_several(
    prompt: Any, options: dict[str, Any], server: LocalServer
) -> None:
    count = len(prompt) if isinstance(prompt, list) and prompt != [1, 2, 3] else 1
    answer = whole(*({"index": index, "text": "a"} for index in range(count)))
    server.route("POST", PATH, answer)
    async with AsyncCerebras(**options, compression="off") as client:
        completion = await client.completions.create(model="m", prompt=prompt)
    assert len(completion.choices) == count
    assert server.requests[0].json() == {"model": "m", "prompt": prompt}


@pytest.mark.parametrize("name", sorted(CompletionParams.__annotations__))
async def test_every_parameter_is_sent_under_its_name(
    name: str, options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", PATH, whole({"index": 0, "text": "a"}))
    given = {"model": "m", "prompt": "a", name: PARAMETERS[name]}
    async with AsyncCerebras(**options) as client:
        await client.completions.create(**given, timeout=5)
    assert server.requests[0].json() == given


async def test_what_is_no_prompt_and_no_keyword_is_refused(
    options: dict[str, Any], server: LocalServer
) -> None:
    prompts: list[Any] = [[], b"a", ["a", 1], [[]]]
    wrong: dict[str, Any] = {"messages": []}
    async with AsyncCerebras(**options) as client:
        for prompt in prompts:
            with pytest.raises(InvalidRequestError, match="prompt"):
                await client.completions.create(model="m", prompt=prompt)
        with pytest.raises(TypeError, match="messages"):
            await client.completions.create(model="m", prompt="a", **wrong)
    assert server.requests == []


def test_the_signature_has_every_keyword_and_the_docstring_a_line_for_it() -> None:
    create = AsyncCerebras("csk-test").completions.create
    parameters = inspect.signature(create).parameters
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert parameters.keys() == {*CompletionOptions.__annotations__, "prompt", "stream"}
    for name, hint in CompletionOptions.__annotations__.items():  # what type checkers see
        assert parameters[name].annotation == hint.__forward_arg__, name
    documented = inspect.getdoc(create) or ""
    for name in parameters.keys() - {"extra_query", "extra_body"}:
        assert f"\n{name}: " in documented or f"\n{name}, " in documented, name


async def test_a_stream_of_several_prompts_needs_the_end_of_each(
    options: dict[str, Any], server: LocalServer
) -> None:
    end = {"index": 0, "text": "b", "finish_reason": "length"}
    server.route("POST", PATH, streamed({"index": 0, "text": "a"}, end))
    async with AsyncCerebras(**options) as client:
        stream = await client.completions.create(model="m", prompt="a", stream=True)
        completion = await stream.get_final_completion()
        assert (completion.id, completion.text) == ("cmpl-1", "ab")
        stream = await client.completions.create(model="m", prompt=["a", "b"], stream=True)
        with pytest.raises(StreamTruncatedError) as caught:
            await stream.get_final_completion()
    assert caught.value.partial == completion


async def test_raw_tokens_and_log_probabilities_are_joined(
    options: dict[str, Any], server: LocalServer
) -> None:
    def logprobs(token: str, at: int) -> dict[str, Any]:
        probability = None if at == 0 else -0.5
        tops = None if at == 0 else {token: -0.5}
        return {
            "text_offset": [at],
            "token_logprobs": [probability],
            "tokens": [token],
            "top_logprobs": [tops],
        }

    pieces: list[dict[str, Any]] = [
        {"index": 0, "tokens": [5], "logprobs": logprobs("a", 0)},
        {"index": 0, "tokens": [6, 7], "logprobs": logprobs("b", 1), "finish_reason": "stop"},
    ]
    server.route("POST", PATH, streamed(*pieces))
    async with AsyncCerebras(**options) as client:
        stream = await client.completions.create(
            model="m", prompt="a", stream=True, return_raw_tokens=True, logprobs=1
        )
        choice = (await stream.get_final_completion()).choices[0]
    assert choice.to_dict() == {
        "index": 0,
        "tokens": [5, 6, 7],
        "finish_reason": "stop",
        "logprobs": {
            "text_offset": [0, 1],
            "token_logprobs": [None, -0.5],
            "tokens": ["a", "b"],
            "top_logprobs": [None, {"b": -0.5}],
        },
    }


async def test_a_whole_answer_to_a_call_for_a_stream_is_its_one_chunk(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", PATH, whole({"index": 0, "text": "a", "finish_reason": "stop"}))
    async with AsyncCerebras(**options) as client:
        stream = await client.completions.create(model="m", prompt="a", stream=True)
        assert [chunk.text async for chunk in stream] == ["a"]


async def test_an_error_in_a_stream_is_raised_with_what_had_arrived(
    options: dict[str, Any], server: LocalServer
) -> None:
    error = b'data: {"status_code": 500, "error": {"message": "Broken", "code": ""}}\n\n'
    server.route("POST", PATH, streamed({"index": 0, "text": "a"}, end=error))
    async with AsyncCerebras(**options) as client:
        stream = await client.completions.create(model="m", prompt="a", stream=True)
        with pytest.raises(InternalServerError, match="Broken") as caught:
            await stream.get_final_completion()
    partial: Any = caught.value.partial
    assert isinstance(partial, Completion)
    assert partial.text == "a"


async def test_a_retired_model_gives_its_warning_where_it_is_used(
    options: dict[str, Any],
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.warns(ModelRetiredWarning, match="2026-02-16") as warned:
            await client.completions.create(model="llama3.3-70b", prompt="a")
    assert warned[0].filename == __file__
