"""The doors to the network, and what the clients ask of them.

A transport has `send(request, stream=..., keep_cookies=..., deadline=...)`, `sleep(seconds)`,
`in_thread(function, ...)`, `start(function)` (in the background) and `close()`. Its `send` raises
APIConnectionError, APITimeoutError, or InvalidRequestError for a set-up that cannot work, and no
error of the library beneath; after `close()` it raises CerebrasError and opens nothing.

The response it gives has `status`, `headers`, `http_version`, `raw` (the library's own),
`is_closed`, and a `body` if it `is_read`; else `receive(deadline)` (the next bytes, empty at the
end), `drain()` and `close()`. What begins with an error status, or is a document where a stream was
asked for, is read whole. Beside the transport, under one name each, stand `HttpClient`, the type of
a client that the user brings, and `Lock`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.cookiejar
import re
import time
import urllib.request
from typing import Literal, TypeAlias

from .._core.http import Headers, Request
from .._core.redaction import cleaned
from .._core.timeout import Deadline, Timeout
from ..errors import (
    APIConnectionError,
    APITimeoutError,
    CerebrasError,
    InvalidRequestError,
    Phase,
)
from ._causes import cause_of, reason_of

# After the end of a stream the body is read to its end, so that the connection can serve the next
# request; a server that then neither ends nor closes is not waited for longer than this.
DRAIN_SECONDS = 0.5
DRAIN_BYTES = 65536
PATIENCE = 0.01  # seconds to read what has arrived before a deadline that is over
_TICK = 0.001  # that a timer may be early


Streamed: TypeAlias = Literal["any"] | bool
"""Whether an answer below 300 is left on the wire: no, an event stream, or any at all."""


def is_left(stream: Streamed, status: int, headers: Headers) -> bool:
    return status < 300 and (stream == "any" or (stream and is_stream(status, headers)))


def is_stream(status: int, headers: Headers) -> bool:
    """Whether an answer is to be read event by event; an error or a document is read whole."""
    kind = headers.get("content-type", "").lower()
    return status < 300 and "json" not in kind and "html" not in kind


def no_answer(
    error: Exception | None, request: Request, *, phase: Phase | None, begun: bool = False
) -> APIConnectionError:
    """The error of ours for one of the library beneath, which becomes its cause; `phase`: the clock
    that ran out, if one did; `begun`: after the answer had begun.

    To be raised outside of `except`, as `wrong_setup` is.
    """
    failure = _described(error, request, phase, begun)
    if error is not None:
        failure.__cause__ = cause_of(error, request)
    return failure


def _described(
    error: Exception | None, request: Request, phase: Phase | None, begun: bool
) -> APIConnectionError:
    where = f"[{request.place}]"
    if phase is not None:
        return APITimeoutError(
            f"{_SILENCES.get(phase) or ('silence' if begun else 'no answer')} for longer than the "
            f"timeout ({phase}) {where}",
            url=request.where,
            method=request.method,
            phase=phase,
        )
    what = "the connection was lost" if begun else "no answer"
    reason = "" if error is None else cleaned(reason_of(error), request)
    return APIConnectionError(f"{what}: {reason} {where}", url=request.where, method=request.method)


def late(request: Request, phase: Phase = "total") -> APITimeoutError:
    """The error of a call one of whose clocks has run out."""
    error = no_answer(None, request, phase=phase)
    assert isinstance(error, APITimeoutError)
    return error


def interrupted(request: Request) -> APIConnectionError:
    """The error of an answer that nobody reads on, as a reader was cancelled or interrupted."""
    return APIConnectionError(
        f"its reading was interrupted [{request.place}]", url=request.where, method=request.method
    )


_SILENCES: dict[Phase, str] = {
    "connect": "no connection",
    "pool": "no free connection",
    "first_token": "no event of the stream",
    "gap": "no further event of the stream",
    "total": "no end of the call",
}


def wrong_setup(problem: Exception | str) -> InvalidRequestError:
    """The error for an HTTP client that cannot work, however often it is tried.

    To be raised outside of `except`, where `problem` may hold a secret: what is being handled hangs
    on every new error, with its variables.
    """
    # A library that cannot read the URL of a proxy repeats it.
    text = re.sub(r"(?s)://.*@", "://***@", str(problem))
    return InvalidRequestError(
        f"the HTTP client cannot be set up: {text}. Look at the proxy variables (HTTPS_PROXY, "
        "ALL_PROXY, ...), at SSL_CERT_FILE and REQUESTS_CA_BUNDLE, and at http_client="
    )


def closed() -> CerebrasError:
    return CerebrasError("the client is closed")


def cut_off() -> ConnectionAbortedError:
    """Why an answer breaks off that was still open when its client was closed."""
    return ConnectionAbortedError("the client was closed")


def type_name(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def named(phase: Phase, deadline: Deadline | None, read: float | None, began: float) -> Phase:
    """The clock that ended a wait which began at `began`, where the library says `phase`: of the
    deadline and the read timeout the one that ends first, whichever was quicker to say it."""
    if deadline is None:
        return phase
    if read is None or deadline.at <= began + read or time.monotonic() >= deadline.at - _TICK:
        return deadline.phase
    return phase


def bounded(timeout: Timeout, deadline: Deadline | None, now: float) -> Timeout:
    """`timeout`, none of whose steps goes on after `deadline`."""
    if deadline is None:
        return timeout
    left = max(deadline.at - now, 0.001)
    steps = {name: getattr(timeout, name) for name in ("connect", "read", "write", "pool")}
    shorter = {n: left if seconds is None else min(seconds, left) for n, seconds in steps.items()}
    return dataclasses.replace(timeout, **shorter)


def is_made_for_us(client: object) -> bool:
    """Whether a client is one of `httpx_clients`, which are closed with the client they serve."""
    return getattr(client, "closes_with_cerebras", False)


def no_cookies() -> http.cookiejar.CookiePolicy:
    """For a jar that keeps nothing: the cookies of a session would go to the API's host as well."""
    return _KeepsNothing()


class _KeepsNothing(http.cookiejar.DefaultCookiePolicy):
    """Cookies that the user has put in are sent; no answer adds to them."""

    def set_ok(self, cookie: http.cookiejar.Cookie, request: urllib.request.Request) -> bool:
        return False


def kept(jar: http.cookiejar.CookieJar) -> list[http.cookiejar.Cookie]:
    return list(jar)


def forget(
    jar: http.cookiejar.CookieJar,
    received: http.cookiejar.CookieJar,
    before: list[http.cookiejar.Cookie],
) -> None:
    """Takes what one answer has set out of a jar of the user's, and puts back what was there."""
    old = {(cookie.domain, cookie.path, cookie.name): cookie for cookie in before}
    for cookie in received:
        key = (cookie.domain, cookie.path, cookie.name)
        with contextlib.suppress(KeyError):
            jar.clear(*key)
        if key in old:
            jar.set_cookie(old[key])
