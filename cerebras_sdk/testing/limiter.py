"""Cerebras's rate limiter: a request is let in on what it may use, and pays what it did use."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from .clock import Clock
from .engines import Finish, RequestRefused, text_of, token_cap
from .limits import Limits, Window
from .quota import Charge, Quota, QuotaCounts, header_fields
from .text_completions import prompts

# The completion share is max_completion_tokens, capped at this, and this when it is absent
# (measured by a user of the service: github.com/dcdpr/jp, issue 1085).
_LARGEST_SHARE = 16_384
_CHARACTERS_PER_TOKEN = 4
# A client that computes in floats when to come back may be early by a rounding error.
_ROUNDING = 1e-6
"""Requests or tokens."""

_EXCESS = {"requests": "too many requests sent", "tokens": "too many tokens processed"}


def prompt_estimate(body: Mapping[str, Any]) -> int:
    """The prompt tokens that the local server's limiter expects of a request, before it is run.

    A token for four characters, rounded up: of the texts of `messages` (reasoning included) and
    the compact JSON of their `tool_calls`, of `tools` and of `response_format`; in a text
    completion of all texts in `prompt`, where each token id is one more. Images count nothing. How
    the service estimates is not known.
    """
    messages = body.get("messages", ())
    texts = [text_of(m.get("content")) + (m.get("reasoning") or "") for m in messages]
    objects = [message.get("tool_calls") for message in messages]
    objects += [body.get("tools"), body.get("response_format")]
    texts += [json.dumps(o, ensure_ascii=False, separators=(",", ":")) for o in objects if o]
    given = prompts(body.get("prompt", []))
    texts += [prompt for prompt in given if isinstance(prompt, str)]
    ids = sum(len(prompt) for prompt in given if not isinstance(prompt, str))
    return math.ceil(sum(map(len, texts)) / _CHARACTERS_PER_TOKEN) + ids


def completion_share(body: Mapping[str, Any]) -> int:
    """The tokens that are reserved for the answer of a request."""
    cap = token_cap(body)
    return _LARGEST_SHARE if cap is None else min(cap, _LARGEST_SHARE)


class QuotaExceeded(RequestRefused):
    """A window has no room for the request; `headers` belong on its answer."""

    def __init__(self, window: Window, headers: Mapping[str, str]) -> None:
        kind = "requests" if window.kind == "requests" else "tokens"
        super().__init__(
            f"{kind.capitalize()} per {window.window} limit exceeded - {_EXCESS[kind]}.",
            status=429,
            type=f"too_many_{kind}_error",
            param="quota",
            code=f"{kind.removesuffix('s')}_quota_exceeded",
        )
        self.headers = headers


class Bucket:
    """A token bucket: holds `window.limit` at most, is refilled continuously, may be in debt."""

    def __init__(self, window: Window, *, now: float) -> None:
        self.window = window
        self._rate = window.limit / window.seconds
        self._level = float(window.limit)
        self._at = now

    def available(self, now: float) -> float:
        return min(self.window.limit, self._level + (now - self._at) * self._rate)

    def take(self, amount: float, *, now: float) -> None:
        """A negative `amount` is given back."""
        self._level = self.available(now) - amount
        self._at = now

    def seconds_until(self, amount: float, *, now: float) -> float:
        """0 if `amount` is there, infinity if there never is so much."""
        if amount > self.window.limit:
            return math.inf
        return max(0.0, (amount - _ROUNDING - self.available(now)) / self._rate)

    def row(self, now: float) -> tuple[Window, float, float]:
        available = self.available(now)
        full = max(0.0, (self.window.limit - available) / self._rate)
        return self.window, math.floor(available + _ROUNDING), full


class LimitedQuota(Quota):
    """Enforces limits as the service does: a bucket per window for each key and model.

    A request needs one request and `prompt_estimate` + `completion_share` tokens in every bucket.
    If one has less, the answer is 429 and costs nothing: it names the window that opens last, and
    `retry-after` says when that is, in whole seconds; without it the request never fits. When the
    engine is done the tokens are corrected to what it counted, also for a client that left early;
    an error gives them all back. Accounts are per key, as keys of one organization are not known
    here. The bucket of all tokens has no headers, as no name of one has been seen.
    """

    def __init__(self, limits_of: Callable[[str], Limits], *, clock: Clock) -> None:
        super().__init__(clock)
        self._limits_of = limits_of
        self._accounts: dict[tuple[str, str], list[Bucket]] = {}

    def admit(self, key: str, body: Mapping[str, Any]) -> Charge:
        model: str = body["model"]
        reserved = prompt_estimate(body) + completion_share(body)
        with self._lock:
            now = self._clock.monotonic()
            counts = self._counted(model, now)
            buckets = self._accounts.get((key, model))
            if buckets is None:
                windows = self._limits_of(model).windows()
                buckets = [Bucket(window, now=now) for window in windows]
                self._accounts[key, model] = buckets
            needs = [(bucket, _need(bucket, reserved)) for bucket in buckets]
            waits = [(b.seconds_until(need, now=now), b.window) for b, need in needs]
            longest, window = max(waits, key=lambda wait: wait[0], default=(0.0, None))
            if longest > 0 and window is not None:
                counts.rejected[window.kind, window.window] += 1
                raise QuotaExceeded(window, _retry_after(longest) | _fields(buckets, now))
            for bucket, need in needs:
                bucket.take(need, now=now)
            counts.admitted += 1
        return Charge(
            settle=lambda finish: self._settle(buckets, reserved, finish, counts),
            headers=lambda: self._headers(buckets),
        )

    def _settle(
        self, buckets: list[Bucket], reserved: int, finish: Finish | None, counts: QuotaCounts
    ) -> None:
        with self._lock:
            now = self._clock.monotonic()
            if finish is not None:
                counts.settle(finish)
            total = finish.prompt_tokens + finish.completion_tokens if finish else 0
            uncached = total - finish.cached_tokens if finish else 0
            used = {"tokens": uncached, "total_tokens": total}
            for bucket in buckets:
                if bucket.window.kind in used:
                    bucket.take(used[bucket.window.kind] - reserved, now=now)

    def _headers(self, buckets: list[Bucket]) -> dict[str, str]:
        with self._lock:
            return _fields(buckets, self._clock.monotonic())


def _fields(buckets: list[Bucket], now: float) -> dict[str, str]:
    return header_fields(
        bucket.row(now)
        for bucket in buckets
        if bucket.window.kind != "total_tokens" and bucket.window.window != "second"
    )


def _need(bucket: Bucket, tokens: int) -> int:
    return 1 if bucket.window.kind == "requests" else tokens


def _retry_after(seconds: float) -> dict[str, str]:
    return {} if math.isinf(seconds) else {"retry-after": str(max(1, math.ceil(seconds)))}
