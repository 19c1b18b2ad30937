"""The limiter: who is let in, and what it costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cerebras_sdk.testing import Delta, Finish, Limits, LocalServer, RequestRefused
from cerebras_sdk.testing.limiter import Bucket
from cerebras_sdk.testing.limits import Window

from .limited_server import URL, Counting, limited
from .local_client import Socket, chat, eventually


def test_a_full_bucket_is_followed_by_one_request_every_twelve_seconds() -> None:
    with limited(Limits(requests_minute=5)) as service:
        assert [service.ask().status_code for _ in range(6)] == [200] * 5 + [429]
        service.clock.advance(11.99)
        assert service.ask().status_code == 429
        service.clock.advance(0.01)
        assert [service.ask().status_code for _ in range(2)] == [200, 429]
        service.clock.advance(3600)
        assert [service.ask().status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.parametrize("window", ["second", "minute", "hour", "day"])
def test_too_many_requests_are_told_the_window(window: str) -> None:
    with limited(Limits(**{f"requests_{window}": 1})) as service:
        service.ask()
        answer = service.ask()
    assert answer.status_code == 429
    assert answer.json() == {
        "message": f"Requests per {window} limit exceeded - too many requests sent.",
        "type": "too_many_requests_error",
        "param": "quota",
        "code": "request_quota_exceeded",
    }
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("tokens_minute", "minute"),
        ("tokens_hour", "hour"),
        ("tokens_day", "day"),
        ("total_tokens_minute", "minute"),
    ],
)
def test_too_many_tokens_are_told_the_window(name: str, window: str) -> None:
    with limited(Limits(**{name: 20}), Counting(10, 5)) as service:
        assert service.ask().status_code == 200
        answer = service.ask()
    assert answer.status_code == 429
    assert answer.json() == {
        "message": f"Tokens per {window} limit exceeded - too many tokens processed.",
        "type": "too_many_tokens_error",
        "param": "quota",
        "code": "token_quota_exceeded",
    }


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(requests_second=1), 1),
        (Limits(requests_minute=1), 60),
        (Limits(requests_minute=7), 9),  # 8.57
        (Limits(requests_hour=1), 3600),
        (Limits(requests_day=1), 86_400),
        (Limits(tokens_minute=20), 15),  # 5 left and 10 needed, 20 a minute
        (Limits(tokens_day=20), 21_600),
        (Limits(requests_minute=1, tokens_day=20), 21_600),
        (Limits(requests_day=1, tokens_minute=20), 86_400),
    ],
)
def test_retry_after_is_the_second_from_which_on_it_passes(limits: Limits, seconds: int) -> None:
    with limited(limits, Counting(10, 5)) as service:
        while (answer := service.ask()).status_code == 200:
            pass
        assert answer.headers["retry-after"] == str(seconds)
        service.clock.advance(seconds - 1)
        assert service.ask().status_code == 429
        service.clock.advance(1)
        assert service.ask().status_code == 200


@pytest.mark.parametrize("limit", range(1, 60))
def test_a_client_that_computes_the_moment_in_floats_is_not_too_early(limit: int) -> None:
    window = Window("requests", "minute", limit)
    now = 0.1
    bucket = Bucket(window, now=now)
    bucket.take(limit, now=now)
    for _ in range(20):
        now += 60 / limit
        assert bucket.seconds_until(1, now=now) == 0
        assert bucket.seconds_until(1, now=now - 0.001) > 0
        bucket.take(1, now=now)


def test_the_window_that_opens_last_is_named() -> None:
    with limited(Limits(requests_minute=1, requests_hour=1, tokens_minute=20)) as service:
        service.ask()
        assert service.ask().json()["message"].startswith("Requests per hour")


def test_a_request_that_is_larger_than_the_limit_never_passes() -> None:
    with limited(Limits(tokens_minute=20)) as service:
        answer = service.ask(max_completion_tokens=20)
        service.clock.advance(86_400)
        assert answer.status_code == service.ask(max_completion_tokens=20).status_code == 429
        assert "retry-after" not in answer.headers
        assert service.ask(max_completion_tokens=19).status_code == 200


def test_a_rejected_request_costs_nothing() -> None:
    with limited(Limits(requests_minute=2, tokens_minute=100), Counting(80, 0)) as service:
        service.ask()
        assert {service.ask(max_completion_tokens=99).status_code for _ in range(20)} == {429}
        assert service.server.quota().rejected == {("tokens", "minute"): 20}
        assert service.ask().status_code == 200


@pytest.mark.parametrize(
    ("asked", "reserved"),
    [(None, 16_384), (-1, 16_384), (0, 0), (1, 1), (16_384, 16_384), (40_000, 16_384)],
)
def test_the_cap_on_the_answer_is_reserved_up_front(asked: int | None, reserved: int) -> None:
    """Without a cap, and at most: 16,384 tokens, beside the prompt's estimate of one."""
    with limited(Limits(tokens_minute=30_000)) as service:
        answer = service.ask(max_completion_tokens=asked, stream=True)
        remaining = int(answer.headers["x-ratelimit-remaining-tokens-minute"])
    assert remaining == 30_000 - 1 - reserved
    for estimate, status in ((1, 200), (2, 429)):
        with limited(Limits(tokens_minute=1 + reserved)) as service:
            answer = service.ask("1234" * estimate, max_completion_tokens=asked)
            assert answer.status_code == status


