"""One budget for all processes of a machine, in a file that they take turns to change."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .._core.pacing import RECHECK_SECONDS, Pacer
from ..errors import CerebrasError, InvalidRequestError
from ..types import RateLimits

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

T = TypeVar("T")

_VERSION = 1
_LOCK_SECONDS = 10.0  # nobody holds it for longer than a few milliseconds, unless it was stopped
_LOCK_RETRY = 0.002
# Who waits asks again all the time, so a few times without it is enough; who sent may be reading.
_WAITING_SECONDS = 10 * RECHECK_SECONDS
_SENT_SECONDS = 900.0
_KEPT_SECONDS = 2 * 86_400.0


class SharedPacing:
    """Pacing for several processes on one machine: each is given the same `path`.

    `pacing=SharedPacing("/run/app/cerebras-pacing.json")`. The file and `<path>.lock` are made when
    they are needed; the folder must be there and writable. It holds counts and hashes of keys. A
    process that is killed releases the lock by dying, leaves the queue at once (on Windows, after
    10 s), and what it had reserved counts as used. A file that cannot be read is started anew.

    Safe to call from several threads. Times are unix seconds. Raises InvalidRequestError for a path
    that cannot be written, and CerebrasError when the lock is not had within 10 s.
    """

    blocks = True  # its calls read and write a file, and wait for a lock

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()

    def __repr__(self) -> str:
        return f"SharedPacing({str(self.path)!r})"

    def get(self, key: str, model: str) -> SharedPacer:
        """The budget of a key, by its fingerprint, for a model."""
        return SharedPacer(self, f"{key}/{model}")

    @staticmethod
    def now() -> float:
        return time.time()

    def change(self, name: str, change: Callable[[Pacer, _Owners], T]) -> T:
        """What `change` makes of the pacer of that name and of the owners of its tickets; what it
        leaves them at is kept."""
        with self._locked():
            pacers = self._read()
            pacer, owners = _restored(pacers.get(name))
            result = change(pacer, owners)
            pacers[name] = {"pacer": pacer.to_state(), "owners": owners, "used": self.now()}
            self._write(pacers)
            return result

    @contextlib.contextmanager
    def _locked(self) -> Generator[None, None, None]:
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            give_up = time.monotonic() + _LOCK_SECONDS
            while not _lock(lock):
                if time.monotonic() > give_up:
                    raise CerebrasError(
                        f"pacing: another process holds {self.path}.lock and does not let go"
                    )
                time.sleep(_LOCK_RETRY)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, Any]:
        try:
            state = json.loads(self.path.read_bytes())
            pacers = state["pacers"] if state["version"] == _VERSION else {}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, RecursionError):
            return {}  # a machine that went down may leave half a file
        except OSError as error:
            raise self._unwritable(error) from error
        if not isinstance(pacers, dict):
            return {}
        # Keys that were got for cookies come and go.
        oldest = self.now() - _KEPT_SECONDS
        return {name: state for name, state in pacers.items() if _used(state) > oldest}

    def _write(self, pacers: dict[str, Any]) -> None:
        new = f"{self.path}.new"
        state = json.dumps({"version": _VERSION, "pacers": pacers})
        try:
            # A reader never sees half of it, wherever this process is killed.
            file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(file, "w", encoding="utf-8") as opened:
                opened.write(state)
            os.replace(new, self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> InvalidRequestError:
        return InvalidRequestError(
            f"pacing: {self.path} cannot be shared: {error.strerror or error}. SharedPacing takes "
            "the path of a file in a folder that every process may write to"
        )


@dataclass(frozen=True, slots=True)
class SharedTicket:
    """A place in the queue, under a name of its own: numbers begin again in a file made anew."""

    name: str
    tokens: int


class SharedPacer:
    """A `Pacer` that lives in a file: the same methods; `now` is unix seconds.

    A waiting ticket that was lost, because the file was or because nobody asked for it for 10 s,
    stands at the end of the queue when it is asked for again.
    """

    def __init__(self, shared: SharedPacing, name: str) -> None:
        self._shared = shared
        self._name = name

    def join(self, tokens: int, now: float) -> SharedTicket:
        ticket = SharedTicket(secrets.token_hex(8), tokens)
        self._ask(ticket, now, lambda pacer, number: None)
        return ticket

    def delay(self, ticket: SharedTicket, now: float) -> float:
        return self._ask(ticket, now, lambda pacer, number: pacer.delay(number, now))

    def _ask(self, ticket: SharedTicket, now: float, call: Callable[[Pacer, int], T]) -> T:
        """The same as `_call`, for a ticket that wants a place in the queue."""

        def ask(pacer: Pacer, owners: _Owners) -> T:
            owner = owners.get(ticket.name)
            number = pacer.join(ticket.tokens, now) if owner is None else owner[0]
            owners[ticket.name] = (number, *_me(), now)
            _bury(pacer, owners, now)
            return call(pacer, number)

        return self._shared.change(self._name, ask)

    def least_delay(self, ticket: SharedTicket, now: float) -> float:
        return self._call(ticket, 0.0, lambda pacer, number: pacer.least_delay(number, now))

    def observe(self, ticket: SharedTicket, now: float, limits: RateLimits) -> None:
        self._call(ticket, None, lambda pacer, number: pacer.observe(number, now, limits))

    def settle(
        self,
        ticket: SharedTicket,
        now: float,
        *,
        tokens: int | None,
        cached: int = 0,
        limits: RateLimits | None = None,
    ) -> None:
        def settle(pacer: Pacer, number: int) -> None:
            pacer.settle(number, now, tokens=tokens, cached=cached, limits=limits)

        self._call(ticket, None, settle, last=True)

    def refuse(
        self,
        ticket: SharedTicket,
        now: float,
        *,
        retry_after: float | None = None,
        limits: RateLimits | None = None,
    ) -> None:
        def refuse(pacer: Pacer, number: int) -> None:
            pacer.refuse(number, now, retry_after=retry_after, limits=limits)

        self._call(ticket, None, refuse, last=True)

    def leave(self, ticket: SharedTicket, now: float) -> None:
        self._call(ticket, None, lambda pacer, number: pacer.leave(number, now), last=True)

    def _call(
        self,
        ticket: SharedTicket,
        default: T,
        call: Callable[[Pacer, int], T],
        *,
        last: bool = False,
    ) -> T:
        def change(pacer: Pacer, owners: _Owners) -> T:
            owner = owners.pop(ticket.name, None)
            if owner is None:
                return default
            if not last:
                owners[ticket.name] = owner
            return call(pacer, owner[0])

        return self._shared.change(self._name, change)


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


def _used(state: object) -> float:
    used = state.get("used") if isinstance(state, dict) else None
    return used if isinstance(used, (int, float)) else 0.0


if sys.platform == "win32":

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lives(pid: int) -> bool:
        return True  # os.kill(pid, 0) would end it there; silence tells as well, only later

else:

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lives(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            return True  # of another user
        return True
