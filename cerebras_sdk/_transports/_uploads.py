"""The bodies of requests on their way through an event loop."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import anyio.to_thread
import httpx

from .._core.http import Upload


class BytesBody(httpx.AsyncByteStream):
    """A body in one piece, as often as it is sent.

    That of httpx is a generator: trio complains of one that is left hanging, as by an answer that
    comes early.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Once(self._data)


class _Once:
    def __init__(self, data: bytes) -> None:
        self._left = data

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece, self._left = self._left, b""
        if not piece:
            raise StopAsyncIteration
        return piece


class UploadBody(httpx.AsyncByteStream):
    """An upload on its way: the disk is read in a thread, the progress told in the event loop."""

    def __init__(self, upload: Upload) -> None:
        self.size = len(upload)
        self._upload = upload
        self._parts = upload.parts()
        self._sent = 0
        self._abandoned = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._sent:
            self._upload.progress(self._sent)
        part = await anyio.to_thread.run_sync(self._read)
        if not part:
            raise StopAsyncIteration
        self._sent += len(part)
        return part

    def _read(self) -> bytes:
        try:
            return next(self._parts, b"")
        finally:
            if self._abandoned:
                self.close()

    def close(self) -> None:
        """Closes the file of an upload that was broken off; a thread that reads it does so then."""
        self._abandoned = True
        with contextlib.suppress(ValueError):  # it is being read
            self._parts.close()
