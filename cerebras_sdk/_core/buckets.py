"""One window of the service's rate limits, mirrored."""

from __future__ import annotations

from typing import Annotated

import msgspec

from ..types import RateLimitWindow

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_Positive = Annotated[float, msgspec.Meta(gt=0)]


class Bucket(msgspec.Struct):
    """One window: `level` of `limit` is there at the time `at`, and it fills in `seconds`."""

    kind: str
    seconds: _Positive
    limit: _Positive
    level: float
    at: float

    @property
    def rate(self) -> float:
        return self.limit / self.seconds

    def refill(self, now: float) -> None:
        if now > self.at:
            self.level = min(self.limit, self.level + (now - self.at) * self.rate)
        # Times of threads are a little out of order; when it is more than that, a clock was set.
        if now > self.at or now < self.at - 60:
            self.at = now


def length_of(window: RateLimitWindow) -> float:
    """In seconds; of one without a name, the shortest that its reset allows."""
    reset = window.reset or 0.0
    unnamed = "minute" if reset <= 60 else "hour" if reset <= 3600 else "day"
    return _SECONDS[window.window if window.window in _SECONDS else unnamed]
