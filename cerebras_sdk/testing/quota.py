"""The rate-limit headers of a trial account, counted but not enforced."""

from __future__ import annotations

# Trial accounts in September 2026; the service sends all six windows.
_LIMITS = {
    "requests": {"minute": 5, "hour": 150, "day": 2400},
    "tokens": {"minute": 30_000, "hour": 1_000_000, "day": 1_000_000},
}
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


class Quota:
    """What was used in the present minute, hour and day, as `x-ratelimit-*` headers.

    `now` is Unix time in seconds. Recorded resets count down to the full minute and to midnight UTC
    together, so the windows follow the calendar.
    """

    def __init__(self) -> None:
        self._used: dict[tuple[str, str, int], int] = {}

    def spend(self, kind: str, amount: int, *, now: float) -> None:
        for window, seconds in _SECONDS.items():
            key = (kind, window, int(now // seconds))
            self._used[key] = self._used.get(key, 0) + amount

    def headers(self, *, now: float) -> dict[str, str]:
        fields: dict[str, dict[str, str]] = {"limit": {}, "remaining": {}, "reset": {}}
        for kind, limits in _LIMITS.items():
            for window, limit in limits.items():
                seconds = _SECONDS[window]
                used = self._used.get((kind, window, int(now // seconds)), 0)
                fields["limit"][f"{kind}-{window}"] = str(limit)
                fields["remaining"][f"{kind}-{window}"] = str(max(0, limit - used))
                fields["reset"][f"{kind}-{window}"] = str(seconds - now % seconds)
        return {
            f"x-ratelimit-{field}-{name}": value
            for field, values in fields.items()
            for name, value in values.items()
        }
