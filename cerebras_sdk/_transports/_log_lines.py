"""What the HTTP libraries log of our requests, without what is secret in it."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar

from .._core.http import Request
from .._core.redaction import cleaned

in_hand: ContextVar[Request | None] = ContextVar("cerebras_sdk_request", default=None)
"""The request of ours that is being sent: what others send, and log, is not ours to change."""

_HTTP1, _HTTP2 = logging.getLogger("httpcore.http11"), logging.getLogger("httpcore.http2")


def is_logged() -> bool:
    """Whether httpcore tells of its reading: for each piece of an answer, else nothing is set."""
    return _HTTP1.isEnabledFor(logging.DEBUG) or _HTTP2.isEnabledFor(logging.DEBUG)


_SET_COOKIE = re.compile(r"(?i)(b'set-cookie', b)('[^']*'|\"[^\"]*\")")


def _without_secrets(record: logging.LogRecord) -> bool:
    """urllib3 and httpx log whole addresses, some of them headers that they cannot read."""
    request = in_hand.get()
    if request is None:
        return True
    text = record.getMessage()
    shown = cleaned(text, request)
    if shown != text:
        record.msg, record.args = shown, ()
    if record.exc_info:  # it says the same, and its frames hold the key
        record.exc_info = record.exc_text = None
    return True


def _without_cookies(record: logging.LogRecord) -> bool:
    """httpcore logs all headers of an answer: a session may send a new cookie in them."""
    if isinstance(record.msg, str) and "set-cookie" in record.msg.lower():
        record.msg = _SET_COOKIE.sub(r"\1'***'", record.msg)
    return True


def _without_headers(record: logging.LogRecord) -> bool:
    """hpack logs each header of HTTP/2, as a text and as its bytes, of whichever request: many
    share a connection."""
    if isinstance(record.args, tuple):
        record.args = tuple(a if isinstance(a, int) else "***" for a in record.args)
    return True


_FILTERS = {
    _without_secrets: (
        "httpcore.connection",
        "httpcore.http11",
        "httpcore.http2",
        "httpcore.proxy",
        "httpx",
        "urllib3.connection",
        "urllib3.connectionpool",
        "urllib3.util.retry",
    ),
    _without_cookies: ("httpcore.http11", "httpcore.http2"),
    _without_headers: ("hpack.hpack", "hpack.table"),
}
for _filter, _names in _FILTERS.items():
    for _name in _names:
        logging.getLogger(_name).addFilter(_filter)
