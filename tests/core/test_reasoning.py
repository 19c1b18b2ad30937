"""One setting for how much a model thinks, and thoughts that stay out of the text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk._core.reasoning import (
    ThinkSplitter,
    family,
    reason,
    reasoning_params,
    replayed,
    split,
)
from cerebras_sdk._core.thoughts import apart
from cerebras_sdk.errors import InvalidRequestError
from cerebras_sdk.types import ChatCompletion

PARSED = {"reasoning_format": "parsed"}


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-oss-120b", "gpt-oss"),
        ("my-org-gpt-oss-120b", "gpt-oss"),
        ("My-Org-GPT_OSS", "gpt-oss"),
        ("qwen-3.8-27b", "qwen-3.8"),
        ("acme-qwen-3-8-27b", "qwen-3.8"),
        ("qwen-3-8b", None),
        ("qwen-3.80b", None),
        ("qwen-3-32b", None),
        ("zai-glm-4.7", "glm"),
        ("acme-glm-5.1", "glm"),
        ("chatglm3-6b", None),
        ("gemma-4-31b", "gemma"),
        ("gemma-3-27b", None),
        ("kimi-k2.7-code", "kimi"),
        ("kimi-k2.6", "kimi"),
        ("a-model-of-tomorrow", None),
    ],
)
def test_the_name_of_a_model_or_an_endpoint_tells_its_family(model: str, known: str | None) -> None:
    assert family(model) == known


@pytest.mark.parametrize(
    ("model", "efforts"),
    [
        ("gpt-oss-120b", {"low": "low", "medium": "medium", "high": "high"}),
        ("qwen-3.8-27b", {"off": "none", "low": "low", "medium": "medium", "high": "high"}),
        ("zai-glm-4.7", {"off": "none", "low": None, "medium": None, "high": None}),
        ("gemma-4-31b", {"off": "none", "low": "low", "medium": "medium", "high": "high"}),
        ("kimi-k2.7-code", {"low": None, "medium": None, "high": None}),
        ("tomorrow-1", {"off": "none", "low": "low", "medium": "medium", "high": "high"}),
    ],
)
def test_each_family_gets_the_effort_it_takes_and_thinks_apart(
    model: str, efforts: dict[str, str | None]
) -> None:
    for level, effort in efforts.items():
        sent = {} if effort is None else {"reasoning_effort": effort}
        assert reasoning_params(model, level) == {**sent, **PARSED}


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("gpt-oss-120b", "gpt-oss-120b.*cannot be switched off.*low.*hidden"),
        ("my-gpt-oss-120b", "my-gpt-oss-120b.*cannot be switched off"),
        ("kimi-k2.7-code", "cannot be switched off: it always thinks alike$"),
    ],
)
def test_a_model_that_cannot_stop_thinking_says_so_and_what_is_nearest(
    model: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        reasoning_params(model, "off")


@pytest.mark.parametrize("level", ["none", "max", "", True, 3, None])
def test_there_are_four_levels(level: Any) -> None:
    with pytest.raises(InvalidRequestError, match='"off", "low", "medium" or "high"'):
        reasoning_params("gpt-oss-120b", level)


@pytest.mark.parametrize("name", ["reasoning_effort", "disable_reasoning"])
def test_the_setting_and_a_raw_parameter_are_not_given_together(name: str) -> None:
    body = {"model": "qwen-3.8-27b", "messages": [], name: "low"}
    with pytest.raises(InvalidRequestError, match=f"reasoning and {name}"):
        reason(body, "low")


def test_a_format_of_the_users_own_is_stronger_and_raw_text_stays_as_it_is() -> None:
    body: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [], "reasoning_format": "hidden"}
    assert reason(body, "low") is True
    assert body["reasoning_format"] == "hidden"
    body = {"model": "gpt-oss-120b", "messages": [], "reasoning_format": "raw"}
    assert reason(body, "low") is False
    assert (body["reasoning_format"], body["reasoning_effort"]) == ("raw", "low")


ASKED = {"role": "user", "content": "2 + 2?"}
FORMS: list[dict[str, Any]] = [
    {"role": "assistant", "content": "Four.", "reasoning": "Easy."},
    {"role": "assistant", "content": "Four.", "reasoning": [{"type": "text", "text": "Easy."}]},
    {"role": "assistant", "content": "Four.", "reasoning_content": "Easy."},
    {"role": "assistant", "content": "<think>\nEasy.\n</think>\n\nFour."},
    {"role": "assistant", "content": "<think>Easy.</think>Four.", "reasoning": None},
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("model", "sent", "params"),
    [
        ("gpt-oss-120b", {"content": "Four.", "reasoning": "Easy."}, {}),
        ("qwen-3.8-27b", {"content": "Four.", "reasoning": "Easy."}, {}),
        ("kimi-k2.7-code", {"content": "Four.", "reasoning": "Easy."}, {}),
        ("tomorrow-1", {"content": "Four.", "reasoning": "Easy."}, {}),
        ("gemma-4-31b", {"content": "Four."}, {}),
        (
            "zai-glm-4.7",
            {"content": "<think>\nEasy.\n</think>\n\nFour."},
            {"clear_thinking": False},
        ),
    ],
)
def test_thoughts_go_back_the_way_the_family_wants_them(
    form: dict[str, Any], model: str, sent: dict[str, Any], params: dict[str, Any]
) -> None:
    before = {**form}
    history, more = replayed([ASKED, form], model)
    assert history == [ASKED, {"role": "assistant", **sent}]
    assert more == params
    assert form == before
    assert replayed(history, model) == (history, more)  # and again the same: prompts are cached


@pytest.mark.parametrize(
    ("model", "sent", "params"),
    [
        ("gpt-oss-120b", {"content": "Four.", "reasoning": "Easy."}, {}),
        ("tomorrow-1", {"content": "Four.", "reasoning": "Easy."}, {}),
        ("my-gemma-4", {"content": "Four."}, {}),
        (
            "my-glm-5",
            {"content": "<think>\nEasy.\n</think>\n\nFour."},
            {"clear_thinking": False},
        ),
    ],
)
def test_without_the_setting_the_field_goes_back_that_way_too(
    model: str, sent: dict[str, Any], params: dict[str, Any]
) -> None:
    body: dict[str, Any] = {"model": model, "messages": [ASKED, FORMS[0]]}
    assert reason(body, None) is False
    said = {"role": "assistant", **sent}
    assert body == {"model": model, "messages": [ASKED, said], **params}
    assert reason(body, None) is False
    assert body["messages"] == [ASKED, said]


@pytest.mark.parametrize("model", ["gpt-oss-120b", "my-gemma-4", "my-glm-5", "tomorrow-1"])
def test_without_the_setting_no_text_is_rewritten(model: str) -> None:
    body: dict[str, Any] = {"model": model, "messages": [ASKED, FORMS[3]]}
    reason(body, None)
    assert body == {"model": model, "messages": [ASKED, FORMS[3]]}


def test_a_tool_call_keeps_its_thoughts_and_its_place() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    form = {"role": "assistant", "content": None, "reasoning": "Ask f.", "tool_calls": [call]}
    assert replayed([form], "gpt-oss-120b") == ([form], {})
    [glm], params = replayed([form], "zai-glm-4.7")
    assert glm["content"] == "<think>\nAsk f.\n</think>\n\n"
    assert glm["tool_calls"] == [call]
    assert params == {"clear_thinking": False}
    [gemma], _ = replayed([form], "gemma-4-31b")
    assert gemma == {"role": "assistant", "content": None, "tool_calls": [call]}


def test_thoughts_in_parts_are_found() -> None:
    parts = [{"type": "text", "text": "<think>Easy.</think>"}, {"type": "text", "text": "Four."}]
    form = {"role": "assistant", "content": parts}
    assert replayed([form], "gpt-oss-120b")[0] == [
        {"role": "assistant", "content": parts[1:], "reasoning": "Easy."}
    ]
    assert replayed([form], "zai-glm-4.7")[0] == [
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "<think>\nEasy.\n</think>\n\n"}, parts[1]],
        }
    ]


def test_what_users_say_is_never_read_as_a_thought() -> None:
    said = {"role": "user", "content": "<think>mine</think> what is this?"}
    assert replayed([said], "gemma-4-31b") == ([said], {})


def test_clear_thinking_of_the_users_own_is_stronger() -> None:
    body: dict[str, Any] = {
        "model": "zai-glm-4.7",
        "messages": [ASKED, FORMS[0]],
        "clear_thinking": True,
    }
    reason(body, "high")
    assert body["clear_thinking"] is True
    assert body["messages"][1]["content"].startswith("<think>")


TEXTS = [
    ("<think>a</think>b", "a", "b"),
    ("<think>\na\nb\n</think>\n\nc\n", "a\nb", "c\n"),
    (" \n<think>a</think>b", "a", "b"),
    ("<think></think>b", "", "b"),
    ("<think>\n\n</think>\n\nb", "", "b"),
    ("<think>a</think>\n<think>b</think> c", "a\nb", "c"),
    ("<think>a", "a", ""),
    ("<think>a</thin", "a</thin", ""),
    ("<think>a </th b", "a </th b", ""),
    ("<think>a<</think>b", "a<", "b"),
    ("<think>a</think>", "a", ""),
    ("<think>a</think> b <think>c</think>", "a", "b <think>c</think>"),
    ("b <think>a</think>", "", "b <think>a</think>"),
    ("<thinking>a</thinking>", "", "<thinking>a</thinking>"),
    ("<<think>a</think>", "", "<<think>a</think>"),
    ("<thi", "", "<thi"),
    (" <", "", " <"),
    ("\n b", "", "\n b"),
    ("</think>b", "", "</think>b"),
    ("\0<think>a</think>", "", "\0<think>a</think>"),
    ("<think>\0</think>\0", "\0", "\0"),
    ("<think>a</think><thi", "a", "<thi"),
    ("<think>a<think>b</think>c", "a<think>b", "c"),
    ("", "", ""),
]


def pieces_split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    got = [*map(splitter.feed, pieces), splitter.end(), splitter.end()]
    return "".join(inner for inner, _ in got), "".join(outer for _, outer in got)


@pytest.mark.parametrize(("text", "reasoning", "content"), TEXTS)
def test_blocks_at_the_beginning_are_reasoning_wherever_the_text_is_cut(
    text: str, reasoning: str, content: str
) -> None:
    assert split(text) == (reasoning, content)
    assert pieces_split(list(text)) == (reasoning, content)
    for at in range(len(text)):
        assert pieces_split([text[:at], text[at:]]) == (reasoning, content)
        assert pieces_split([text[:at], "", text[at : at + 3], text[at + 3 :]])[0] == reasoning


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "</", "think>", " ", "\n", "a", "\0"])),
    st.data(),
)
def test_how_a_text_is_cut_changes_nothing(words: list[str], data: st.DataObject) -> None:
    text = "".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)))))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert pieces_split(pieces) == pieces_split([text]) == split(text)


@pytest.mark.parametrize(
    ("start", "unit"),
    [("", " "), ("<think>", " "), ("", "<think></think>"), ("<think>", "</thin"), ("<think>", "<")],
)
def test_what_is_held_back_stays_small(start: str, unit: str) -> None:
    splitter = ThinkSplitter()
    splitter.feed(start)
    for _ in range(1000):
        for letter in unit:
            splitter.feed(letter)
            assert len(splitter._tag) < len("</think>")


def test_the_answer_is_given_as_it_comes() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("<think>One") == ("One", "")
    assert splitter.feed(" two.") == (" two.", "")
    assert splitter.feed("</think>\nThree") == ("", "Three")
    assert splitter.done
    assert splitter.feed(" <think>") == ("", " <think>")


def whole(content: str | None, **more: Any) -> ChatCompletion:
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": "stop", **more}
    return ChatCompletion.model_validate({"id": "c", "choices": [choice]})


def test_a_whole_answer_is_taken_apart() -> None:
    answer = whole("<think>Easy.</think>Four.")
    apart(answer)
    assert (answer.choices[0].message.reasoning, answer.text) == ("Easy.", "Four.")
    for content in (None, "", "Four.", "a <think>b</think>"):
        answer = whole(content)
        apart(answer)
        assert answer == whole(content)


def test_an_answer_that_is_all_thought_has_no_content() -> None:
    answer = whole("<think>And then", message={"reasoning": "First. "})
    apart(answer)
    assert answer.choices[0].message.content is None
    assert answer.choices[0].message.reasoning == "First. And then"


def test_the_log_probabilities_of_thoughts_go_with_them() -> None:
    tokens = [{"token": t, "logprob": -1.0} for t in ("<think>", "Hm", "</think>", "Fo", "ur")]
    answer = whole("<think>Hm</think>Four", logprobs={"content": tokens})
    apart(answer)
    choice = answer.choices[0]
    assert choice.logprobs is not None
    assert choice.reasoning_logprobs is not None
    assert [t.token for t in choice.logprobs.content or ()] == ["Fo", "ur"]
    assert [t.token for t in choice.reasoning_logprobs.content or ()] == [
        "<think>",
        "Hm",
        "</think>",
    ]
