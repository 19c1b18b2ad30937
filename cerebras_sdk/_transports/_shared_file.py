"""A file of JSON that several processes take turns to change."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import CerebrasError, InvalidRequestError
from . import _forks

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOG = logging.getLogger("cerebras_sdk")

_VERSION = 1
_LOCK_SECONDS = 10.0  # nobody holds it for longer than a few milliseconds, unless it was stopped
_LOCK_RETRY = 0.002
_KEPT_SECONDS = 2 * 86_400.0

Change: TypeAlias = Callable[[object], dict[str, Any]]
"""Takes what is kept under a name, None for nothing, and gives what to keep in its place."""


class Busy(CerebrasError):
    """Another process, or thread, holds the lock."""


class SharedFile:
    """What is kept at `path`, by names; beside it stands `<path>.lock`.

    Safe to call from several threads. A process that is killed releases the lock by dying. What
    cannot be read is started anew; what was not used for two days is forgotten.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.forked()
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        """What the parent has still to change is the parent's to change."""
        self._pending: deque[tuple[str, Change]] = deque()
        self._at_work = threading.Lock()

    def change(self, name: str, change: Change, *, patience: float = _LOCK_SECONDS) -> None:
        """Changes what is kept under a name, after all that was to be changed later.

        Raises InvalidRequestError for a path that cannot be written, and Busy when the lock is not
        had within `patience` seconds.
        """
        self._apply([(name, change)], patience)

    def later(self, name: str, change: Change) -> None:
        """The same soon, by another thread: for who must not wait for a lock or a disk, such as an
        event loop, or may hold the lock already, such as the garbage collector."""
        self._pending.append((name, change))
        self._work()

    def _work(self) -> None:
        if not self._at_work.acquire(blocking=False):
            return
        # The interpreter waits for it at its end: what was not used up is given back.
        worker = threading.Thread(target=self._work_off, name="cerebras-sdk-pacing", daemon=False)
        try:
            worker.start()
        except RuntimeError:  # the interpreter has ended the others already
            self._work_off()

    def _work_off(self) -> None:
        lock = self._at_work
        try:
            while self._pending:
                self._apply([], _LOCK_SECONDS)
        except CerebrasError as error:
            _LOG.warning("%s", error)  # it stays to be done by the next change
            return
        finally:
            lock.release()
        if self._pending:  # it came when this had looked, and still had the lock
            self._work()

    def _apply(self, changes: list[tuple[str, Change]], patience: float) -> None:
        with self._locked(patience):
            pending = [self._pending.popleft() for _ in range(len(self._pending))]
            try:
                kept = self._read()
                for name, change in [*pending, *changes]:
                    kept[name] = {**change(kept.get(name)), "used": time.time()}
                self._write(kept)
            except BaseException:
                self._pending.extendleft(reversed(pending))
                raise

    @contextlib.contextmanager
    def _locked(self, patience: float = _LOCK_SECONDS) -> Generator[None, None, None]:
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            give_up = time.monotonic() + patience
            while not _lock(lock):
                if time.monotonic() > give_up:
                    raise Busy(f"pacing: another process holds {self.path}.lock, and keeps it")
                time.sleep(_LOCK_RETRY)
            yield
        finally:
            os.close(lock)

    def _read(self) -> dict[str, Any]:
        try:
            state = json.loads(self.path.read_bytes())
            kept = state["pacers"] if state["version"] == _VERSION else {}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, RecursionError):
            return {}  # a machine that went down may leave half a file
        except OSError as error:
            raise self._unwritable(error) from error
        if not isinstance(kept, dict):
            return {}
        # Keys that were got for cookies come and go.
        oldest = time.time() - _KEPT_SECONDS
        return {name: state for name, state in kept.items() if _used(state) > oldest}

    def _write(self, kept: dict[str, Any]) -> None:
        new = f"{self.path}.new"
        state = json.dumps({"version": _VERSION, "pacers": kept})
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

else:

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
