"""A clock that stands still until everybody who lives by it is asleep."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Protocol

# Sunday, 1 November 2026, midnight UTC: a fixed moment, so that every run is the same.
_START = 1_793_491_200.0


class Clock(Protocol):
    """What the local server reads the time from; the module `time` is one."""

    def time(self) -> float: ...

    def monotonic(self) -> float: ...


class VirtualClock:
    """Time that passes only in sleep, and then at once; for threads and asyncio tasks together.

    `time` is Unix seconds, `monotonic` seconds since the clock was made. Without workers `sleep`
    and `asleep` move the clock on and return. A test in which several sleep at a time registers
    each of them before the first one starts:

        workers = [clock.worker() for _ in range(8)]

        def run(worker):
            with worker:
                ...  # calls, and clock.sleep(seconds) between them

    The clock then stands still until all workers are asleep, and jumps to the earliest wake-up,
    never past one; all who are due wake up. A worker that waits for the network is awake, so calls
    take no time at all. A worker that waits for another one in any other way than asleep (for a
    lock that a sleeper holds, say) stops the clock for good: after `patience` real seconds without
    a change the sleepers raise `RuntimeError`.

    A sleeper that is no worker is woken in time, but what it does then is not waited for. A task
    that a worker's task starts sleeps in its name.
    """

    def __init__(self, *, start: float = _START, patience: float = 30.0) -> None:
        self._start = start
        self._patience = patience
        self._now = 0.0
        self._lock = threading.Lock()
        self._workers: set[Worker] = set()
        self._sleepers: set[_Sleeper] = set()
        self._changes = 0

    def time(self) -> float:
        return self._start + self._now

    def monotonic(self) -> float:
        return self._now

    def worker(self) -> Worker:
        """A place for one thread or task, registered from now to the end of its `with`."""
        worker = Worker(self._leave)
        with self._lock:
            self._workers.add(worker)
        return worker

    def advance(self, seconds: float) -> None:
        """Move the clock by hand; `RuntimeError` if a sleeper should have woken on the way."""
        with self._lock:
            until = self._now + _checked(seconds)
            if any(sleeper.until < until for sleeper in self._sleepers):
                raise RuntimeError("the clock cannot be moved past the wake-up of a sleeper")
            self._jump(until)
            self._go_on()

    def sleep(self, seconds: float) -> None:
        """Wait in this thread for `seconds` of this clock's time."""
        woken = threading.Event()
        sleeper = self._lie_down(seconds, woken.set)
        try:
            while True:
                changes = self._changes
                if woken.wait(self._patience):
                    return
                self._check_change_since(changes)
        finally:
            self._get_up(sleeper)

    async def asleep(self, seconds: float) -> None:
        """Wait in this task of asyncio for `seconds` of this clock's time."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            if not woken.done():
                woken.set_result(None)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the sleeper's loop has ended
                loop.call_soon_threadsafe(tell)

        sleeper = self._lie_down(seconds, wake)
        try:
            while True:
                changes = self._changes
                done, _ = await asyncio.wait([woken], timeout=self._patience)
                if done:
                    return
                self._check_change_since(changes)
        finally:
            self._get_up(sleeper)

    def _lie_down(self, seconds: float, wake: Callable[[], None]) -> _Sleeper:
        with self._lock:
            sleeper = _Sleeper(self._now + _checked(seconds), _present.get(), wake)
            self._sleepers.add(sleeper)
            self._go_on()
        return sleeper

    def _get_up(self, sleeper: _Sleeper) -> None:
        with self._lock:
            self._sleepers.discard(sleeper)
            self._changes += 1

    def _leave(self, worker: Worker) -> None:
        with self._lock:
            self._workers.discard(worker)
            self._go_on()

    def _go_on(self) -> None:
        self._changes += 1
        while self._sleepers and self._workers <= {s.worker for s in self._sleepers}:
            self._jump(min(sleeper.until for sleeper in self._sleepers))

    def _jump(self, moment: float) -> None:
        self._now = moment
        # Before it knows: the clock must not go on until this worker has lain down again.
        due = {sleeper for sleeper in self._sleepers if sleeper.until <= moment}
        self._sleepers -= due
        for sleeper in due:
            sleeper.wake()

    def _check_change_since(self, changes: int) -> None:
        with self._lock:
            if self._changes != changes:
                return
            asleep = len(self._workers & {sleeper.worker for sleeper in self._sleepers})
            raise RuntimeError(
                f"the clock stands still: {asleep} of {len(self._workers)} workers are asleep, "
                "the others have not started or wait for something else"
            )


class Worker:
    """One who lives by a `VirtualClock`: whoever sleeps inside its `with`; used once."""

    def __init__(self, leave: Callable[[Worker], None]) -> None:
        self._leave = leave
        self._token: Token[Worker | None]

    def __enter__(self) -> None:
        self._token = _present.set(self)

    def __exit__(self, *exc_info: object) -> None:
        _present.reset(self._token)
        self._leave(self)


# A context variable has a value for each thread and each task, and child tasks inherit it.
_present: ContextVar[Worker | None] = ContextVar("worker", default=None)


class _Sleeper:
    def __init__(self, until: float, worker: Worker | None, wake: Callable[[], None]) -> None:
        self.until = until
        self.worker = worker
        self.wake = wake


def _checked(seconds: float) -> float:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a sleep is not negative and ends: {seconds}")
    return seconds
