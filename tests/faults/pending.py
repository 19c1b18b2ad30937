"""The rows that are known to be right and are not kept yet, by name and twin."""

from __future__ import annotations

PENDING: frozenset[tuple[str, str]] = frozenset()
