"""OpenAPI documents: their operations, and the forms that a schema allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

Schemas: TypeAlias = tuple[Any, ...]  # they hold together, as in allOf

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class DocumentError(Exception):
    """A file that is no OpenAPI document, or not a whole one."""


class Form(NamedTuple):
    """One of the forms that a schema allows."""

    properties: Mapping[str, Schemas] = {}
    items: Schemas = ()
    additional: Schemas = ()
    values: tuple[Any, ...] = ()
    null: bool = False

    def merged(self, other: Form) -> Form:
        return Form(
            {
                name: self.properties.get(name, ()) + other.properties.get(name, ())
                for name in {**self.properties, **other.properties}
            },
            self.items + other.items,
            self.additional + other.additional,
            self.values + other.values,
            self.null or other.null,
        )


class Operation(NamedTuple):
    """A method of a path: `answers` are pairs of a status and a content."""

    method: str
    path: str
    parameters: list[Mapping[str, Any]]
    body: Mapping[str, Any]
    answers: list[tuple[str, Mapping[str, Any]]]


class Document:
    """An OpenAPI document; all its `$ref`s are within it.

    The constructor and the methods raise DocumentError.
    """

    def __init__(self, path: str) -> None:
        try:
            self._root = yaml.safe_load(Path(path).read_bytes())
        except OSError as error:
            raise DocumentError(error.strerror) from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise DocumentError(" ".join(str(error).split())) from None
        if not isinstance(self._root, dict) or not isinstance(self._root.get("paths"), dict):
            raise DocumentError("no OpenAPI document: it has no paths")

    def operations(self) -> Iterator[Operation]:
        for path, given in self._root["paths"].items():
            item = self._resolved(given)
            for method in [name for name in _METHODS if name in item]:
                operation = item[method]
                parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
                yield Operation(
                    method.upper(),
                    path,
                    [self._resolved(parameter) for parameter in parameters],
                    self._resolved(operation.get("requestBody", {})).get("content", {}),
                    [
                        (str(status), self._resolved(answer).get("content", {}))
                        for status, answer in operation.get("responses", {}).items()
                    ],
                )

    def forms(self, schemas: Schemas, seen: frozenset[int] = frozenset()) -> list[Form]:
        """The forms that `schemas` allow together; `seen` are those that this is part of."""
        found = [Form()]
        for schema in schemas:
            if isinstance(schema, dict) and id(schema) not in seen:
                found = _all_of(found, self._forms_of(schema, seen | {id(schema)}))
        return found

    def _forms_of(self, schema: dict[str, Any], seen: frozenset[int]) -> list[Form]:
        values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
        kind = schema.get("type")
        own = Form(
            {name: (below,) for name, below in schema.get("properties", {}).items()},
            (*schema.get("prefixItems", ()), schema.get("items")),
            (schema.get("additionalProperties"),),
            tuple(value for value in values if value is not None),
            schema.get("nullable") is True
            or None in values
            or "null" in (kind if isinstance(kind, list) else [kind]),
        )
        together = [self._target(schema["$ref"])] if "$ref" in schema else []
        found = _all_of([own], self.forms((*together, *schema.get("allOf", ())), seen))
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                either = [form for one in schema[word] for form in self.forms((one,), seen)]
                found = _all_of(found, either)
        return found

    def _resolved(self, given: Any) -> Any:
        seen = set()
        while "$ref" in given:
            if given["$ref"] in seen:
                raise DocumentError(f"the $ref {given['$ref']} leads back to itself")
            seen.add(given["$ref"])
            given = self._target(given["$ref"])
        return given

    def _target(self, reference: str) -> Any:
        found = self._root
        try:
            for step in reference.removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            raise DocumentError(f"there is nothing at the $ref {reference}") from None
        return found


def _all_of(left: list[Form], right: list[Form]) -> list[Form]:
    return [one.merged(other) for one, other in product(left, right)]
