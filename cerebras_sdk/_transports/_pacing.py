"""One budget for each key and model, over all clients, threads and tasks of this process."""

from __future__ import annotations

import threading
import time
from typing import Any, TypeAlias

from .._core.pacing import Pacer
from .._core.reserve import ReserveLearner
from ..errors import InvalidRequestError
from ..types import RateLimits
from . import _forks
from ._shared_pacing import SharedPacing


class LocalPacing:
    """The budgets of this process: what `pacing=True` means."""

    blocks = False  # no call of a pacer takes longer than to count

    def __init__(self) -> None:
        self._guard = _forks.Lock()
        self._pacers: dict[tuple[str, str], LocalPacer] = {}

    def get(self, key: str, model: str) -> LocalPacer:
        with self._guard:
            return self._pacers.setdefault((key, model), LocalPacer())

    def now(self) -> float:
        return time.monotonic()

    def __repr__(self) -> str:
        return "pacing of this process"


class LocalPacer:
    """A `Pacer` for several threads."""

    def __init__(self) -> None:
        # The garbage collector may settle a forgotten stream in the middle of a call.
        self._guard = threading.RLock()
        self._pacer = Pacer()
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        """Those who wait and those who have sent are of the other process."""
        self._guard, self._pacer = threading.RLock(), Pacer()

    def join(self, tokens: int, now: float) -> int:
        with self._guard:
            return self._pacer.join(tokens, now)

    def delay(self, ticket: int, now: float) -> float:
        with self._guard:
            return self._pacer.delay(ticket, now)

    def least_delay(self, ticket: int, now: float) -> float:
        with self._guard:
            return self._pacer.least_delay(ticket, now)

    def observe(self, ticket: int, now: float, limits: RateLimits) -> None:
        with self._guard:
            self._pacer.observe(ticket, now, limits)

    def settle(self, ticket: int, now: float, **what: Any) -> None:
        with self._guard:
            self._pacer.settle(ticket, now, **what)

    def refuse(self, ticket: int, now: float, **what: Any) -> None:
        with self._guard:
            self._pacer.refuse(ticket, now, **what)

    def leave(self, ticket: int, now: float) -> None:
        with self._guard:
            self._pacer.leave(ticket, now)


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
