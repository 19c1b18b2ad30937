"""Every shape an error comes in gives the exception that it means, with all that is known."""

from __future__ import annotations

import copy
import json
import pickle
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk import errors
from cerebras_sdk._core.failures import (
    embedded_error,
    error_detail,
    redact,
    redacted_headers,
    status_error,
)
from cerebras_sdk._core.http import Headers, Request
from cerebras_sdk._core.limits import request_id
from cerebras_sdk._core.secret import Secret
from cerebras_sdk.errors import APIStatusError

URL = "https://api.cerebras.ai/v1/chat/completions"
REQUEST = Request(method="POST", url=URL)
JSON = Headers([("content-type", "application/json")])


def error(
    status: int, body: object, headers: dict[str, str] | None = None, model: str | None = None
) -> APIStatusError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status_error(status, Headers((headers or {}).items()), raw, REQUEST, model=model)


def flat(message: str, type: str, code: str, param: str = "") -> dict[str, str]:  # noqa: A002
    return {"message": message, "type": type, "param": param, "code": code}


INVALID = "invalid_request_error"
BUSY = "We're experiencing high traffic right now! Please try again soon."
TABLE: list[tuple[int, type[APIStatusError], dict[str, str]]] = [
    (
        400,
        errors.BadRequestError,
        flat("body.min_p: unsupported", INVALID, "wrong_api_format", "validation_error"),
    ),
    (
        400,
        errors.BadRequestError,
        flat("Invalid fields for schema", INVALID, "wrong_api_format", "response_format"),
    ),
    (400, errors.BadRequestError, flat('"tools" is incompatible', INVALID, "wrong_api_format")),
    (
        400,
        errors.ContextLengthExceededError,
        flat("Please reduce", INVALID, "context_length_exceeded", "messages") | {"id": ""},
    ),
    (401, errors.AuthenticationError, flat("Wrong API Key", INVALID, "wrong_api_key", "api_key")),
    (
        402,
        errors.PaymentRequiredError,
        flat("Visit your billing tab.", "payment_required_error", "payment_required", "quota"),
    ),
    (
        404,
        errors.ModelNotFoundError,
        flat("Model foo does not exist", "not_found_error", "model_not_found", "model"),
    ),
    (408, errors.APIStatusError, flat("Timed out", "", "")),
    (409, errors.ConflictError, flat("Conflict", "", "")),
    (413, errors.ContentTooLargeError, flat("Total request size exceeds maximum", "", "")),
    (
        422,
        errors.UnprocessableEntityError,
        flat("Bad", INVALID, "wrong_api_format", "response_format"),
    ),
    (
        429,
        errors.RateLimitError,
        flat("Requests per minute", "too_many_requests_error", "request_quota_exceeded", "quota"),
    ),
    (
        429,
        errors.RateLimitError,
        flat("Tokens per day", "too_many_tokens_error", "token_quota_exceeded", "quota"),
    ),
    (429, errors.RateLimitError, flat(BUSY, "too_many_requests_error", "queue_exceeded", "queue")),
    (500, errors.InternalServerError, flat("Encountered a server error", "server_error", "")),
    (502, errors.InternalServerError, flat("Bad gateway", "", "")),
    (503, errors.InternalServerError, flat("Unavailable", "", "")),
    (529, errors.InternalServerError, flat("Overloaded", "", "")),
]


