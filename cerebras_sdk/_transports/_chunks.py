"""The body of an answer in HTTP chunks, as it arrives."""

from __future__ import annotations

import http.client
import re
from typing import Protocol

_LINE = 65536
# The end of one chunk and the size of the next.
_SIZE = re.compile(rb"\r\n([0-9A-Fa-f]{1,20})[ \t]*(?:;[^\n]*)?\r?\n")
_END = re.compile(rb"\n\r?\n")


class File(Protocol):
    def read1(self, amount: int = -1, /) -> bytes: ...


class Chunks:
    """Reads chunks from the file of an http.client.HTTPResponse, whose `read1` this one can be.

    http.client and urllib3 give a chunk when it is whole, and one at a time.
    """

    def __init__(self, file: File) -> None:
        self._file = file
        self._left = 0  # of the chunk at hand
        self._rest = b"\r\n"  # what has come of a line; this is as if a chunk had ended
        self._trailing = self._over = self._wrong = False

    def read1(self, amount: int = -1) -> bytes:
        """What there is of all chunks that have begun, without their frames, at most `amount`
        bytes; empty at the end of the last."""
        while not self._over:
            if self._wrong:
                raise http.client.HTTPException("the chunks of the body are none of HTTP")
            data = self._file.read1(amount)
            if not data:
                if self._trailing:  # some servers leave the last line end out
                    break
                raise http.client.IncompleteRead(b"")
            body = self._unframed(data)
            if body:
                return body
        return b""

    def _unframed(self, data: bytes) -> bytes:
        if len(data) <= self._left:
            self._left -= len(data)
            return data
        if self._rest:
            data = self._rest + data
            self._rest = b""
        pieces: list[bytes] = []
        left, at = self._left, 0
        while not self._trailing:
            if left:
                pieces.append(data[at : at + left])
                at += left
                left = max(at - len(data), 0)
                if left:
                    break
            size = _SIZE.match(data, at)
            if size is None:
                self._keep(data[at:])
                break
            left, at = int(size[1], 16), size.end()
            if not left:
                self._trailing = True
                data, at = b"\n" + data[at:], 0  # the line end that stands before
        self._left = left
        if self._trailing:
            self._over = _END.search(data) is not None
            self._rest = data
            self._wrong = len(data) > _LINE
        return b"".join(pieces)

    def _keep(self, line: bytes) -> None:
        """A line that has no end yet, or one that is none."""
        self._rest = line
        begins = b"\r\n".startswith(line[:2])
        self._wrong = not begins or b"\n" in line[2:] or len(line) > _LINE
