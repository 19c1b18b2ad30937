"""CEREBRAS_LOG: what the package logs, on stderr, for programs that set up no logging."""

from __future__ import annotations

import logging
import warnings

from .errors import CerebrasWarning

_LEVELS = ("debug", "info", "warning", "error", "critical")


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
    logging.getLogger("cerebras_sdk").setLevel(level.upper())
