"""What a user gets from `chat.completions.parse`, on the local server."""

from __future__ import annotations

import enum
import json
import pickle
import sys
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pydantic
import pytest

from cerebras_sdk import (
    AsyncCerebras,
    InvalidRequestError,
    OutputFilteredError,
    OutputLengthError,
    ParsedOutputError,
    RateLimitError,
    Timeout,
)
from cerebras_sdk.testing import Answer, LocalServer, ReceivedRequest

pytestmark = pytest.mark.anyio

MESSAGES = [{"role": "user", "content": "Who was that?"}]
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": MESSAGES}
ADA = '{"name": "Ada", "age": 36}'


@dataclass
class Person:
    """Somebody."""

    name: str
    age: Annotated[int, msgspec.Meta(le=120)]


class PersonStruct(msgspec.Struct):
    name: str
    age: int


class PersonDict(TypedDict):
    name: str
    age: int


class PersonModel(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=2)
    age: int

    @pydantic.field_validator("age")
    @classmethod
    def is_grown_up(cls, age: int) -> int:
        if age < 18:
            raise ValueError("only grown-ups")
        return age


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


def saying(
    server: LocalServer,
    *answers: str | Answer | list[str] | None,
    finish_reason: str = "stop",
    **message: Any,
) -> None:
    """Makes the server give these answers, one after another; a list is of several choices."""
    left = list(answers)

    def answer(request: ReceivedRequest) -> Answer:
        said = left.pop(0)
        if isinstance(said, Answer):
            return said
        choices = [
            {
                "index": index,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text, **message},
            }
            for index, text in enumerate(said if isinstance(said, list) else [said])
        ]
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        body = {"id": f"chatcmpl-{len(left)}", "model": "m", "choices": choices, "usage": usage}
        return Answer(
            200,
            {"content-type": "application/json", "inference-id": f"id-{len(left)}"},
            json.dumps(body).encode(),
        )

    server.route("POST", "/v1/chat/completions", answer)


@pytest.mark.parametrize(
    ("kind", "text", "parsed"),
    [
        (Person, ADA, Person("Ada", 36)),
        (PersonStruct, ADA, PersonStruct("Ada", 36)),
        (PersonDict, ADA, {"name": "Ada", "age": 36}),
        (PersonModel, ADA, PersonModel(name="Ada", age=36)),
        (list[Person], f'{{"value": [{ADA}]}}', [Person("Ada", 36)]),
        (list[PersonModel], f'{{"value": [{ADA}]}}', [PersonModel(name="Ada", age=36)]),
        (Literal["yes", "no"], '{"value": "no"}', "no"),
        (Color, '{"value": "blue"}', Color.BLUE),
        (int | None, '{"value": null}', None),
        (pydantic.TypeAdapter(list[int]), '{"value": [5]}', [5]),
    ],
)
async def test_an_answer_is_what_was_asked_for(
    options: dict[str, Any], server: LocalServer, kind: Any, text: str, parsed: object
) -> None:
    saying(server, text)
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(**CALL, response_format=kind)
    assert completion.choices[0].message.parsed == completion.parsed == parsed
    assert completion.text == text
    assert completion.request_id == "id-0"
    assert completion.attempts == ()
    sent = server.requests[0].json()["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["strict"] is True
    assert sent["json_schema"]["schema"]["type"] == "object"
    assert sent["json_schema"]["schema"]["additionalProperties"] is False


async def test_every_choice_is_parsed(options: dict[str, Any], server: LocalServer) -> None:
    saying(server, [ADA, '{"name": "Bob", "age": 5}'])
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(**CALL, response_format=Person, n=2)
    names = [choice.message.parsed and choice.message.parsed.name for choice in completion.choices]
    assert names == ["Ada", "Bob"]


async def test_a_parsed_answer_can_be_sent_again_kept_and_pickled(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, ADA, ADA)
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(**CALL, response_format=Person)
        history: list[Any] = [*MESSAGES, completion.choices[0].message, *MESSAGES]
        await client.chat.completions.parse(
            model="gpt-oss-120b", messages=history, response_format=Person
        )
    assert server.requests[1].json()["messages"][1] == {"role": "assistant", "content": ADA}
    assert completion.to_dict()["choices"][0]["message"] == {"role": "assistant", "content": ADA}
    copied = pickle.loads(pickle.dumps(completion))
    assert copied.parsed == Person("Ada", 36)
    assert copied.request_id == completion.request_id == "id-1"


async def test_an_answer_with_tool_calls_has_no_object(
    options: dict[str, Any], server: LocalServer
) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    saying(server, None, finish_reason="tool_calls", tool_calls=[call])
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(**CALL, response_format=Person)
    assert completion.parsed is None
    assert completion.choices[0].message.tool_calls is not None


async def test_an_answer_that_is_something_else_is_kept_in_the_error(
    options: dict[str, Any], server: LocalServer
) -> None:
    text = '{"name": 5, "age": 200}'
    saying(server, text)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(ParsedOutputError) as caught:
            await client.chat.completions.parse(**CALL, response_format=Person)
    error = caught.value
    assert str(error) == (
        "the answer is not the Person that was asked for: $.name: must be a text, not 5; "
        "$.age: must be at most 120, not 200"
    )
    assert [problem.path for problem in error.problems] == [("name",), ("age",)]
    assert error.text == text
    assert error.usage is not None
    assert error.usage.total_tokens == 15
    assert error.completion is not None
    assert error.completion.request_id == "id-0"
    assert len(server.requests) == 1
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.text, again.problems) == (str(error), text, error.problems)


