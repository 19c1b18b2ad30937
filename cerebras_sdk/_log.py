"""What the package logs, by the logger `cerebras_sdk`, and CEREBRAS_LOG, for programs that set up
no logging.

info: each attempt of a call: method, path, status, seconds, request id; each wait. debug: also the
headers. trace, a level of ours below: also the bodies, as far as they are read whole, cut after
`SHOWN_BYTES`. Keys, cookies and the user's own headers show themselves as ***.
"""

from __future__ import annotations

import logging
import warnings

from ._core.http import Headers, Request
from ._core.limits import request_id
from ._core.redaction import excerpt, redacted_headers
from ._core.secret import Hidden
from .errors import CerebrasWarning

LOG = logging.getLogger("cerebras_sdk")
TRACE = 5
SHOWN_BYTES = 4096  # of a body

_LEVELS = ("debug", "info", "warning", "error", "critical", "trace")

if logging.getLevelName(TRACE) == f"Level {TRACE}":  # nobody else has a name for it
    logging.addLevelName(TRACE, "TRACE")


def configure(level: str | None) -> None:
    """Lets the logger `cerebras_sdk` speak from `level` on, such as "info" or "debug"."""
    if level is None:
        return
    if level.lower() not in _LEVELS:
        # A variable of the log is no reason for a program not to run.
        text = f"CEREBRAS_LOG: {level!r} is none of {', '.join(_LEVELS)}"
        warnings.warn(text, CerebrasWarning, stacklevel=3)
        return
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    wanted = TRACE if level.lower() == "trace" else level.upper()
    LOG.setLevel(wanted)


def log_answer(
    request: Request,
    status: int,
    headers: Headers,
    *,
    seconds: float,
    attempt: int,
    sent: bytes,
    body: bytes | None,
) -> None:
    """Tells of an answer to `request`, as it was signed; `sent`: the body before it was compressed;
    `body`: that of the answer, None for one that is left on the wire."""
    if not LOG.isEnabledFor(logging.INFO):
        return
    answer = None if body is None else Hidden(body)
    del body
    shown = redacted_headers(headers, request)
    ident = request_id(shown) or "no id"
    LOG.info("%s: %d in %.3f s (%s), attempt %d", request.place, status, seconds, ident, attempt)
    _log_sent(request, sent)
    LOG.debug("%s: answered %r", request.place, shown)
    if answer is not None:
        _log_body("answered", request, answer)


def log_hook(name: str, error: Exception) -> None:
    """Tells that a hook of the user failed."""
    LOG.warning("a hook failed in %s: %r", name, error, exc_info=error)


def log_failure(
    request: Request, error: Exception, *, seconds: float, attempt: int, sent: bytes
) -> None:
    """Tells that no answer came."""
    if LOG.isEnabledFor(logging.INFO):
        what = type(error).__name__
        LOG.info("%s: %s after %.3f s, attempt %d", request.place, what, seconds, attempt)
        _log_sent(request, sent)


def _log_sent(request: Request, sent: bytes) -> None:
    # Secrets and the user's own headers show themselves as ***.
    size = len(request.body if request.upload is None else request.upload)
    LOG.debug("%s: sent %d bytes, %r", request.place, size, request.headers)
    _log_body("sent", request, Hidden(sent))


def _log_body(verb: str, request: Request, body: Hidden[bytes]) -> None:
    if body.value and LOG.isEnabledFor(TRACE):
        shown = excerpt(body.value, request, SHOWN_BYTES).decode("utf-8", "backslashreplace")
        LOG.log(TRACE, "%s: %s %r, of %d bytes", request.place, verb, shown, len(body.value))
