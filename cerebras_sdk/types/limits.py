"""Rate limits as the service's headers tell them."""

from __future__ import annotations

import msgspec


class RateLimitWindow(msgspec.Struct, frozen=True, kw_only=True):
    """One window. `kind`: `requests` or `tokens`, or what comes after that in a new header.

    `window`: `minute`, `hour` or `day`, None for a header that names none. `limit` and `remaining`
    are counts, `remaining` never above `limit`; `reset` is in seconds from the answer, until the
    window is full again. What the headers do not say is None.
    """

    kind: str
    window: str | None = None
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


class RateLimits(msgspec.Struct, frozen=True):
    """All windows that an answer named, in the order of its headers."""

    windows: tuple[RateLimitWindow, ...] = ()

    def get(self, kind: str, window: str | None) -> RateLimitWindow | None:
        """The window of that kind and length, for example `get("tokens", "minute")`."""
        for found in self.windows:
            if (found.kind, found.window) == (kind, window):
                return found
        return None
