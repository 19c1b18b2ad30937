"""The doors to the network, and what the clients ask of them.

A transport has `send(request, stream=...)`, `sleep(seconds)`, `in_thread(function, ...)` and
`close()`; its `send` raises APIConnectionError and APITimeoutError and no error of the library
beneath. The response it gives has `status`, `headers`, `body` and, for a stream, `receive()` (the
next bytes, empty at the end), `drain()` and `close()`. A stream that begins with an error status
is read whole into `body`. Beside the transport, under one name each, stand `HttpClient`, the type
of a client that the user brings, and `Lock`.
"""

from __future__ import annotations

import os

from .._core.http import Request
from ..errors import APIConnectionError, APITimeoutError

# After the end of a stream the body is read to its end, so that the connection can serve the next
# request; a server that then neither ends nor closes is not waited for longer than this.
DRAIN_SECONDS = 0.5
DRAIN_BYTES = 65536


def no_answer(error: Exception, request: Request, *, timed_out: bool) -> APIConnectionError:
    """The error of ours for one of the library beneath."""
    where = f"[{request.method} {request.url}]"
    if timed_out:
        return APITimeoutError(f"no answer in time {where}", url=request.url)
    return APIConnectionError(f"no answer: {_reason(error)} {where}", url=request.url)


def _reason(error: BaseException) -> str:
    """What the operating system or TLS said, which libraries wrap in layers of their own."""
    reason = str(error) or type(error).__name__
    seen: set[int] = set()
    layer: BaseException | None = error
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        if isinstance(layer, ConnectionError) and layer.errno:
            reason = os.strerror(layer.errno)  # asyncio puts a text of its own in its place
        elif isinstance(layer, OSError) and layer.strerror:
            reason = layer.strerror
        if isinstance(layer, BaseExceptionGroup):
            layer = layer.exceptions[0]
        else:
            layer = layer.__cause__ or layer.__context__
    return reason


def type_name(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"
