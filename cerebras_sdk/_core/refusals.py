"""What a refusal for lack of room says: which quota, which window, and when it reopens."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import APIStatusError, ContextLengthExceededError, RateLimitError
from .http import http_date
from .limits import rate_limits

# The window stands in the message only. Source: live answers, and
# https://inference-docs.cerebras.ai/support/error
_QUOTA = re.compile(r"\b(requests|tokens) per (second|minute|hour|day)\b", re.IGNORECASE)
_LENGTHS = re.compile(r"current length is (\d+) while limit is (\d+)", re.IGNORECASE)
_KINDS = {
    "queue_exceeded": "queue",
    "token_quota_exceeded": "tokens",
    "request_quota_exceeded": "requests",
    "too_many_tokens_error": "tokens",
}
_KNOBS = {
    "tokens": "max_completion_tokens is reserved up front (16384 when it is not given): give a "
    "smaller one",
    "requests": "send fewer at once",
    "queue": "the service is full, whatever your quota; a later try passes",
}
_WAIT = ", or let the client wait for room with pacing=True"
_OTHERS = (
    "; this client is paced, so others use the quota too: processes of one machine share it by "
    "pacing=SharedPacing(path)"
)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds of `retry-after-ms`, else of `retry-after`, which may be a date; `now` is unix
    time."""
    millis = _seconds(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    text = headers.get("retry-after")
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


def describe(error: APIStatusError, now: float, *, paced: bool = False) -> None:
    """Puts into `error` what its message and headers say beyond its status; `paced`: its request
    has waited for room."""
    error.retry_after = retry_after(error.headers, now)
    if isinstance(error, ContextLengthExceededError):
        lengths = _LENGTHS.search(error.message)
        if lengths is not None:
            error.current, error.limit = int(lengths[1]), int(lengths[2])
    if isinstance(error, RateLimitError):
        _describe_quota(error, paced)
    if error.retry_after is not None:
        error.retry_at = now + error.retry_after


def _describe_quota(error: RateLimitError, paced: bool) -> None:
    error.rate_limits = rate_limits(error.headers)
    words = _QUOTA.search(error.message)
    error.kind = _KINDS.get(error.code or "") or _KINDS.get(error.type or "")
    if error.kind is None:
        said = words[1].lower() if words is not None else None
        error.kind = "queue" if error.param == "queue" else said or "requests"
    if error.kind != "queue" and words is not None:
        error.window = words[2].lower()
        if error.retry_after is None:
            window = error.rate_limits.get(error.kind, error.window)
            error.retry_after = None if window is None else window.reset
    way = "" if error.kind == "queue" else _OTHERS if paced else _WAIT
    error.explain(_KNOBS[error.kind] + way)
