"""The one send loop behind every call: key, attempts, redirects."""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from .._core.answers import read_answer, refusal
from .._core.compression import compressed, is_refused
from .._core.endpoints.models import WARMING, plain_request
from .._core.http import Request
from .._core.limits import LearnedLimits
from .._core.pacing import fingerprint
from .._core.retry import Course, RetryBudget, RetryEvent
from .._core.secret import Hidden, Secret
from .._core.timeout import Deadline, end_of_headers
from .._core.urls import origin, redirected
from .._log import log_answer, log_failure
from .._transports import Streamed
from .._transports._httpx import HttpxResponse
from .._transports._pacing import LockedLearner, Pacing
from ..errors import APIConnectionError, APIError, CerebrasError
from .keys import AsyncKeys
from .pacing import AsyncTurn
from .reply import AsyncReply
from .response import AsyncAPIResponse
from .watching import watched

if TYPE_CHECKING:
    from .._core.hooks import Hooks

T = TypeVar("T")

_LOG = logging.getLogger("cerebras_sdk")
_MAX_REDIRECTS = 5
_WARMING_SECONDS = 5.0


@dataclass(slots=True)
class ClientState:
    """What a client shares with its copies on the same connections."""

    closed: bool = False
    uncompressed: set[tuple[str, str, int]] = field(default_factory=set)  # origins that refused


@dataclass(slots=True)
class Learned:
    """What a client has seen of one account, and shares with its copies that use the same."""

    budget: RetryBudget = field(default_factory=RetryBudget)
    limits: LearnedLimits = field(default_factory=LearnedLimits)
    reserve: LockedLearner = field(default_factory=LockedLearner)


