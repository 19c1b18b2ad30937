"""One budget for all processes of a machine, in a file that they take turns to change."""

from __future__ import annotations

import os
import platform
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .._core.pacing import RECHECK_SECONDS, Pacer, Shortage
from ..types import RateLimits
from . import _forks
from ._shared_file import Busy as Busy
from ._shared_file import SharedFile

T = TypeVar("T")

# Who waits asks again all the time, so a few times without it is enough; who sent may be reading.
_WAITING_SECONDS = 10 * RECHECK_SECONDS
_SENT_SECONDS = 900.0
_STEP_SECONDS = 0.002  # about what one takes that is before another in this process
_TRY_SECONDS = 0.1  # for the lock; who waits for longer may have been cancelled meanwhile


class SharedPacing:
    """Pacing for several processes on one machine: each is given the same `path`.

    `pacing=SharedPacing("/run/app/cerebras-pacing.json")`. The file and `<path>.lock` are made when
    they are needed; the folder must be there and writable. It holds counts and hashes of keys. A
    process that is killed releases the lock by dying, leaves the queue at once (on Windows, after
    10 s), and what it had reserved counts as used. A file that cannot be read is started anew.

    Safe to call from several threads. Times are unix seconds. A call raises InvalidRequestError for
    a path that cannot be written, and CerebrasError when the lock is not had within 10 s; at its
    end it waits for neither, and what cannot be told then is logged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()
        self._file = SharedFile(self.path)
        self._queues: dict[str, Queue] = {}

    def __reduce__(self) -> tuple[type[SharedPacing], tuple[str]]:
        return SharedPacing, (str(self.path),)

    def __repr__(self) -> str:
        return f"SharedPacing({str(self.path)!r})"

    blocks = True  # to ask reads and writes a file, and waits for a lock

    def get(self, key: str, model: str) -> SharedPacer:
        """The budget of a key, by its fingerprint, for a model."""
        name = f"{key}/{model}"
        return SharedPacer(self._file, name, self._queues.setdefault(name, Queue()))

    @staticmethod
    def now() -> float:
        return time.time()


@dataclass(slots=True)
class SharedTicket:
    """A place in the queue, under a name of its own: numbers begin again in a file made anew."""

    name: str
    tokens: int
    is_over: bool = False


class Queue:
    """Those of this process that wait for one budget, in their order.

    Only the first of them asks the file; if all did, each time for all others, hundreds would wait
    for the file and not for the service. The others do so often enough to be remembered there.
    """

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}  # by ticket: when
        self._lock = _forks.Lock()
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        self._asked = {}

    def before(self, ticket: str, now: float) -> int:
        """How many are before it; 0 for one that has to ask."""
        with self._lock:
            asked = self._asked.get(ticket)
            if asked is None or not 0 <= now - asked < _WAITING_SECONDS / 3:
                return 0
            try:
                return list(self._asked).index(ticket)
            except ValueError:  # it has just left
                return 0

    def waits(self, ticket: str, now: float) -> None:
        with self._lock:
            self._asked[ticket] = now

    def leaves(self, ticket: str) -> None:
        self._asked.pop(ticket, None)  # at once, and without a lock that the same thread may hold


class SharedPacer:
    """A `Pacer` that lives in a file: the same methods; `now` is unix seconds.

    `delay` and `shortage` wait for the file, and raise Busy if they do not have it in a moment: ask
    again. What ends a ticket does not wait. A ticket is in the queue from the first `delay` on. One
    that was lost, because the file was or because nobody asked for it for 10 s, stands at the end
    of the queue when it is asked for again.
    """

    def __init__(self, file: SharedFile, name: str, queue: Queue) -> None:
        self._file = file
        self._name = name
        self._queue = queue

    def join(self, tokens: int) -> SharedTicket:
        return SharedTicket(secrets.token_hex(8), tokens)

    def delay(self, ticket: SharedTicket, now: float) -> float:
        """Raises KeyError for a ticket that was given back."""
        if before := self._queue.before(ticket.name, now):
            return min(before * _STEP_SECONDS, RECHECK_SECONDS)

        def ask(pacer: Pacer, owners: _Owners) -> float | None:
            # Given back by a task that was cancelled, while this thread waited for the file.
            if ticket.is_over:
                return None
            owner = owners.get(ticket.name)
            number = pacer.join(ticket.tokens, now) if owner is None else owner[0]
            owners[ticket.name] = (number, *_me(), now)
            _bury(pacer, owners, now)
            return pacer.delay(number, now)

        if (delay := self._ask(ask)) is None:
            self._queue.leaves(ticket.name)
            raise KeyError(ticket.name)
        if delay:
            self._queue.waits(ticket.name, now)
        else:
            self._queue.leaves(ticket.name)
        return delay

    def shortage(self, ticket: SharedTicket, now: float) -> Shortage:
        def ask(pacer: Pacer, owners: _Owners) -> Shortage:
            owner = owners.get(ticket.name)
            return Shortage(0.0) if owner is None else pacer.shortage(owner[0], now)

        return self._ask(ask)

    def _ask(self, ask: Callable[[Pacer, _Owners], T]) -> T:
        answers: list[T] = []

        def change(state: object) -> dict[str, Any]:
            pacer, owners = _restored(state)
            answers.append(ask(pacer, owners))
            return {"pacer": pacer.to_state(), "owners": owners}

        self._file.change(self._name, change, patience=_TRY_SECONDS)
        return answers[0]

    def observe(self, ticket: SharedTicket, now: float, limits: RateLimits) -> None:
        self._tell(ticket, lambda pacer, number: pacer.observe(number, now, limits), last=False)

    def settle(self, ticket: SharedTicket, now: float, **what: Any) -> None:
        self._tell(ticket, lambda pacer, number: pacer.settle(number, now, **what))

    def refuse(self, ticket: SharedTicket, now: float, **what: Any) -> None:
        self._tell(ticket, lambda pacer, number: pacer.refuse(number, now, **what))

    def leave(self, ticket: SharedTicket, now: float) -> None:
        self._tell(ticket, lambda pacer, number: pacer.leave(number, now))

    def _tell(
        self, ticket: SharedTicket, call: Callable[[Pacer, int], None], *, last: bool = True
    ) -> None:
        def change(state: object) -> dict[str, Any]:
            pacer, owners = _restored(state)
            owner = owners.get(ticket.name)
            # A process that was forked may end what it took over: it is its parent's to end.
            if owner is not None and owner[1:3] == _me():
                if last:
                    del owners[ticket.name]
                call(pacer, owner[0])
            return {"pacer": pacer.to_state(), "owners": owners}

        ticket.is_over = ticket.is_over or last
        if last:
            self._queue.leaves(ticket.name)
        self._file.later(self._name, change)


_Owner = tuple[int, str, int, float]
"""The ticket's number, the machine's name, the process, and when it was last heard of."""
_Owners = dict[str, _Owner]


def _me() -> tuple[str, int]:
    return platform.node(), os.getpid()


def _bury(pacer: Pacer, owners: _Owners, now: float) -> None:
    """Takes away the tickets of those that died."""
    for name, (number, node, pid, heard) in list(owners.items()):
        is_waiting = number in pacer.waiting
        patience = _WAITING_SECONDS if is_waiting else _SENT_SECONDS
        if now - heard <= patience and (node != platform.node() or _lives(pid)):
            continue
        del owners[name]
        # Whether what it sent came to the service, and what it cost, nobody knows.
        pacer.settle(number, now, tokens=None)


def _restored(state: object) -> tuple[Pacer, _Owners]:
    """What the file says, or a new pacer: also for a state that no pacer has given."""
    try:
        pacer = Pacer.from_state(state["pacer"])  # type: ignore[index]
        owners = {
            str(name): (int(number), str(node), int(pid), float(heard))
            for name, (number, node, pid, heard) in state["owners"].items()  # type: ignore[index]
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return Pacer(), {}
    numbers = sorted(owner[0] for owner in owners.values())
    if numbers != sorted([*pacer.waiting, *pacer.sent]):
        return Pacer(), {}
    return pacer, owners


if sys.platform == "win32":

    def _lives(pid: int) -> bool:
        return True  # os.kill(pid, 0) would end it there; silence tells as well, only later

else:

    def _lives(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            return True  # of another user
        return True
