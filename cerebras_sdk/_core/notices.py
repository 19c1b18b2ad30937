"""What the user is warned of when a completion is asked for, at the line that asks."""

from __future__ import annotations

import sys
import warnings

from ..errors import ModelRetiredWarning, RequestCheckWarning
from .endpoints.body import CompletionCall
from .lint import described

_PACKAGE = __name__.partition(".")[0]


def warn_of(call: CompletionCall) -> None:
    """A ModelRetiredWarning and a RequestCheckWarning, where there is one.

    However many frames of this package lie between, the user's own line is who is warned.
    """
    if call.notice is None and not call.findings:
        return
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    if call.notice is not None:
        warnings.warn(call.notice, ModelRetiredWarning, stacklevel=level)
    if call.findings:
        would = "would" if call.findings[0].certain else "may"
        text = described(f"the service {would} refuse this request", call.findings)
        warnings.warn(RequestCheckWarning(text, call.findings), stacklevel=level)


def _is_ours(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")
