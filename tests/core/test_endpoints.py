"""A call becomes one request that the service takes, or is refused before anything is sent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk._core.endpoints.body import CompletionCall, encode
from cerebras_sdk._core.endpoints.chat import chat_completion
from cerebras_sdk._core.endpoints.completions import text_completion
from cerebras_sdk._core.options import NOT_GIVEN, USER_AGENT, ClientOptions, Environment
from cerebras_sdk._core.secret import Hidden, Secret
from cerebras_sdk._core.timeout import Timeout
from cerebras_sdk.errors import InvalidRequestError, ModelRetiredError
from cerebras_sdk.types import (
    ChatCompletion,
    Choice,
    FunctionCall,
    Message,
    ToolCall,
)
from cerebras_sdk.types._decode import convert

HI = [{"role": "user", "content": "Hi"}]


def options(environment: Environment | None = None, **changes: Any) -> ClientOptions:
    given: dict[str, Any] = {
        "base_url": None,
        "timeout": 60.0,
        "max_retries": 2,
        "default_model": None,
        "aliases": None,
        "default_headers": None,
        "retired_models": "warn",
        **changes,
    }
    headers = Hidden(given.pop("default_headers"))
    return ClientOptions.of(environment or Environment(), default_headers=headers, **given)


def call(client: ClientOptions | None = None, **changes: Any) -> CompletionCall:
    given: dict[str, Any] = {
        "messages": HI,
        "model": "gpt-oss-120b",
        "stream": False,
        "params": {},
        "extra_headers": None,
        "extra_query": None,
        "extra_body": None,
        "timeout": NOT_GIVEN,
        **changes,
    }
    headers = Hidden(given.pop("extra_headers"))
    return chat_completion(client or options(), extra_headers=headers, **given)


def body(**changes: Any) -> Any:
    return json.loads(call(**changes).request.body)


class TestTheRequest:
    def test_is_a_post_of_json(self) -> None:
        made = call()
        assert (made.request.method, made.request.url) == (
            "POST",
            "https://api.cerebras.ai/v1/chat/completions",
        )
        assert made.request.headers == {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        assert json.loads(made.request.body) == {"model": "gpt-oss-120b", "messages": HI}
        assert (made.model, made.stream, made.n, made.notice) == ("gpt-oss-120b", False, 1, None)
        assert made.request.timeout == Timeout.of(60.0)

    def test_has_the_parameters_that_are_not_none(self) -> None:
        params: dict[str, Any] = {
            "temperature": 0,
            "stop": None,
            "logprobs": False,
            "tools": [],
            "user": "",
        }
        sent: dict[str, Any] = {"temperature": 0, "logprobs": False, "tools": [], "user": ""}
        assert body(params=params) == {"model": "gpt-oss-120b", "messages": HI, **sent}

    @pytest.mark.parametrize(("stream", "sent"), [(True, True), (False, None), (None, None)])
    def test_asks_for_a_stream_only_when_it_is_wanted(
        self, stream: bool | None, sent: object
    ) -> None:
        assert body(stream=stream).get("stream") is sent
        assert call(stream=stream).stream is bool(stream)

    def test_is_the_same_at_another_address(self) -> None:
        client = options(base_url="http://localhost:8000/x/v1/")
        assert call(client).request.url == "http://localhost:8000/x/v1/chat/completions"

    def test_may_have_its_own_timeout(self) -> None:
        assert call(timeout=5).request.timeout == Timeout.of(5)
        assert call(timeout=None).request.timeout == Timeout.of(None)
        assert call(timeout=httpx.Timeout(5.0)).request.timeout == Timeout.of(5.0)

    def test_is_text_of_any_script_in_utf_8(self) -> None:
        text = "Привет 😀 \0"
        made = call(messages=[{"role": "user", "content": text}])
        assert json.loads(made.request.body.decode("utf-8"))["messages"][0]["content"] == text


class TestExtras:
    def test_of_the_body_win(self) -> None:
        extra = {"temperature": 1, "new": {"a": None}, "stop": None}
        sent = body(params={"temperature": 0}, extra_body=extra)
        assert sent == {"model": "gpt-oss-120b", "messages": HI, **extra}

    def test_of_the_body_decide_what_is_read(self) -> None:
        made = call(extra_body={"stream": True, "n": 3, "model": "mine"})
        assert (made.stream, made.n, made.model) == (True, 3, "mine")

    @pytest.mark.parametrize(("n", "read"), [(2, 2), (0, 1), (-1, 1), ("2", 1), (None, 1)])
    def test_of_an_odd_number_of_choices_are_left_to_the_service(
        self, n: object, read: int
    ) -> None:
        assert call(params={"n": n}, checks="off").n == read

    def test_of_the_query_are_encoded(self) -> None:
        url = call(extra_query={"a b": "c&d", "list": [1, 2]}).request.url
        assert url.endswith("/v1/chat/completions?a+b=c%26d&list=1&list=2")
        assert "?" not in call(extra_query={}).request.url

    def test_of_the_headers_win_in_any_case(self) -> None:
        client = options(default_headers={"X-A": "1", "x-b": "2", "user-agent": "mine"})
        headers = call(
            client, extra_headers={"X-B": "3", "content-type": "application/x", "ACCEPT": None}
        ).request.headers
        assert headers == {
            "user-agent": Secret("mine"),
            "X-A": Secret("1"),
            "X-B": Secret("3"),
            "content-type": Secret("application/x"),
        }

    def test_of_a_client_are_not_changed_by_a_call(self) -> None:
        client = options(default_headers={"X-A": "1"})
        call(client, extra_headers={"X-A": "2"})
        assert call(client).request.headers["X-A"] == Secret("1")

    @pytest.mark.parametrize("headers", ["X-A: 1", [("X-A", "1")], 5])
    def test_of_headers_are_a_mapping(self, headers: object) -> None:
        with pytest.raises(InvalidRequestError, match="headers must be a dict"):
            call(extra_headers=headers)
        with pytest.raises(InvalidRequestError, match="headers must be a dict"):
            options(default_headers=headers)

    @pytest.mark.parametrize("value", [b"csk-hidden", 5, ["csk-hidden"], "csk-hidden\nX: y"])
    def test_of_headers_hold_one_line_of_text(self, value: object) -> None:
        for make in (
            lambda: call(extra_headers={"X-A": value}),
            lambda: options(default_headers={"X-A": value}),
        ):
            with pytest.raises(InvalidRequestError, match="'X-A'") as caught:
                make()
            assert "csk-hidden" not in str(caught.value)


class TestTheModel:
    def test_may_be_another_spelling(self) -> None:
        assert call(model="openai/gpt-oss-120b").model == "gpt-oss-120b"
        assert body(model="GPT-OSS")["model"] == "gpt-oss-120b"

    def test_may_be_unknown(self) -> None:
        made = call(model="My/Own-1")
        assert (made.model, made.notice) == ("My/Own-1", None)

    def test_is_the_users_alias_first(self) -> None:
        client = options(aliases={"fast": "qwen-3.8-27b", "gpt-oss": "my-endpoint"})
        assert call(client, model="FAST").model == "qwen-3.8-27b"
        assert call(client, model="gpt-oss").model == "my-endpoint"

    def test_may_be_that_of_the_client(self) -> None:
        client = options(default_model="fast", aliases={"fast": "gpt-oss-120b"})
        assert call(client, model=None).model == "gpt-oss-120b"
        assert call(client, model="qwen-3.8-27b").model == "qwen-3.8-27b"

    def test_may_be_retired(self) -> None:
        made = call(model="llama-3.3-70b")
        assert made.model == "llama-3.3-70b"
        assert made.notice is not None
        assert "2026-02-16" in made.notice
        replaced = call(options(retired_models="replace"), model="llama-3.3-70b")
        assert (replaced.model, replaced.notice) == ("gpt-oss-120b", None)
        with pytest.raises(ModelRetiredError):
            call(options(retired_models="error"), model="llama-3.3-70b")

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            (None, "model is missing"),
            ("", "model is empty"),
            (" ", "model is empty"),
            (5, "model must be a str, not int"),
            (["gpt-oss-120b"], "model must be a str, not list"),
        ],
    )
    def test_is_a_name(self, model: object, message: str) -> None:
        with pytest.raises(InvalidRequestError, match=message):
            call(model=model)
        if model is not None:
            with pytest.raises(InvalidRequestError, match=message):
                call(options(default_model=model), model=None)


class TestMessages:
    def test_may_come_one_by_one(self) -> None:
        def stream() -> Iterator[dict[str, str]]:
            yield from HI

        assert body(messages=stream())["messages"] == HI
        assert body(messages=tuple(HI))["messages"] == HI

    def test_may_be_answers(self) -> None:
        tool = ToolCall(id="8d6d", function=FunctionCall(name="f", arguments="{}"), index=0)
        answer = ChatCompletion(choices=[Choice(message=Message(content=None, tool_calls=[tool]))])
        reply = {"role": "tool", "tool_call_id": "8d6d", "content": "4"}
        sent = body(messages=[*HI, answer.choices[0].message, reply])["messages"]
        function = {"name": "f", "arguments": "{}"}
        call_ = {"id": "8d6d", "type": "function", "function": function, "index": 0}
        assert sent == [*HI, {"role": "assistant", "tool_calls": [call_]}, reply]

    def test_are_not_changed(self) -> None:
        mine: list[Any] = [*HI, Message(content="Hello")]
        call(messages=mine)
        assert mine == [*HI, Message(content="Hello")]

    @pytest.mark.parametrize(
        ("messages", "error"),
        [
            ("Hi", "messages must be a list .*, not str"),
            (b"Hi", "messages must be a list .*, not bytes"),
            (HI[0], "messages must be a list .*, not dict"),
            (None, "messages must be a list .*, not NoneType"),
            (5, "messages must be a list .*, not int"),
            (Message(content="Hi"), "messages must be a list .*, not Message"),
            ([], "messages is empty"),
            (iter([]), "messages is empty"),
            ([*HI, "Hi"], r"messages\[1\] must be a dict with 'role' and 'content', not str"),
            ([*HI, None], r"messages\[1\] must be a dict .*, not NoneType"),
            ([{"content": "Hi"}], r"messages\[0\] has no role"),
            ([*HI, {"role": "", "content": "Hi"}], r"messages\[1\] has no role"),
            ([{"role": None, "content": "Hi"}], r"messages\[0\] has no role"),
            ([{"role": 5, "content": "Hi"}], r"messages\[0\] has no role"),
            ([ChatCompletion()], r"messages\[0\] has no role"),
        ],
    )
    def test_are_a_list_of_messages_with_roles(self, messages: object, error: str) -> None:
        with pytest.raises(InvalidRequestError, match=error):
            call(messages=messages)

    def test_may_be_answers_that_say_more_than_a_request_may(self) -> None:
        said = convert({"content": "4", "reasoning_content": "2 + 2", "refusal": None}, Message)
        other = convert({"content": "5", "annotations": []}, Message)
        sent = body(messages=[said, other])["messages"]
        assert sent == [
            {"role": "assistant", "content": "4", "reasoning": "2 + 2"},
            {"role": "assistant", "content": "5"},
        ]

    def test_have_reasoning_by_the_name_of_this_service_only(self) -> None:
        hm = {"role": "assistant", "content": "4", "reasoning_content": "hm"}
        sent = body(messages=[hm, {**hm, "reasoning": "mine"}, {**hm, "reasoning_content": None}])
        four = {"role": "assistant", "content": "4"}
        assert sent["messages"] == [
            {**four, "reasoning": "hm"},
            {**four, "reasoning": "mine"},
            four,
        ]
        assert hm["reasoning_content"] == "hm"

    def test_as_dicts_are_sent_as_they_are(self) -> None:
        mine = {"role": "assistant", "content": None, "name": None, "new": {"a": None}}
        assert body(messages=[mine])["messages"] == [mine]


class TestHalfACharacter:
    @pytest.mark.parametrize(
        ("text", "sent"),
        [
            ("\ud800", "\ufffd"),
            ("a\ud83d", "a\ufffd"),
            ("\ud83da", "\ufffda"),
            ("a\udc00b", "a\ufffdb"),
            ("\udc00\ud800", "\ufffd\ufffd"),
            ("\ud83d\ude00", "😀"),
            ("\ud83d😀", "\ufffd😀"),
            ("\ufeff\ud800é\0", "\ufeff\ufffdé\0"),
        ],
    )
    def test_is_replaced_and_two_halves_are_joined(self, text: str, sent: str) -> None:
        assert body(messages=[{"role": "user", "content": text}])["messages"][0]["content"] == sent

    @given(st.text(st.characters(codec=None), max_size=20))
    def test_is_all_that_is_replaced(self, text: str) -> None:
        parts = [{"type": "text", "text": text}]
        made = call(
            messages=[Message(content=text, reasoning="\ud800"), {"role": "user", "content": parts}]
        )
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        first, second = json.loads(made.request.body.decode("utf-8"))["messages"]
        assert first == {"role": "assistant", "content": whole, "reasoning": "\ufffd"}
        assert second["content"] == [{"type": "text", "text": whole}]

    def test_is_replaced_wherever_it_stands(self) -> None:
        tool = {"function": {"parameters": {"enum": ["\ud800"], "a\udc00": 1}}}
        sent = body(model="m\ud800", params={"tools": [tool]}, extra_body={"user": "\ud800"})
        assert sent["tools"] == [{"function": {"parameters": {"enum": ["\ufffd"], "a\ufffd": 1}}}]
        assert (sent["model"], sent["user"]) == ("m\ufffd", "\ufffd")
        assert call(extra_query={"a": ["\ud800", 1]}).request.url.endswith("?a=%EF%BF%BD&a=1")


class TestATextCompletion:
    def made(self, prompt: object, **changes: Any) -> CompletionCall:
        given: dict[str, Any] = {
            "model": "gpt-oss-120b",
            "stream": False,
            "params": {},
            "extra_query": None,
            "extra_body": None,
            "timeout": NOT_GIVEN,
            **changes,
        }
        return text_completion(options(), prompt=prompt, extra_headers=Hidden(None), **given)

    @pytest.mark.parametrize(
        ("prompt", "prompts"),
        [
            ("", 1),
            ("a", 1),
            (["a"], 1),
            (["a", ""], 2),
            ([5, 0], 1),
            ([[1, 2], [3]], 2),
            (((1,), (2,), (3,)), 3),
        ],
    )
    def test_has_n_choices_for_each_prompt(self, prompt: Any, prompts: int) -> None:
        made = self.made(prompt, params={"n": 2, "echo": None})
        assert made.request.url == "https://api.cerebras.ai/v1/completions"
        assert json.loads(made.request.body) == {
            "model": "gpt-oss-120b",
            "prompt": json.loads(json.dumps(prompt)),
            "n": 2,
        }
        assert made.n == 2 * prompts

    @pytest.mark.parametrize(
        "prompt",
        [None, 5, b"a", {"a": 1}, [], [[]], ["a", 1], [1, "a"], [True], [-1], [1.0], [[1], ["a"]]],
    )
    def test_has_prompts_of_one_kind(self, prompt: object) -> None:
        with pytest.raises(InvalidRequestError, match=r"prompt (must be a str|is empty)"):
            self.made(prompt)


class TestWhatCannotBeSent:
    @pytest.mark.parametrize("stream", ["yes", 1, 0, []])
    def test_stream_is_a_bool(self, stream: object) -> None:
        with pytest.raises(InvalidRequestError, match="stream must be True or False"):
            call(stream=stream)

    def test_no_json_is_no_body(self) -> None:
        endless: list[Any] = []
        endless.append(endless)
        for value in (object(), {1j: 1}, endless):
            with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
                call(params={"user": value})

    @pytest.mark.parametrize("extra", [["a"], "a=1", 5])
    def test_extras_are_mappings(self, extra: object) -> None:
        with pytest.raises(InvalidRequestError, match="extra_body"):
            call(extra_body=extra)
        with pytest.raises(InvalidRequestError, match="extra_query"):
            call(extra_query=extra)

    @pytest.mark.parametrize("timeout", [0, -1, "5", True])
    def test_timeouts_are_seconds(self, timeout: object) -> None:
        with pytest.raises(InvalidRequestError, match="timeout"):
            call(timeout=timeout)
        with pytest.raises(InvalidRequestError, match="timeout"):
            options(timeout=timeout)


class TestOptions:
    def test_take_the_address_from_the_environment(self) -> None:
        there = Environment.read({"CEREBRAS_BASE_URL": " https://gw.example/v1 "})
        assert options(there).base_url == "https://gw.example"
        assert options(there, base_url="https://mine.example").base_url == "https://mine.example"
        with pytest.raises(InvalidRequestError, match="base_url"):
            options(there, base_url="")
        assert options(Environment.read({"CEREBRAS_BASE_URL": ""})).base_url == (
            "https://api.cerebras.ai"
        )

    @pytest.mark.parametrize("retries", [-1, 1.0, True, None, "2"])
    def test_take_a_number_of_retries(self, retries: object) -> None:
        with pytest.raises(InvalidRequestError, match="max_retries"):
            options(max_retries=retries)

    @pytest.mark.parametrize("mode", ["", "ignore", None, True])
    def test_take_three_words_for_retired_models(self, mode: object) -> None:
        with pytest.raises(InvalidRequestError, match='"warn", "replace" or "error"'):
            options(retired_models=mode)

    @pytest.mark.parametrize("aliases", [{"a": 1}, {"a": ""}, {1: "a"}, {"a": None}])
    def test_take_aliases_of_names(self, aliases: object) -> None:
        with pytest.raises(InvalidRequestError, match="aliases"):
            options(aliases=aliases)

    def test_do_not_change_with_what_they_were_made_of(self) -> None:
        aliases = {"a": "b"}
        headers = {"X-A": "1"}
        client = options(aliases=aliases, default_headers=headers)
        aliases["a"] = headers["X-A"] = "c"
        assert client.aliases == {"a": "b"}
        assert client.headers["X-A"] == Secret("1")

    def test_not_given_is_false_and_says_its_name(self) -> None:
        assert not NOT_GIVEN
        assert repr(NOT_GIVEN) == "NOT_GIVEN"


def test_what_the_service_does_not_know_of_a_message_of_its_own_stays_here() -> None:
    call = {
        "id": "a",
        "type": "function",
        "index": 0,
        "function": {"name": "f", "arguments": "{}", "parsed": {"x": 1}},
        "custom": 1,
    }
    message = Message.model_validate(
        {"role": "assistant", "content": None, "annotations": [], "tool_calls": [call]}
    )
    sent = body(messages=[message], checks="off")["messages"]
    known = {"name": "f", "arguments": "{}"}
    assert sent == [
        {
            "role": "assistant",
            "tool_calls": [{"id": "a", "type": "function", "index": 0, "function": known}],
        }
    ]


def test_a_deep_request_takes_no_longer_than_its_length() -> None:
    def seconds(depth: int) -> float:
        value: Any = "x"
        for _ in range(depth):
            value = {"k" * 20_000: value}
        start = time.perf_counter()
        encode({"extra": value})
        return time.perf_counter() - start

    assert min(min(seconds(400) for _ in range(3)) / seconds(100) for _ in range(5)) < 8


def test_what_json_cannot_say_is_named_by_its_place() -> None:
    with pytest.raises(InvalidRequestError, match=r"^a\[1\]\.b is nan, which JSON cannot say$"):
        encode({"a": [1, {"b": float("nan")}]})
