"""Schemas that strict mode refuses.

Source: https://inference-docs.cerebras.ai/capabilities/structured-outputs and refusals of the live
service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from ...types.checks import Finding

_REFUSED = frozenset(
    {
        "$anchor", "allOf", "default", "definitions", "format", "maxItems", "minItems", "oneOf",
        "pattern",
    }
)  # fmt: skip
_UNCERTAIN = frozenset({"maxLength", "minLength"})
_PARTS = ("items", "additionalProperties")
_NAMED_PARTS = ("properties", "$defs")
_ENOUGH = 10  # findings of one schema
_WRAP = (
    'wrap it: {"type": "object", "properties": {"value": ...}, "required": ["value"], '
    '"additionalProperties": False}'
)
_NO_ARGUMENTS = (
    'of a tool without arguments it is {"type": "object", "properties": {}, '
    '"additionalProperties": False}'
)

# A part's place: that of the schema around it, and the name in there. As a text it would be made
# anew for each part, and be long where a schema is deep.
_Place: TypeAlias = tuple["_Place | None", str]


def schema_findings(
    schema: Mapping[str, Any], path: str, *, of_tool: bool = False
) -> Iterator[Finding]:
    """What strict mode refuses of `schema`, which stands at `path`; the first of it.

    `of_tool`: whether it describes the arguments of a tool.
    """
    yield from _of_root(schema, path, of_tool=of_tool)
    count = 0
    left: list[tuple[_Place, Any]] = [((None, path), schema)]
    while left and count < _ENOUGH:
        here, part = left.pop()
        if not isinstance(part, dict):
            continue
        for finding in _of_part(here, part):
            count += 1
            yield finding
        left += [((here, name), part[name]) for name in _PARTS if name in part]
        for name in _NAMED_PARTS:
            named = part.get(name)
            if isinstance(named, dict):
                inside: _Place = (here, name)
                left += [((inside, key), inner) for key, inner in named.items()]
        choices = part.get("anyOf")
        if isinstance(choices, list):
            left += [((here, f"anyOf[{at}]"), inner) for at, inner in enumerate(choices)]


def _of_root(schema: Mapping[str, Any], path: str, *, of_tool: bool) -> Iterator[Finding]:
    root = _referred(schema)
    if root is None or ("type" not in root and isinstance(root.get("properties"), dict)):
        return
    kind = root.get("type")
    if kind in ("object", ["object"]):
        return
    yield Finding(
        code="strict_schema",
        path=path,
        message="the root of a strict schema is an object",
        advice=_NO_ARGUMENTS if of_tool and not schema else _WRAP,
        # Without a type it may be one, as `{}` allows everything.
        certain=kind is not None and not (isinstance(kind, list) and "object" in kind),
    )


def _referred(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema that the root refers to, or itself; None if it is elsewhere."""
    root = schema
    seen: set[str] = set()
    while "type" not in root:
        reference = root.get("$ref")
        if not isinstance(reference, str) or reference in seen:
            break
        if not reference.startswith("#"):
            return None  # which is a finding of its own
        seen.add(reference)
        found: Any = schema
        for name in unquote(reference).split("/")[1:]:
            name = name.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            break
        root = found
    return root


def _of_part(place: _Place, part: Mapping[str, Any]) -> Iterator[Finding]:
    kind = part.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    if (is_object or "properties" in part) and part.get("additionalProperties") is not False:
        yield Finding(
            code="strict_schema",
            path=_path(place),
            message="an object of a strict schema takes no other properties",
            advice='add "additionalProperties": False',
        )
    for name in part:
        if name in _REFUSED or name in _UNCERTAIN:
            yield Finding(
                code="strict_schema",
                path=f"{_path(place)}.{name}",
                message=f"strict mode does not take {name!r}",
                advice=_INSTEAD.get(name, "say it in the description, and check the answer"),
                certain=name in _REFUSED,
            )
    reference = part.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        yield Finding(
            code="strict_schema",
            path=f"{_path(place)}.$ref",
            message="strict mode follows no reference out of the schema",
            advice='move what it means into "$defs"',
        )


def _path(place: _Place) -> str:
    names = []
    left: _Place | None = place
    while left is not None:
        left, name = left
        names.append(name)
    return ".".join(reversed(names))


_INSTEAD = {
    "definitions": 'call it "$defs"',
    "oneOf": 'use "anyOf"',
    "allOf": "write the parts as one schema",
    "$anchor": 'refer to "#/$defs/..."',
    "default": "leave it out: the model fills in every field",
}
