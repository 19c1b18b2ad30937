"""Answers in gzip of several members, of which httpx reads the first."""

from __future__ import annotations

import zlib
from typing import Any

import httpx


def read_all_members(answer: httpx.Response) -> None:
    """Has all members of the body decoded, as urllib3 does.

    Nothing public leads there; another version of httpx is left as it is.
    """
    if answer.headers.get("content-encoding", "").strip().lower() == "gzip":
        response: Any = answer
        response._decoder = _Members()


class _Members:
    """A decoder as httpx has them."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._first = True
        self._over = False

    def decode(self, data: bytes) -> bytes:
        pieces: list[bytes] = []
        while data and not self._over:
            if self._member.eof:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._first = False
            try:
                pieces.append(self._member.decompress(data))
            except zlib.error as error:
                if self._first:
                    raise httpx.DecodingError(str(error)) from error
                self._over = True  # what follows the last member is passed over, as by gzip
            data = self._member.unused_data
        return b"".join(pieces)

    def flush(self) -> bytes:
        return b"" if self._over else self._member.flush()
