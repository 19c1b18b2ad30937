"""What is tried again, how often, and after how long."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from cerebras_sdk import errors
from cerebras_sdk._core.http import Headers
from cerebras_sdk._core.limits import rate_limits
from cerebras_sdk._core.refusals import describe
from cerebras_sdk._core.retry import Course, RetryBudget, RetryPolicy
from cerebras_sdk.errors import APIError, APIStatusError

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def status(code: int, name: str | None = None, **headers: str) -> APIStatusError:
    items = [(header.replace("_", "-"), value) for header, value in headers.items()]
    error = APIStatusError("text", status_code=code, code=name, headers=Headers(items))
    describe(error, NOW)
    return error


def delay(
    error: APIError, *, attempts: int = 1, random: float = 0.5, policy: RetryPolicy | None = None
) -> float | None:
    return (policy or RetryPolicy()).decide(attempts, error, random=random).delay


@pytest.mark.parametrize("code", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_passes_is_tried_again(code: int) -> None:
    assert delay(status(code)) == 0.25


@pytest.mark.parametrize("code", [300, 307, 400, 401, 402, 403, 404, 413, 422])
def test_what_stays_is_not(code: int) -> None:
    assert delay(status(code)) is None


@pytest.mark.parametrize("cls", [errors.APIConnectionError, errors.APITimeoutError])
def test_no_answer_is_tried_again(cls: type[APIError]) -> None:
    assert delay(cls("no answer")) == 0.25


def test_an_answer_that_makes_no_sense_is_not() -> None:
    assert delay(errors.APIResponseValidationError("no JSON")) is None


@pytest.mark.parametrize(("retries", "tried"), [(0, 0), (1, 1), (2, 2), (5, 5)])
def test_max_retries_counts_the_attempts_after_the_first(retries: int, tried: int) -> None:
    policy = RetryPolicy(max_retries=retries)
    waits = [delay(status(500), attempts=n, policy=policy) for n in range(1, 10)]
    assert [wait is not None for wait in waits] == [True] * tried + [False] * (9 - tried)


def test_the_wait_doubles_up_to_its_limit() -> None:
    policy = RetryPolicy(max_retries=2000)
    waits = [delay(status(500), attempts=n, policy=policy, random=1.0) for n in range(1, 8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert delay(status(500), attempts=1999, policy=policy, random=1.0) == 8.0


def test_the_wait_is_a_random_part_of_it() -> None:
    policy = RetryPolicy(initial_delay=4.0)
    assert [delay(status(500), random=r, policy=policy) for r in (0.0, 0.25, 0.75)] == [0, 1, 3]


class TestWhatTheServiceAsksFor:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry_after": "2"}, 2.0),
            ({"retry_after": "0"}, 0.0),
            ({"retry_after": "1.5"}, 1.5),
            ({"retry_after": "60"}, 60.0),
            ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
            ({"retry_after_ms": "soon", "retry_after": "9"}, 9.0),
            ({"retry_after": "Fri, 15 Jan 2027 08:00:07 GMT"}, 7.0),
            ({"retry_after": "Fri, 15 Jan 2027 07:59:00 GMT"}, 0.0),
        ],
    )
    def test_is_what_is_waited(self, headers: dict[str, str], seconds: float) -> None:
        assert delay(status(429, **headers)) == seconds

    @pytest.mark.parametrize("value", ["61", "86400", "Fri, 15 Jan 2027 09:00:00 GMT"])
    def test_is_not_waited_when_it_is_too_long(self, value: str) -> None:
        assert delay(status(429, retry_after=value)) is None

    @pytest.mark.parametrize("value", ["", "soon", "-1", "nan", "inf", "2, 2"])
    def test_is_left_aside_when_it_makes_no_sense(self, value: str) -> None:
        assert delay(status(429, retry_after=value)) == 0.25

    def test_may_be_to_try_again_or_not(self) -> None:
        assert delay(status(400, x_should_retry="true")) == 0.25
        assert delay(status(503, x_should_retry="false")) is None
        assert delay(status(503, x_should_retry="perhaps")) == 0.25

    def test_is_not_believed_of_a_full_queue(self) -> None:
        assert delay(status(429, "queue_exceeded", x_should_retry="false")) == 0.25


def limited(window: str, kind: str = "tokens", **headers: str) -> errors.RateLimitError:
    items = [(name.replace("_", "-"), value) for name, value in headers.items()]
    message = f"{kind.title()} per {window} limit exceeded"
    error = errors.RateLimitError(message, status_code=429, headers=Headers(items))
    describe(error, NOW)
    return error


def test_a_daily_quota_is_never_waited_for() -> None:
    for headers in ({}, {"retry_after": "1"}, {"retry_after": "86399"}):
        verdict = RetryPolicy(max_wait=1e6).decide(1, limited("day", **headers), random=0.5)
        assert verdict.delay is None
    assert verdict.reason == "a daily quota is not waited for; it reopens in 24 h"
    verdict = RetryPolicy().decide(1, limited("day", retry_after="5000"), random=0.5)
    assert verdict.reason == "a daily quota is not waited for; it reopens in 1 h 24 min"


def test_a_wait_that_is_too_long_says_when_it_reopens() -> None:
    verdict = RetryPolicy().decide(1, limited("hour", retry_after="125"), random=0.5)
    assert verdict.delay is None
    assert verdict.reason == "it is not waited for longer than 60 s; it reopens in 2 min 5 s"


def test_without_a_word_the_wait_is_the_reset_that_was_learned() -> None:
    learned = rate_limits({"x-ratelimit-reset-tokens-minute": "7.5"}, now=100)
    decide = functools.partial(RetryPolicy().decide, now=100)
    assert decide(1, limited("minute"), random=0.5, learned=learned).delay == 7.5
    assert decide(1, limited("minute"), random=0.5, learned=learned, now=107).delay == 0.5
    assert decide(1, limited("minute"), random=0.5, learned=learned, now=108).delay == 0
    assert decide(1, limited("minute", "requests"), random=0.5, learned=learned).delay == 0.25
    assert decide(1, limited("minute", retry_after="2"), random=0.5, learned=learned).delay == 2


def test_402_is_not_tried_again_whatever_a_header_says() -> None:
    error = errors.PaymentRequiredError(
        "pay", status_code=402, headers=Headers([("x-should-retry", "true")])
    )
    assert delay(error) is None


def test_an_overload_that_wears_a_400_is_tried_again() -> None:
    said = "400: Encountered a server error, please try again [POST ...]"
    assert delay(errors.BadRequestError(said, status_code=400)) == 0.25
    assert delay(errors.BadRequestError("400: no such field", status_code=400)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_retries": -1}, {"max_retries": True}, {"max_retries": 1.5}, {"initial_delay": -1},
        {"max_delay": None}, {"max_wait": "60"}, {"budget": float("nan")},
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidRequestError, match=next(iter(wrong))):
        RetryPolicy(**wrong)


class TestTheBudget:
    def test_allows_ten_retries_and_then_a_part_of_the_requests(self) -> None:
        budget = RetryBudget()
        assert [budget.take(0.2, now=0.0) for _ in range(11)] == [True] * 10 + [False]
        for _ in range(5):
            budget.request(0.2)
        assert [budget.take(0.2, now=0.0) for _ in range(2)] == [True, False]

    def test_comes_back_within_a_minute(self) -> None:
        budget = RetryBudget()
        while budget.take(0.2, now=0.0):
            pass
        assert [budget.take(0.2, now=6.0) for _ in range(2)] == [True, False]
        assert [budget.take(0.2, now=600.0) for _ in range(11)] == [True] * 10 + [False]

    def test_none_is_no_limit(self) -> None:
        budget = RetryBudget()
        assert all(budget.take(None, now=0.0) for _ in range(1000))

    def test_stops_a_storm(self) -> None:
        budget = RetryBudget()
        retries = 0
        for request in range(10_000):
            budget.request(0.2)
            retries += budget.take(0.2, now=request / 1000) + budget.take(0.2, now=request / 1000)
        assert 1900 < retries < 2200


class TestACourse:
    def test_keeps_what_failed_and_gives_it_with_the_last_error(self) -> None:
        course = Course(RetryPolicy(max_retries=2), None, now=0.0)
        failures = [status(500), errors.APIConnectionError("gone"), status(503)]
        budget = RetryBudget()
        waits = [course.next_delay(e, now=0.0, random=1.0, budget=budget) for e in failures[:2]]
        with pytest.raises(APIStatusError) as caught:
            course.next_delay(failures[2], now=0.0, random=1.0, budget=budget)
        assert caught.value is failures[2]
        assert [(a.status, a.wait, a.cause) for a in caught.value.attempts] == [
            (500, waits[0], failures[0]),
            (None, waits[1], failures[1]),
        ]
        assert str(caught.value).endswith("not tried again: 3 attempts were made")

    def test_ends_before_its_total_timeout(self) -> None:
        course = Course(RetryPolicy(), 10.0, now=100.0)
        error = status(429, retry_after="5")
        assert course.next_delay(error, now=104.0, random=0.5, budget=RetryBudget()) == 5.0
        with pytest.raises(APIStatusError, match="the total timeout of 10 s leaves no time for it"):
            course.next_delay(error, now=105.0, random=0.5, budget=RetryBudget())

    def test_says_when_the_budget_is_spent(self) -> None:
        budget = RetryBudget()
        while budget.take(0.2, now=0.0):
            pass
        course = Course(RetryPolicy(), None, now=0.0)
        with pytest.raises(APIStatusError, match="too many retries lately"):
            course.next_delay(status(500), now=0.0, random=0.5, budget=budget)

    def test_does_not_charge_a_wait_that_the_service_asked_for(self) -> None:
        budget = RetryBudget()
        while budget.take(0.2, now=0.0):
            pass
        course = Course(RetryPolicy(), None, now=0.0)
        error = status(429, retry_after="2")
        assert course.next_delay(error, now=0.0, random=0.5, budget=budget) == 2.0

    def test_says_nothing_of_what_is_never_tried_again(self) -> None:
        course = Course(RetryPolicy(), None, now=0.0)
        with pytest.raises(APIStatusError) as caught:
            course.next_delay(status(404), now=0.0, random=0.5, budget=RetryBudget())
        assert str(caught.value) == "text"
        assert caught.value.attempts == ()
