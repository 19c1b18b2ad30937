"""Parts of plain dicts and lists, named as pydantic's `include` and `exclude` name them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

Parts: TypeAlias = Collection[Any] | Mapping[Any, Any]
"""Names of fields and indexes of entries, or a mapping from them to True for the whole, or to the
parts of what is there. The name `__all__` is every entry."""


def only(whole: Any, parts: Parts) -> Any:
    """What `parts` names of `whole`."""
    named = ((key, item, told) for key, item, told in _told(whole, parts) if told)
    return _like(
        whole, ((k, item if _is_all(told) else only(item, told)) for k, item, told in named)
    )


def without(whole: Any, parts: Parts) -> Any:
    """What `parts` does not name of `whole`."""
    left = ((key, item, told) for key, item, told in _told(whole, parts) if not _is_all(told))
    return _like(whole, ((k, without(item, told) if told else item) for k, item, told in left))


def _told(whole: Any, parts: Parts) -> Iterator[tuple[Any, Any, Any]]:
    """Every entry by its key, and what `parts` says of it."""
    if not isinstance(whole, dict | list):
        return
    for key, item in whole.items() if isinstance(whole, dict) else enumerate(whole):
        names = (key, "__all__") if isinstance(whole, dict) else (key, key - len(whole), "__all__")
        found = [name for name in names if name in parts]
        if isinstance(parts, Mapping):
            yield key, item, parts[found[0]] if found else None
        else:
            yield key, item, bool(found)


def _is_all(told: Any) -> bool:
    return told is True or told is ...


def _like(whole: Any, entries: Iterator[tuple[Any, Any]]) -> Any:
    if isinstance(whole, dict):
        return dict(entries)
    return [item for _, item in entries] if isinstance(whole, list) else whole
