"""The one send loop behind every call: key, attempts, redirects."""

from __future__ import annotations

import logging
import random
import time
from typing import TypeVar

from .._core.answers import read_answer
from .._core.compression import compressed, is_refused
from .._core.credentials import Credentials
from .._core.failures import redact, redacted_headers, status_error
from .._core.http import Request
from .._core.options import USER_AGENT, ClientOptions
from .._core.secret import Secret
from .._core.urls import origin, redirected
from .._transports._cookies import read_sources
from .._transports._httpx import HttpxResponse, HttpxTransport, Lock
from ..errors import APIConnectionError, APIError, CerebrasError

T = TypeVar("T")

_LOG = logging.getLogger("cerebras_sdk")
_MAX_REDIRECTS = 5


class AsyncBaseClient:
    """Sends requests and gives what came back below 300, or raises what it means."""

    _options: ClientOptions
    _credentials: Credentials
    _transport: HttpxTransport
    _lock: Lock
    _uncompressed: set[tuple[str, str, int]]  # origins that refused a compressed body
    _closed: bool

    async def _ask(self, request: Request, kind: type[T], *, model: str | None = None) -> T:
        """The whole answer to `request` as a `kind`."""
        response, sent = await self._send(request, stream=False, model=model)
        return read_answer(response.body, kind, sent, response.headers)

    async def _send(
        self, request: Request, *, stream: bool, model: str | None
    ) -> tuple[HttpxResponse, Request]:
        """The answer to `request` once it is below 300, and the request as it was sent last."""
        if self._closed:
            raise CerebrasError("the client is closed")
        plain = request
        if origin(request.url) not in self._uncompressed:
            request = compressed(request, self._options.compression)
        attempts = 0
        renewed = False
        while True:
            attempts += 1
            key = None if request.is_signed or request.public else await self._key()
            error: APIError
            try:
                response, sent = await self._follow(
                    request if key is None else request.signed(key), stream=stream
                )
            except APIConnectionError as failure:
                error = failure
            else:
                if response.status < 300:
                    return response, sent
                error = status_error(
                    response.status,
                    redacted_headers(response.headers, sent),
                    redact(response.body, sent),
                    sent,
                    model=model,
                )
                if request is not plain and is_refused(error):
                    _LOG.warning("%s; from now on bodies go there as they are", error)
                    self._uncompressed.add(origin(request.url))
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
            await self._transport.sleep(delay)

    async def _follow(self, request: Request, *, stream: bool) -> tuple[HttpxResponse, Request]:
        response = await self._transport.send(request, stream=stream)
        for _ in range(_MAX_REDIRECTS):
            target = redirected(request, response.status, response.headers.get("location"))
            if target is None:
                break
            request = target
            response = await self._transport.send(request, stream=stream)
        return response, request

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
