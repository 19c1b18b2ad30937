"""When to try again, and after how long."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import APIConnectionError, APIError, APIStatusError
from .http import http_date


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Which failures are tried again, how often, and how long to wait in between.

    `max_retries` more attempts after the first. The wait is what the service asks for in
    `retry-after-ms` or `retry-after`; else a random part of `initial_delay` doubled with each
    attempt, at most `max_delay`. A wait of more than `max_wait` is not worth making: the error is
    raised at once. All in seconds.
    """

    max_retries: int = 2
    initial_delay: float = 0.5
    max_delay: float = 8.0
    max_wait: float = 60.0

    def next_delay(
        self, attempts: int, error: APIError, *, now: float, random: float
    ) -> float | None:
        """Seconds to wait before the next attempt, or None to give up.

        `attempts`: made so far; `now`: unix seconds; `random`: in [0, 1).
        """
        if attempts > self.max_retries or not _is_transient(error):
            return None
        asked = _retry_after(error, now)
        if asked is not None:
            return asked if asked <= self.max_wait else None
        return random * min(self.max_delay, self.initial_delay * 2.0 ** min(attempts - 1, 30))


def _is_transient(error: APIError) -> bool:
    if not isinstance(error, APIStatusError):
        return isinstance(error, APIConnectionError)
    # The service marks a full queue x-should-retry: false, though it passes in a moment.
    if error.code == "queue_exceeded":
        return True
    asked = error.headers.get("x-should-retry")
    if asked in ("true", "false"):
        return asked == "true"
    return error.status_code in (408, 409, 429) or error.status_code >= 500


def _retry_after(error: APIError, now: float) -> float | None:
    millis = _seconds(error.headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    text = error.headers.get("retry-after")
    seconds = _seconds(text)
    if seconds is not None or not text:
        return seconds
    moment = http_date(text)
    return None if moment is None else max(0.0, moment - now)


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
