"""When to try again, and after how long."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    Attempt,
    BadRequestError,
    InvalidRequestError,
    PaymentRequiredError,
    RateLimitError,
    StreamTruncatedError,
)
from ..types import RateLimits

if TYPE_CHECKING:
    from .hooks import Watch

# An overload of the service has been seen to wear a 400 with this wording.
_TRANSIENT_400 = "encountered a server error, please try again"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Which failures are tried again, how often, and how long to wait in between.

    Tried again are: no answer, 408, 409, 429, 500 and above, a full queue (`queue_exceeded`), and
    what the service marks `x-should-retry: true`; never a daily quota, and never 402.

    max_retries: more attempts after the first.
    initial_delay, max_delay: without a word of the service, the wait is a random part ("full
        jitter") of `initial_delay` doubled with each attempt, at most `max_delay`. Seconds.
    max_wait: the longest wait, in seconds, that is worth making, of those that `retry-after-ms`,
        `retry-after` or the reset of the used-up window ask for. A longer one raises at once.
    budget: retries, as a part of the requests of a client, above which it stops to retry (a storm
        of retries keeps a struggling service down); ten a minute are always allowed, and so are
        those whose wait the service asked for. None is no limit.

    All that is random or a time is an argument, so that a policy is a value: share it as you like.
    """

    max_retries: int = 2
    initial_delay: float = 0.5
    max_delay: float = 8.0
    max_wait: float = 60.0
    budget: float | None = 0.2

    def __post_init__(self) -> None:
        retries = self.max_retries
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
            raise InvalidRequestError(f"max_retries must be 0 or more, not {retries!r}")
        for name in ("initial_delay", "max_delay", "max_wait", "budget"):
            value = getattr(self, name)
            if value is None and name == "budget":
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                raise InvalidRequestError(f"{name} must be a number, 0 or more, not {value!r}")

    def decide(
        self,
        attempts: int,
        error: APIError,
        *,
        random: float,
        now: float = 0.0,
        learned: RateLimits | None = None,
    ) -> Verdict:
        """Whether `error`, of attempt number `attempts`, is worth another one.

        `random`: in [0, 1); `learned`: the rate limits of the model as they were seen last, and
        `now`: the clock of their `resets_at`, the monotonic one.
        """
        if not is_transient(error):
            return Verdict(None)
        wait = asked_wait(error, learned, now)
        if isinstance(error, RateLimitError) and error.window == "day":
            return Verdict(None, f"a daily quota is not waited for{reopens(wait)}")
        if attempts > self.max_retries:
            return Verdict(None, f"{attempts} attempts were made" if self.max_retries else None)
        if wait is None:
            ceiling = min(self.max_delay, self.initial_delay * 2.0 ** min(attempts - 1, 30))
            return Verdict(random * ceiling)
        if wait > self.max_wait:
            return Verdict(
                None, f"it is not waited for longer than {self.max_wait:g} s{reopens(wait)}"
            )
        return Verdict(wait)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The seconds to wait before the next attempt, or None and, where there is one to tell, why."""

    delay: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryEvent:
    """What `on_retry` is told: attempt number `attempt` failed by `error`, and the next one follows
    in `delay` seconds."""

    attempt: int
    error: APIError
    delay: float


OnRetry: TypeAlias = Callable[[RetryEvent], None]


class RetryBudget:
    """How many retries a client may still make, as a part of its recent requests."""

    _SPARE = 10.0  # retries that are always allowed, and again within a minute

    def __init__(self) -> None:
        self._left = self._SPARE
        self._since: float | None = None

    def request(self, share: float | None) -> None:
        """One more request was made."""
        if share is not None:
            self._left = min(self._SPARE * 10, self._left + share)

    def take(self, share: float | None, now: float) -> bool:
        """Whether one more retry is within the budget; it is then taken. `now`: monotonic."""
        if share is None:
            return True
        since, self._since = self._since, now
        if since is not None and self._left < self._SPARE:
            self._left = min(self._SPARE, self._left + (now - since) * self._SPARE / 60)
        if self._left < 1:
            return False
        self._left -= 1
        return True


def is_transient(error: APIError) -> bool:
    """Whether the same request may well pass later."""
    if not isinstance(error, APIStatusError):
        # A stream that ends before it has said anything was dropped, however politely.
        return isinstance(error, (APIConnectionError, StreamTruncatedError))
    # The service marks a full queue x-should-retry: false, though it passes in a moment.
    if error.code == "queue_exceeded":
        return True
    if isinstance(error, PaymentRequiredError):
        return False
    asked = error.headers.get("x-should-retry", "").lower()
    if asked in ("true", "false"):
        return asked == "true"
    if isinstance(error, BadRequestError):
        return _TRANSIENT_400 in error.message.lower()
    return error.status_code in (408, 409, 429) or error.status_code >= 500


def asked_wait(error: APIError, learned: RateLimits | None, now: float) -> float | None:
    """The seconds from `now` that the service wants us to wait, None when it does not say."""
    if not isinstance(error, APIStatusError):
        return None
    if error.retry_after is not None:
        return error.retry_after
    if not isinstance(error, RateLimitError) or error.kind == "queue" or learned is None:
        return None
    window = learned.get(error.kind or "", error.window)
    if window is None or window.resets_at is None:
        return None
    return max(0.0, window.resets_at - now)


def reopens(wait: float | None) -> str:
    """When it is worth another try, in words."""
    if wait is None:
        return ""
    # Rounded up: who comes too early is refused again.
    seconds = math.ceil(wait) if wait < 3600 else math.ceil(wait / 60) * 60
    left = {"h": seconds // 3600, "min": seconds // 60 % 60, "s": seconds % 60}
    parts = [f"{count} {unit}" for unit, count in left.items() if count]
    return f"; it reopens in {' '.join(parts) or '0 s'}"


class Course:
    """One call over all its attempts: what went wrong so far, and how long it may still take.

    `deadline`, on the monotonic clock, is the end of `Timeout.total`; None is no end. `tokens`:
    what each attempt takes of the rate limits, 0 if the client does not pace.
    """

    def __init__(
        self, policy: RetryPolicy, total: float | None, *, now: float, tokens: int = 0
    ) -> None:
        self.began = now
        self.deadline = None if total is None else now + total
        self.tokens = tokens
        self.attempts: list[Attempt] = []
        self.watch: Watch | None = None  # who tells the hooks of the client
        self._policy = policy
        self._total = total

    def left(self, now: float) -> float | None:
        """The seconds that the call may still take."""
        return None if self.deadline is None else max(0.0, self.deadline - now)

    @property
    def failed(self) -> int:
        """How many attempts have failed so far."""
        return len(self.attempts)

    def next_delay(
        self,
        error: APIError,
        *,
        now: float,
        random: float,
        budget: RetryBudget,
        learned: RateLimits | None = None,
    ) -> float:
        """The seconds to wait before the next attempt; raises `error` when there is none.

        `now`: monotonic; `random`: in [0, 1).
        """
        verdict = self._policy.decide(
            len(self.attempts) + 1, error, random=random, now=now, learned=learned
        )
        delay, reason = verdict.delay, verdict.reason
        if delay is not None and self.deadline is not None and now + delay >= self.deadline:
            delay, reason = None, f"the total timeout of {self._total:g} s leaves no time for it"
        # A wait that the service asked for is no storm.
        share = self._policy.budget if asked_wait(error, learned, now) is None else None
        if delay is not None and not budget.take(share, now):
            delay, reason = None, "this client made too many retries lately (RetryPolicy.budget)"
        if delay is None:
            error.attempts = tuple(self.attempts)
            if reason is not None:
                error.explain(f"not tried again: {reason}")
            raise error
        self.attempts.append(Attempt(error.status_code, delay, error))
        return delay
