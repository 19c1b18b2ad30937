"""The answers of the blocking door, and how their bodies are read."""

from __future__ import annotations

import contextlib
import os
import time

import requests
import urllib3.exceptions

from .._core.http import Headers, Request
from .._core.secret import Hidden
from .._core.timeout import Deadline
from ..errors import APIConnectionError
from . import DRAIN_BYTES, DRAIN_SECONDS, PATIENCE, cut_off, named, no_answer
from ._bodies import phase_of, pieces_of, wait_within
from ._log_lines import in_hand, is_logged

ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class RequestsResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(
        self, response: requests.Response, request: Request, body: bytes | None = None
    ) -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.items())
        self.raw = response
        self.is_read = body is not None
        self.body = body or b""
        self.cut: APIConnectionError | None = None  # why there is no more of the body
        self._closed = False
        self._abandoned = False  # closed with the client
        self._watched = True  # there may still be the end that the headers had
        self._request = request
        self._pieces = pieces_of(response)
        self._process = os.getpid()

    @property
    def http_version(self) -> str:
        version = getattr(self.raw.raw, "version", 11)  # 11 for HTTP/1.1
        return f"HTTP/{version // 10}.{version % 10}" if isinstance(version, int) else version

    @property
    def is_closed(self) -> bool:
        return self._closed or self.is_read

    def receive(self, deadline: Deadline | None = None) -> bytes:
        now = time.monotonic()
        logged = is_logged()
        if logged:
            before = in_hand.get()
            in_hand.set(self._request)
        try:
            if self._watched or deadline is not None:
                self._watch(deadline, now)
            piece = next(self._pieces, b"")
            if self._abandoned and not piece:
                raise cut_off()
            return piece
        except Exception as error:
            if self._closed and not self._abandoned:
                return b""  # another thread closed it: that is its end
            if not self._abandoned and not isinstance(error, (*ERRORS, ValueError)):
                raise  # a ValueError is what http.client has for a chunk of less than no bytes
            phase = None if self._abandoned else phase_of(error)
            if phase is not None:
                phase = named(phase, deadline, self._request.timeout.read, now)
            # What it says may repeat the key.
            caught = Hidden(cut_off() if self._abandoned else error)
        finally:
            if logged:
                in_hand.set(before)
        raise no_answer(caught.value, self._request, phase=phase, begun=True)

    def read_whole(self, deadline: Deadline | None) -> bytes:
        read: Hidden[list[bytes]] = Hidden([])
        self._read_into(read.value, deadline)
        return b"".join(read.value)

    def read_refusal(self, deadline: Deadline | None) -> None:
        """Reads the body as far as it comes: what the status says holds without it."""
        read: Hidden[list[bytes]] = Hidden([])
        try:
            self._read_into(read.value, deadline)
        except APIConnectionError as error:
            self.cut = error.with_traceback(None)  # it would hold this
        self.body, self.is_read = b"".join(read.value), True

    def _read_into(self, pieces: list[bytes], deadline: Deadline | None) -> None:
        while piece := self.receive(deadline):
            pieces.append(piece)
            # With a byte now and then it may go on for ever.
            if deadline is not None and time.monotonic() >= deadline.at:
                raise no_answer(TimeoutError(), self._request, phase=deadline.phase, begun=True)

    def _watch(self, deadline: Deadline | None, now: float) -> None:
        """Sets how long bytes are waited for, however few come at a time."""
        self._watched = deadline is not None
        # What has arrived meanwhile is read even if the deadline is over.
        left = None if deadline is None else max(deadline.at - now, PATIENCE)
        wait_within(self.raw.raw, left, self._request.timeout.read)

    def drain(self) -> None:
        if self.http_version == "HTTP/2":
            self.close()  # which ends one stream of the connection, and not the connection
            return
        size = 0
        end = Deadline(time.monotonic() + DRAIN_SECONDS, "read")
        with contextlib.suppress(APIConnectionError):  # the answer is whole, whatever follows
            while size < DRAIN_BYTES and time.monotonic() < end.at:
                piece = self.receive(end)
                if not piece:
                    break
                size += len(piece)
        self.close()

    def abandon(self) -> None:
        """Closes it with its client."""
        if not self.is_closed:
            self._abandoned = True
            self.close()

    def close(self) -> None:
        self._closed = True
        shutdown = getattr(self.raw.raw, "shutdown", None)
        # In a process that was forked it would end the stream of the parent.
        if shutdown is not None and self._process == os.getpid():
            # Wakes a thread that waits for bytes, which would hold up the closing.
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                shutdown()
        self.raw.close()
