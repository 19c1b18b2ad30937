"""The engine that echoes."""

from __future__ import annotations

from typing import Any

import pytest

from cerebras_sdk.testing import Delta, EchoEngine, Finish

from .local_client import chat


def _ask(engine: EchoEngine, **request: Any) -> tuple[list[Delta], Finish]:
    deltas: list[Delta] = []
    finish = engine.answer(request, lambda delta: deltas.append(delta) or True)  # type: ignore[func-returns-value]
    return deltas, finish


def test_it_says_the_last_user_message_in_pieces_of_two_words() -> None:
    deltas, finish = _ask(EchoEngine(), **chat("one  two\nthree"))
    assert [delta.content for delta in deltas] == ["one  two\n", "three"]
    assert finish == Finish("stop", prompt_tokens=3, completion_tokens=3)


def test_text_parts_are_joined_and_other_roles_not_repeated() -> None:
    parts = [{"type": "text", "text": "a "}, {"type": "image_url"}, {"type": "text", "text": "b"}]
    messages = [
        {"role": "system", "content": "quiet"},
        {"role": "user", "content": "before"},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": None},
    ]
    deltas, finish = _ask(EchoEngine(words_per_delta=9), messages=messages)
    assert [delta.content for delta in deltas] == ["a b"]
    assert finish.prompt_tokens == 4


def test_spaces_before_the_first_word_are_kept() -> None:
    deltas, _ = _ask(EchoEngine(words_per_delta=1), **chat("  a b  "))
    assert "".join(delta.content or "" for delta in deltas) == "  a b  "


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_word_is_a_token_of_the_cap(name: str) -> None:
    deltas, finish = _ask(EchoEngine(), **chat("a b c d e", **{name: 3}))
    assert [delta.content for delta in deltas] == ["a b ", "c "]
    assert (finish.reason, finish.completion_tokens) == ("length", 3)


def test_minus_one_is_no_cap() -> None:
    _, finish = _ask(EchoEngine(), **chat("a b c", max_tokens=-1))
    assert (finish.reason, finish.completion_tokens) == ("stop", 3)


@pytest.mark.parametrize("stop", ["c", ["x", "c"], ["c", "d"]])
def test_it_stops_before_a_stop_text(stop: object) -> None:
    deltas, finish = _ask(EchoEngine(), **chat("a b c d", stop=stop))
    assert [delta.content for delta in deltas] == ["a b "]
    assert finish.reason == "stop"


def test_reasoning_comes_first_and_counts() -> None:
    deltas, finish = _ask(EchoEngine(reasoning="I see it"), **chat("a b c", max_tokens=4))
    assert deltas == [Delta(reasoning="I see "), Delta(reasoning="it"), Delta(content="a ")]
    assert (finish.reason, finish.reasoning_tokens, finish.completion_tokens) == ("length", 3, 4)


def test_it_is_silent_as_soon_as_nobody_listens() -> None:
    heard: list[Delta] = []
    EchoEngine().answer(chat("a b c d e f"), lambda delta: bool(heard.append(delta)))  # type: ignore[func-returns-value]
    assert len(heard) == 1


def test_no_words_per_delta_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        EchoEngine(words_per_delta=0)
