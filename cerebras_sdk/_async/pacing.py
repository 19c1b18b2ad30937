"""Waiting for room in the service's limits, instead of being refused."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .._core.accumulate import Accumulator
from .._core.http import Headers
from .._core.limits import rate_limits
from .._core.pacing import RECHECK_SECONDS
from .._core.retry import Course, reopens
from .._core.tokens import used_tokens
from .._transports._httpx import HttpxResponse, HttpxTransport
from .._transports._pacing import Pacing
from ..errors import APIStatusError, APITimeoutError, CerebrasError, RateLimitError

T = TypeVar("T")

_LOG = logging.getLogger("cerebras_sdk")

_TOO_LONG = 3600.0  # seconds; such a wait is for a daily quota, which nobody wants to wait for


class AsyncTurn:
    """What one attempt has taken of the budget; exactly one of its methods ends it."""

    def __init__(self, pacing: Pacing, key: str, model: str) -> None:
        self._pacing = pacing
        self._pacer: Any = pacing.get(key, model)
        self._model = model
        self._ticket: Any = None
        self._total: Accumulator[Any, Any] | None = None

    async def wait(self, tokens: int, course: Course, transport: HttpxTransport) -> None:
        """Waits until `tokens` are there. Raises APITimeoutError when the call may not take as long
        as that, RateLimitError for a daily quota."""
        pacing, pacer = self._pacing, self._pacer

        async def ask(function: Callable[..., T], *arguments: object) -> T:
            if pacing.blocks:
                return await transport.in_thread(function, *arguments)
            return function(*arguments)

        try:
            self._ticket = await ask(pacer.join, tokens, pacing.now())
            while (delay := await ask(pacer.delay, self._ticket, pacing.now())) > 0:
                least = await ask(pacer.least_delay, self._ticket, pacing.now())
                left = course.left(time.monotonic())
                if left is not None and least >= left:
                    raise APITimeoutError(
                        f"no room for {self._model} in the rate limits within the timeout (total)"
                        f"{reopens(least)}; nothing was sent",
                        phase="total",
                    )
                if least > _TOO_LONG:
                    raise RateLimitError(
                        f"no room for {self._model} in the rate limits{reopens(least)}; nothing "
                        "was sent",
                        status_code=429,
                        retry_after=least,
                    )
                await transport.sleep(min(delay, RECHECK_SECONDS, left or RECHECK_SECONDS))
        except BaseException:
            self.leave()
            raise

    def answered(self, response: HttpxResponse, *, is_followed: bool) -> None:
        """An answer below 300 began; `is_followed`: the rest of it will come by `watch`."""
        limits = rate_limits(response.headers)
        if response.is_read:
            tokens, cached = used_tokens(response.body)
            self._end("settle", tokens=tokens, cached=cached, limits=limits)
        elif is_followed:
            self._do("observe", limits)
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
        quota = isinstance(error, RateLimitError) and error.kind != "queue"
        # A quota of the day may be raised long before it reopens: the service is asked each time.
        if quota and getattr(error, "window", None) != "day":
            self._end("refuse", retry_after=error.retry_after, limits=limits)
        else:
            self._end("settle", tokens=0, limits=limits)

    def lost(self) -> None:
        """Nobody knows whether the service has counted it."""
        self._end("settle", tokens=None)

    def leave(self) -> None:
        """Nothing was sent."""
        self._end("leave")

    def _end(self, how: str, **what: Any) -> None:
        if self._ticket is not None:
            self._do(how, **what)
            self._ticket = None

    def _do(self, how: str, *arguments: Any, **what: Any) -> None:
        """Tells the pacer. That it cannot be told is no reason to lose an answer, or to hide why
        there is none."""
        try:
            getattr(self._pacer, how)(self._ticket, self._pacing.now(), *arguments, **what)
        except CerebrasError as error:
            _LOG.warning("pacing: %s", error)
