"""The asynchronous door: httpx, on asyncio or trio."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpx

from .._core.http import Headers, Request, reveal_headers
from .._core.secret import Hidden
from .._core.timeout import Deadline, Timeout
from ..errors import APIConnectionError, InvalidRequestError
from . import (
    DRAIN_BYTES,
    DRAIN_SECONDS,
    Streamed,
    _forks,
    closed,
    forget,
    is_left,
    is_made_for_us,
    kept,
    late,
    no_answer,
    patience,
    type_name,
    wrong_setup,
)
from ._gzip import read_all_members
from ._log_lines import in_hand
from ._loops import Lock as Lock
from ._loops import OfLoops, spawn, spawn_in
from ._loops import begin as begin
from ._opened import OpenedHere
from ._uploads import BytesBody, UploadBody
from ._ways import auth_of, keep_apart, merged_params, phase_of, sweep
from ._ways import is_unsent as is_unsent
from ._ways import new_client as new_client

T = TypeVar("T")

HttpClient = httpx.AsyncClient

_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)


class HttpxResponse:
    """An answer; see the package's docstring for what it can do."""

    def __init__(
        self, response: httpx.Response, request: Request, body: bytes | None = None
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
        self._request = request
        self._undecoded = response.aiter_raw()
        # What decodes them asks for them here. When that fails, these are still to be ended.
        response.aiter_raw = lambda chunk_size=None: self._undecoded  # type: ignore[method-assign]
        self._pieces = _pieces(response)

    @property
    def is_closed(self) -> bool:
        return self.raw.is_closed

    async def receive(self, deadline: Deadline | None = None) -> bytes:
        self._begun = True
        seconds = None
        if deadline is not None:
            seconds = patience(deadline, self._request.timeout.read, time.monotonic())
        try:
            if seconds is None:
                return await anext(self._pieces, b"")
            with anyio.fail_after(seconds):
                return await anext(self._pieces, b"")
        except _ERRORS as error:
            if self._closed:
                return b""  # another task closed it: that is its end
            phase = phase_of(error)
            if phase is not None and deadline is not None and seconds is not None:
                phase = deadline.phase  # whichever of the two was quicker to say it
            caught = Hidden(error)  # what it says may repeat the key
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
        with contextlib.suppress(*_ERRORS):
            await self.raw.aclose()
        # httpx nests generators, which end when they are resumed and fail; trio complains of those
        # that are left hanging.
        with anyio.CancelScope() as scope, contextlib.suppress(Exception):
            scope.cancel()
            # One that never began has nothing to end, and at the end of a loop it may not begin.
            for pieces in (self._pieces, self._undecoded) if self._begun else ():
                while await anext(pieces, b""):
                    pass


class HttpxTransport:
    """Sends requests with an `httpx.AsyncClient`: the user's, or one for each event loop."""

    def __init__(self, http_client: httpx.AsyncClient | None) -> None:
        if http_client is not None and not isinstance(http_client, httpx.AsyncClient):
            raise InvalidRequestError(
                f"http_client must be an httpx.AsyncClient, not {type_name(http_client)}"
            )
        self._given = http_client
        self._loops = OfLoops(OpenedHere)
        self._closed = False
        self._used = self._stale = False  # what the user gave, and by the parent of this process
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        self._stale = self._used

    async def send(
        self,
        request: Request,
        *,
        stream: Streamed,
        keep_cookies: bool = True,
        deadline: Deadline | None = None,
    ) -> HttpxResponse:
        if deadline is None:
            return await self._send(request, stream, keep_cookies)
        try:
            with anyio.fail_after(max(0, deadline.at - time.monotonic())) as scope:
                return await self._send(request, stream, keep_cookies, deadline, scope)
        except TimeoutError as error:
            caught = Hidden(error)
        raise no_answer(caught.value, request, phase=deadline.phase)

    async def _send(
        self,
        request: Request,
        stream: Streamed,
        keep_cookies: bool,
        deadline: Deadline | None = None,
        scope: anyio.CancelScope | None = None,  # which ends with the deadline
    ) -> HttpxResponse:
        if self._closed:
            raise closed()
        if self._stale:
            raise _forks.of_the_parent()
        self._used = self._given is not None
        client = self._given or await self._loops.here().client()
        jar = client.cookies.jar
        before = kept(jar)
        upload = None if request.upload is None else UploadBody(request.upload)
        in_hand.set(request)
        try:
            built = Hidden(  # its repr has the query, in which some gateways want a key
                client.build_request(
                    request.method,
                    request.url,
                    params=merged_params(client, request.url),
                    headers=[
                        (name.encode("ascii"), value.encode("latin-1"))
                        for name, value in reveal_headers(request.headers).items()
                    ]
                    + ([] if upload is None else [(b"Content-Length", b"%d" % upload.size)]),
                    content=request.body if upload is None else upload,
                    timeout=_timeout(request.timeout),
                )
            )
            built.value.stream = upload or BytesBody(request.body)
            response = await client.send(
                built.value,
                stream=True,
                auth=auth_of(client, is_signed=request.is_signed),
                follow_redirects=False,
            )
            keep_apart(response)
            read_all_members(response)
            if not keep_cookies:
                for answered in (*response.history, response):
                    forget(jar, answered.cookies.jar, before)
            answer = HttpxResponse(response, request)
            if is_left(stream, answer.status, answer.headers):
                return answer
            answer._begun = True
            try:
                if answer.status >= 300:
                    if scope is not None:
                        scope.deadline = math.inf  # which would lose the status
                    await answer.read_refusal(deadline)
                    return answer
                return HttpxResponse(response, request, await response.aread())
            finally:
                await answer.close()
        except _ERRORS as error:
            caught = Hidden(error)  # what it says may repeat the key
        except RuntimeError as error:
            if client.is_closed:
                raise wrong_setup(error) from None
            raise
        except Exception:
            raise
        except BaseException:  # cancelled
            await sweep(client)
            raise
        finally:
            in_hand.set(None)
            if upload is not None:
                upload.close()
        raise no_answer(caught.value, request, phase=phase_of(caught.value))

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    async def in_thread(self, function: Callable[..., T], *args: object) -> T:
        return await anyio.to_thread.run_sync(function, *args)

    def start(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs `function` in the background of the running event loop, until this is closed."""
        here = self._loops.here()
        scope, ended = anyio.CancelScope(), anyio.Event()

        async def run() -> None:
            with scope:
                await function()
            del here.background[scope]
            ended.set()

        here.background[scope] = ended
        spawn(run, here.tasks)

    async def close(self) -> None:
        self._closed = True
        here, others = self._loops.take()
        for token, other in others:
            spawn_in(token, other.close, other.tasks)
        if here is not None:
            await here.close()
        if self._given is not None and is_made_for_us(self._given):
            await self._given.aclose()


def _timeout(timeout: Timeout) -> httpx.Timeout:
    return httpx.Timeout(
        connect=timeout.connect, read=timeout.read, write=timeout.write, pool=timeout.pool
    )


async def _pieces(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it arrives, decoded; an empty piece would look like its end."""
    async for piece in response.aiter_bytes():
        if piece:
            yield piece