class AsyncBaseClient(AsyncKeys):
    """Sends requests and gives what came back below 300, or raises what it means."""

    _state: ClientState
    _learned: Learned
    _pacing: Pacing | None = None
    _hooks: Hooks | None = None
    _to_warm: bool = False  # at the first use
    _wanted: Literal["object", "raw", "streamed"] = "object"  # what a call gives

    def _delivering(self, wanted: Literal["raw", "streamed"]) -> Self:
        """This client, whose calls give the answer as it came."""
        other = self._copy()
        other._wanted = wanted
        return other

    def _retrying(self, max_retries: int) -> Self:
        """This client, which tries `max_retries` times again."""
        other = self._copy()
        other._options = self._options.changed(max_retries=max_retries)
        return other

    def _copy(self) -> Self:
        """A client of its own, on the same connections."""
        return copy.copy(self)

    def _attach(self) -> None:
        """Makes the resources of this client."""
        raise NotImplementedError

    async def _ask(
        self,
        request: Request,
        kind: type[T],
        *,
        model: str | None = None,
        empty: T | None = None,
    ) -> T:
        """The whole answer to `request` as a `kind`; `empty` is what one without a body means."""
        reply = await self._send(request, model=model)
        response = reply.response

        def read(body: Hidden[bytes]) -> T:
            if empty is not None and not body.value:
                return empty
            return read_answer(
                body.value,
                kind,
                reply.request,
                response.headers,
                status=response.status,
                model=model,
                now=time.time(),
            )

        return self._give(reply, read)

    def _give(
        self, reply: AsyncReply, read: Callable[[Hidden[bytes]], T], *, is_stream: bool = False
    ) -> T:
        """What `read` makes of the body, or the answer itself when that is wanted.

        The body is hidden: a traceback shows a frame's variables, and it may repeat the key.
        """

        def read_on(body: Hidden[bytes]) -> T:
            try:
                return read(body)
            except APIError as error:
                error.attempts = error.attempts or tuple(reply.course.attempts)
                raise

        if self._wanted == "object":
            return read_on(Hidden(reply.response.body))
        answer: Any = AsyncAPIResponse(reply, read_on, is_stream=is_stream)
        return answer  # type: ignore[no-any-return]

    def _course(self, request: Request) -> Course:
        """The call that begins with `request`."""
        return Course(self._options.retry, request.timeout.total, now=time.monotonic())

    async def _turn(
        self, request: Request, key: Secret | None, course: Course, model: str | None
    ) -> AsyncTurn | None:
        """Waits for room in the rate limits, if the client paces."""
        if self._pacing is None or not course.tokens or model is None:
            return None
        used = key or next(iter(request.secrets()), Secret(""))
        place = "{}://{}:{}".format(*origin(request.url))
        turn = AsyncTurn(self._pacing, fingerprint(used, place), model)
        await turn.wait(request, course, self)
        return turn

    async def _send(
        self,
        request: Request,
        *,
        stream: bool = False,
        model: str | None = None,
        course: Course | None = None,
    ) -> AsyncReply:
        """The answer to `request` once it is below 300; `course` is the call that it belongs to,
        a new one if None."""
        state = self._state
        if state.closed:
            raise CerebrasError("the client is closed")
        if self._to_warm:
            self._warm()
        left: Streamed = "any" if self._wanted == "streamed" else stream
        plain = request
        if origin(request.url) not in state.uncompressed:
            request = compressed(request, self._options.compression)
        if course is None:
            course = self._course(request)
            if self._hooks is not None:
                return await watched(self, self._hooks, request, stream, model, course)
        watch = course.watch
        self._learned.budget.request(self._options.retry.budget)
        renewed = False
        while True:
            signed = request.is_signed or request.public
            key = None if signed else await self._key(course.deadline)
            turn = await self._turn(request, key, course, model)
            error: APIError
            start = time.monotonic()
            if watch is not None:
                watch.request(start)
            try:
                response, sent = await self._follow(
                    request if key is None else request.signed(key),
                    stream=left,
                    deadline=end_of_headers(
                        request.timeout, start, course.deadline, is_stream=stream
                    ),
                )
            except BaseException as failure:
                if watch is not None:
                    watch.response(time.monotonic(), failure)
                if turn is not None:
                    turn.lost(failure)
                if not isinstance(failure, APIConnectionError):
                    raise
                error = failure
                log_failure(
                    request,
                    failure,
                    seconds=time.monotonic() - start,
                    attempt=course.failed + 1,
                    sent=plain.body,
                )
            else:
                seconds = time.monotonic() - start
                log_answer(
                    sent,
                    response.status,
                    response.headers,
                    seconds=seconds,
                    attempt=course.failed + 1,
                    sent=plain.body,
                    body=response.body if response.is_read else None,
                )
                self._learned.limits.learn(model, response.headers, start + seconds)
                refused = refusal(
                    response.status,
                    response.headers,
                    Hidden(response.body if response.is_read else b""),
                    sent,
                    model=model,
                    now=time.time(),
                )
                if watch is not None:
                    watch.response(start + seconds, refused, response)
                if refused is None:
                    if turn is not None:
                        turn.answered(response, is_followed=self._wanted == "object")
                    return AsyncReply(response, sent, course, start, seconds, turn)
                error = refused
                if response.cut is not None:
                    error.explain("the rest of the answer could not be read")
                    error.__cause__ = response.cut
                if turn is not None:
                    turn.failed(error, response.headers)
                if request is not plain and is_refused(error):
                    _LOG.warning(
                        "%s: refused for its compression; from now on bodies go there as they are",
                        request.place,
                    )
                    state.uncompressed.add(origin(request.url))
                    request = plain
                    continue
                if response.status == 401 and key is not None and not renewed:
                    renewed = self._credentials.renew(key)
                    if renewed:
                        continue
            await self._before_another(error, course, request.place, model)

    async def _before_another(
        self, error: APIError, course: Course, place: str, model: str | None
    ) -> None:
        """Waits until another attempt is worth making; raises `error` when none is."""
        delay = course.next_delay(
            error,
            now=time.monotonic(),
            random=random.random(),
            budget=self._learned.budget,
            learned=self._learned.limits.of(model),
        )
        status = error.status_code or type(error).__name__
        _LOG.info("%s: attempt %d in %.2f s after %s", place, course.failed + 1, delay, status)
        if self._options.on_retry is not None:
            self._options.on_retry(RetryEvent(attempt=course.failed, error=error, delay=delay))
        await self._transport.sleep(delay)

    async def _follow(
        self, request: Request, *, stream: Streamed, deadline: Deadline | None = None
    ) -> tuple[HttpxResponse, Request]:
        send = self._transport.send
        response = await send(request, stream=stream, deadline=deadline)
        for _ in range(_MAX_REDIRECTS):
            target = redirected(request, response.status, response.headers.get("location"))
            if target is None:
                break
            request = target
            response = await send(request, stream=stream, deadline=deadline)
        return response, request

    def _warm(self) -> None:
        """Opens a second connection, in the background: the call at hand opens its own."""
        self._to_warm = False
        self._transport.start(self._warm_quietly)

    async def _warm_quietly(self) -> None:
        request = plain_request(self._options, "GET", WARMING, timeout=_WARMING_SECONDS)
        try:
            if not self._state.closed:
                await self._follow(request.signed(await self._key()), stream=False)
        except Exception as error:  # of a background task: nobody could catch it
            _LOG.debug("no connection was opened ahead: %s", error)
