"""What an answer's headers say: the request's id and the rate limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..types import RateLimits, RateLimitWindow
from .failures import request_id

# The service documents six of them, live answers have more, and new buckets may come.
_NAME = re.compile(r"x-ratelimit-(limit|remaining|reset)-([a-z]+(?:-[a-z]+)*)")
_WINDOWS = ("second", "minute", "hour", "day")


@dataclass(frozen=True, slots=True)
class ResponseInfo:
    """How an answer came."""

    headers: Mapping[str, str]

    @property
    def request_id(self) -> str | None:
        return request_id(self.headers)

    @property
    def rate_limits(self) -> RateLimits:
        return rate_limits(self.headers)


def rate_limits(headers: Mapping[str, str]) -> RateLimits:
    """The windows that `x-ratelimit-*` headers name; values that are no numbers are left out.

    `remaining` is cut to `limit`: live answers have had more remaining than the limit.
    """
    found: dict[tuple[str, str | None], dict[str, float]] = {}
    for name, text in headers.items():
        match = _NAME.fullmatch(name.lower())
        value = _number(text)
        if match is None or value is None:
            continue
        kind, _, last = match[2].rpartition("-")
        key = (kind, last) if last in _WINDOWS and kind else (match[2], None)
        found.setdefault(key, {})[match[1]] = value
    windows = []
    for (kind, window), values in found.items():
        fields: dict[str, Any] = {name: int(values[name]) for name in values if name != "reset"}
        if "limit" in fields and "remaining" in fields:
            fields["remaining"] = max(0, min(fields["remaining"], fields["limit"]))
        reset = values.get("reset")
        windows.append(RateLimitWindow(kind=kind, window=window, reset=reset, **fields))
    return RateLimits(tuple(windows))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None
