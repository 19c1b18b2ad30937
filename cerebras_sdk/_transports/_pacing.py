"""One budget for each key and model, over all clients, threads and tasks of this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from .._core.pacing import Pacer, Shortage
from .._core.reserve import ReserveLearner
from ..errors import InvalidRequestError
from ..types import RateLimits
from . import _forks
from ._shared_pacing import SharedPacing

_FEW = 64  # budgets; so few are kept even when idle: who knows the limits need not probe again
_MANY = 1024


class LocalPacing:
    """The budgets of this process: what `pacing=True` means. A process that is forked begins with
    budgets of its own: those that together have one quota share it by a SharedPacing."""

    blocks = False  # no call of a pacer takes longer than to count

    def __init__(self) -> None:
        self._guard = _forks.Lock()
        # Whoever has one in use keeps it there; `_kept` are those to remember, in order of use.
        self._pacers: WeakValueDictionary[tuple[str, str], LocalPacer] = WeakValueDictionary()
        self._kept: OrderedDict[tuple[str, str], LocalPacer] = OrderedDict()

    def get(self, key: str, model: str) -> LocalPacer:
        name = (key, model)
        with self._guard:
            if name not in self._kept and len(self._kept) >= _FEW:
                self._forget(self.now())
            pacer = self._pacers.get(name)
            if pacer is None:
                pacer = self._pacers[name] = LocalPacer()
            self._kept[name] = pacer
            self._kept.move_to_end(name)
        return pacer

    def _forget(self, now: float) -> None:
        """Makes room for one more. Keys that were got for cookies come and go: a bucket that is
        full again tells nothing, and of too many those are kept that were used last."""
        for name in [name for name, pacer in self._kept.items() if pacer.is_idle(now)]:
            del self._kept[name]
        while len(self._kept) >= _MANY:
            self._kept.popitem(last=False)

    def now(self) -> float:
        return time.monotonic()

    def __reduce__(self) -> str:
        return "PROCESS"

    def __repr__(self) -> str:
        return "pacing of this process"


@dataclass(slots=True, eq=False)
class LocalTicket:
    """A place in the queue, from the first `delay` on."""

    tokens: int
    number: int | None = None


class LocalPacer:
    """A `Pacer` for several threads."""

    def __init__(self) -> None:
        # The garbage collector may settle a forgotten stream in the middle of a call.
        self._guard = threading.RLock()
        self._pacer = Pacer()
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        """Those who wait and those who have sent are of the other process; their tickets may be
        given back here, and must not be anybody else's."""
        self._guard, self._pacer = threading.RLock(), _after(self._pacer)

    def join(self, tokens: int) -> LocalTicket:
        return LocalTicket(tokens)

    def delay(self, ticket: LocalTicket, now: float) -> float:
        with self._guard:
            if ticket.number is None:
                # A KeyboardInterrupt between any two of these leaves nothing in the queue that
                # `leave` cannot find.
                ticket.number = self._pacer.number()
                self._pacer.enter(ticket.number, ticket.tokens, now)
            return self._pacer.delay(ticket.number, now)

    def shortage(self, ticket: LocalTicket, now: float) -> Shortage:
        with self._guard:
            return self._pacer.shortage(_number(ticket), now)

    def is_idle(self, now: float) -> bool:
        with self._guard:
            return self._pacer.is_idle(now)

    def observe(self, ticket: LocalTicket, now: float, limits: RateLimits) -> None:
        with self._guard:
            self._pacer.observe(_number(ticket), now, limits)

    def settle(self, ticket: LocalTicket, now: float, **what: Any) -> None:
        with self._guard:
            self._pacer.settle(_number(ticket), now, **what)

    def refuse(self, ticket: LocalTicket, now: float, **what: Any) -> None:
        with self._guard:
            self._pacer.refuse(_number(ticket), now, **what)

    def leave(self, ticket: LocalTicket, now: float) -> None:
        with self._guard:
            self._pacer.leave(_number(ticket), now)


def _after(pacer: Pacer) -> Pacer:
    return Pacer(first=pacer.next, next=pacer.next)


def _number(ticket: LocalTicket) -> int:
    return -1 if ticket.number is None else ticket.number  # which is in no queue


PROCESS = LocalPacing()


class LockedLearner:
    """A `ReserveLearner` for several threads."""

    def __init__(self) -> None:
        self._guard = _forks.Lock()
        self._learner = ReserveLearner()

    def suggest(self, site: object, *, maximum: int | None) -> int | None:
        with self._guard:
            return self._learner.suggest(site, maximum=maximum)

    def more(self, site: object, asked: int | None, *, maximum: int | None) -> int | None:
        with self._guard:
            return self._learner.more(site, asked, maximum=maximum)

    def record(self, site: object, tokens: int) -> None:
        with self._guard:
            self._learner.record(site, tokens)


Pacing: TypeAlias = LocalPacing | SharedPacing
PacingInput: TypeAlias = bool | SharedPacing
"""What a `pacing` argument takes: True for one budget in this process, a SharedPacing for one among
several, False for none."""


def pacing_of(given: PacingInput | None) -> Pacing | None:
    if given is None or given is False:
        return None
    if given is True:
        return PROCESS
    if isinstance(given, SharedPacing):
        return given
    raise InvalidRequestError(
        f"pacing takes True, False or a SharedPacing, not {type(given).__name__}"
    )
