"""The end of a call, for libraries whose timeouts begin anew with each byte or each piece."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

from .._core.http import Upload


class _Call(NamedTuple):
    end: float | None  # on the monotonic clock
    write: float | None


_CALL: ContextVar[_Call | None] = ContextVar("cerebras_sdk_call", default=None)


@contextlib.contextmanager
def answered_by(end: float | None, *, write: float | None) -> Iterator[None]:
    """Nothing that is sent and waited for meanwhile takes longer than until `end`, on the monotonic
    clock, and no piece of it longer to be sent than `write`."""
    token = _CALL.set(_Call(end, write))
    try:
        yield
    finally:
        _CALL.reset(token)


def end_of_call() -> float | None:
    call = _CALL.get()
    return None if call is None else call.end


def left(seconds: float | None) -> float | None:
    """`seconds`, or what is left of the call if that is less. Raises TimeoutError for nothing."""
    return until(end_of_call(), seconds)


def until(end: float | None, seconds: float | None) -> float | None:
    if end is None:
        return seconds
    rest = end - time.monotonic()
    if rest <= 0:
        raise TimeoutError("timed out")
    return rest if seconds is None else min(seconds, rest)


def bound_sending(sock: Any) -> None:
    """For the next piece. urllib3 has a socket wait for the connection and for the answer only."""
    call = _CALL.get()
    if call is not None and sock is not None:
        sock.settimeout(left(call.write))


class InTime:
    """An upload that ends with the call."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    def __len__(self) -> int:
        return len(self._upload)

    def __iter__(self) -> Generator[bytes, None, None]:
        with contextlib.closing(iter(self._upload)) as pieces:
            for piece in pieces:
                left(None)
                yield piece
