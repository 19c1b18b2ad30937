"""The usage of several answers in one sum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ..types import ChatCompletion, Model, Usage

M = TypeVar("M", bound=Model)


def total_usage(completions: Iterable[ChatCompletion]) -> Usage:
    """All counts added up; what none of the answers tells is None."""
    total = Usage()
    for completion in completions:
        if completion.usage is not None:
            total = _sum(total, completion.usage)
    return total


def _sum(total: M, added: M) -> M:
    counts = {}
    for name in total.__struct_fields__:
        if name.startswith("_"):
            continue
        before, more = getattr(total, name), getattr(added, name)
        if before is None or more is None:
            counts[name] = more if before is None else before
        else:
            counts[name] = _sum(before, more) if isinstance(more, Model) else before + more
    return type(total)(**counts)
