"""The asynchronous door: httpx, on asyncio or trio."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpx

from .._core.http import Request, reveal_headers
from .._core.secret import Hidden
from .._core.timeout import Deadline, Timeout
from ..errors import InvalidRequestError
from . import (
    Streamed,
    _forks,
    closed,
    forget,
    is_left,
    is_made_for_us,
    kept,
    no_answer,
    type_name,
    wrong_setup,
)
from ._gzip import read_all_members
from ._httpx_answers import ERRORS
from ._httpx_answers import HttpxResponse as HttpxResponse
from ._log_lines import in_hand
from ._loops import Lock as Lock
from ._loops import OfLoops, spawn, spawn_in
from ._loops import begin as begin
from ._loops import call as call
from ._loops import gather as gather
from ._opened import OpenedHere
from ._uploads import BytesBody, UploadBody
from ._ways import auth_of, keep_apart, merged_params, phase_of, sweep
from ._ways import is_unsent as is_unsent
from ._ways import new_client as new_client

T = TypeVar("T")

HttpClient = httpx.AsyncClient


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
            answer = HttpxResponse(response, request, is_cut=self._is_cut)
            if is_left(stream, answer.status, answer.headers):
                return answer
            answer._begun = True
            try:
                if answer.status >= 300:
                    if scope is not None:
                        scope.deadline = math.inf  # which would lose the status
                    await answer.read_refusal(deadline)
                    return answer
                whole = await response.aread()
                return HttpxResponse(response, request, whole, is_cut=self._is_cut)
            finally:
                await answer.close()
        except ERRORS as error:
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

    def _is_cut(self) -> bool:
        """Whether what is still open was closed."""
        return self._closed and (self._given is None or is_made_for_us(self._given))

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
