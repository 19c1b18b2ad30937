"""What requests use up: counted per key and model, and shown in the `x-ratelimit-*` headers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .engines import Finish
from .limits import Limits, Window


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What one admitted request costs; by default nothing, as for the lines of a batch.

    `settle` corrects the cost to what the engine did, None if it failed. `headers` are those of
    the account at the time of the call.
    """

    settle: Callable[[Finish | None], None] = lambda finish: None
    headers: Callable[[], dict[str, str]] = dict


class Quota(ABC):
    """The accounts of one server; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, QuotaCounts] = {}

    @abstractmethod
    def admit(self, key: str, body: Mapping[str, Any]) -> Charge:
        """Let a valid request in; raises `RequestRefused` for one that has to wait."""

    def counts(self, model: str | None = None) -> QuotaCounts:
        """A copy of what happened so far, to one model or to all."""
        with self._lock:
            found = self._counts if model is None else {model} & self._counts.keys()
            return _sum(self._counts[name] for name in found)

    def _counted(self, model: str, now: float) -> QuotaCounts:
        counts = self._counts.setdefault(model, QuotaCounts())
        counts.first = now if counts.first is None else counts.first
        counts.last = now
        return counts


@dataclass
class QuotaCounts:
    """What a quota has let in, turned away and charged.

    `rejected` counts answers of 429 by kind and window, as in `("tokens", "minute")`; the kind
    "total_tokens" is the bucket in which cached tokens count too. `tokens` are those of finished
    requests, prompt and completion, and `cached` of these were read from the cache. `first` and
    `last` are when the first and the last request came, in monotonic seconds of the clock.
    """

    admitted: int = 0
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens: int = 0
    cached: int = 0
    first: float | None = None
    last: float | None = None

    def settle(self, finish: Finish) -> None:
        self.tokens += finish.prompt_tokens + finish.completion_tokens
        self.cached += finish.cached_tokens


class CalendarQuota(Quota):
    """The headers of a trial account, counted but not enforced, and one account for all.

    Recorded resets of 2024 and 2025 count down to the full minute and to midnight UTC together, so
    these windows follow the calendar.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._windows = [w for w in Limits.trial().windows() if w.kind != "total_tokens"]
        self._used: Counter[tuple[Window, int]] = Counter()

    def admit(self, key: str, body: Mapping[str, Any]) -> Charge:
        with self._lock:
            counts = self._counted(body["model"], self._clock.monotonic())
            counts.admitted += 1
            self._spend("requests", 1)
        return Charge(settle=lambda finish: self._settle(finish, counts), headers=self._headers)

    def _settle(self, finish: Finish | None, counts: QuotaCounts) -> None:
        if finish is None:
            return
        with self._lock:
            counts.settle(finish)
            self._spend("tokens", finish.prompt_tokens + finish.completion_tokens)

    def _spend(self, kind: str, amount: int) -> None:
        now = self._clock.time()
        for window in self._windows:
            if window.kind == kind:
                self._used[window, int(now // window.seconds)] += amount

    def _headers(self) -> dict[str, str]:
        with self._lock:
            now = self._clock.time()
            return header_fields(
                (
                    window,
                    window.limit - self._used[window, int(now // window.seconds)],
                    window.seconds - now % window.seconds,
                )
                for window in self._windows
            )


def header_fields(rows: Iterable[tuple[Window, float, float]]) -> dict[str, str]:
    """The headers for windows with what remains and the seconds until the reset."""
    fields: dict[str, dict[str, str]] = {"limit": {}, "remaining": {}, "reset": {}}
    for window, remaining, reset in rows:
        name = f"{window.kind}-{window.window}"
        fields["limit"][name] = str(window.limit)
        fields["remaining"][name] = str(max(0, int(remaining)))
        fields["reset"][name] = _plain(reset)
    return {
        f"x-ratelimit-{field}-{name}": value
        for field, values in fields.items()
        for name, value in values.items()
    }


def _plain(seconds: float) -> str:
    text = str(seconds)
    return f"{seconds:.12f}" if "e" in text else text  # no recording has an exponent


def _sum(all_counts: Iterator[QuotaCounts]) -> QuotaCounts:
    total = QuotaCounts()
    for counts in all_counts:
        total.admitted += counts.admitted
        total.rejected += counts.rejected
        total.tokens += counts.tokens
        total.cached += counts.cached
        moments = [m for m in (total.first, total.last, counts.first, counts.last) if m is not None]
        total.first, total.last = min(moments, default=None), max(moments, default=None)
    return total
