"""What the local server answers: keys, errors, models, limits and the session."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from cerebras_sdk._core.catalog import MODELS
from cerebras_sdk.testing import (
    ContextLengthExceeded,
    Delta,
    Finish,
    LocalServer,
    RequestRefused,
    serve,
)

from .local_client import Body, chat, client_of, events

_INVALID = {
    "type": "invalid_request_error",
    "param": "validation_error",
    "code": "wrong_api_format",
}


class Failing:
    """Says the given words and then fails."""

    model = "failing"

    def __init__(self, *words: str, error: Exception) -> None:
        self._words = words
        self._error = error

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        for word in self._words:
            emit(Delta(word))
        raise self._error


@pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer", "csk-test"])
def test_a_request_without_a_key_is_not_authenticated(
    server: LocalServer, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = httpx.post(f"{server.base_url}/v1/chat/completions", json=chat(), headers=headers)
    assert (answer.status_code, answer.text) == (403, '{"detail":"Not authenticated"}')


def test_a_wrong_key_is_told_so(server: LocalServer) -> None:
    answer = httpx.get(f"{server.base_url}/v1/models", headers={"Authorization": "Bearer csk-no"})
    assert answer.status_code == 401
    assert answer.text == (
        '{"message":"Wrong API Key","type":"invalid_request_error","param":"api_key",'
        '"code":"wrong_api_key"}'
    )
    assert "cf-ray" in answer.headers


def test_a_key_can_be_revoked_and_another_one_added(
    server: LocalServer, client: httpx.Client
) -> None:
    assert client.get("/v1/models").status_code == 200
    server.api_keys.remove("csk-test")
    assert client.get("/v1/models").status_code == 401
    server.api_keys.add("csk-test")
    assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (chat(min_p=0.1), "body.min_p: property 'body.min_p' is unsupported"),
        (
            chat(min_p=0.1, store=True),
            "body.min_p: property 'body.min_p' is unsupported\n"
            "body.store: property 'body.store' is unsupported",
        ),
        (
            {"model": "gpt-oss-120b", "messages": [{"role": "assistant", "reasoning_content": ""}]},
            "messages.0.assistant.reasoning_content: "
            "property 'messages.0.assistant.reasoning_content' is unsupported",
        ),
        ({"model": "gpt-oss-120b"}, "messages: Field required"),
        ({"messages": [{"role": "user", "content": "x"}]}, "model: Field required"),
        (
            {"model": "gpt-oss-120b", "messages": []},
            "messages: List should have at least 1 item after validation, not 0",
        ),
        (
            {"model": "gpt-oss-120b", "messages": [{"content": "x"}]},
            "messages.0.role: Field required",
        ),
        ({"model": "gpt-oss-120b", "messages": "x"}, "messages: Input should be a valid list"),
        (
            {"model": None, "messages": [{"role": "user", "content": "x"}]},
            "model: Input should be a valid string",
        ),
        (
            chat(max_tokens=1, max_completion_tokens=1),
            "body: 'max_tokens' and 'max_completion_tokens' cannot be used together",
        ),
        (chat(temperature=3), "temperature: Input should be less than or equal to 2"),
        (chat(max_tokens=1.5), "max_tokens: Input should be a valid integer"),
        (chat(stream="yes"), "stream: Input should be a valid boolean"),
        (
            {
                "model": "gpt-oss-120b",
                "messages": [{"role": "system", "content": [{"type": "image_url"}]}],
            },
            "image_url content parts are only supported on user messages",
        ),
        (["chat"], "body: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_request_is_refused_in_these_words(
    client: httpx.Client, body: object, message: str
) -> None:
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert answer.json() == {"message": message, **_INVALID}


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"model": NaN}', '"\\ud800"', '"\\q"', "\udcff"],
)
def test_what_is_no_json_is_refused(client: httpx.Client, text: str) -> None:
    answer = client.post("/v1/chat/completions", content=text.encode(errors="surrogateescape"))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("body: Invalid JSON: ")
    assert answer.json()["code"] == "wrong_api_format"


@pytest.mark.parametrize(
    ("encoding", "content"), [("gzip", b"no gzip"), ("gzip", b"\x1f\x8b\x08"), ("br", b"{}")]
)
def test_a_body_in_an_unreadable_encoding_is_refused(
    client: httpx.Client, encoding: str, content: bytes
) -> None:
    headers = {"Content-Encoding": encoding}
    answer = client.post("/v1/chat/completions", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_api_format")


@pytest.mark.parametrize("fields", [{"n": 2}, {"logprobs": True}])
def test_what_the_local_server_cannot_do_is_refused_and_not_ignored(
    client: httpx.Client, fields: Body
) -> None:
    answer = client.post("/v1/chat/completions", json=chat(**fields))
    assert answer.status_code == 400
    assert "local server" in answer.json()["message"]


def test_null_means_not_given(client: httpx.Client) -> None:
    answer = client.post(
        "/v1/chat/completions",
        json=chat(max_tokens=None, max_completion_tokens=2, stop=None, n=None),
    )
    assert answer.json()["choices"][0]["message"]["content"] == "one two "


def test_an_unknown_model_is_told_so(client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", json=chat() | {"model": "foo"})
    assert answer.status_code == 404
    assert answer.text == (
        '{"message":"Model foo does not exist or you do not have access to it.",'
        '"type":"not_found_error","param":"model","code":"model_not_found"}'
    )


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/v1/chat/completions", "/v1/chat/completions/"])
def test_a_path_that_is_not_routed_has_an_empty_404(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json=chat())
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["content-type"] == "text/plain"


def test_an_engine_that_fails_before_its_first_word_is_a_server_error() -> None:
    with serve(Failing(error=ValueError("inner"))) as server, client_of(server) as client:
        answers = [
            client.post("/v1/chat/completions", json=chat(stream=stream))
            for stream in (True, False)
        ]
    for answer in answers:
        assert answer.status_code == 500
        assert answer.text == (
            '{"message":"Encountered a server error, please try again.",'
            '"type":"server_error","param":"","code":""}'
        )


def test_an_engine_that_fails_in_the_middle_ends_the_stream_with_an_error() -> None:
    with serve(Failing("Well", error=ValueError("x"))) as server, client_of(server) as client:
        answer = client.post("/v1/chat/completions", json=chat(stream=True))
        whole = client.post("/v1/chat/completions", json=chat())
    assert answer.status_code == 200
    assert answer.text.endswith(
        'data: {"status_code":500,"error":{"message":"Encountered a server error, '
        'please try again.","type":"server_error","param":"","code":"","id":""}}\n\n'
    )
    assert events(answer.text)[1]["choices"][0]["delta"] == {"content": "Well"}
    assert whole.status_code == 500


def test_an_engine_may_refuse_a_request_as_too_long() -> None:
    refusal = ContextLengthExceeded(length=8530, limit=8192)
    with serve(Failing(error=refusal)) as server, client_of(server) as client:
        answer = client.post("/v1/chat/completions", json=chat(stream=True))
    assert answer.status_code == 400
    assert answer.json() == {
        "message": "Please reduce the length of the messages or completion. "
        "Current length is 8530 while limit is 8192",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }


def test_a_refusal_in_the_middle_of_a_stream_keeps_its_status() -> None:
    refusal = RequestRefused("no more", status=402, code="payment_required")
    with serve(Failing("Well", error=refusal)) as server, client_of(server) as client:
        answer = client.post("/v1/chat/completions", json=chat(stream=True))
    assert events(answer.text)[-1]["status_code"] == 402
    assert events(answer.text)[-1]["error"]["message"] == "no more"


def test_an_engine_with_a_name_answers_under_it() -> None:
    class Named:
        model = "small-model"

        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            emit(Delta("Hi"))
            return Finish("stop", prompt_tokens=1, completion_tokens=1, prompt_seconds=0.5)

    with serve(Named()) as server, client_of(server) as client:
        answer = client.post("/v1/chat/completions", json=chat()).json()
    assert answer["model"] == "small-model"
    assert answer["time_info"]["prompt_time"] == 0.5
    assert 0 < answer["time_info"]["completion_time"] < answer["time_info"]["total_time"]


def test_every_model_of_the_catalog_answers_but_only_the_living_are_listed(
    client: httpx.Client,
) -> None:
    listed = client.get("/v1/models").json()
    assert [model["id"] for model in listed["data"]] == [m.id for m in MODELS if not m.retired]
    assert listed["object"] == "list"
    for model in MODELS:
        answer = client.post("/v1/chat/completions", json=chat() | {"model": model.id})
        assert answer.json()["model"] == model.id


def test_models_can_be_chosen() -> None:
    with serve(models=["my-org/model"]) as server, client_of(server) as client:
        assert [m["id"] for m in client.get("/v1/models").json()["data"]] == ["my-org/model"]
        assert client.get("/v1/models/my-org%2Fmodel").text == (
            '{"id":"my-org/model","object":"model","created":0,"owned_by":"Cerebras"}'
        )
        assert client.get("/v1/models/gpt-oss-120b").json()["code"] == "model_not_found"
        refused = client.post("/v1/chat/completions", json=chat())
        assert refused.status_code == 404


def test_warming_the_connection_is_answered(client: httpx.Client) -> None:
    answer = client.get("/v1/tcp_warming")
    assert (answer.status_code, answer.text) == (200, "{}")


def test_the_limits_of_a_trial_account_are_counted_down(client: httpx.Client) -> None:
    first = client.post("/v1/chat/completions", json=chat()).headers
    second = client.post("/v1/chat/completions", json=chat()).headers
    for window, limit in (("minute", 5), ("hour", 150), ("day", 2400)):
        assert first[f"x-ratelimit-limit-requests-{window}"] == str(limit)
        # Not `limit - 1`: the minute may have turned between the two.
        assert int(first[f"x-ratelimit-remaining-requests-{window}"]) == limit - 1
        assert int(second[f"x-ratelimit-remaining-requests-{window}"]) in (limit - 1, limit - 2)
    assert int(first["x-ratelimit-remaining-tokens-minute"]) == 30_000 - 10
    assert 0 < float(first["x-ratelimit-reset-tokens-minute"]) <= 60
    assert 0 < float(first["x-ratelimit-reset-requests-day"]) <= 86_400


def test_an_error_carries_no_limits(client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", json=chat(min_p=1))
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


@pytest.mark.parametrize("name", ["authjs.session-token", "__Secure-authjs.session-token"])
def test_a_session_cookie_is_exchanged_for_a_key_that_works(name: str) -> None:
    with serve(api_keys=(), sessions={"s3cret=": "csk-mine"}) as server:
        answer = httpx.get(server.session_url, headers={"Cookie": f"a=b; {name}=s3cret=; c"})
        key = answer.json()["user"]["demoApiKey"]
        used = httpx.get(f"{server.base_url}/v1/models", headers={"Authorization": f"Bearer {key}"})
    assert key == "csk-mine"
    assert used.status_code == 200
    expiry = datetime.fromisoformat(answer.json()["user"]["demoApiKeyExpiry"])
    assert timedelta(minutes=9) < expiry - datetime.now(UTC) <= timedelta(minutes=10)
    assert answer.json()["user"]["demoApiKeyExpiry"].endswith("Z")
    assert answer.json()["expires"].endswith("Z")


@pytest.mark.parametrize("cookie", ["", "authjs.session-token=other", "session=s3cret", ";;="])
def test_a_stranger_has_no_session(cookie: str) -> None:
    with serve(sessions={"s3cret": "csk-mine"}) as server:
        answer = httpx.get(server.session_url, headers={"Cookie": cookie})
    assert (answer.status_code, json.loads(answer.text)) == (200, None)
    assert "csk-mine" not in server.api_keys
