"""What a process that was forked does not take over: locks that are held, and open connections.

Both processes would read from one connection, and each get parts of the other's answers.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Protocol

from ..errors import CerebrasError


class Forkable(Protocol):
    def forked(self) -> None:
        """Called in the new process, before anything else runs there."""


_things: weakref.WeakSet[Forkable] = weakref.WeakSet()
_of_the_parent: list[object] = []


def tell_of_forks(thing: Forkable) -> None:
    """Has `thing.forked()` called in every process that is forked while it is there."""
    _things.add(thing)


def leave_alone(thing: object) -> None:
    """Keeps what belongs to the parent from being closed here: that would be seen there."""
    _of_the_parent.append(thing)


def of_the_parent() -> CerebrasError:
    """The error for an HTTP client that cannot be told to leave its connections alone."""
    return CerebrasError(
        "this http_client was in use before the process was forked, and would read from "
        "connections of the other process: give the client another one here, or fork before its "
        "first call"
    )


def _in_the_child() -> None:
    for thing in list(_things):
        thing.forked()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_in_the_child)


class Lock:
    """For `with`, among threads; in a process that was forked nobody holds it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        tell_of_forks(self)

    def forked(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True) -> bool:
        return self._lock.acquire(blocking)

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