async def test_what_a_model_of_pydantic_refuses_is_told_with_its_path(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, '{"name": "Ada", "age": 3}')
    async with AsyncCerebras(**options) as client:
        with pytest.raises(ParsedOutputError, match=r"\$\.age: Value error, only grown-ups"):
            await client.chat.completions.parse(**CALL, response_format=PersonModel)


@dataclass
class Asserting:
    n: int

    def __post_init__(self) -> None:
        assert self.n < 3, "n must be below 3"


async def test_an_exception_in_a_check_of_yours_does_not_lose_the_answer(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, '{"n": 5}', '{"n": 4}', '{"n": 2}', '{"n": 5}')
    async with AsyncCerebras(**options) as client:
        again = await client.chat.completions.parse(**CALL, response_format=Asserting, retries=2)
        assert again.parsed == Asserting(2)
        assert [earlier.text for earlier in again.attempts] == ['{"n": 5}', '{"n": 4}']
        shown = server.requests[1].json()["messages"][-1]["content"]
        assert "- $: AssertionError: n must be below 3" in shown
        with pytest.raises(ParsedOutputError, match="n must be below 3") as caught:
            await client.chat.completions.parse(**CALL, response_format=Asserting)
    assert caught.value.text == '{"n": 5}'
    assert caught.value.usage is not None
    assert isinstance(caught.value.__cause__, AssertionError)


@pytest.mark.parametrize("kind", [list[Person] | None, Literal["yes"], Annotated[int, "A number"]])
async def test_what_has_no_name_is_what_was_asked_for(
    options: dict[str, Any], server: LocalServer, kind: Any
) -> None:
    saying(server, "{}")
    async with AsyncCerebras(**options) as client:
        with pytest.raises(ParsedOutputError, match=r"^the answer is not what was asked for: \$: "):
            await client.chat.completions.parse(**CALL, response_format=kind)


@pytest.mark.parametrize("keyword", ["stream", "bogus"])
async def test_an_unknown_keyword_is_refused_at_once(
    options: dict[str, Any], server: LocalServer, keyword: str
) -> None:
    more: dict[str, Any] = {keyword: True}
    async with AsyncCerebras(**options) as client:
        with pytest.raises(TypeError, match=rf"^parse\(\) got an unexpected .* '{keyword}'"):
            await client.chat.completions.parse(**CALL, response_format=Person, **more)
    assert server.requests == []


async def test_tools_beside_a_type_are_refused_with_the_reason(
    options: dict[str, Any], server: LocalServer
) -> None:
    tools: Any = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    more: dict[str, Any] = {"tools": tools}
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match="no tools together with a response_format"):
            await client.chat.completions.parse(**CALL, response_format=Person, **more)
    assert server.requests == []


@pytest.mark.parametrize("text", ["", "  ", None, "Ada", '{"name": "Ada"', "[1]", "NaN"])
async def test_no_text_and_no_json_are_no_answer(
    options: dict[str, Any], server: LocalServer, text: str | None
) -> None:
    saying(server, text)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(ParsedOutputError) as caught:
            await client.chat.completions.parse(**CALL, response_format=Person)
    assert caught.value.text == (text or "")


async def test_an_answer_that_was_cut_is_not_parsed(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, ADA, finish_reason="length")
    async with AsyncCerebras(**options) as client:
        with pytest.raises(
            OutputLengthError, match=r"cut after 5 tokens.*max_completion"
        ) as caught:
            await client.chat.completions.parse(**CALL, response_format=Person, retries=3)
    assert caught.value.text == ADA
    assert len(server.requests) == 1


async def test_an_answer_that_went_all_to_its_reasoning_says_so(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, None, finish_reason="length", reasoning="Let me think")
    async with AsyncCerebras(**options) as client:
        with pytest.raises(OutputLengthError, match="all of them for its reasoning"):
            await client.chat.completions.parse(**CALL, response_format=Person)


@pytest.mark.parametrize(
    ("finish_reason", "message"), [("content_filter", {}), ("stop", {"refusal": "I will not."})]
)
async def test_an_answer_that_was_held_back_is_an_error_of_its_own(
    options: dict[str, Any], server: LocalServer, finish_reason: str, message: dict[str, Any]
) -> None:
    saying(server, None, finish_reason=finish_reason, **message)
    async with AsyncCerebras(**options) as client:
        with pytest.raises(OutputFilteredError, match=r"refused or held back"):
            await client.chat.completions.parse(**CALL, response_format=Person, retries=3)
    assert len(server.requests) == 1


