"""The key of a client: the given one, or what its cookies are exchanged for."""

from __future__ import annotations

import time

from .._core.credentials import Credentials
from .._core.options import USER_AGENT, ClientOptions
from .._core.secret import Secret
from .._core.timeout import Deadline
from .._transports._cookies import read_sources
from .._transports._httpx import HttpxTransport, Lock
from ..errors import APIConnectionError, APITimeoutError, CerebrasError


class AsyncKeys:
    """Finds the key once, however many calls wait for it."""

    _options: ClientOptions
    _credentials: Credentials
    _transport: HttpxTransport
    _lock: Lock

    async def _key(self, deadline: float | None = None) -> Secret:
        """The key; `deadline`, on the monotonic clock, is the end of the call that needs it.

        Raises APITimeoutError when an exchange of its own takes longer; the next call makes one.
        """
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
                key = await self._new_key(deadline)
            except APITimeoutError:
                raise  # of this call alone: whoever waited has time of its own
            except CerebrasError as error:
                credentials.ended(error)
                raise
            credentials.ended(None)
            return key

    async def _new_key(self, deadline: float | None) -> Secret:
        credentials = self._credentials
        if credentials.unread():
            credentials.accept(await self._transport.in_thread(read_sources, credentials.unread()))
        exchange = credentials.exchange(
            time.time(), timeout=self._options.timeout, user_agent=USER_AGENT
        )
        end = None if deadline is None else Deadline(deadline, "total")
        while (request := exchange.next_request()) is not None:
            try:
                response = await self._transport.send(
                    request, stream=False, keep_cookies=False, deadline=end
                )
            except APIConnectionError as error:
                if isinstance(error, APITimeoutError) and error.phase == "total":
                    raise
                exchange.fail(error)
            else:
                exchange.accept(response.status, response.headers, response.body, time.time())
        return credentials.settle(exchange, time.time())
