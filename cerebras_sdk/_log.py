"""CEREBRAS_LOG: what the package logs, on stderr, for programs that set up no logging."""

from __future__ import annotations

import logging

from .errors import InvalidRequestError

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}


def configure(level: str | None) -> None:
    """Lets the logger `cerebras_sdk` speak from `level` on, "info" or "debug"."""
    if level is None:
        return
    if level.lower() not in _LEVELS:
        raise InvalidRequestError(f'CEREBRAS_LOG must be "info" or "debug", not {level!r}')
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("cerebras_sdk").setLevel(_LEVELS[level.lower()])
