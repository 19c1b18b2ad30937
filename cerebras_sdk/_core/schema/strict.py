"""A JSON Schema as the service takes it with `strict`.

Source: https://inference-docs.cerebras.ai/capabilities/structured-outputs
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...errors import InvalidRequestError
from .hints import described
from .limits import check_limits
from .python_types import plain_name
from .vocabulary import is_type, target

# They change what an answer may be in ways that a hint cannot say well and strict mode cannot say.
_REFUSED = (
    "not", "if", "then", "else", "patternProperties", "prefixItems", "contains", "propertyNames",
    "dependentSchemas", "dependentRequired", "$dynamicRef", "$recursiveRef",
)  # fmt: skip
_KEPT = {
    "object": (),
    "array": (),
    "string": ("enum", "const"),
    "integer": ("enum", "const", "minimum", "maximum"),
    "number": ("enum", "const", "minimum", "maximum"),
    "boolean": ("enum", "const"),
    "null": (),
}
# Which type a keyword is about, where one schema names several types.
_ABOUT = {
    "string": ("minLength", "maxLength", "pattern", "format", "contentEncoding"),
    "array": ("items", "minItems", "maxItems", "uniqueItems"),
    "object": ("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` as strict mode takes it: every object closed, every field required, `$defs` only.

    What strict mode has no keyword for (`format`, `pattern`, `minItems`, `default` and the like)
    goes into the description; `problems_of` checks it in the answer.

    Raises InvalidRequestError, with the path, for what cannot be said (open objects, recursion,
    values of any type), and for what is beyond the limits of the service.
    """
    made = _Strict(schema).made()
    check_limits(made)
    return made


class _Strict:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._root = schema
        self._uses: Counter[str] = Counter()
        self._open: list[str] = []  # references that are being followed
        self._names: dict[str, str] = {}  # of definitions, by reference
        self._definitions: dict[str, dict[str, Any]] = {}

    def made(self) -> dict[str, Any]:
        self._count(self._root, set())
        made = self._node(self._root, "$")
        while "$ref" in made:  # the root itself must be the object
            made = self._definitions[made["$ref"].removeprefix("#/$defs/")]
        return {**made, "$defs": self._definitions} if self._definitions else made

    def _count(self, schema: Any, seen: set[str]) -> None:
        """Counts the references to each definition: one that is used once needs no name."""
        if isinstance(schema, list):
            for part in schema:
                self._count(part, seen)
        if not isinstance(schema, Mapping):
            return
        for keyword, part in schema.items():
            if keyword == "$ref" and isinstance(part, str):
                self._uses[part] += 1
                if part not in seen:
                    seen.add(part)
                    self._count(target(self._root, part), seen)
            elif keyword in ("properties", "$defs", "definitions"):
                if keyword == "properties":
                    self._count(list(part.values()), seen)
            else:
                self._count(part, seen)

    def _node(self, schema: Any, path: str) -> dict[str, Any]:
        if not isinstance(schema, Mapping) or (not schema and path):
            raise InvalidRequestError(f"{path}: strict output needs a type here, not any value")
        schema = _flattened(schema, path)
        for keyword in _REFUSED:
            if keyword in schema:
                raise InvalidRequestError(f"{path}: strict output cannot say {keyword!r}")
        if "$ref" in schema:
            return self._reference(schema, path)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._alternatives(schema, keyword, path)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._node(_split(schema, kind), path)
        if kind is None and ("properties" in schema or "items" in schema):
            kind = "object" if "properties" in schema else "array"
        if kind is None and "enum" not in schema and "const" not in schema:
            raise InvalidRequestError(f"{path}: strict output needs a type here, not any value")
        if kind is not None and kind not in _KEPT:
            raise InvalidRequestError(f"{path}: {kind!r} is no type of JSON Schema")
        made: dict[str, Any] = {} if kind is None else {"type": kind}
        schema = _whole_bounds(schema) if kind == "integer" else schema
        kept = ("enum", "const") if kind is None else _KEPT[kind]
        made |= {keyword: schema[keyword] for keyword in kept if schema.get(keyword) is not None}
        if "const" in schema and schema["const"] is None:
            made |= {"type": "null"}
        if kind == "object":
            made |= self._object(schema, path)
        elif kind == "array":
            if "items" not in schema:
                raise InvalidRequestError(f"{path}: strict output needs the type of the items")
            made["items"] = self._node(schema["items"], f"{path}[]")
        return _with_description(made, described(schema, made))

    def _object(self, schema: Mapping[str, Any], path: str) -> dict[str, Any]:
        properties, more = schema.get("properties"), schema.get("additionalProperties")
        is_open = more is True or isinstance(more, Mapping) or (properties is None and more is None)
        if is_open and not properties:
            raise InvalidRequestError(
                f"{path}: strict output has no objects with names of the model's choice: use a "
                "list of objects with a name and a value"
            )
        made = {
            name: self._node(part, f"{path}.{name}") for name, part in (properties or {}).items()
        }
        return {"properties": made, "required": list(made), "additionalProperties": False}

    def _alternatives(self, schema: Mapping[str, Any], keyword: str, path: str) -> dict[str, Any]:
        rest = {name: part for name, part in schema.items() if name != keyword}
        if rest.keys() & {"anyOf", "oneOf", "properties", "items", "enum", "const"}:
            raise InvalidRequestError(
                f"{path}: strict output cannot say {keyword!r} beside other rules: put them into "
                "each alternative"
            )
        # A type beside the alternatives is theirs as well; they say it themselves.
        rest.pop("type", None)
        made = {"anyOf": [self._node(part, path) for part in schema[keyword]]}
        return _with_description(made, described(rest, {}))

    def _reference(self, schema: Mapping[str, Any], path: str) -> dict[str, Any]:
        reference = schema["$ref"]
        beside = {keyword: part for keyword, part in schema.items() if keyword != "$ref"}
        found = target(self._root, reference)
        if found is None:
            raise InvalidRequestError(
                f"{path}: the reference {reference!r} leads nowhere: it must be to a part of $defs"
            )
        if reference in self._open or found is self._root:
            name = reference.rpartition("/")[2]
            raise InvalidRequestError(
                f"{path}: {name} contains itself, and strict output has no recursion"
            )
        self._open.append(reference)
        try:
            if self._uses[reference] < 2 or not isinstance(found, Mapping):
                merged = {**found, **beside} if isinstance(found, Mapping) else found
                return self._node(merged, path)
            if reference not in self._names:
                name = self._named(reference)
                self._definitions[name] = {}
                self._definitions[name] = self._node(found, path)
        finally:
            self._open.pop()
        made = {"$ref": f"#/$defs/{self._names[reference]}"}
        said = described(beside, {})
        # Not every reader of a schema takes keywords beside a reference.
        return {"anyOf": [made], "description": said} if said else made

    def _named(self, reference: str) -> str:
        stem = name = plain_name(reference.rpartition("/")[2])
        number = 2
        while name in self._definitions:
            name, number = f"{stem}_{number}", number + 1
        self._names[reference] = name
        return name


