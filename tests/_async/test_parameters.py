"""Every documented parameter of a chat is a keyword, and arrives as the service wants it."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, InvalidRequestError
from cerebras_sdk._core.endpoints.chat import ChatOptions
from cerebras_sdk._core.options import NOT_GIVEN
from cerebras_sdk.testing import Answer, LocalServer
from cerebras_sdk.types.params import ChatParams

pytestmark = pytest.mark.anyio

MESSAGES = [{"role": "user", "content": "Hi"}]
MESSAGE = {"role": "assistant", "content": "four", "reasoning": "2 + 2"}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
PARAMETERS: dict[str, Any] = {
    "clear_thinking": False,
    "disable_reasoning": False,
    "frequency_penalty": -2,
    "logit_bias": {"5": -100},
    "logprobs": True,
    "max_completion_tokens": 5,
    "max_tokens": 5,
    "min_completion_tokens": -1,
    "min_tokens": 0,
    "model_parameters": {"a": [1]},
    "n": 1,
    "parallel_tool_calls": False,
    "prediction": {"type": "content", "content": "four"},
    "presence_penalty": 2,
    "prompt_cache_key": "me",
    "reasoning_effort": "none",
    "reasoning_format": "parsed",
    "response_format": {"type": "json_object"},
    "seed": 0,
    "service_tier": "flex",
    "stop": ["a", "b"],
    "stream_options": {"include_usage": True},
    "temperature": 0.5,
    "tool_choice": "auto",
    "tools": [TOOL],
    "top_logprobs": 20,
    "top_p": 0.5,
    "user": "me",
}


@pytest.fixture
def client_options(options: dict[str, Any], server: LocalServer) -> dict[str, Any]:
    """For a client whose server answers whatever it is asked."""
    body = {"id": "c", "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]}
    answer = Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
    server.route("POST", "/v1/chat/completions", answer)
    return options


async def sent(options: dict[str, Any], server: LocalServer, **given: Any) -> dict[str, Any]:
    """The body of the request that a call with `given` makes."""
    # Parameters are given here without those that they need.
    given = {"model": "m", "messages": MESSAGES, "checks": "off", **given}
    async with AsyncCerebras(**options) as client:
        await client.chat.completions.create(**given)
    body: dict[str, Any] = server.requests[-1].json()
    return body


@pytest.mark.parametrize("name", sorted(ChatParams.__annotations__))
async def test_every_parameter_is_sent_under_its_name(
    name: str, client_options: dict[str, Any], server: LocalServer
) -> None:
    body = await sent(client_options, server, **{name: PARAMETERS[name]})
    assert body == {"model": "m", "messages": MESSAGES, name: PARAMETERS[name]}


async def test_what_is_none_or_not_given_is_not_sent(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    for nothing in (None, NOT_GIVEN):
        given = dict.fromkeys(PARAMETERS, nothing)
        assert await sent(client_options, server, **given) == {"model": "m", "messages": MESSAGES}


async def test_an_explicit_null_goes_through_the_extra_body(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    body = await sent(client_options, server, stop="a", extra_body={"stop": None, "new": 1})
    assert (body["stop"], body["new"]) == (None, 1)


async def test_the_queue_threshold_is_a_header(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    for threshold in (50, 20_000):
        assert "queue_threshold" not in await sent(
            client_options, server, queue_threshold=threshold, service_tier="flex"
        )
        assert server.requests[-1].headers["queue_threshold"] == str(threshold)
    await sent(client_options, server)
    assert "queue_threshold" not in server.requests[-1].headers
    await sent(client_options, server, queue_threshold=50, extra_headers={"queue_threshold": "60"})
    assert server.requests[-1].headers["queue_threshold"] == "60"


@pytest.mark.parametrize("threshold", [0, 49, 20_001, -50, 100.0, True, "100"])
async def test_a_queue_threshold_out_of_range_is_refused(
    threshold: Any, client_options: dict[str, Any], server: LocalServer
) -> None:
    with pytest.raises(InvalidRequestError, match="queue_threshold must be 50 to 20000"):
        await sent(client_options, server, queue_threshold=threshold)
    assert server.requests == []


@pytest.mark.parametrize(
    "given",
    [
        {"max_tokens": 5, "max_completion_tokens": 5},
        {"max_tokens": 5, "extra_body": {"max_completion_tokens": 0}},
        {"extra_body": {"max_tokens": 5, "max_completion_tokens": 5}},
    ],
)
async def test_the_two_names_of_the_token_limit_are_refused_together(
    given: dict[str, Any], client_options: dict[str, Any], server: LocalServer
) -> None:
    with pytest.raises(InvalidRequestError, match="max_tokens and max_completion_tokens"):
        await sent(client_options, server, **given)
    assert server.requests == []


async def test_one_name_of_the_token_limit_may_be_null(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    body = await sent(
        client_options, server, max_completion_tokens=5, extra_body={"max_tokens": None}
    )
    assert (body["max_tokens"], body["max_completion_tokens"]) == (None, 5)


async def test_an_unknown_keyword_is_a_type_error_that_names_it(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    with pytest.raises(TypeError, match="temprature"):
        await sent(client_options, server, temprature=0.5)
    assert server.requests == []


def test_the_signature_has_every_keyword_and_the_docstring_a_line_for_it() -> None:
    create = AsyncCerebras("csk-test").chat.completions.create
    parameters = inspect.signature(create).parameters
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert parameters.keys() == {*ChatOptions.__annotations__, "messages", "stream"}
    for name, hint in ChatOptions.__annotations__.items():  # what type checkers see
        assert parameters[name].annotation == hint.__forward_arg__, name
    documented = inspect.getdoc(create) or ""
    for name in parameters.keys() - {"extra_query", "extra_body"}:
        assert f"\n{name}: " in documented or f"\n{name}, " in documented, name


async def test_a_message_of_an_answer_is_sent_again_as_it_came(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**client_options) as client:
        answer = await client.chat.completions.create(model="m", messages=MESSAGES)
        message = answer.choices[0].message
        for again in (message, message.to_dict()):
            await client.chat.completions.create(model="m", messages=[*MESSAGES, again])
            assert server.requests[-1].json()["messages"] == [*MESSAGES, MESSAGE]


async def test_half_a_character_is_replaced(
    client_options: dict[str, Any], server: LocalServer
) -> None:
    body = await sent(
        client_options, server, messages=[{"role": "user", "content": "a\ud83d"}], user="\udfffé"
    )
    assert body["messages"][0]["content"] == "a\ufffd"
    assert body["user"] == "\ufffdé"
