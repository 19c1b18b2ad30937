"""The heads of answers, read as strictly by http.client as by h11.

For sessions of our own. One of the user's keeps what it has: this could be put only into adapters
that its other requests share, or into copies that would not know what the user's adapters learn. So
with it an answer that ends among its headers is an empty one, an error of another kind which is not
tried again; what only announces an answer (103) fails the call; headers that trickle are waited for
beyond the end of the call; and with TLS an answer that comes while a request is still sent may be
lost.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import weakref
from typing import Any

import urllib3.connection
import urllib3.connectionpool

from ._ends import bound_sending, end_of_call, until

_ANNOUNCEMENTS = 20  # in a row, of one answer; more are none
_LINES = 100  # of headers, as http.client has it for an answer
_LINE = 65536


class Wire(io.RawIOBase):
    """The bytes of an answer from its socket, with one end for all that is waited for."""

    def __init__(self, raw: socket.SocketIO) -> None:
        self._raw: Any = raw
        self._end = end_of_call()
        self._read: float | None = self._sock.gettimeout()  # for each wait, if nothing is shorter

    @property
    def _sock(self) -> Any:
        return self._raw._sock

    def within(self, seconds: float | None, read: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._read = read
        if self._end is None and self._sock is not None:
            self._sock.settimeout(read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._end is not None:
            self._sock.settimeout(until(self._end, self._read))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        super().close()
        self._raw.close()


class _Answer(http.client.HTTPResponse):
    """Passes over what only announces an answer, such as 103, which http.client takes for the
    answer; and knows a connection that ends among the headers from the end of the headers."""

    fp: Any

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        if isinstance(self.fp, io.BufferedReader):
            self.fp = io.BufferedReader(Wire(self.fp.detach()))  # type: ignore[arg-type]

    def begin(self) -> None:
        whole = self.fp
        if getattr(self, "headers", None) is None:  # else it has begun already
            self.fp = _Lines(whole)
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = whole

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_ANNOUNCEMENTS):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200 or status == 101:
                break
            lines = 0
            while self.fp.readline(_LINE).strip():
                lines += 1
                if lines > _LINES:
                    raise http.client.HTTPException(f"got more than {_LINES} headers")
        return version, status, reason


class _Lines:
    """A file whose lines all have an end."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def readline(self, limit: int) -> bytes:
        line: bytes = self._file.readline(limit)
        if not line.endswith(b"\n") and len(line) < limit:
            raise http.client.RemoteDisconnected(
                "it closed the connection before the headers were whole"
            )
        return line


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    def _new_conn(self) -> Any:
        return _strict(super()._new_conn())


class _SecurePool(urllib3.connectionpool.HTTPSConnectionPool):
    def _new_conn(self) -> Any:
        return _strict(super()._new_conn())


def _strict(connection: Any) -> Any:
    # Of the one connection, not of its class: those who record traffic put in one of their own.
    connection.response_class = _Answer
    if isinstance(connection, urllib3.connection.HTTPConnection):
        _send_in_time(connection)
    return connection


def _send_in_time(connection: urllib3.connection.HTTPConnection) -> None:
    """Bounds each piece of a request; and has urllib3 look for an answer when the rest of one
    cannot be sent with TLS too, where the error has another name."""
    here = weakref.ref(connection)  # it would hold itself

    def send(data: Any) -> None:
        found = here()
        assert found is not None
        bound_sending(found.sock)
        try:
            type(found).send(found, data)
        except ssl.SSLEOFError as error:
            raise BrokenPipeError(*error.args) from error

    connection.send = send  # type: ignore[method-assign]


def read_strictly(manager: urllib3.PoolManager) -> None:
    """Has the connections that a manager opens from now on read heads like this."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