class TestTheErrorsOfTheService:
    @pytest.mark.parametrize(("status", "cls", "body"), TABLE)
    @pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "under error"])
    def test_each_has_its_class_and_its_attributes(
        self, status: int, cls: type[APIStatusError], body: dict[str, str], wrapped: bool
    ) -> None:
        sent: dict[str, Any] = {"error": body} if wrapped else body
        headers = {"inference-id": "chatcmpl-1", "x-ratelimit-limit-requests-day": "7"}
        failure = error(status, sent, headers)
        assert type(failure) is cls
        assert failure.status_code == status
        assert failure.code == (body["code"] or None)
        assert failure.type == (body["type"] or None)
        assert failure.param == (body["param"] or None)
        assert failure.request_id == "chatcmpl-1"
        assert failure.url == URL
        assert failure.body == sent
        assert failure.headers["X-RateLimit-Limit-Requests-Day"] == "7"
        assert str(failure) == failure.message
        shown = f"{status} {body['code']}" if body["code"] else str(status)
        said = f"{shown}: {body['message']} [POST {URL}] (request id chatcmpl-1)"
        knob = failure.message.removeprefix(said)
        assert failure.message.startswith(said)
        assert bool(knob) == isinstance(failure, errors.RateLimitError)

    def test_422_is_also_the_400_that_it_became(self) -> None:
        assert isinstance(error(422, flat("m", "", "")), errors.BadRequestError)

    def test_no_key_is_told_in_the_shape_of_the_framework(self) -> None:
        failure = error(403, {"detail": "Not authenticated"})
        assert type(failure) is errors.PermissionDeniedError
        assert "403: Not authenticated [" in str(failure)
        assert (failure.code, failure.type, failure.param) == (None, None, None)

    def test_validation_errors_of_the_framework_name_the_field(self) -> None:
        detail = [
            {"loc": ["body", "messages", 0, "role"], "msg": "field required", "type": "missing"},
            {"msg": "no place"},
            "odd",
        ]
        text = "body.messages.0.role: field required; no place; odd"
        assert text in str(error(422, {"detail": detail}))

    def test_an_error_may_be_a_text(self) -> None:
        failure = error(400, {"error": "broken", "code": 7})
        assert "400 7: broken" in str(failure)
        assert failure.code == "7"

    def test_a_null_error_beside_a_flat_one_does_not_hide_it(self) -> None:
        assert error(400, flat("m", "t", "c") | {"error": None}).code == "c"

    def test_json_that_says_nothing_known_is_shown(self) -> None:
        assert "{'status': 'bad'}" in str(error(418, {"status": "bad"}))


class TestAnswersThatAreNotOfTheService:
    def test_an_empty_404_names_the_base_url(self) -> None:
        failure = error(404, b"", {"content-type": "text/plain", "cf-ray": "8f-FRA"})
        assert type(failure) is errors.NotFoundError
        assert "Check base_url" in str(failure)
        assert "'https://api.cerebras.ai', with or without /v1" in str(failure)
        assert f"[POST {URL}]" in str(failure)
        assert failure.request_id == "8f-FRA"
        assert failure.body is None

    def test_blanks_are_an_empty_answer(self) -> None:
        assert "Check base_url" in str(error(404, b" \r\n"))
        assert "503: an empty answer [" in str(error(503, b""))

    def test_the_page_of_a_firewall_is_named_and_not_repeated(self) -> None:
        page = b"<!DOCTYPE html><html><head><title>\n Attention  Required! | Cloudflare</title>..."
        failure = error(403, page, {"content-type": "text/html; charset=UTF-8"})
        assert type(failure) is errors.PermissionDeniedError
        assert "an HTML page titled 'Attention Required! | Cloudflare'" in str(failure)
        assert "firewall" in str(failure)
        assert "<html" not in str(failure)
        assert failure.body == page.decode()

    @pytest.mark.parametrize("page", [b"<html>x", b"  <HTML>", b"<!doctype html>"])
    def test_a_page_is_known_without_its_content_type(self, page: bytes) -> None:
        assert "502: an HTML page instead of JSON: a proxy answered" in str(error(502, page))

    def test_a_long_text_is_cut_in_the_message_and_kept_in_the_body(self) -> None:
        failure = error(502, b"upstream \n down " * 5000)
        assert "502: upstream down upstream" in str(failure)
        assert len(str(failure)) < 500
        assert str(failure.body).count("upstream") == 5000

    def test_a_redirect_says_where_to_and_why_it_stops(self) -> None:
        failure = error(307, b"", {"location": "https://other.example/v1/x?token=1"})
        assert type(failure) is APIStatusError
        assert "a redirect to https://other.example, which is not followed" in str(failure)
        assert "token" not in str(failure)

    @pytest.mark.parametrize("location", ["http://[", "//[::1", "https://h:99999999/", "", None])
    def test_a_redirect_to_nowhere_is_an_error_too(self, location: str | None) -> None:
        headers = {} if location is None else {"location": location}
        assert error(302, b"", headers).status_code == 302

    def test_a_redirect_without_a_target_names_none(self) -> None:
        assert "redirect to" not in str(error(304, b""))


