"""What a refusal for lack of room says: which quota, which window, when it reopens, what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cerebras_sdk import errors
from cerebras_sdk._core.failures import embedded_error, status_error
from cerebras_sdk._core.http import Headers, Request
from cerebras_sdk.errors import ContextLengthExceededError, RateLimitError

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
REQUEST = Request(method="POST", url="https://api.cerebras.ai/v1/chat/completions")
TOKENS = ("too_many_tokens_error", "token_quota_exceeded")
REQUESTS = ("too_many_requests_error", "request_quota_exceeded")
QUEUE = ("too_many_requests_error", "queue_exceeded")


def refusal(
    message: str, names: tuple[str, str], headers: dict[str, str] | None = None, **more: Any
) -> RateLimitError:
    body = {"message": message, "type": names[0], "param": "quota", "code": names[1], **more}
    error = status_error(
        429, Headers((headers or {}).items()), json.dumps(body).encode(), REQUEST, now=NOW
    )
    assert isinstance(error, RateLimitError)
    return error


@pytest.mark.parametrize("window", ["second", "minute", "hour", "day"])
@pytest.mark.parametrize(
    ("kind", "names", "end"),
    [
        ("Requests", REQUESTS, "too many requests sent."),
        ("Tokens", TOKENS, "too many tokens processed."),
    ],
)
def test_the_quota_and_its_window_are_read_from_the_words(
    kind: str, names: tuple[str, str], end: str, window: str
) -> None:
    error = refusal(f"{kind} per {window} limit exceeded - {end}", names)
    assert (error.kind, error.window) == (kind.lower(), window)
    assert error.retry_after is None
    assert error.retry_at is None


def test_a_full_queue_has_no_window() -> None:
    error = refusal("We're experiencing high traffic right now!", QUEUE, param="queue")
    assert (error.kind, error.window) == ("queue", None)
    assert "the service is full" in error.message


@pytest.mark.parametrize(
    ("names", "message", "kind"),
    [
        (("", ""), "Uncached tokens per minute limit exceeded", "tokens"),
        (("", ""), "Requests per hour limit exceeded", "requests"),
        (("too_many_tokens_error", "new_code"), "slow down", "tokens"),
        (("", ""), "slow down", "requests"),
    ],
)
def test_the_kind_is_found_where_the_code_is_new(
    names: tuple[str, str], message: str, kind: str
) -> None:
    assert refusal(message, names).kind == kind


def test_a_missing_code_with_the_param_of_the_queue_is_the_queue() -> None:
    assert refusal("Busy", ("", ""), param="queue").kind == "queue"


def test_the_message_names_the_knob() -> None:
    message = "Tokens per minute limit exceeded - too many tokens processed."
    assert "max_completion_tokens is reserved up front" in str(refusal(message, TOKENS))
    assert "pacing=True" in str(refusal("Requests per minute limit exceeded", REQUESTS))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "59"}, 59.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:07 GMT"}, 7.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:59:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_when_it_reopens_is_told_in_seconds_and_as_a_time(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = refusal("Tokens per minute limit exceeded", TOKENS, headers)
    assert error.retry_after == seconds
    assert error.retry_at == (None if seconds is None else NOW + seconds)


def test_without_a_word_it_reopens_with_the_window_of_the_headers() -> None:
    headers = {
        "x-ratelimit-limit-tokens-minute": "30000",
        "x-ratelimit-remaining-tokens-minute": "0",
        "x-ratelimit-reset-tokens-minute": "11.4",
        "x-ratelimit-reset-requests-day": "33011.4",
    }
    error = refusal("Tokens per minute limit exceeded", TOKENS, headers)
    assert error.retry_after == 11.4
    window = error.rate_limits.get("tokens", "minute")
    assert window is not None
    assert (window.limit, window.remaining) == (30000, 0)


def test_the_numbers_of_a_full_context_are_read() -> None:
    body = {
        "message": "Please reduce the length of the messages or completion. "
        "Current length is 8530 while limit is 8192",
        "type": "invalid_request_error",
        "param": "messages",
        "code": "context_length_exceeded",
    }
    error = status_error(400, Headers(), json.dumps(body).encode(), REQUEST)
    assert isinstance(error, ContextLengthExceededError)
    assert (error.current, error.limit) == (8530, 8192)
    body["message"] = "Too long"
    other = status_error(400, Headers(), json.dumps(body).encode(), REQUEST)
    assert isinstance(other, ContextLengthExceededError)
    assert (other.current, other.limit) == (None, None)


def test_a_refusal_in_a_stream_is_read_alike() -> None:
    document = {
        "status_code": 429,
        "error": {"message": "Requests per minute limit exceeded", "code": REQUESTS[1]},
    }
    error = embedded_error(document, Headers(), REQUEST)
    assert isinstance(error, RateLimitError)
    assert (error.kind, error.window) == ("requests", "minute")


def test_a_missing_payment_is_no_quota() -> None:
    body = b'{"message": "Payment required", "param": "quota", "code": "payment_required"}'
    error = status_error(402, Headers(), body, REQUEST)
    assert type(error) is errors.PaymentRequiredError
