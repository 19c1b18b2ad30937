"""Rate limits as the service's headers tell them."""

from __future__ import annotations

import msgspec


class RateLimitWindow(msgspec.Struct, frozen=True, kw_only=True):
    """One window. `kind`: `requests` or `tokens`, or what comes after that in a new header.

    `window`: `minute`, `hour` or `day`, None for a header that names none. `limit` and `remaining`
    are counts, `remaining` never above `limit`; `reset` is in seconds from the answer, until the
    window is full again, and `resets_at` that moment on the clock of `time.monotonic()`, of
    `client.rate_limits`. What the headers do not say is None.
    """

    kind: str
    window: str | None = None
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    resets_at: float | None = None


class RateLimits(msgspec.Struct, frozen=True):
    """All windows that an answer named, in the order of its headers."""

    windows: tuple[RateLimitWindow, ...] = ()

    def get(self, kind: str, window: str | None) -> RateLimitWindow | None:
        """The window of that kind and length, for example `get("tokens", "minute")`."""
        for found in self.windows:
            if (found.kind, found.window) == (kind, window):
                return found
        return None


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """What `reserve="auto"` did for an answer.

    `max_completion_tokens`: the bound that it was asked for with in the end, None for none.
    `asks`: how often it was asked for; each is billed.
    """

    max_completion_tokens: int | None
    asks: int
