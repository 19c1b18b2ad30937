"""What all answers of the API have in common."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

# What msgspec raises beside its own errors.
_UNREADABLE = (RecursionError, UnicodeDecodeError)


class Model(msgspec.Struct, gc=False):
    """An object of the API.

    Fields that the service left out are None. What the service enumerates is `str`, so that a new
    value breaks nothing.
    """

    def to_dict(self) -> dict[str, Any]:
        """The object as plain dicts and lists; fields without a value are left out."""
        built: dict[str, Any] = _without_none(msgspec.to_builtins(self))
        return built

    def to_json(self, *, indent: int | None = None) -> str:
        """The object as JSON text; fields without a value are left out."""
        encoded = msgspec.json.encode(self.to_dict())
        return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def decode(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """`data` as the decoder's type, read leniently where the service is.

    The API's schema allows null where live answers leave the field out, and numbers have changed
    between int and float; such an answer takes the second, slower way.

    Raises msgspec.DecodeError when it is no JSON, msgspec.ValidationError when it is another shape.
    """
    try:
        try:
            return decoder.decode(data)
        except msgspec.ValidationError:
            lenient: T = msgspec.convert(
                _whole_numbers(_without_none(parse_json(data))), decoder.type, strict=False
            )
            return lenient
    except _UNREADABLE as error:
        raise _decode_error(error) from None


def parse_json(data: bytes) -> Any:
    """`data` as plain dicts and lists. Raises msgspec.DecodeError and nothing else."""
    try:
        return msgspec.json.decode(data)
    except _UNREADABLE as error:
        raise _decode_error(error) from None


def _decode_error(error: Exception) -> msgspec.DecodeError:
    deep = isinstance(error, RecursionError)
    return msgspec.DecodeError("JSON is nested too deeply" if deep else "JSON is not UTF-8")


def _whole_numbers(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _whole_numbers(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    # msgspec takes an int for a float, and not the other way round. `created` has been both.
    if isinstance(value, float) and (value.is_integer() or key == "created"):
        return int(value)
    return value
