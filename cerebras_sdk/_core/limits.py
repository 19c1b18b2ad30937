"""What an answer's headers say: the request's id and the rate limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..types import RateLimits, RateLimitWindow, Reserved
from ..types.timing import Times

# The service documents six of them, live answers have more, and new buckets may come.
_NAME = re.compile(r"x-ratelimit-(limit|remaining|reset)-([a-z]+(?:-[a-z]+)*)")
_WINDOWS = ("second", "minute", "hour", "day")


def request_id(headers: Mapping[str, str]) -> str | None:
    """`inference-id` is the service's own id; a refusal at its edge has only `cf-ray`."""
    return headers.get("inference-id") or headers.get("cf-ray")


@dataclass(frozen=True, slots=True)
class ResponseInfo:
    """How an answer came."""

    headers: Mapping[str, str]
    reserved: Reserved | None = None
    times: Times | None = None

    @property
    def request_id(self) -> str | None:
        return request_id(self.headers)

    @property
    def rate_limits(self) -> RateLimits:
        return rate_limits(self.headers)


class LearnedLimits:
    """What the service said last of the limits of each model."""

    def __init__(self) -> None:
        self._of: dict[str, RateLimits] = {}

    def learn(self, model: str | None, headers: Mapping[str, str], now: float) -> None:
        """Heeds the headers of an answer about `model`; `now` is the monotonic clock."""
        if model is not None:
            found = rate_limits(headers, now=now)
            if found.windows:
                self._of[model] = found

    def of(self, model: str | None) -> RateLimits | None:
        return self._of.get(model or "")

    def all(self) -> dict[str, RateLimits]:
        return dict(self._of)


def rate_limits(headers: Mapping[str, str], *, now: float | None = None) -> RateLimits:
    """The windows that `x-ratelimit-*` headers name; values that are no numbers are left out.
    `now`: when the answer came, on the monotonic clock.

    `remaining` is cut to 0 and `limit`: live answers have had more remaining than the limit, and a
    bucket that was overdrawn has less than nothing.
    """
    found: dict[tuple[str, str | None], dict[str, float]] = {}
    for name, text in headers.items():
        match = _NAME.fullmatch(name.lower())
        value = _number(text)
        if match is None or value is None or (value < 0 and match[1] != "remaining"):
            continue
        kind, _, last = match[2].rpartition("-")
        key = (kind, last) if last in _WINDOWS and kind else (match[2], None)
        found.setdefault(key, {})[match[1]] = value
    windows = []
    for (kind, window), values in found.items():
        fields: dict[str, Any] = {name: int(values[name]) for name in values if name != "reset"}
        if "remaining" in fields:
            left = max(0, fields["remaining"])
            fields["remaining"] = min(left, fields.get("limit", left))
        reset = values.get("reset")
        resets_at = None if reset is None or now is None else now + reset
        windows.append(
            RateLimitWindow(kind=kind, window=window, reset=reset, resets_at=resets_at, **fields)
        )
    return RateLimits(tuple(windows))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None