async def test_a_wrong_answer_is_shown_to_the_model_and_asked_again(
    options: dict[str, Any], server: LocalServer
) -> None:
    wrong = '{"value": [{"name": "Ada", "age": 360}]}'
    saying(server, wrong, f'{{"value": [{ADA}]}}')
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(
            model="gpt-oss-120b",
            messages=iter(MESSAGES),
            response_format=list[Person],
            retries=1,
        )
    assert completion.parsed == [Person("Ada", 36)]
    assert [earlier.text for earlier in completion.attempts] == [wrong]
    first, second = (request.json()["messages"] for request in server.requests)
    assert first == MESSAGES
    assert second == [
        *MESSAGES,
        {"role": "assistant", "content": wrong},
        {
            "role": "user",
            "content": "This answer cannot be used:\n"
            "- $.value[0].age: must be at most 120, not 360\n"
            "Answer again with the whole JSON, corrected, and nothing else.",
        },
    ]


async def test_the_last_error_has_all_the_answers(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, "a", "b", "c")
    async with AsyncCerebras(**options) as client:
        with pytest.raises(ParsedOutputError, match=r"\[asked 3 times\]") as caught:
            await client.chat.completions.parse(**CALL, response_format=Person, retries=2)
    assert caught.value.text == "c"
    assert [earlier.text for earlier in caught.value.attempts] == ["a", "b"]
    assert len(server.requests[2].json()["messages"]) == 5


async def test_an_empty_answer_is_asked_again_without_an_empty_message(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, None, ADA)
    async with AsyncCerebras(**options) as client:
        await client.chat.completions.parse(**CALL, response_format=Person, retries=1)
    roles = [message["role"] for message in server.requests[1].json()["messages"]]
    assert roles == ["user", "user"]


async def test_a_call_that_fails_later_still_has_the_answer_before(
    options: dict[str, Any], server: LocalServer
) -> None:
    saying(server, "a", Answer(429, {"content-type": "application/json"}, b'{"message": "no"}'))
    async with AsyncCerebras(**options, max_retries=0) as client:
        with pytest.raises(RateLimitError) as caught:
            await client.chat.completions.parse(**CALL, response_format=Person, retries=1)
    assert isinstance(caught.value.__cause__, ParsedOutputError)
    assert caught.value.__cause__.text == "a"


async def test_all_the_asks_share_the_total_timeout(
    options: dict[str, Any], server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    saying(server, "a", "b", ADA)
    async with AsyncCerebras(**options, timeout=Timeout(total=10)) as client:
        objects = sys.modules[type(client.chat.completions).__mro__[1].__module__]
        clock = Clock(iter([0.0, 4.0, 10.0]))
        monkeypatch.setitem(objects.parsed_answer.__globals__, "time", clock)
        with pytest.raises(ParsedOutputError) as caught:
            await client.chat.completions.parse(**CALL, response_format=Person, retries=9)
    assert caught.value.text == "b"
    assert len(server.requests) == 2


class Clock:
    """Tells the times that it was given."""

    def __init__(self, times: Any) -> None:
        self._times = times

    def monotonic(self) -> float:
        return float(next(self._times))


async def test_a_response_format_of_the_service_gives_plain_json(
    options: dict[str, Any], server: LocalServer
) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer", "maximum": 120}}}
    given = {"type": "json_schema", "json_schema": {"name": "p", "schema": schema}}
    saying(server, ADA, '{"age": 121}')
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(**CALL, response_format=given)
        with pytest.raises(ParsedOutputError, match="at most 120"):
            await client.chat.completions.parse(**CALL, response_format=given)
    assert completion.parsed == {"name": "Ada", "age": 36}
    assert server.requests[0].json()["response_format"] == given


async def test_a_text_is_not_parsed(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.parse(**CALL, response_format={"type": "text"})
    assert completion.text == "Who was that?"
    assert completion.parsed is None


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (dict[str, int], r"\$: .*names of the model's choice"),
        (list[dict[str, int]], r"\$\[\]: .*names of the model's choice"),
        (object, "any value"),
        (None, "parse needs the type of the answer.*for a plain text use create"),
        ({"type": "object"}, "a dict must be"),
        ({"type": "json_schema", "json_schema": {"name": "two words"}}, "needs a name"),
        (list[complex], r"\$\[\]: a complex has no JSON Schema"),
    ],
)
async def test_what_the_service_does_not_take_is_refused_before_it_is_sent(
    options: dict[str, Any], server: LocalServer, kind: Any, path: str
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match=path):
            await client.chat.completions.parse(**CALL, response_format=kind)
    assert server.requests == []


@pytest.mark.parametrize("retries", [-1, 1.5, True, "2"])
async def test_retries_are_a_count(
    options: dict[str, Any], server: LocalServer, retries: Any
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match="retries must be"):
            await client.chat.completions.parse(**CALL, response_format=Person, retries=retries)
    assert server.requests == []


async def test_there_is_no_raw_response_of_several_calls(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(AttributeError, match="not one call with one answer"):
            _ = client.chat.completions.with_raw_response.parse