class TestAModelThatIsNotThere:
    BODY = flat("Model x does not exist.", "not_found_error", "model_not_found", "model")

    @pytest.mark.parametrize(
        ("model", "advice"),
        [
            ("llama-3.3-70b", "'llama-3.3-70b' was retired on 2026-02-16; use 'gpt-oss-120b'."),
            ("gpt-oss-12b", "Did you mean 'gpt-oss-120b'?"),
            ("my-own", "Known models: 'gpt-oss-120b', 'qwen-3.8-27b'."),
        ],
    )
    def test_the_error_says_what_to_use_instead(self, model: str, advice: str) -> None:
        failure = error(404, self.BODY, model=model)
        assert isinstance(failure, errors.NotFoundError)
        assert f"Model x does not exist. {advice} [" in str(failure)

    def test_in_an_answer_of_200_it_is_the_same_error(self) -> None:
        failure = embedded_error({"error": self.BODY}, JSON, REQUEST, model="gpt-oss-12b")
        assert type(failure) is errors.ModelNotFoundError
        assert failure.status_code == 404
        assert "Did you mean" in str(failure)


class TestErrorsInAnAnswerOf200:
    def test_the_status_is_the_one_it_names(self) -> None:
        inner = {"message": "Please try again.", "type": "server_error", "param": "", "code": ""}
        failure = embedded_error({"status_code": 503, "error": inner}, JSON, REQUEST)
        assert type(failure) is errors.InternalServerError
        assert failure.status_code == 503
        assert str(failure) == f"503: Please try again. [the answer to POST {URL}]"
        assert (failure.type, failure.param, failure.code) == ("server_error", None, None)

    @pytest.mark.parametrize(
        ("document", "cls", "status"),
        [
            ({"error": {"message": "m", "status_code": 400}}, errors.BadRequestError, 400),
            ({"error": {"message": "m", "code": 401}}, errors.AuthenticationError, 401),
            ({"error": {"message": "m", "code": "402"}}, errors.PaymentRequiredError, 402),
            ({"error": "m", "code": 429}, errors.RateLimitError, 429),
            ({"status_code": "429", "error": {"message": "m"}}, errors.RateLimitError, 429),
            ({"status_code": 400, "choices": [], "message": "m"}, errors.BadRequestError, 400),
            ({"status_code": 404, "error": {}}, errors.NotFoundError, 404),
            ({"status_code": 503}, errors.InternalServerError, 503),
            ({"error": True}, errors.InternalServerError, 500),
            ({"error": ["m"]}, errors.InternalServerError, 500),
            ({"error": flat("m", "t", "token_quota_exceeded", "quota")},
             errors.RateLimitError, 429),
            (flat("m", "t", "request_quota_exceeded", "quota"), errors.RateLimitError, 429),
            (flat("m", "t", "queue_exceeded", "queue"), errors.RateLimitError, 429),
            (flat("m", "too_many_requests_error", "", ""), errors.RateLimitError, 429),
            (flat("m", INVALID, "wrong_api_format", ""), errors.BadRequestError, 400),
            (flat("m", INVALID, "wrong_api_key", "api_key"), errors.AuthenticationError, 401),
            (flat("m", INVALID, "context_length_exceeded", ""),
             errors.ContextLengthExceededError, 400),
            (flat("m", "payment_required_error", "", "quota"), errors.PaymentRequiredError, 402),
            (flat("m", "server_error", "", ""), errors.InternalServerError, 500),
            ({"error": {"message": "m", "code": "499999"}}, errors.InternalServerError, 500),
        ],
    )  # fmt: skip
    def test_the_status_is_found_wherever_it_stands(
        self, document: dict[str, Any], cls: type[Exception], status: int
    ) -> None:
        failure = embedded_error(document, JSON, REQUEST)
        assert type(failure) is cls
        assert isinstance(failure, APIStatusError)
        assert failure.status_code == status

    @pytest.mark.parametrize("status", [None, "500", True, 200, 3.5])
    def test_without_a_status_it_is_500(self, status: object) -> None:
        failure = embedded_error({"status_code": status, "error": "x"}, JSON, REQUEST)
        assert type(failure) is errors.InternalServerError
        assert failure.status_code == 500

    @pytest.mark.parametrize(
        "document",
        [
            None, [], "error", 5, {}, {"choices": []}, {"error": None}, {"message": 5},
            {"choices": [], "message": "part of a choice"}, {"detail": {"a": 1}},
        ],
    )  # fmt: skip
    def test_what_is_no_error_is_none(self, document: object) -> None:
        assert embedded_error(document, JSON, REQUEST) is None
        assert error_detail(document) is None


