"""Has httpx heed one end of a wait, where its own timeouts begin anew with each byte."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

import httpcore
import httpx

from ._ends import end_of_call, left

_PIECE = 16384


class Clock:
    """The end of a wait, on the monotonic clock."""

    end: float | None = None

    def left(self, seconds: float | None) -> float | None:
        """How long bytes are waited for, with a timeout of `seconds`."""
        if self.end is None:
            return seconds
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpx.ReadTimeout("timed out")
        return left if seconds is None else min(seconds, left)


class Timeouts(dict[str, float | None]):
    """The timeouts of a request, which get shorter with time."""

    def __init__(self, timeouts: Mapping[str, float | None], clock: Clock) -> None:
        super().__init__(timeouts)
        self._clock = clock

    def get(self, name: str, default: Any = None) -> Any:
        return self._clock.left(super().get(name, default))


def heed(answer: httpx.Response, clock: Clock) -> bool:
    """Has the connection of an answer in HTTP/1.1 heed `clock`, until it is free for another one;
    False where nothing leads to it.

    httpcore knows one timeout, which begins anew with each read, for all reads of a body.
    """
    stream = answer.extensions.get("network_stream")
    known = isinstance(stream, (httpcore.NetworkStream, httpcore.AsyncNetworkStream))
    if answer.http_version == "HTTP/2" or not known:
        return False
    try:
        timed = _Timed(stream, clock)
    except AttributeError:  # one of the user's may take nothing
        return False
    kind: Any = _AsyncBody if isinstance(answer.stream, httpx.AsyncByteStream) else _Body
    answer.stream = kind(answer.stream, timed)
    return True


class _Timed:
    """A connection that heeds a clock."""

    def __init__(self, stream: Any, clock: Clock) -> None:
        read = stream.read
        stream.read = lambda size, timeout=None: read(size, clock.left(timeout))
        self._stream = stream

    def free(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            del stream.read


class _Body(httpx.SyncByteStream):
    def __init__(self, body: httpx.SyncByteStream, timed: _Timed) -> None:
        self._stream = body
        self._timed = timed

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        self._timed.free()
        self._stream.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, body: httpx.AsyncByteStream, timed: _Timed) -> None:
        self._stream = body
        self._timed = timed

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        self._timed.free()
        await self._stream.aclose()


def heed_ends(pool: Any) -> None:
    """Has the connections that a blocking pool of httpcore opens from now on heed the end of the
    call that they are used for: with an answer that has not begun, nothing else leads to them.

    Nothing public leads to the pool of a transport of httpx; another version is left as it is.
    """
    backend = getattr(pool, "_network_backend", None)
    if isinstance(backend, httpcore.NetworkBackend) and not isinstance(backend, _Backend):
        pool._network_backend = _Backend(backend)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        options = (local_address, socket_options)
        return _Stream(self._backend.connect_tcp(host, port, left(timeout), *options))

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_unix_socket(path, left(timeout), socket_options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if end_of_call() is None:
            self._stream.write(buffer, timeout)
            return
        for at in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[at : at + _PIECE], left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
