"""How large a strict schema may be; what is too large is found before it is sent.

Source: https://inference-docs.cerebras.ai/capabilities/structured-outputs
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ...errors import InvalidRequestError

DEPTH = 10
CHARACTERS = 5000
PROPERTIES = 500
ENUM_VALUES = 500


def check_limits(schema: Mapping[str, Any]) -> None:
    """Raises InvalidRequestError with the path that goes beyond a limit, if one does.

    Depth counts objects and lists inside each other, the root as 1. A definition that is used in
    several places counts once, except for depth.
    """
    _check_depth(schema)
    properties = values = 0
    for path, part in _parts(schema, schema, "$", set()):
        for name in part.get("properties", ()):
            properties += 1
            if properties > PROPERTIES:
                raise InvalidRequestError(
                    f"{path}.{name}: the service takes at most {PROPERTIES} properties in a "
                    "strict schema, and this is one more"
                )
        values += len(part.get("enum", ()))
        if values > ENUM_VALUES:
            raise InvalidRequestError(
                f"{path}: the service takes at most {ENUM_VALUES} enum values in a strict schema; "
                f"with those of this place there are {values} or more"
            )
    size = _size(schema)
    if size > CHARACTERS:
        path, largest = _largest(schema)
        raise InvalidRequestError(
            f"{path}: the service takes strict schemas of at most {CHARACTERS} characters, and "
            f"this one has {size}, of which {largest} are here: shorten descriptions, or split it"
        )


def _check_depth(root: Mapping[str, Any]) -> None:
    heights: dict[int, int] = {}

    def height(part: Mapping[str, Any]) -> int:
        """How deep it is, counted once for each part: a definition may be used again and again."""
        found = heights.get(id(part))
        if found is None:
            below = max((height(inner) for _, inner in _below(part, root, "")), default=0)
            found = heights[id(part)] = below + _is_level(part)
        return found

    path, part, depth = "$", root, 0
    while depth + height(part) > DEPTH:
        depth += _is_level(part)
        if depth > DEPTH:
            raise InvalidRequestError(
                f"{path}: the service takes objects and lists up to {DEPTH} deep in a strict schema"
            )
        path, part = next(
            (below, inner)
            for below, inner in _below(part, root, path)
            if depth + height(inner) > DEPTH
        )


def _is_level(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") in ("object", "array")


def _parts(
    schema: Mapping[str, Any], root: Mapping[str, Any], path: str, seen: set[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every part of the schema with its path; each definition once."""
    yield path, schema
    for below, part in _below(schema, root, path, seen):
        yield from _parts(part, root, below, seen)


def _below(
    schema: Mapping[str, Any], root: Mapping[str, Any], path: str, seen: set[str] | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}", part
    if "items" in schema:
        yield f"{path}[]", schema["items"]
    for part in schema.get("anyOf", ()):
        yield path, part
    reference = schema.get("$ref")
    if reference is not None and (seen is None or reference not in seen):
        if seen is not None:
            seen.add(reference)
        yield path, root["$defs"][reference.removeprefix("#/$defs/")]


def _largest(schema: Mapping[str, Any]) -> tuple[str, int]:
    """The largest property or definition of the root."""
    sizes = {f"$.{name}": _size(part) for name, part in schema.get("properties", {}).items()}
    sizes |= {f"$.$defs.{name}": _size(part) for name, part in schema.get("$defs", {}).items()}
    path = max(sizes, key=lambda path: sizes[path])
    return path, sizes[path]


def _size(schema: Mapping[str, Any]) -> int:
    return len(msgspec.json.encode(schema).decode())
