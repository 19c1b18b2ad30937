"""The heads of answers, read as strictly by http.client as by h11."""

from __future__ import annotations

import http.client
from typing import Any

import urllib3.connectionpool

_ANNOUNCEMENTS = 20  # in a row, of one answer; more are none
_LINE = 65536


class _Answer(http.client.HTTPResponse):
    """Passes over what only announces an answer, such as 103, which http.client takes for the
    answer; and knows a connection that ends among the headers from the end of the headers."""

    fp: Any
    last = b""  # what was read last of a body in chunks: a chunk, or its line end

    def _safe_read(self, amt: int) -> bytes:
        data: bytes = super()._safe_read(amt)  # type: ignore[misc]
        self.last = data
        return data

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
            while self.fp.readline(_LINE).strip():
                pass
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
    return connection


def read_strictly(manager: urllib3.PoolManager) -> None:
    """Has the connections that a manager opens from now on read heads like this."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
