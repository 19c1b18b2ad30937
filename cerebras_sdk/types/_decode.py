"""JSON into the objects of the API: fast where the answer is as documented, lenient where not."""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, Union, cast, get_args, get_origin

import msgspec

from ._base import Model

T = TypeVar("T")

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"(?P<whole>\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
# What an answer is for: if this is of another shape, the answer is not understood. Everything else
# of another shape is kept as it came, in `model_extra`.
_ESSENTIAL = frozenset(
    {
        "arguments", "choices", "content", "data", "delta", "error", "finish_reason", "function",
        "index", "message", "name", "reasoning", "text", "tokens", "tool_calls",
    }
)  # fmt: skip
# What msgspec raises beside its own errors.
_UNREADABLE = (RecursionError, UnicodeDecodeError)


def decode(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """`data` as the decoder's type.

    The fast way refuses an unknown field, a null where live answers leave the field out, and a
    float for an int; such an answer takes the second way, which keeps the field, leaves the null
    out and makes the float whole.

    Raises msgspec.DecodeError when it is no JSON, msgspec.ValidationError when it is another shape.
    """
    try:
        try:
            return decoder.decode(data)
        except msgspec.ValidationError:
            return convert(parse_json(data), decoder.type)
        except msgspec.DecodeError:
            if not _SURROGATE.search(data):
                raise
            return convert(parse_json(data), decoder.type)
    except _UNREADABLE as error:
        raise _decode_error(error) from None


def parse_json(data: bytes) -> Any:
    """`data` as plain dicts and lists; half a character (a lone surrogate, which JSON can say and
    UTF-8 cannot) becomes U+FFFD. Raises msgspec.DecodeError and nothing else."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        if not _SURROGATE.search(data):
            raise
    except _UNREADABLE as error:
        raise _decode_error(error) from None
    try:
        return msgspec.json.decode(_without_halves(data))
    except _UNREADABLE as error:
        raise _decode_error(error) from None


def _without_halves(data: bytes) -> bytes:
    """The escapes of whole characters, and of backslashes, as they are; of halves as U+FFFD."""
    return _ESCAPE.sub(lambda found: found[0] if found["whole"] else rb"\ufffd", data)


def _decode_error(error: Exception) -> msgspec.DecodeError:
    deep = isinstance(error, RecursionError)
    return msgspec.DecodeError("JSON is nested too deeply" if deep else "JSON is not UTF-8")


def convert(value: Any, kind: type[T]) -> T:
    """Plain dicts and lists as `kind`, the lenient way. Raises msgspec.ValidationError."""
    build: Callable[[Any], T] = _builder(cast(Hashable, kind))
    return build(value)


@functools.cache
def _builder(kind: Any) -> Callable[[Any], Any]:
    """What builds a `kind`; made once for each type."""
    if get_origin(kind) in (Union, types.UnionType):
        kinds = [part for part in get_args(kind) if part is not types.NoneType]
        if len(kinds) == 1:
            build = _builder(kinds[0])
            return lambda value: None if value is None else build(value)
    if isinstance(kind, type) and issubclass(kind, Model):
        return functools.partial(_build_model, kind=kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list:
        item = _builder(inner[0])
        return lambda value: [item(part) for part in _expect(value, list)]
    if origin is dict:
        item = _builder(inner[1])
        return lambda value: {name: item(part) for name, part in _expect(value, dict).items()}
    return functools.partial(_build_leaf, kind=kind)


def _build_leaf(value: Any, kind: Any) -> Any:
    if type(value) is kind:
        return value
    if kind is int and isinstance(value, float) and abs(value) < 2**63:
        return int(value)
    return msgspec.convert(value, kind, strict=False)


def _build_model(value: Any, kind: type[Model]) -> Model:
    fields = _fields(kind)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, item in _expect(value, dict).items():
        builder = fields.get(name)
        if builder is None:
            extra[name] = item
        elif item is not None:
            try:
                known[name] = builder(item)
            except msgspec.ValidationError:
                if name in _ESSENTIAL or name in _required(kind):
                    raise
                extra[name] = item
    missing = _required(kind) - known.keys()
    if missing:
        raise msgspec.ValidationError(f"{kind.__name__} without {min(missing)!r}")
    return kind(**known, _extra=extra or None)


@functools.cache
def _fields(kind: type[Model]) -> dict[str, Callable[[Any], Any]]:
    return {
        field.name: _builder(field.type)
        for field in msgspec.structs.fields(kind)
        if not field.name.startswith("_")
    }


@functools.cache
def _required(kind: type[Model]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(kind) if field.required)


def _expect(value: Any, wanted: type[T]) -> T:
    if not isinstance(value, wanted):
        raise msgspec.ValidationError(f"Expected {wanted.__name__}, got {type(value).__name__}")
    return value
