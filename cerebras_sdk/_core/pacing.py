"""Waits on this side instead of being refused on the other: the service's buckets, mirrored."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec

from ..types import RateLimits
from .buckets import Bucket, length_of
from .secret import Secret

PROBE_SECONDS = 10.0  # while no limits are known, for how long one request goes ahead alone
RECHECK_SECONDS = 1.0  # nobody who waits should sleep longer without asking again

_TURN = 0.05  # seconds until those behind somebody who may go ask again
_REFUSED = 1.0  # seconds after a refusal that names no time
# How much longer one request may be under way than the next. The service's bucket starts to refill
# when the request gets there, so the mirror would be ahead of it by that time.
_JITTER = 0.5
_ROUNDING = 1e-6  # seconds; unix time as a float is no finer


class _Entry(msgspec.Struct):
    """A request: its cost, `since` when it waits or is under way, and the pacer's counts then."""

    tokens: int
    since: float
    back: int = 0
    used: int = 0
    done: int = 0


class Shortage(NamedTuple):
    """What is waited for: `seconds`, of the window that takes longest. `kind` is requests or
    tokens, `window` its length; None where the service has refused, and did not say."""

    seconds: float
    kind: str | None = None
    window: str | None = None


class Pacer(msgspec.Struct):
    """The budget of one key for one model.

    A caller joins the queue, asks `delay` until it is 0.0, sends, and settles; or refuses when the
    answer was a 429, or leaves when nothing was sent. Every ticket must be given back by one of
    these. They go in the order in which they joined. Whenever one went or was given back, `head`
    may go sooner than it was told: wake its caller, or let all sleep RECHECK_SECONDS at most.

    `now` is in seconds, of one clock. A call takes time in proportion to the number of windows; two
    at once, from two threads, are not safe.

    While no limits are known, one request goes ahead and the others wait for its headers. One that
    costs more than a whole limit goes when the bucket is full: the service decides. Windows whose
    kind is neither requests nor tokens are left alone.
    """

    buckets: dict[str, Bucket] = {}
    waiting: dict[int, _Entry] = {}
    sent: dict[int, _Entry] = {}
    held: int = 0  # tokens of those that were sent
    back: int = 0  # tokens that were ever given back by corrections
    used: int = 0  # tokens that were ever used
    done: int = 0  # requests that were ever settled
    first: int = 0  # no ticket before it waits
    next: int = 0
    learned: bool = False
    probe: int = -1
    probe_until: float = 0.0
    blocked_until: float = 0.0
    blocked_by: tuple[str | None, str | None] = (None, None)  # kind and window of what refused

    @property
    def head(self) -> int | None:
        """The ticket whose turn it is."""
        while self.first < self.next and self.first not in self.waiting:
            self.first += 1
        return self.first if self.waiting else None

    def join(self, tokens: int, now: float) -> int:
        """A ticket at the end of the queue, for a request that will reserve `tokens`."""
        ticket = self.number()
        self.enter(ticket, tokens, now)
        return ticket

    def number(self) -> int:
        """A ticket that is not in the queue yet, for who may be interrupted at any moment: one that
        stands there and that nobody knows of holds up all others."""
        self.next += 1
        return self.next - 1

    def enter(self, ticket: int, tokens: int, now: float) -> None:
        """Puts a new ticket at the end of the queue."""
        self.waiting[ticket] = _Entry(max(0, tokens), now)

    def delay(self, ticket: int, now: float) -> float:
        """Seconds until the request may go, as far as is known; 0.0: it goes now, and is counted.

        It may become less, when answers come that were shorter than what was set aside for them.
        Raises KeyError for a ticket that was given back.
        """
        if ticket in self.sent:
            return 0.0
        wait = self._wait(ticket, now)
        if ticket != self.head:
            return max(wait, self._wait(self.first, now), _TURN)
        if wait <= 0:
            self._send(ticket, now)
        return wait

    def shortage(self, ticket: int, now: float) -> Shortage:
        """What is missing, and for how long if every answer that is awaited were to cost nothing:
        who cannot wait as long as this can give up at once."""
        if ticket not in self.waiting:
            return Shortage(0.0)
        return self._missing(ticket, now, spare=self.held)

    def observe(self, ticket: int, now: float, limits: RateLimits) -> None:
        """The headers of a good answer came, and the rest of it will follow."""
        if entry := self.sent.get(ticket):
            self._learn(ticket, is_answer=True, limits=limits)
            self._resync(entry, now, limits, own=1)

    def settle(
        self,
        ticket: int,
        now: float,
        *,
        tokens: int | None,
        cached: int = 0,
        limits: RateLimits | None = None,
    ) -> None:
        """The request is over. `tokens`: its `usage.total_tokens`, of which `cached` came from
        the cache; 0 for an answer that cost none, such as a 400; None when nobody knows, and what
        was set aside counts as used. `limits`: of its headers, if they came with the whole answer.
        """
        if (entry := self.sent.pop(ticket, None)) is None:
            return self.leave(ticket, now)
        self.held -= entry.tokens
        self._learn(ticket, is_answer=bool(tokens), limits=limits)
        if tokens is not None:
            self._give(now, tokens=entry.tokens - tokens, cached=cached)
            self.back += max(0, entry.tokens - tokens + cached)
        self._resync(entry, now, limits)
        self.done += 1
        self.used += entry.tokens if tokens is None else tokens
        return None

    def refuse(
        self,
        ticket: int,
        now: float,
        *,
        retry_after: float | None = None,
        limits: RateLimits | None = None,
        kind: str | None = None,
        window: str | None = None,
    ) -> None:
        """The answer was a 429 for a quota (not for a full queue), of that kind and window: nothing
        was counted, and nobody goes for `retry_after` seconds."""
        entry = self.sent.get(ticket)
        self.leave(ticket, now)
        pause = _REFUSED if retry_after is None else retry_after
        if now + pause > self.blocked_until:
            self.blocked_until, self.blocked_by = now + pause, (kind, window)
        if entry:
            self._learn(ticket, is_answer=False, limits=limits)
            self._resync(entry, now, limits)

    def leave(self, ticket: int, now: float) -> None:
        """The request was not sent, and will not be."""
        self.waiting.pop(ticket, None)
        if entry := self.sent.pop(ticket, None):
            self.held -= entry.tokens
            self._learn(ticket, is_answer=False, limits=None)
            self._give(now, tokens=entry.tokens, requests=1)

    def is_idle(self, now: float) -> bool:
        """Whether nobody waits or is under way, and all that was used has come back."""
        if self.waiting or self.sent or now < self.blocked_until:
            return False
        for bucket in self.buckets.values():
            bucket.refill(now)
        return all(bucket.level >= bucket.limit for bucket in self.buckets.values())

    def to_state(self) -> dict[str, Any]:
        """Everything, as JSON can say it."""
        return dict(msgspec.to_builtins(self, str_keys=True))

    @classmethod
    def from_state(cls, state: object) -> Pacer:
        """The pacer that gave this state. Raises ValueError for what is no state."""
        pacer = msgspec.convert(state, cls, str_keys=True)
        pacer.first = min(pacer.waiting, default=pacer.next)
        if max(pacer.waiting | pacer.sent, default=-1) >= pacer.next:
            raise ValueError("tickets that were not given")
        return pacer

    def _send(self, ticket: int, now: float) -> None:
        tokens = self.waiting.pop(ticket).tokens
        self.sent[ticket] = _Entry(tokens, now, self.back, self.used, self.done)
        self.held += tokens
        if not self.learned:
            self.probe, self.probe_until = ticket, now + PROBE_SECONDS
        for bucket in self.buckets.values():
            late = bucket.rate * min(_JITTER, bucket.seconds / 4)
            bucket.level = min(bucket.level, bucket.limit - late)
            bucket.level -= 1 if "request" in bucket.kind else tokens

    def _wait(self, ticket: int, now: float) -> float:
        return max(self._missing(ticket, now).seconds, self.probe_until - now, 0.0)

    def _missing(self, ticket: int, now: float, *, spare: int = 0) -> Shortage:
        """Until there is room for a request and as many as are surely before it. `spare`: tokens
        that could be back at any moment."""
        tokens = self.waiting[ticket].tokens
        # Those that left the queue may all have been before it.
        ahead = max(ticket - self.next + len(self.waiting), ticket != self.head)
        found = Shortage(max(0.0, self.blocked_until - now), *self.blocked_by)
        for name, bucket in self.buckets.items():
            bucket.refill(now)
            kind = "requests" if "request" in bucket.kind else "tokens"
            if kind == "requests":
                missing = min(1.0, bucket.limit) + ahead - bucket.level
            else:
                missing = min(tokens, bucket.limit) - min(bucket.limit, bucket.level + spare)
            seconds = missing / bucket.rate + _ROUNDING
            if missing > 0 and seconds > found.seconds:
                window = name.rpartition(" ")[2]
                found = Shortage(seconds, kind, None if window == "None" else window)
        return found

    def _give(self, now: float, *, tokens: int, cached: int = 0, requests: int = 0) -> None:
        for bucket in self.buckets.values():
            bucket.refill(now)
            # What is called only tokens has the limit of the bucket for those not from the cache.
            amount = tokens if "total" in bucket.kind else tokens + cached
            bucket.level += requests if "request" in bucket.kind else amount
            bucket.level = min(bucket.level, bucket.limit)

    def _learn(self, ticket: int, *, is_answer: bool, limits: RateLimits | None) -> None:
        """Whether the probe told something: an answer without limits says that there are none."""
        self.learned |= limits is not None and bool(is_answer or limits.windows)
        if self.learned or ticket == self.probe:
            self.probe_until = 0.0

    def _resync(self, entry: _Entry, now: float, limits: RateLimits | None, own: int = 0) -> None:
        """Brings the mirror into the bounds that an answer's headers leave.

        They were true at some moment since it was sent. Since then there was a refill, and perhaps
        corrections: there is no more than that. Of all that others hold or have used the service
        may not have known yet: there is no less. `own`: 1 while the request itself is under way.
        """
        for window in limits.windows if limits is not None else ():
            is_requests = "request" in window.kind
            if not window.limit or not (is_requests or "token" in window.kind):
                continue
            there = window.limit if window.remaining is None else window.remaining
            name, length = f"{window.kind} {window.window}", length_of(window)
            if (bucket := self.buckets.get(name)) is None:
                if own and not is_requests:
                    # No more can have been set aside, or come back, than is missing.
                    self.held -= entry.tokens
                    entry.tokens = min(entry.tokens, max(0, window.limit - there))
                    self.held += entry.tokens
                there -= len(self.sent) - own if is_requests else self.held - own * entry.tokens
                self.buckets[name] = Bucket(window.kind, length, window.limit, there, now)
                continue
            bucket.seconds = max(bucket.seconds, length)
            bucket.refill(now)
            bucket.limit = window.limit
            bucket.level = min(bucket.level, bucket.limit)
            if window.remaining is None:
                continue
            highest = there + (now - entry.since) * bucket.rate
            if is_requests:
                lowest = there - (len(self.sent) - own) - (self.done - entry.done)
            else:
                # Its own as well: the service may have set aside less for it than was thought.
                lowest = there - self.held - (self.used - entry.used)
                highest += self.back - entry.back
            if bucket.level - highest >= 1:  # less may be the header's rounding
                bucket.level = highest
            elif there > 0:  # 0 may stand for less
                bucket.level = max(bucket.level, lowest)


def fingerprint(key: Secret, origin: str) -> str:
    """Tells one budget from another without showing the key; `origin`: where requests go."""
    return hashlib.blake2b(
        f"{origin}\n{key.reveal()}".encode("utf-8", "replace"), digest_size=16
    ).hexdigest()
