"""Waiting for room in the service's limits, instead of being refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.accumulate import Accumulator
from .._core.http import Headers, Request
from .._core.limits import rate_limits
from .._core.pacing import RECHECK_SECONDS, Shortage
from .._core.retry import Course, reopens
from .._core.tokens import used_tokens
from .._transports import closed
from .._transports._httpx import HttpxResponse, is_unsent
from .._transports._pacing import Pacing
from .._transports._shared_pacing import Busy
from ..errors import APIError, APIStatusError, APITimeoutError, CerebrasError, RateLimitError

if TYPE_CHECKING:
    from .base import AsyncBaseClient

T = TypeVar("T")

# Seconds; nobody wants to wait for a daily quota, nor for something else as long as that.
_TOO_LONG_FOR_A_DAY = 60.0
_TOO_LONG = 3600.0
_BUSY_SECONDS = 10.0  # that others may hold what the budget is kept in


class AsyncTurn:
    """What one attempt has taken of the budget; exactly one of its methods ends it."""

    def __init__(self, pacing: Pacing, key: str, model: str) -> None:
        self._pacing = pacing
        self._pacer: Any = pacing.get(key, model)
        self._model = model
        self._ticket: Any = None
        self._total: Accumulator[Any, Any] | None = None

    async def wait(self, request: Request, course: Course, client: AsyncBaseClient) -> None:
        """Waits until the tokens of `course` are there. Raises APITimeoutError when the call may
        not take as long as that, RateLimitError for a daily quota, CerebrasError when `client` is
        closed meanwhile."""
        pacer, transport = self._pacer, client._transport
        self._ticket = pacer.join(course.tokens)
        try:
            while (delay := await self._ask(pacer.delay, request, course, client)) > 0:
                left = course.left(time.monotonic())
                if delay > (
                    _TOO_LONG_FOR_A_DAY if left is None else min(left, _TOO_LONG_FOR_A_DAY)
                ):
                    # It may become less, when answers come that are shorter than they could be.
                    least = await self._ask(pacer.shortage, request, course, client)
                    self._give_up_for(least, left, request, course)
                await transport.sleep(min(delay, RECHECK_SECONDS, left or RECHECK_SECONDS))
        except BaseException:
            self.leave()
            raise

    async def _ask(
        self,
        function: Callable[[Any, float], T],
        request: Request,
        course: Course,
        client: AsyncBaseClient,
    ) -> T:
        """What a pacer says of this ticket."""
        since = time.monotonic()
        while True:
            if client._state.closed:
                raise closed()
            now = self._pacing.now()
            if not self._pacing.blocks:
                return function(self._ticket, now)
            try:
                return await client._transport.in_thread(function, self._ticket, now)
            except Busy as error:
                now = time.monotonic()
                if course.left(now) == 0:
                    late = f"no answer from {self._pacing!r} within the timeout (total)"
                    raise _described(APITimeoutError, late, request, course, phase="total") from (
                        error
                    )
                if now - since > _BUSY_SECONDS:
                    raise

    def _give_up_for(
        self, least: Shortage, left: float | None, request: Request, course: Course
    ) -> None:
        """Raises, if what is missing takes too long even at best."""
        seconds, kind, window = least
        of = f" ({kind} per {window})" if kind and window else f" ({kind})" if kind else ""
        missing = f"no room for {self._model} in the rate limits{of}"
        error: APIError
        if left is not None and seconds >= left:
            missing += f" within the timeout (total){reopens(seconds)}"
            error = _described(APITimeoutError, missing, request, course, phase="total")
        elif seconds > (_TOO_LONG_FOR_A_DAY if window == "day" else _TOO_LONG):
            error = refused = _described(
                RateLimitError,
                f"{missing}{reopens(seconds)}",
                request,
                course,
                status_code=429,
                retry_after=seconds,
                retry_at=time.time() + seconds,
            )
            refused.kind, refused.window = kind or "requests", window
        else:
            return
        raise error from (course.attempts[-1].cause if course.attempts else None)

    def answered(self, response: HttpxResponse, *, is_followed: bool) -> None:
        """An answer below 300 began; `is_followed`: the rest of it will come by `watch`."""
        limits = rate_limits(response.headers)
        if response.is_read:
            tokens, cached = used_tokens(response.body)
            self._end("settle", tokens=tokens, cached=cached, limits=limits)
        elif is_followed:
            self._pacer.observe(self._ticket, self._pacing.now(), limits)
        else:
            self._end("settle", tokens=None, limits=limits)

    def watch(self, total: Accumulator[Any, Any]) -> None:
        """What the answer used stands in `total` when it is over."""
        self._total = total

    def over(self) -> None:
        """The answer was read, or left."""
        usage = None if self._total is None else self._total.usage
        if usage is None:
            self._end("settle", tokens=None)
            return
        details = usage.prompt_tokens_details
        cached = (details.cached_tokens or 0) if details is not None else 0
        self._end("settle", tokens=usage.total_tokens, cached=cached)

    def failed(self, error: APIStatusError, headers: Headers) -> None:
        """The answer was an error."""
        limits = rate_limits(headers)
        # A quota of the day may be raised long before it reopens: the service is asked each time.
        if isinstance(error, RateLimitError) and error.kind != "queue" and error.window != "day":
            said = {"kind": error.kind, "window": error.window}
            self._end("refuse", retry_after=error.retry_after, limits=limits, **said)
        else:
            self._end("settle", tokens=0, limits=limits)

    def lost(self, failure: BaseException) -> None:
        """No answer came."""
        refused_here = isinstance(failure, CerebrasError) and not isinstance(failure, APIError)
        if refused_here or is_unsent(failure):
            self.leave()
        else:
            # The service sets the tokens aside when the request comes, and may go on with an answer
            # that nobody waits for: what was sent stays charged, until its headers say otherwise.
            self._end("settle", tokens=None)

    def leave(self) -> None:
        """Nothing was sent."""
        self._end("leave")

    def _end(self, how: str, **what: Any) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            getattr(self._pacer, how)(ticket, self._pacing.now(), **what)


ErrorT = TypeVar("ErrorT", bound=APIError)


def _described(
    kind: type[ErrorT], message: str, request: Request, course: Course, **details: Any
) -> ErrorT:
    sent = "; it was not sent again" if course.attempts else "; nothing was sent"
    error = kind(
        f"{message}{sent} [{request.place}]", url=request.where, method=request.method, **details
    )
    error.attempts = tuple(course.attempts)
    return error
