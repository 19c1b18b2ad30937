"""A Python type as a JSON Schema, with the constraints and descriptions that it carries."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import inspect
import re
import types
import uuid
from collections.abc import Collection, Mapping, Sequence, Set
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec

from ...errors import InvalidRequestError
from ..options import NOT_GIVEN
from .annotations import constrained

_PLAIN: dict[Any, dict[str, Any]] = {
    Any: {},
    object: {},
    None: {"type": "null"},
    types.NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.time: {"type": "string", "format": "time"},
    datetime.timedelta: {"type": "string", "format": "duration"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    decimal.Decimal: {"type": "string", "format": "decimal"},
}
_LISTS = (list, Sequence, Collection, tuple)
_SETS = (set, frozenset, Set)


class NeedsPydantic(Exception):
    """There is a type of pydantic in the type: pydantic has to read it all."""


def is_pydantic(kind: Any) -> bool:
    """Whether pydantic made the class: a model, or one of its dataclasses."""
    return isinstance(kind, type) and hasattr(kind, "__pydantic_validator__")


def describe(kind: Any) -> dict[str, Any]:
    """The JSON Schema of `kind`, whose classes are in `$defs`.

    Raises InvalidRequestError for what has none, NeedsPydantic where pydantic knows better.
    """
    reader = _Reader()
    schema = reader.of(kind, "$")
    return {**schema, "$defs": reader.definitions} if reader.definitions else schema


class _Reader:
    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}
        self._names: dict[Any, str] = {}

    def of(self, hint: Any, path: str) -> dict[str, Any]:
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return constrained(self.of(inner[0], path), inner[1:])
        if origin in (Required, NotRequired):
            return self.of(inner[0], path)
        if origin in (Union, types.UnionType):
            parts = [part for part in inner if part is not msgspec.UnsetType]
            return {"anyOf": [self.of(part, path) for part in parts]}
        if origin is Literal:
            return _enumerated(list(inner))
        base: Any = origin or hint
        if isinstance(hint, (str, TypeVar)):
            raise InvalidRequestError(f"{path}: the type {hint!r} is not known here")
        if _is_plain(base):
            return dict(_PLAIN[base])
        alias = getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None)
        if alias is not None:  # a NewType, or an alias of the `type` statement
            return self.of(alias, path)
        if is_pydantic(base):
            raise NeedsPydantic
        if base in _SETS or base in _LISTS:
            return self._list(base, inner, path)
        if isinstance(base, type) and issubclass(base, Mapping) and not is_typeddict(base):
            values = self.of(inner[1], f"{path}.*") if len(inner) == 2 else True
            return {"type": "object", "additionalProperties": values}
        if isinstance(base, type):
            return self._class(hint, base, path)
        raise InvalidRequestError(f"{path}: a {hint!r} has no JSON Schema")

    def _list(self, base: Any, inner: tuple[Any, ...], path: str) -> dict[str, Any]:
        if base is tuple and (len(inner) != 2 or inner[1] is not ...):
            raise InvalidRequestError(
                f"{path}: a tuple of fixed places is no list of one type: use a dataclass, or "
                "tuple[X, ...]"
            )
        schema: dict[str, Any] = {"type": "array"}
        if inner:
            schema["items"] = self.of(inner[0], f"{path}[]")
        if base in _SETS:
            schema["uniqueItems"] = True
        return schema

    def _class(self, hint: Any, base: type, path: str) -> dict[str, Any]:
        name = self._names.get(hint)
        if name is None:
            name = self._named(hint, base)
            self.definitions[name] = {}  # its place, and a mark that it is being read
            self.definitions[name] = self._definition(hint, base, path)
        return {"$ref": f"#/$defs/{name}"}

    def _named(self, hint: Any, base: type) -> str:
        stem = name = plain_name(base.__name__)
        number = 2
        while name in self.definitions:
            name, number = f"{stem}_{number}", number + 1
        self._names[hint] = name
        return name

    def _definition(self, hint: Any, base: type, path: str) -> dict[str, Any]:
        schema = _documented(base)
        if issubclass(base, enum.Enum):
            return schema | _enumerated([member.value for member in base])
        schema |= {"type": "object", "properties": {}, "required": []}
        properties, required = schema["properties"], schema["required"]
        if issubclass(base, msgspec.Struct):
            config = base.__struct_config__
            if config.array_like:
                raise InvalidRequestError(f"{path}: {base.__name__} is array_like, not an object")
            if config.tag_field:
                properties[config.tag_field] = _enumerated([config.tag])
                required.append(config.tag_field)
        for name, part, default in _fields(hint, base, path):
            read = self.of(part, f"{path}.{name}")
            if default is NOT_GIVEN:
                required.append(name)
            elif default is not None:
                read = {**read, "default": default}
            properties[name] = read
        return schema


def _is_plain(base: Any) -> bool:
    try:
        return base in _PLAIN
    except TypeError:  # not hashable
        return False


def _fields(hint: Any, base: Any, path: str) -> list[tuple[str, Any, Any]]:
    """Name, type and default of each field; NOT_GIVEN is no default, None none worth telling."""
    if issubclass(base, msgspec.Struct):
        return [
            (field.encode_name, field.type, NOT_GIVEN if field.required else _built(field.default))
            for field in msgspec.structs.fields(hint)
        ]
    if not is_typeddict(base) and not dataclasses.is_dataclass(base):
        raise InvalidRequestError(
            f"{path}: a {base.__name__} has no JSON Schema: use a dataclass, a TypedDict, a "
            "msgspec Struct or a pydantic model"
        )
    try:
        hints = get_type_hints(base, include_extras=True)
    except NameError as error:
        raise InvalidRequestError(f"{path}: the types of {base.__name__}: {error}") from None
    given = dict(zip(getattr(base, "__parameters__", ()), get_args(hint), strict=False))
    hints = {name: _substituted(part, given) for name, part in hints.items()}
    if is_typeddict(base):
        needed: frozenset[str] = base.__required_keys__
        return [
            (name, part, NOT_GIVEN if _is_needed(part, name in needed) else None)
            for name, part in hints.items()
        ]
    return [
        (field.name, hints[field.name], _default(field))
        for field in dataclasses.fields(base)
        if field.init
    ]


def _is_needed(hint: Any, otherwise: bool) -> bool:
    """Whether a field of a TypedDict must be there: its class does not know what was written as a
    text, as all is with `from __future__ import annotations`."""
    origin = get_origin(hint)
    return otherwise if origin not in (Required, NotRequired) else origin is Required


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return _built(field.default)
    return NOT_GIVEN if field.default_factory is dataclasses.MISSING else None


def _built(default: Any) -> Any:
    """A default as JSON has it; None where it does not."""
    try:
        return None if default is msgspec.NODEFAULT else msgspec.to_builtins(default)
    except (TypeError, ValueError):
        return None


def _substituted(hint: Any, given: Mapping[Any, Any]) -> Any:
    """`hint` with the parameters of a generic class filled in."""
    if isinstance(hint, TypeVar):
        return given.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    if not parameters or isinstance(hint, type):
        return hint
    return hint[tuple(given.get(parameter, parameter) for parameter in parameters)]


def _enumerated(values: list[Any]) -> dict[str, Any]:
    names = {str: "string", bool: "boolean", int: "integer"}
    kinds = {names.get(type(value)) for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None
    return {"enum": values} if kind is None else {"type": kind, "enum": values}


def _documented(base: type) -> dict[str, Any]:
    doc = base.__dict__.get("__doc__")
    if not isinstance(doc, str) or doc.startswith(f"{base.__name__}("):  # what a dataclass writes
        return {}
    doc = inspect.cleandoc(doc)
    return {"description": doc} if doc else {}


def plain_name(name: str) -> str:
    """A name in the letters that the service takes, at most 64 of them."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:64] or "answer"
