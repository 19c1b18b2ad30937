"""Whole numbers that a model wrote with a point, such as 5.0, as the `int` that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .check import fits
from .vocabulary import is_type, target


def whole_numbers(value: Any, schema: Any, root: Mapping[str, Any]) -> Any:
    """`value`, which follows `schema`, with 5.0 as 5 where the schema takes whole numbers only.

    JSON Schema has no other number for them, and Python has: msgspec refuses the float.
    """
    if not isinstance(schema, Mapping):
        return value
    if "$ref" in schema:
        value = whole_numbers(value, target(root, schema["$ref"]), root)
    for part in schema.get("allOf", ()):
        value = whole_numbers(value, part, root)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            value = _alternative(value, schema[keyword], root)
    if isinstance(value, float):
        return int(value) if _is_whole(value, schema) else value
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties")
        return {
            name: whole_numbers(item, properties.get(name, more), root)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [whole_numbers(item, schema.get("items"), root) for item in value]
    return value


def _alternative(value: Any, parts: Any, root: Mapping[str, Any]) -> Any:
    made = [whole_numbers(value, part, root) for part in parts if fits(value, part, root)]
    # A float that may be one stays one.
    floats = [one for one in made if isinstance(one, float)]
    return next(iter(floats or made), value)


def _is_whole(value: float, schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds:
        return "integer" in kinds and "number" not in kinds and is_type(value, "integer")
    choices = [schema["const"]] if "const" in schema else schema.get("enum", ())
    return any(choice == value and is_type(choice, "integer") for choice in choices)