class TestBadBytes:
    @pytest.mark.parametrize(
        "body",
        [
            b'{"message": "\xff\xfe", "code": "c"}',
            b"\xff\xfe\x00",
            b'{"message": "\\ud800"}',
            b'"\xed\xa0\x80"',
            b"{" * 100_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'{"message":' + b"[" * 700 + b"]" * 700 + b"}",
            b'{"detail":[' + b"[" * 700 + b"]" * 700 + b"]}",
            b"9" * 10_000,
            b"1e999",
            b'{"status_code": 1e999, "message": 1}',
            b"null",
            b"[]",
            b'""',
            b"\x00" * 1000,
        ],
        ids=lambda body: repr(body[:20]),
    )
    @pytest.mark.parametrize("status", [302, 400, 404, 500])
    def test_no_body_makes_another_error_of_it(self, status: int, body: bytes) -> None:
        assert error(status, body).status_code == status

    @settings(max_examples=200, deadline=None)
    @given(
        st.one_of(
            st.binary(max_size=200),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["error", "message", "detail", "code", "loc", "msg"]),
                        inner,
                        max_size=4,
                    )
                ),
                max_leaves=8,
            ).map(lambda document: json.dumps(document).encode()),
        ),
        st.sampled_from([300, 302, 400, 401, 403, 404, 418, 429, 500, 599]),
        st.dictionaries(st.sampled_from(["content-type", "location", "cf-ray"]), st.text()),
    )
    def test_status_error_never_raises(
        self, body: bytes, status: int, headers: dict[str, str]
    ) -> None:
        failure = status_error(status, Headers(headers.items()), body, REQUEST, model="m")
        assert failure.status_code == status
        assert f"[POST {URL}]" in str(failure)

    def test_a_page_made_to_be_slow_is_read_at_once(self) -> None:
        page = b"<html>" + b"<title" * 100_000
        started = time.process_time()
        assert "HTML page" in str(error(502, page))
        assert time.process_time() - started < 5  # 6 * 10**10 steps otherwise


class TestWhatAnErrorCanDo:
    def test_it_can_be_pickled_and_copied(self) -> None:
        failure = error(429, flat("m", "t", "c", "p"), {"retry-after": "2", "inference-id": "i"})
        for twin in (pickle.loads(pickle.dumps(failure)), copy.copy(failure)):
            assert type(twin) is errors.RateLimitError
            assert twin.args == failure.args
            assert vars(twin) == vars(failure)
            assert twin.headers["Retry-After"] == "2"

    def test_every_class_can_be_pickled(self) -> None:
        for cls in vars(errors).values():
            if not (isinstance(cls, type) and issubclass(cls, Exception)):
                continue
            if issubclass(cls, APIStatusError):
                failure: Exception = cls("text", status_code=400)
            elif issubclass(cls, errors.APIError):
                failure = cls("text", url=URL)
            else:
                failure = cls("text")
            twin = pickle.loads(pickle.dumps(failure))
            assert (type(twin), str(twin), vars(twin)) == (cls, "text", vars(failure))


class TestTheRequestId:
    def test_it_is_the_id_of_the_service_before_that_of_its_edge(self) -> None:
        assert request_id(Headers([("Cf-Ray", "r"), ("Inference-Id", "i")])) == "i"
        assert request_id(Headers([("CF-RAY", "r")])) == "r"
        assert request_id(Headers()) is None


class TestAKeyThatComesBack:
    def test_it_is_starred(self) -> None:
        signed = REQUEST.signed(Secret("csk-test-0123"))
        assert redact(b"Bearer csk-test-0123 refused, csk-test-0123", signed) == (
            b"Bearer *** refused, ***"
        )
        assert redact(b"as it was", REQUEST) == b"as it was"

    def test_so_are_the_secrets_of_a_gateway_and_what_headers_repeat(self) -> None:
        sent = REQUEST.with_headers({"X-Gateway": Secret("gw-secret-77"), "X-Open": "as it was"})
        assert redact(b"no gw-secret-77, as it was", sent) == b"no ***, as it was"
        echoed = Headers([("X-Echo", "gw-secret-77"), ("Retry-After", "7")])
        assert dict(redacted_headers(echoed, sent)) == {"x-echo": "***", "retry-after": "7"}

    @pytest.mark.parametrize("key", ["x", "none", "null", "EMPTY", "400"])
    def test_the_dummy_key_of_a_local_server_does_not_garble_the_error(self, key: str) -> None:
        body = json.dumps(flat("null x EMPTY none 400", INVALID, "context_length_exceeded"))
        raw = f'{{"id":null,"n":400,{body[1:]}'.encode()
        failure = error(400, redact(raw, REQUEST.signed(Secret(key))))
        assert failure.code == "context_length_exceeded"
        assert "null x EMPTY none 400" in str(failure)