def _flattened(schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """`schema` with the parts of `allOf` in it, which strict mode does not know."""
    parts = schema.get("allOf")
    if parts is None:
        return schema
    merged = {keyword: part for keyword, part in schema.items() if keyword != "allOf"}
    for part in parts:
        part = _flattened(part, path)
        for keyword, value in part.items():
            if keyword == "properties" and keyword in merged:
                value = {**merged[keyword], **value}
            elif keyword in ("required", "description", "title"):
                value = merged.get(keyword, value)
            elif merged.get(keyword, value) != value:
                raise InvalidRequestError(
                    f"{path}: strict output has no allOf, and its parts differ in {keyword!r}"
                )
            merged[keyword] = value
    return merged


def _split(schema: Mapping[str, Any], kinds: list[str]) -> dict[str, Any]:
    """A schema of several types as one of alternatives."""
    beside = {
        keyword: schema[keyword] for keyword in ("description", "default") if keyword in schema
    }
    parts = []
    for kind in kinds:
        foreign = {
            keyword
            for about, keywords in _ABOUT.items()
            for keyword in keywords
            if about != ("number" if kind == "integer" else kind)
        }
        left_out = foreign | beside.keys() | {"type", "enum"}
        part = {keyword: value for keyword, value in schema.items() if keyword not in left_out}
        part["type"] = kind
        if "enum" in schema:
            part["enum"] = [value for value in schema["enum"] if is_type(value, kind)]
            if kind == "null" or not part["enum"]:
                part.pop("enum")
                if kind != "null":
                    continue
        parts.append(part)
    return {**beside, "anyOf": parts} if len(parts) > 1 else {**beside, **parts[0]}


def _whole_bounds(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whole numbers are above 4 where they are 5 or more: a bound that strict mode knows."""
    schema = dict(schema)
    for keyword, other, step in (
        ("exclusiveMinimum", "minimum", 1),
        ("exclusiveMaximum", "maximum", -1),
    ):
        bound = schema.get(keyword)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool) and bound == int(bound):
            del schema[keyword]
            bounds = [int(bound) + step, schema.get(other, int(bound) + step)]
            schema[other] = max(bounds) if step > 0 else min(bounds)
    return schema


def _with_description(made: dict[str, Any], said: str) -> dict[str, Any]:
    return {**made, "description": said} if said else made
