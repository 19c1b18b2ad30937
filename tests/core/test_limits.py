"""What the rate-limit headers of an answer say."""

from __future__ import annotations

from cerebras_sdk._core.http import Headers
from cerebras_sdk._core.limits import ResponseInfo, rate_limits
from cerebras_sdk.types import RateLimits, RateLimitWindow


def test_every_window_is_read() -> None:
    limits = rate_limits(
        Headers(
            [
                ("X-RateLimit-Limit-Requests-Day", "2400"),
                ("x-ratelimit-remaining-requests-day", "2399"),
                ("x-ratelimit-reset-requests-day", "33011.382867097855"),
                ("x-ratelimit-limit-tokens-minute", "30000"),
                ("x-ratelimit-remaining-tokens-minute", "29976"),
                ("content-type", "application/json"),
            ]
        )
    )
    assert limits.windows == (
        RateLimitWindow(
            kind="requests", window="day", limit=2400, remaining=2399, reset=33011.382867097855
        ),
        RateLimitWindow(kind="tokens", window="minute", limit=30000, remaining=29976),
    )
    assert limits.get("tokens", "minute") == limits.windows[1]
    assert limits.get("tokens", "day") is None


def test_more_remaining_than_the_limit_is_cut() -> None:
    headers = {
        "x-ratelimit-limit-tokens-hour": "1000000",
        "x-ratelimit-remaining-tokens-hour": "2999976",
    }
    window = rate_limits(headers).get("tokens", "hour")
    assert window is not None
    assert window.remaining == 1000000


def test_names_without_a_window_and_new_buckets_are_read() -> None:
    limits = rate_limits(
        {"x-ratelimit-limit-requests": "5", "x-ratelimit-limit-tokens-uncached-minute": "30000"}
    )
    assert limits.get("requests", None) == RateLimitWindow(kind="requests", limit=5)
    assert limits.get("tokens-uncached", "minute") is not None


def test_what_is_no_number_is_left_out() -> None:
    odd = {f"x-ratelimit-limit-tokens-{n}": n for n in ("many", "-1", "nan", "inf", "1e99", "")}
    assert rate_limits(odd) == RateLimits()
    assert rate_limits({}) == RateLimits()


def test_the_id_of_an_answer_is_the_services_own() -> None:
    info = ResponseInfo(Headers([("Inference-Id", "chatcmpl-1"), ("CF-Ray", "8c1f")]))
    assert info.request_id == "chatcmpl-1"


def test_less_than_nothing_is_nothing_left() -> None:
    headers = {"x-ratelimit-remaining-tokens-minute": "-500", "x-ratelimit-reset-tokens-day": "-1"}
    (window,) = rate_limits(headers).windows
    assert (window.window, window.remaining) == ("minute", 0)
