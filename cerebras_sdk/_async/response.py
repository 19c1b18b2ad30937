"""Answers as they came, for those who want more of them than the object they hold."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._core.answers import read_answer
from .._core.http import Headers
from .._core.limits import rate_limits, request_id
from .._core.pieces import Bytes, Cutter, Lines, Text
from .._core.secret import Hidden
from .._core.timeout import Deadline
from .._transports._httpx import HttpxResponse
from ..errors import CerebrasError
from ..types import RateLimits
from ..types._decode import parse_json
from ..types.http import RequestInfo

if TYPE_CHECKING:
    from .reply import AsyncReply

T = TypeVar("T")


class AsyncAPIResponse(Generic[T]):
    """What `with_raw_response` and `with_streaming_response` give: an answer below 300, unread.

        response = await client.chat.completions.with_raw_response.create(...)
        print(response.headers["x-ratelimit-remaining-requests-day"])
        completion = await response.parse()

    The body is read when it is first asked for; what reads it piece by piece does so once.
    """

    def __init__(
        self, reply: AsyncReply, read: Callable[[Hidden[bytes]], T], *, is_stream: bool = False
    ) -> None:
        self._reply = reply
        self._read = read
        self._is_stream = is_stream
        self._parsed: list[T] = []
        self._body: bytes | None = None
        self._taken = False
        self._closed = False

    @property
    def status_code(self) -> int:
        return self._reply.response.status

    @property
    def headers(self) -> Headers:
        """The headers of the answer; names in any case."""
        return self._reply.response.headers

    @property
    def request_id(self) -> str | None:
        """The id to name when you ask Cerebras for help: `inference-id`, else `cf-ray`."""
        return request_id(self.headers)

    @property
    def rate_limits(self) -> RateLimits:
        """The limits that the headers of the answer name."""
        return rate_limits(self.headers)

    @property
    def http_request(self) -> RequestInfo:
        """What was asked, and where."""
        return RequestInfo(self.method, self.url)

    @property
    def http_response(self) -> Any:
        """The answer as the HTTP library's own object."""
        return self._reply.response.raw

    @property
    def url(self) -> str:
        return self._reply.request.url

    @property
    def method(self) -> str:
        return self._reply.request.method

    @property
    def http_version(self) -> str:
        """Such as `HTTP/1.1`."""
        return self._reply.response.http_version

    @property
    def elapsed(self) -> timedelta:
        """From the last attempt to send the request until the headers of its answer."""
        return timedelta(seconds=self._reply.seconds)

    @property
    def retries_taken(self) -> int:
        """How often it was tried again; 0 when the first attempt was answered."""
        return self._reply.retries

    @property
    def is_closed(self) -> bool:
        """Whether nothing of the answer is left on the wire."""
        return self._reply.response.is_closed

    async def parse(self, *, to: Any = None) -> Any:
        """The answer as the object that the call gives otherwise, or as a `to`.

        Raises APIResponseValidationError, or the error that stands in the answer.
        """
        if to is not None and not self._is_stream:
            body = Hidden(await self.read())
            return read_answer(
                body.value,
                to,
                self._reply.request,
                self.headers,
                status=self.status_code,
                now=time.time(),
            )
        if not self._parsed:
            if self._is_stream:
                self._take()
            body = Hidden(b"" if self._is_stream else await self.read())
            self._parsed.append(self._read(body))
        return self._parsed[0]

    async def read(self) -> bytes:
        """The whole body."""
        if self._body is None:
            pieces = [piece async for piece in self.iter_bytes()]
            self._body = b"".join(pieces)
        return self._body

    async def text(self) -> str:
        """The whole body as text."""
        return (await self.read()).decode("utf-8", "replace")

    async def json(self) -> Any:
        """The whole body as plain dicts and lists. Raises ValueError when it is not JSON."""
        try:
            return parse_json(await self.read())
        except ValueError as error:
            message = str(error)
        raise ValueError(message)  # a frame of the other one shows the body

    def iter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """The body as it arrives, or in pieces of `chunk_size` bytes."""
        return AsyncPieces(self._source(), Bytes(chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """The body as it arrives, as text."""
        return AsyncPieces(self._source(), Text(chunk_size))

    def iter_lines(self) -> AsyncIterator[str]:
        """The lines of the body as they arrive, without their ends."""
        return AsyncPieces(self._source(), Lines())

    async def close(self) -> None:
        """Gives the connection back; closing twice does nothing."""
        self._closed = True
        await self._reply.response.close()

    def _source(self) -> AsyncSource:
        if self._body is None:
            self._take()
        return AsyncSource(self, self._reply.response, self._body)

    def _take(self) -> None:
        if self._closed and not self._taken and not self._reply.response.is_read:
            raise CerebrasError("this answer was closed before its end was read")
        if self._taken:
            raise CerebrasError("the body of this answer was read already")
        self._taken = not self._reply.response.is_read

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code}] {self._reply.request.place}>"


class AsyncSource:
    """The body of an answer, from the wire if it was not read yet."""

    def __init__(
        self, owner: AsyncAPIResponse[Any], response: HttpxResponse, body: bytes | None
    ) -> None:
        self._owner = owner
        self._response = response
        self._whole = response.body if response.is_read else body
        deadline = owner._reply.course.deadline
        self._end = None if deadline is None else Deadline(deadline, "total")

    async def receive(self) -> bytes:
        """The next bytes, empty at the end."""
        if self._whole is not None:
            data, self._whole = self._whole, b""
            return data
        data = b"" if self._owner._closed else await self._response.receive(self._end)
        if not data:
            if self._owner._closed:
                raise CerebrasError("this answer was closed before its end was read")
            await self._owner.close()
        return data


class AsyncPieces(Generic[T]):
    """One way through a body. (No generator: trio complains of those that are left early.)"""

    def __init__(self, source: AsyncSource, cutter: Cutter[T]) -> None:
        self._source = source
        self._cutter = cutter
        self._ready: deque[T] = deque()
        self._over = False

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            data = await self._source.receive()
            self._over = not data
            self._ready.extend(self._cutter.feed(data))
        return self._ready.popleft()
