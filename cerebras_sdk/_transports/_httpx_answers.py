"""The answers of the asynchronous door, and how their bodies are read."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable

import anyio
import httpx

from .._core.http import Headers, Request
from .._core.secret import Hidden
from .._core.timeout import Deadline
from ..errors import APIConnectionError
from . import DRAIN_BYTES, DRAIN_SECONDS, PATIENCE, cut_off, late, named, no_answer
from ._clocks import Clock, heed
from ._log_lines import in_hand, is_logged
from ._ways import phase_of

ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)


class HttpxResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(
        self,
        response: httpx.Response,
        request: Request,
        body: bytes | None = None,
        *,
        is_cut: Callable[[], bool],
    ) -> None:
        self.status = response.status_code
        self.headers = Headers(response.headers.multi_items())
        self.http_version = response.http_version
        self.raw = response
        self.is_read = body is not None
        self.body = body or b""
        self.cut: APIConnectionError | None = None  # why there is no more of the body
        self._closed = False
        self._begun = False
        self._is_cut = is_cut  # its connection was closed with the client
        self._request = request
        self._clock = Clock()
        # Several times as fast as a timer around each piece.
        self._heeds = body is None and heed(response, self._clock)
        self._undecoded = response.aiter_raw()
        # What decodes them asks for them here. When that fails, these are still to be ended.
        response.aiter_raw = lambda chunk_size=None: self._undecoded  # type: ignore[method-assign]
        self._pieces = _pieces(response)

    @property
    def is_closed(self) -> bool:
        return self.raw.is_closed

    async def receive(self, deadline: Deadline | None = None) -> bytes:
        self._begun = True
        now = time.monotonic()
        self._clock.end = end = None if deadline is None else deadline.at
        if end is not None and end < now + PATIENCE:
            self._clock.end = now + PATIENCE
        logged = is_logged()
        if logged:
            before = in_hand.get()
            in_hand.set(self._request)
        try:
            if self._heeds or deadline is None:
                return await anext(self._pieces, b"")
            with anyio.fail_after(max(deadline.at - now, PATIENCE)):
                return await anext(self._pieces, b"")
        except Exception as error:
            if self._closed:
                return b""  # another task closed it: that is its end
            is_cut = self._is_cut()
            if not is_cut and not isinstance(error, ERRORS):
                raise
            phase = None if is_cut else phase_of(error)
            if phase is not None:
                phase = named(phase, deadline, self._request.timeout.read, now)
            caught = Hidden(cut_off() if is_cut else error)  # what it says may repeat the key
        finally:
            if logged:
                in_hand.set(before)
        raise no_answer(caught.value, self._request, phase=phase, begun=True)

    async def read_refusal(self, deadline: Deadline | None) -> None:
        """Reads the body as far as it comes: what the status says holds without it."""
        read: Hidden[list[bytes]] = Hidden([])
        try:
            while piece := await self.receive(deadline):
                read.value.append(piece)
                if deadline is not None and time.monotonic() >= deadline.at:
                    raise late(self._request, deadline.phase)
        except APIConnectionError as error:
            self.cut = error.with_traceback(None)  # it would hold this
        self.body, self.is_read = b"".join(read.value), True

    async def drain(self) -> None:
        size = 0
        try:
            with anyio.move_on_after(DRAIN_SECONDS):
                while size < DRAIN_BYTES and (piece := await self.receive()):
                    size += len(piece)
        except APIConnectionError:
            pass  # the answer is whole; only the connection is lost
        await self.close()

    async def close(self) -> None:
        self._closed = True
        with contextlib.suppress(*ERRORS):
            await self.raw.aclose()
        # httpx nests generators, which end when they are resumed and fail; trio complains of those
        # that are left hanging.
        with anyio.CancelScope() as scope, contextlib.suppress(Exception):
            scope.cancel()
            # One that never began has nothing to end, and at the end of a loop it may not begin.
            for pieces in (self._pieces, self._undecoded) if self._begun else ():
                while await anext(pieces, b""):
                    pass


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it arrives, decoded; an empty piece would look like its end."""
    async for piece in response.aiter_bytes():
        if piece:
            yield piece
