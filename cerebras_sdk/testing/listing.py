"""One page of a list: `limit` and `after` in the query, `has_more` in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from .answers import json_answer
from .engines import RequestRefused
from .exchange import Answer, ReceivedRequest

_DEFAULT, _MOST = 20, 100


def page(request: ReceivedRequest, objects: Mapping[str, dict[str, Any]]) -> Answer:
    """The objects behind the id in `after`, in the order of creation ("List files" in the docs)."""
    query = parse_qs(request.query)
    ids = list(objects)
    after = query.get("after", [None])[-1]
    if after is not None and after not in objects:
        raise RequestRefused(f"after: No such id: {after}")
    start = 0 if after is None else ids.index(after) + 1
    end = start + _limit(query.get("limit", [str(_DEFAULT)])[-1])
    return json_answer(
        {
            "object": "list",
            "data": [objects[name] for name in ids[start:end]],
            "has_more": end < len(ids),
        }
    )


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST:
        raise RequestRefused(f"limit: Input should be a whole number from 1 to {_MOST}")
    return int(text)