def test_a_running_request_holds_its_reservation() -> None:
    released = threading.Event()

    class Slow(Counting):
        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            emit(Delta("word"))
            released.wait(10)
            return self.finish

    with limited(Limits.trial(), Slow()) as service:
        body = chat(stream=True)
        with service.client.stream("POST", URL, json=body) as first:
            assert first.status_code == 200
            assert service.client.post(URL, json=body).json()["type"] == "too_many_tokens_error"
            released.set()
            first.read()
        assert service.client.post(URL, json=body).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
def test_the_charge_is_corrected_to_what_was_used(stream: bool) -> None:
    with limited(Limits(tokens_minute=30_000), Counting(20, 30)) as service:
        answer = service.ask(max_completion_tokens=None, stream=stream)
        if not stream:
            assert answer.headers["x-ratelimit-remaining-tokens-minute"] == str(30_000 - 50)
        assert service.remaining("tokens-minute") == 30_000 - 50 - 10
        assert service.server.quota().tokens == 100


def test_an_answer_beyond_its_reservation_leaves_a_debt() -> None:
    with limited(Limits(tokens_minute=60), Counting(40, 50)) as service:
        answer = service.ask()
        assert answer.headers["x-ratelimit-remaining-tokens-minute"] == "0"
        assert float(answer.headers["x-ratelimit-reset-tokens-minute"]) == 90
        assert service.ask().headers["retry-after"] == "40"  # 30 of debt, and 10 needed
        service.clock.advance(40)
        assert service.ask().status_code == 200


def test_a_bucket_never_holds_more_than_its_limit() -> None:
    with limited(Limits(tokens_minute=60), Counting(0, 0)) as service:
        service.ask()
        service.clock.advance(1000)
        service.ask()
        assert service.remaining("tokens-minute") == 50


def test_cached_tokens_count_toward_the_total_only() -> None:
    limits = Limits(tokens_minute=100, total_tokens_minute=300)
    with limited(limits, Counting(100, 10, cached=100)) as service:
        first, second = service.ask(), service.ask()
        assert first.headers["x-ratelimit-remaining-tokens-minute"] == "90"
        assert second.headers["x-ratelimit-remaining-tokens-minute"] == "80"
        # 80 of either are left, and this one is the last for the total.
        assert service.ask(max_completion_tokens=79).status_code == 200
        assert service.ask().status_code == 429
        counts = service.server.quota()
    assert counts.rejected == {("total_tokens", "minute"): 1}
    assert (counts.tokens, counts.cached) == (330, 300)


def test_a_client_that_leaves_early_pays_for_what_was_made(
    connect: Callable[[LocalServer], Socket],
) -> None:
    class Endless(Counting):
        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            while emit(Delta("word")):
                time.sleep(0.001)
            return self.finish

    with limited(Limits(tokens_minute=30_000), Endless(3, 4)) as service:
        leaver = connect(service.server)
        leaver.post(URL, chat(stream=True))
        leaver.until(b"\n\n\r\n")
        assert service.server.quota().tokens == 0
        leaver.close()
        eventually(lambda: service.server.quota().tokens == 7)
        refused = service.ask(max_completion_tokens=30_000, text="1234" * 29_000)
        assert refused.headers["x-ratelimit-remaining-tokens-minute"] == str(30_000 - 7)


@pytest.mark.parametrize("error", [RequestRefused("no"), ValueError("bug")])
def test_an_engine_that_fails_costs_a_request_and_no_tokens(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Counting):
        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            raise error

    with limited(Limits(tokens_minute=100, requests_day=10), Failing()) as service:
        answer = service.ask()
        assert answer.status_code == (400 if isinstance(error, RequestRefused) else 500)
        assert "x-ratelimit-limit-requests-day" not in answer.headers
        refused = service.ask(max_completion_tokens=101)
    assert refused.headers["x-ratelimit-remaining-tokens-minute"] == "100"
    assert refused.headers["x-ratelimit-remaining-requests-day"] == "9"


@pytest.mark.parametrize("fields", [{"min_p": 1}, {"model": "no-such-model"}])
def test_a_request_that_is_not_valid_is_refused_before_it_counts(fields: dict[str, Any]) -> None:
    with limited(Limits(requests_day=1)) as service:
        assert {service.ask(**fields).status_code for _ in range(3)} <= {400, 404}
        assert service.ask().status_code == 200
