"""What `Annotated` says of a type, as keywords of JSON Schema.

By duck type: the metadata of msgspec, annotated_types and pydantic call the constraints alike. A
plain text is a description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_NUMERIC = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}
_SIZES = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def constrained(schema: dict[str, Any], metadata: Sequence[Any]) -> dict[str, Any]:
    """`schema` with what the metadata adds to it."""
    schema = dict(schema)
    bounds: dict[str, Any] = {}
    for item in metadata:
        if isinstance(item, str):
            schema["description"] = item
            continue
        description = getattr(item, "description", None) or getattr(item, "documentation", None)
        if isinstance(description, str):
            schema["description"] = description
        extra = getattr(item, "extra_json_schema", None) or getattr(item, "json_schema_extra", None)
        if isinstance(extra, Mapping):
            schema |= extra
        for part in (item, *(getattr(item, "metadata", None) or ())):
            bounds |= _bounds(part, schema)
    if "$ref" in schema and bounds:
        return {"allOf": [schema, bounds]}
    alternatives = schema.get("anyOf")
    if alternatives and bounds:  # Annotated[str | None, ...] is meant for the text
        bounded = [part if part == {"type": "null"} else part | bounds for part in alternatives]
        return schema | {"anyOf": bounded}
    return schema | bounds


def _bounds(item: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    found = {keyword: getattr(item, name, None) for name, keyword in _NUMERIC.items()}
    sizes = _SIZES.get(_type_of(schema), ("minLength", "maxLength"))
    found[sizes[0]] = getattr(item, "min_length", None)
    found[sizes[1]] = getattr(item, "max_length", None)
    pattern = getattr(item, "pattern", None)
    found["pattern"] = pattern.pattern if isinstance(pattern, re.Pattern) else pattern
    return {
        keyword: value for keyword, value in found.items() if isinstance(value, (int, float, str))
    }


def _type_of(schema: Mapping[str, Any]) -> str:
    for part in schema.get("anyOf", ()):
        if part != {"type": "null"}:
            return _type_of(part)
    return str(schema.get("type", ""))
