"""What is tried again, how often, and after how long."""

from __future__ import annotations

import pytest

from cerebras_sdk import errors
from cerebras_sdk._core.http import Headers
from cerebras_sdk._core.retry import RetryPolicy
from cerebras_sdk.errors import APIError, APIStatusError

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def status(code: int, name: str | None = None, **headers: str) -> APIStatusError:
    items = [(header.replace("_", "-"), value) for header, value in headers.items()]
    return APIStatusError("text", status_code=code, code=name, headers=Headers(items))


def delay(
    error: APIError, *, attempts: int = 1, random: float = 0.5, policy: RetryPolicy | None = None
) -> float | None:
    return (policy or RetryPolicy()).next_delay(attempts, error, now=NOW, random=random)


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
