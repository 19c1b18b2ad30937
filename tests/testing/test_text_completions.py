"""Text completions: prompts of every kind, whole and streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from cerebras_sdk.testing import Delta, EchoEngine, Finish, serve

from .local_client import Body, client_of, events

_PATH = "/v1/completions"


def _ask(prompt: object = "one two three", **fields: Any) -> Body:
    return {"model": "gpt-oss-120b", "prompt": prompt, **fields}


def test_a_text_completion_has_this_shape(client: httpx.Client) -> None:
    response = client.post(_PATH, json=_ask())
    answer = response.json()
    assert list(answer) == [
        *("id", "choices", "created", "model", "system_fingerprint", "object"),
        *("usage", "time_info"),
    ]
    assert answer["object"] == "text_completion"
    assert answer["id"].startswith("cmpl-")
    assert answer["id"] == response.headers["inference-id"]
    assert answer["model"] == "gpt-oss-120b"
    assert answer["choices"] == [{"finish_reason": "stop", "index": 0, "text": "one two three"}]
    assert answer["usage"]["prompt_tokens"] == 3
    assert answer["usage"]["total_tokens"] == 6
    assert answer["time_info"]["total_time"] > 0
    assert int(response.headers["x-ratelimit-remaining-requests-day"]) == 2399


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("", [""]),
        (["a b", "c"], ["a b", "c"]),
        ([504, 3575], ["504 3575"]),
        ([[1, 2], [3]], ["1 2", "3"]),
    ],
)
def test_each_prompt_has_a_choice_in_its_place(
    client: httpx.Client, prompt: object, texts: list[str]
) -> None:
    choices = client.post(_PATH, json=_ask(prompt)).json()["choices"]
    assert [choice["text"] for choice in choices] == texts
    assert [choice["index"] for choice in choices] == list(range(len(texts)))


def test_n_choices_of_each_prompt_follow_each_other(client: httpx.Client) -> None:
    answer = client.post(_PATH, json=_ask(["a", "b b"], n=2)).json()
    assert [choice["text"] for choice in answer["choices"]] == ["a", "a", "b b", "b b"]
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    assert answer["usage"]["prompt_tokens"] == 3
    assert answer["usage"]["completion_tokens"] == 6


def test_a_cap_and_a_stop_text_end_each_choice(client: httpx.Client) -> None:
    answer = client.post(_PATH, json=_ask(["a b c", "d"], max_tokens=2)).json()
    assert [(c["text"], c["finish_reason"]) for c in answer["choices"]] == [
        ("a b ", "length"),
        ("d", "stop"),
    ]
    answer = client.post(_PATH, json=_ask("a b c", stop=["c", "x"])).json()
    assert answer["choices"][0]["text"] == "a b "


@pytest.mark.parametrize(("prompt", "text"), [("a b. ", "a b. a b. "), ([7, 8], "7 87 8")])
def test_an_echo_says_the_prompt_first(client: httpx.Client, prompt: object, text: str) -> None:
    assert client.post(_PATH, json=_ask(prompt, echo=True)).json()["choices"][0]["text"] == text
    streamed = events(client.post(_PATH, json=_ask(prompt, echo=True, stream=True)).text)
    assert "".join(chunk["choices"][0]["text"] for chunk in streamed[:-1]) == text


def test_a_stream_puts_pieces_in_text_and_the_account_in_its_last_chunk(
    client: httpx.Client,
) -> None:
    response = client.post(_PATH, json=_ask(stream=True))
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *chunks, done = events(response.text)
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert [chunk["choices"] for chunk in chunks] == [
        [{"index": 0, "text": "one two "}],
        [{"index": 0, "text": "three"}],
        [{"finish_reason": "stop", "index": 0, "text": ""}],
    ]
    assert ["usage" in chunk and "time_info" in chunk for chunk in chunks] == [False, False, True]


def test_each_choice_of_a_stream_ends_with_its_reason(client: httpx.Client) -> None:
    *chunks, _ = events(
        client.post(_PATH, json=_ask(["a b c", "d"], max_tokens=2, stream=True)).text
    )
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [(c["index"], c["text"], c.get("finish_reason")) for c in choices] == [
        (0, "a b ", None),
        (0, "", "length"),
        (1, "d", None),
        (1, "", "stop"),
    ]
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert "usage" not in chunks[1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_ask(min_p=0.1), "body.min_p: property 'body.min_p' is unsupported"),
        (
            _ask(messages=[]) | {"max_completion_tokens": 2},
            "body.messages: property 'body.messages' is unsupported\n"
            "body.max_completion_tokens: property 'body.max_completion_tokens' is unsupported",
        ),
        ({"model": "gpt-oss-120b"}, "prompt: Field required"),
        ({"prompt": "x"}, "model: Field required"),
        (_ask(logprobs=True), "logprobs: Input should be a valid integer"),
        (_ask(best_of=21), "best_of: Input should be less than or equal to 20"),
        (_ask(echo="yes"), "echo: Input should be a valid boolean"),
        (_ask([]), "prompt: List should have at least 1 item after validation, not 0"),
        (_ask([[]]), "prompt: List should have at least 1 item after validation, not 0"),
    ],
)
def test_a_wrong_request_is_refused_in_these_words(
    client: httpx.Client, body: Body, message: str
) -> None:
    answer = client.post(_PATH, json=body)
    assert answer.status_code == 400
    assert answer.json() == {
        "message": message,
        "type": "invalid_request_error",
        "param": "validation_error",
        "code": "wrong_api_format",
    }


@pytest.mark.parametrize("prompt", [None, 1, ["a", 1], [1, "a"], [-1], [True], [[1], "a"], {}])
def test_a_prompt_of_another_kind_is_refused(client: httpx.Client, prompt: object) -> None:
    answer = client.post(_PATH, json=_ask(prompt))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("prompt: Input should be a string or a list")


@pytest.mark.parametrize(
    "fields",
    [{"logprobs": 0}, {"best_of": 2}, {"suffix": "."}, {"return_raw_tokens": True}],
)
def test_what_the_local_server_cannot_do_is_refused_and_not_ignored(
    client: httpx.Client, fields: Body
) -> None:
    answer = client.post(_PATH, json=_ask(**fields))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("The local server does not offer ")


def test_an_unknown_model_is_told_so(client: httpx.Client) -> None:
    answer = client.post(_PATH, json=_ask() | {"model": "foo"})
    assert (answer.status_code, answer.json()["code"]) == (404, "model_not_found")


def test_an_engine_that_continues_prompts_gets_them_one_by_one_and_as_they_are() -> None:
    class Continuing(EchoEngine):
        asked: list[object]

        def complete(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            self.asked.append(request["prompt"])
            emit(Delta())
            emit(Delta(f"{len(self.asked)}", reasoning="hm"))
            return Finish("stop", prompt_tokens=2, completion_tokens=1)

    engine = Continuing()
    engine.asked = []
    with serve(engine) as server, client_of(server) as client:
        answer = client.post(_PATH, json=_ask([[1, 2], [3]])).json()
    assert engine.asked == [[1, 2], [3]]
    assert [choice["text"] for choice in answer["choices"]] == ["1", "2"]
    assert answer["usage"]["prompt_tokens"] == 4


def test_an_engine_that_fails_in_the_second_choice_ends_the_stream_with_an_error() -> None:
    class Failing(EchoEngine):
        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            if request["prompt"] == "bad":
                raise ValueError("inner")
            return super().answer(request, emit)

    with serve(Failing()) as server, client_of(server) as client:
        answer = client.post(_PATH, json=_ask(["good", "bad"], stream=True))
        whole = client.post(_PATH, json=_ask(["good", "bad"]))
    assert events(answer.text)[-1]["status_code"] == 500
    assert "inner" not in answer.text
    assert whole.status_code == 500
