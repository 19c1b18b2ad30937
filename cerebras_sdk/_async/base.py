"""The one send loop behind every call: key, attempts, redirects."""

from __future__ import annotations

import copy
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeVar

from .._core.answers import read_answer
from .._core.compression import compressed, is_refused
from .._core.credentials import Credentials
from .._core.endpoints.models import WARMING, plain_request
from .._core.failures import redact, redacted_headers, request_id, status_error
from .._core.http import Request
from .._core.options import USER_AGENT, ClientOptions
from .._core.secret import Hidden, Secret
from .._core.urls import origin, redirected
from .._transports import Streamed
from .._transports._cookies import read_sources
from .._transports._httpx import HttpxResponse, HttpxTransport, Lock
from ..errors import APIConnectionError, APIError, CerebrasError
from .response import AsyncAPIResponse

T = TypeVar("T")

_LOG = logging.getLogger("cerebras_sdk")
_MAX_REDIRECTS = 5
_WARMING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class AsyncReply:
    """An answer below 300, and how it was got."""

    response: HttpxResponse
    request: Request  # as it was sent last
    retries: int
    seconds: float  # until it was there; of a stream, its headers


@dataclass(slots=True)
class ClientState:
    """What a client shares with its copies on the same connections."""

    closed: bool = False
    uncompressed: set[tuple[str, str, int]] = field(default_factory=set)  # origins that refused


class AsyncBaseClient:
    """Sends requests and gives what came back below 300, or raises what it means."""

    _options: ClientOptions
    _credentials: Credentials
    _transport: HttpxTransport
    _lock: Lock
    _state: ClientState
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
        other = copy.copy(self)
        other._to_warm = False
        other._attach()
        return other

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
            )

        return self._give(reply, read)

    def _give(
        self, reply: AsyncReply, read: Callable[[Hidden[bytes]], T], *, is_stream: bool = False
    ) -> T:
        """What `read` makes of the body, or the answer itself when that is wanted.

        The body is hidden: a traceback shows a frame's variables, and it may repeat the key.
        """
        if self._wanted == "object":
            return read(Hidden(reply.response.body))
        answer: Any = AsyncAPIResponse(reply, read, is_stream=is_stream)
        return answer  # type: ignore[no-any-return]

    async def _send(
        self, request: Request, *, stream: bool = False, model: str | None = None
    ) -> AsyncReply:
        """The answer to `request` once it is below 300."""
        if self._state.closed:
            raise CerebrasError("the client is closed")
        if self._to_warm:
            self._warm()
        left: Streamed = "any" if self._wanted == "streamed" else stream
        plain = request
        uncompressed = self._state.uncompressed
        if origin(request.url) not in uncompressed:
            request = compressed(request, self._options.compression)
        attempts = 0
        renewed = False
        while True:
            attempts += 1
            key = None if request.is_signed or request.public else await self._key()
            error: APIError
            try:
                start = time.monotonic()
                response, sent = await self._follow(
                    request if key is None else request.signed(key), stream=left
                )
                seconds = time.monotonic() - start
            except APIConnectionError as failure:
                error = failure
                _LOG.info("%s: %s", request.place, type(failure).__name__)
            else:
                self._log(response, sent, seconds)
                if response.status < 300:
                    return AsyncReply(response, sent, attempts - 1, seconds)
                error = status_error(
                    response.status,
                    redacted_headers(response.headers, sent),
                    redact(response.body, sent),
                    sent,
                    model=model,
                )
                if request is not plain and is_refused(error):
                    _LOG.warning(
                        "%s: refused for its compression; from now on bodies go there as they are",
                        request.place,
                    )
                    uncompressed.add(origin(request.url))
                    request = plain
                    attempts -= 1
                    continue
                if response.status == 401 and key is not None and not renewed:
                    renewed = self._credentials.renew(key)
                    if renewed:
                        attempts -= 1
                        continue
            delay = self._options.retry.next_delay(
                attempts, error, now=time.time(), random=random.random()
            )
            if delay is None:
                raise error
            status = error.status_code or type(error).__name__
            _LOG.info("%s: trying again in %.2f s after %s", request.place, delay, status)
            await self._transport.sleep(delay)

    def _log(self, response: HttpxResponse, request: Request, seconds: float) -> None:
        if not _LOG.isEnabledFor(logging.INFO):
            return
        headers = redacted_headers(response.headers, request)
        what, ident = request.place, request_id(headers)
        _LOG.info("%s: %d in %.3f s (%s)", what, response.status, seconds, ident or "no id")
        # Secrets and the user's own headers show themselves as ***, prompts and answers not at all.
        _LOG.debug("%s: sent %d bytes, %r", what, len(request.body), request.headers)
        _LOG.debug("%s: answered %r", what, headers)

    async def _follow(self, request: Request, *, stream: Streamed) -> tuple[HttpxResponse, Request]:
        response = await self._transport.send(request, stream=stream)
        for _ in range(_MAX_REDIRECTS):
            target = redirected(request, response.status, response.headers.get("location"))
            if target is None:
                break
            request = target
            response = await self._transport.send(request, stream=stream)
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

    async def _key(self) -> Secret:
        credentials = self._credentials
        key = credentials.current(time.time())
        if key is not None:
            return key
        ticket = credentials.attempts
        async with self._lock:
            # Somebody else may have got the key, or failed to, while this call waited.
            key = credentials.current(time.time())
            if key is not None:
                return key
            credentials.recheck(ticket)
            try:
                key = await self._new_key()
            except CerebrasError as error:
                credentials.ended(error)
                raise
            credentials.ended(None)
            return key

    async def _new_key(self) -> Secret:
        credentials = self._credentials
        if credentials.unread():
            credentials.accept(await self._transport.in_thread(read_sources, credentials.unread()))
        exchange = credentials.exchange(
            time.time(), timeout=self._options.timeout, user_agent=USER_AGENT
        )
        while (request := exchange.next_request()) is not None:
            try:
                response = await self._transport.send(request, stream=False, keep_cookies=False)
            except APIConnectionError as error:
                exchange.fail(error)
            else:
                exchange.accept(response.status, response.headers, response.body, time.time())
        return credentials.settle(exchange, time.time())
