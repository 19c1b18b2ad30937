"""What the types and references of a JSON Schema mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote


def target(root: Mapping[str, Any], reference: object) -> Any:
    """The part of `root` that a reference such as `#/$defs/Item` names; None if there is none."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        step = unquote(step).replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or step not in found:
            return None
        found = found[step]
    return found if reference == "#" or reference.startswith("#/") else None


def endless_reference(root: Any) -> str | None:
    """A reference that leads to itself before it says anything of the value; None without one."""
    for reference in _references(root):
        waiting, seen = [target(root, reference)], {reference}
        while waiting:
            found = waiting.pop()
            if not isinstance(found, Mapping):
                continue
            onwards = found.get("$ref")
            if onwards == reference:
                return reference
            if isinstance(onwards, str) and onwards not in seen:
                seen.add(onwards)
                waiting.append(target(root, onwards))
            for keyword in ("allOf", "anyOf", "oneOf"):
                waiting += found.get(keyword, ())
    return None


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        reference = part.get("$ref")
        if isinstance(reference, str):
            yield reference
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from _references(inner)


def is_type(value: Any, kind: str) -> bool:
    """Whether a value is of a type of JSON Schema."""
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    kinds: dict[str, type] = {
        "string": str, "boolean": bool, "array": list, "object": dict, "null": type(None),
    }  # fmt: skip
    return kind in kinds and isinstance(value, kinds[kind])
