"""What a run of tools can be asked for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidRequestError
from .secret import Hidden

_OURS = ("messages", "tools", "tool_choice", "stream", "n", "response_format")


def check_options(
    options: Hidden[dict[str, Any]],
    *,
    max_rounds: object,
    on_tool_error: object,
    what: str = "run_tools",
    streams: bool = False,
) -> None:
    """Raises InvalidRequestError for what cannot be right, before anything is sent. `streams`:
    whether there are streams that could go on."""
    if not isinstance(max_rounds, int) or isinstance(max_rounds, bool) or max_rounds < 1:
        raise InvalidRequestError(f"max_rounds must be a whole number from 1, not {max_rounds!r}")
    if on_tool_error is not None and not callable(on_tool_error):
        raise InvalidRequestError(
            f"on_tool_error must be a function, not {type(on_tool_error).__name__}"
        )
    call = getattr(on_tool_error, "__call__", None)  # noqa: B004 - what it is, not if
    if inspect.iscoroutinefunction(on_tool_error) or inspect.iscoroutinefunction(call):
        raise InvalidRequestError(
            "on_tool_error must be a plain function, not a coroutine function"
        )
    for name in ("stream", "response_format"):
        if options.value.get(name):
            raise InvalidRequestError(f"{what} does not take {name}")
    if options.value.get("on_interrupt") == "continue" and not streams:
        raise InvalidRequestError(f"{what} does not take on_interrupt='continue'")
    n = options.value.get("n")
    if isinstance(n, int) and n > 1:
        raise InvalidRequestError(f"{what} follows one choice: leave n out")
    extra = options.value.get("extra_body")
    if isinstance(extra, Mapping):
        for name in _OURS:
            if name in extra:
                raise InvalidRequestError(f"{what} does not take {name!r} in extra_body")
