"""What lies beneath an error of ours: its cause, without frames and without secrets."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Iterator
from typing import Any

from .._core.http import Request
from .._core.redaction import cleaned

_HOLDERS = {"request", "_request", "response", "_response"}


def let_go(error: BaseException | None) -> None:
    """Takes the frames off what lies beneath an error, and off the error itself.

    The frames of HTTP libraries hold the key, the password of a proxy and pieces of the answer,
    which debuggers and error trackers show; and those of who waits for an answer would keep it when
    nobody wants it any more.
    """
    for layer in _layers(error):
        layer.__traceback__ = None


def cause_of(error: Exception, request: Request) -> BaseException:
    """`error` as the cause of an error of ours: without frames, without the request of the library,
    whose headers have the key, and if it repeats a secret of `request`, as servers that answer with
    what they were sent make libraries do, a copy that does not.

    To be called outside of `except`: what is being handled is the user's.
    """
    let_go(error)
    for found in _layers(error):
        for name in _HOLDERS & vars(found).keys():
            setattr(found, name, None)
    if not any(_tells(layer, request) for layer in _layers(error)):
        return error
    top = _copy(error, request)
    copy, layer = top, _beneath(error)
    seen = {id(error)}
    while layer is not None and id(layer) not in seen and layer is not sys.exception():
        seen.add(id(layer))
        copy.__cause__ = _copy(layer, request)
        copy, layer = copy.__cause__, _beneath(layer)
    return top


def reason_of(error: BaseException) -> str:
    """What the operating system or TLS said, which libraries wrap in layers of their own."""
    reason = type(error).__name__
    seen: set[int] = set()
    layer: BaseException | None = error
    while layer is not None and id(layer) not in seen and layer is not sys.exception():
        seen.add(id(layer))
        if isinstance(layer, http.client.IncompleteRead):
            reason = "it ended in the middle of the answer"
        elif isinstance(layer, ConnectionError) and layer.errno:
            reason = os.strerror(layer.errno)  # asyncio puts a text of its own in its place
        elif isinstance(layer, OSError) and layer.strerror:
            reason = layer.strerror
        elif len(layer.args) == 1 and isinstance(layer.args[0], str) and layer.args[0]:
            reason = layer.args[0]
        layer = _beneath(layer)
    return reason


def _beneath(error: BaseException) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return error.__cause__ or error.__context__


def _layers(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and all that hangs on it, but what the user was handling when they called us: that
    hangs on every new error too, and is theirs."""
    seen = {id(sys.exception())}
    left: list[object] = [error]
    while left:
        layer = left.pop()
        if not isinstance(layer, BaseException) or id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer
        left += [layer.__cause__, layer.__context__, *layer.args]
        if isinstance(layer, BaseExceptionGroup):
            left += layer.exceptions


def _tells(error: BaseException, request: Request) -> bool:
    # On one line already: `cleaned` makes it one.
    text = " ".join(f"{error} {error!r} {vars(error)}".split())
    return cleaned(text, request) != text


def _copy(error: BaseException, request: Request) -> BaseException:
    """An error of the same type, by name and to `isinstance`, that has a text and nothing else.

    No type says in general how to make another one of its kind, and their texts come out of
    attributes and of the errors in their `args` as well as out of these.
    """
    kind = type(error)
    names = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__str__": lambda self: self.args[0],
        "__repr__": lambda self: f"{type(self).__name__}({self.args[0]!r})",
    }
    text = cleaned(str(error), request)
    copied: Any
    copy: BaseException
    try:
        copied = type(kind.__name__, (kind,), names)
        copy = copied.__new__(copied, text)
    except TypeError:  # a group of errors wants some
        copied = type(kind.__name__, (Exception,), names)
        copy = copied()
    copy.args = (text,)
    return copy
