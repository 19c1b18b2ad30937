"""Conversations without the asking: lengths, prices, turns, and their form in JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cerebras_sdk import ContextLengthExceededError, ConversationLengthError, InvalidRequestError
from cerebras_sdk._core.conversation import Turn
from cerebras_sdk._core.conversation_settings import ConversationSettings, SavedConversation
from cerebras_sdk._core.costs import cost_of
from cerebras_sdk._core.endpoints.chat import chat_message
from cerebras_sdk._core.history import History, begun
from cerebras_sdk._core.options import ClientOptions, Environment
from cerebras_sdk._core.secret import Hidden
from cerebras_sdk._core.tokens import estimate_tokens
from cerebras_sdk._core.trimming import Gauge
from cerebras_sdk.types import ChatCompletion, PublicModel, Usage
from cerebras_sdk.types.models import ModelPricing

SYSTEM = {"role": "system", "content": "Be brief."}
CALL = {"id": "a", "type": "function", "function": {"name": "add", "arguments": "{}"}}
CLIENT = ClientOptions.of(
    Environment(),
    base_url=None,
    timeout=None,
    max_retries=0,
    default_model=None,
    aliases=None,
    default_headers=Hidden(None),
    retired_models="warn",
)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def gauge(limit: int | None) -> Gauge:
    made = Gauge("my-model", known=False)
    made.tell(PublicModel.model_validate({"id": "m", "limits": {"max_context_length": limit}}))
    return made


def settings(saved: dict[str, Any] | None = None, **given: Any) -> ConversationSettings:
    named: dict[str, Any] = {"tools": [], "trim": None, "max_rounds": None, "on_tool_error": None}
    options = {"model": "my-model", **{k: v for k, v in given.items() if k not in named}}
    named |= {k: v for k, v in given.items() if k in named}
    return ConversationSettings.of(
        CLIENT, Hidden(options), awaits=False, saved=saved or {}, **named
    )


def body(tokens: int, **options: Any) -> dict[str, Any]:
    """A request that an answer would count as so many tokens."""
    return {"messages": [user("x" * int((tokens - 87) * 3.5))], **options}


# How long it is.


def test_nothing_goes_while_there_is_room() -> None:
    assert gauge(8000).excess(body(8600)) == 0  # 0.8 of it, and an eighth is left to the answer


def test_what_goes_leaves_seven_tenths_of_the_room() -> None:
    assert gauge(8000).excess(body(10_000)) == pytest.approx(8000 - 4900, abs=3)


def test_the_bound_of_the_answer_is_what_it_is_given_of_the_context() -> None:
    assert gauge(8000).room(body(10)) == 7000
    assert gauge(8000).room(body(10, max_completion_tokens=3000)) == 5000
    assert gauge(8000).room(body(10, extra_body={"max_tokens": 100})) == 7900
    assert gauge(8000).room(body(10), to_the_brim=True) == 8000


def test_an_unknown_limit_is_never_exceeded() -> None:
    assert gauge(None).excess(body(10_000_000)) == 0
    assert gauge(0).room(body(10)) is None


def test_the_limit_of_a_known_model_is_in_the_package() -> None:
    known = Gauge("gpt-oss-120b", known=True)
    assert known.room({}, to_the_brim=True) == 131_072
    assert not known.wants_limit(body(100_000))
    # An endpoint of the user's has that name.
    assert Gauge("gpt-oss-120b", known=False).room({}) is None


def test_nobody_is_asked_for_the_limit_of_a_short_conversation() -> None:
    unknown = Gauge("my-model", known=False)
    assert not unknown.wants_limit(body(5000))
    assert unknown.wants_limit(body(6000))
    unknown.tell(None)
    assert not unknown.wants_limit(body(6000))


def test_the_estimate_learns_from_what_the_service_counts() -> None:
    made, sent = gauge(8000), body(6000)
    made.learn(sent, Usage(prompt_tokens=estimate_tokens(sent) * 2))
    assert made.tokens(sent) == estimate_tokens(sent) * 2
    made.learn(sent, None)
    made.learn(sent, Usage())
    assert made.tokens(sent) == estimate_tokens(sent) * 2
    made.learn(sent, Usage(prompt_tokens=60))  # a short prompt tells nothing
    assert made.tokens(sent) == estimate_tokens(sent) * 2
    made.learn(sent, Usage(prompt_tokens=10**9))
    assert made.tokens(sent) == estimate_tokens(sent) * 3  # nonsense is not believed


def refusal(current: int | None, limit: int | None) -> ContextLengthExceededError:
    error = ContextLengthExceededError("too long")
    error.current, error.limit = current, limit
    return error


def test_a_refusal_tells_the_limit_and_the_length() -> None:
    made, sent = gauge(8000), body(5000)
    assert made.refused(sent, refusal(6000, 4000)) == pytest.approx(6000 - 2450, abs=3)
    assert made.room(sent) == 3500


def test_a_refusal_that_tells_nothing_takes_three_tenths_off() -> None:
    for limit in (None, 100_000):
        assert gauge(limit).refused(body(5000), refusal(None, None)) == pytest.approx(1200, abs=3)


# What goes.


def test_the_oldest_turns_go_whole_and_the_system_stays() -> None:
    asked = {"role": "assistant", "tool_calls": [CALL]}
    answer = {"role": "tool", "tool_call_id": "a", "content": "5"}
    developer = {"role": "developer", "content": "Go on."}
    first = [user("x" * 3500), asked, developer, answer, said("It is 5.")]
    rest = [user("And?"), said("Yes.")]
    made = gauge(8000)
    assert made.without_oldest([SYSTEM, *first, *rest], 1) == [SYSTEM, developer, *rest]
    assert made.without_oldest([SYSTEM, *first, *rest], 5000) == [SYSTEM, developer]
    assert made.without_oldest([SYSTEM, *first, *rest], 0) == [SYSTEM, *first, *rest]
    assert made.without_oldest([], 10) == []


def test_only_so_many_turns_go_as_need_be() -> None:
    turns = [m for n in range(10) for m in (user("x" * 350), said(str(n)))]  # 0.8 of 113 tokens
    assert gauge(8000).without_oldest(turns, 250) == turns[6:]


# What it costs.


def test_a_price_is_a_decimal() -> None:
    pricing = ModelPricing(prompt="0.00000035", completion="0.00000075")
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=3)
    assert cost_of(usage, pricing) == Decimal("0.35000225")
    assert cost_of(Usage(), pricing) == 0


@pytest.mark.parametrize("price", [None, "", "free", "NaN", "Infinity", "-1"])
def test_a_price_that_is_none_is_unknown(price: str | None) -> None:
    assert cost_of(Usage(), ModelPricing(prompt="0.1", completion=price)) is None
    assert cost_of(Usage(), ModelPricing(prompt=price, completion="0.1")) is None


# Turns.


def test_the_message_of_the_user_is_never_left_out() -> None:
    history = History([SYSTEM, user("a"), said("b"), user("c")])
    turn = Turn(history, settings(), gauge(8000), None)
    assert turn.earlier == [SYSTEM, user("a"), said("b")]
    assert turn.shorten(turn.without_oldest(100_000))
    assert turn.request(None, stream=False).value["messages"] == [SYSTEM, user("c")]
    assert not turn.shorten(turn.without_oldest(100_000))
    turn.end()
    assert history.messages == [SYSTEM, user("a"), said("b"), user("c")]
    assert history.unfinished == []


def test_a_turn_that_is_too_long_can_be_an_error() -> None:
    turn = Turn(History(), settings(trim="error"), gauge(8000), "x" * 40_000)
    with pytest.raises(ConversationLengthError, match="room for 8,000") as caught:
        turn.excess()
    assert caught.value.tokens > caught.value.limit == 8000
    assert turn.excess(refusal(9000, 8000)) == 0  # the error of the service is raised as it is


def test_a_bound_that_leaves_no_room_is_what_is_wrong() -> None:
    given = settings(trim="error", max_completion_tokens=200_000)
    turn = Turn(History(), given, gauge(8000), "Hello")
    with pytest.raises(ConversationLengthError, match=r"200,000 .*context of 8,000") as caught:
        turn.excess()
    assert "-" not in str(caught.value)
    assert caught.value.limit == 0


def test_nothing_goes_where_that_makes_no_room() -> None:
    history = History([user("a"), said("b")])
    turn = Turn(history, settings(max_completion_tokens=8000), gauge(8000), "Hello")
    assert turn.excess() == 0  # the service says what is wrong with the bound


def test_each_message_is_written_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(message: object, position: int) -> dict[str, Any]:
        made.append(position)
        return chat_message(message, position)

    history = History([said("b"), user("a")] * 50)
    monkeypatch.setattr("cerebras_sdk._core.conversation.chat_message", counted)
    turn = Turn(history, settings(), gauge(8000), "Hello")
    assert not turn.wants_limit
    assert turn.excess() == 0
    assert len(turn.request(None, stream=False).value["messages"]) == 101
    answer = {"choices": [{"message": said("Hi."), "finish_reason": "stop"}]}
    turn.take(ChatCompletion.model_validate(answer))
    turn.commit()
    turn.end()
    assert len(history.messages) == 102
    assert made == [101]


@pytest.mark.parametrize("calls", ["a", [5], [{}], {"id": "a"}])
def test_calls_that_are_none_do_no_harm(calls: Any) -> None:
    assert [c.id for c in History([{"role": "assistant", "tool_calls": calls}]).pending] in (
        [],
        [""],
    )


@pytest.mark.parametrize("kept", [None, "text", {"role": "user"}, ["text"], [{"content": "a"}]])
def test_what_a_function_keeps_must_be_messages(kept: Any) -> None:
    turn = Turn(History([user("a")]), settings(), gauge(None), "b")
    with pytest.raises(InvalidRequestError):
        turn.shorten(kept)


@pytest.mark.parametrize("content", [5, b"a", {"type": "text", "text": "a"}])
def test_what_the_user_says_is_a_text_or_parts(content: Any) -> None:
    history = History()
    with pytest.raises(InvalidRequestError, match="send takes a text"):
        Turn(history, settings(), gauge(None), content)
    Turn(history, settings(), gauge(None), "a")  # nothing is held


def test_the_system_is_said_once() -> None:
    other = {"role": "system", "content": "Be kind."}
    later = {"role": "system", "content": "Now be long."}
    assert begun([SYSTEM, user("a"), later], "Be kind.") == [other, user("a"), later]
    assert begun([user("a")], "Be kind.") == [other, user("a")]
    assert begun([], "Be kind.") == [other]
    assert begun([SYSTEM], None) == [SYSTEM]


# JSON.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        b"\xff",
        "[]",
        "{}",
        '{"kind": "another", "version": 1}',
        '{"kind": "cerebras_sdk conversation", "version": 3}',
        '{"kind": "cerebras_sdk conversation", "version": 0}',
        '{"kind": "cerebras_sdk conversation", "version": 1, "messages": "a"}',
        "[" * 100_000,
    ],
)
def test_what_is_no_conversation_is_refused(text: str | bytes) -> None:
    with pytest.raises(InvalidRequestError, match="history is"):
        SavedConversation.read(text)


def test_what_comes_from_a_file_sets_no_header() -> None:
    saved = {"extra_headers": {"A": "b"}, "base_url": "http://x", "temperature": 0, "seed": 1}
    made = settings(saved, seed=2)
    assert made.options.value == {"model": "my-model", "temperature": 0, "seed": 2}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"trim": "newest"}, "trim must be"),
        ({"max_rounds": 0}, "max_rounds"),
        ({"n": 2}, "a conversation follows one choice"),
        ({"extra_body": {"messages": []}}, "a conversation does not take 'messages'"),
        ({"model": ""}, "model is empty"),
        ({"tools": "add"}, "tools must be"),
    ],
)
def test_what_cannot_be_right_is_said_at_once(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        settings(**given)


def test_an_unknown_keyword_is_said_at_once() -> None:
    with pytest.raises(TypeError, match="'temprature'"):
        settings(temprature=1)
    with pytest.raises(TypeError, match="'response_format'"):
        settings(response_format={"type": "json_object"})
