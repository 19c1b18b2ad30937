"""What all objects of the API have in common: fields, unknown ones too, and pydantic's habits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import msgspec

from .limits import RateLimits

# No answer has these keys: the slots are ours alone.
_EXTRA = "__cerebras_sdk_extra__"
_RESPONSE = "__cerebras_sdk_response__"


class Model(msgspec.Struct, gc=False, eq=False, forbid_unknown_fields=True, kw_only=True):
    """An object of the API.

    Fields that the service left out are None. Fields that this version does not know are kept: they
    are attributes all the same, and `model_extra` has them all. What the service enumerates is
    `str`, so that a new value breaks nothing.
    """

    _extra: dict[str, Any] | None = msgspec.field(default=None, name=_EXTRA)

    @property
    def model_extra(self) -> dict[str, Any]:
        """The fields that this version does not know."""
        return self._extra or {}

    @property
    def model_fields_set(self) -> set[str]:
        """The names of the fields that have a value, unknown ones included."""
        return {name for name, value in _items(self) if value is not None}

    def to_dict(self, *, exclude_none: bool = True) -> dict[str, Any]:
        """The object as plain dicts and lists; fields without a value are left out."""
        return {
            name: plain(value, exclude_none=exclude_none)
            for name, value in _items(self)
            if value is not None or not exclude_none
        }

    def to_json(self, *, indent: int | None = None, exclude_none: bool = True) -> str:
        """The object as JSON text; fields without a value are left out."""
        encoded = msgspec.json.encode(self.to_dict(exclude_none=exclude_none))
        return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        exclude_none: bool = False,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
    ) -> dict[str, Any]:
        """As in pydantic: the object as plain dicts and lists, fields without a value as None.

        `include` and `exclude` name fields of this object. The three `exclude_` are one here: a
        field that the service left out has no value. `mode` changes nothing: all values are JSON's.
        """
        dumped = self.to_dict(exclude_none=exclude_none or exclude_unset or exclude_defaults)
        kept = dumped.keys() if include is None else dumped.keys() & set(include)
        left_out = set(exclude or ())
        return {name: dumped[name] for name in dumped if name in kept and name not in left_out}

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """As in pydantic: `model_dump` as JSON text."""
        encoded = msgspec.json.encode(self.model_dump(**options))
        return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()

    @classmethod
    def model_validate(cls, value: Any) -> Self:
        """As in pydantic: an object from plain dicts and lists, such as `model_dump` gives.

        Raises ValueError for what cannot be one.
        """
        from ._decode import convert

        return value if isinstance(value, cls) else convert(value, cls)

    @classmethod
    def model_validate_json(cls, data: str | bytes) -> Self:
        """As in pydantic: an object from JSON. Raises ValueError for what cannot be one."""
        from ._decode import parse_json

        return cls.model_validate(parse_json(data.encode() if isinstance(data, str) else data))

    @classmethod
    def model_construct(cls, **values: Any) -> Self:
        """As in pydantic: an object of `values` as they are; nothing is checked."""
        known = {name: value for name, value in values.items() if name in cls.__struct_fields__}
        extra = {name: value for name, value in values.items() if name not in known}
        return cls(**known, _extra=extra or None)

    def model_copy(self, *, update: dict[str, Any] | None = None) -> Self:
        """As in pydantic: a copy of this object with the fields of `update`."""
        return msgspec.structs.replace(self, **(update or {}))

    def __getattr__(self, name: str) -> Any:
        extra = None if name.startswith("__") else self._extra
        if extra is not None and name in extra:
            return extra[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return dict(_items(self)) == dict(_items(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in _items(self) if value is not None)
        return f"{type(self).__name__}({shown})"


class Answer(Model, kw_only=True):
    """A whole answer of the service, which knows how it came."""

    _response: Any = msgspec.field(default=None, name=_RESPONSE)

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The headers of the answer, names in any case; empty for an object made by hand."""
        headers: Mapping[str, str] = self._response.headers if self._response else {}
        return headers

    @property
    def request_id(self) -> str | None:
        """The id to name when you ask Cerebras for help: `inference-id`, else `cf-ray`."""
        ident: str | None = self._response.request_id if self._response else None
        return ident

    @property
    def rate_limits(self) -> RateLimits:
        """The limits that the answer's headers name."""
        limits: RateLimits = self._response.rate_limits if self._response else RateLimits()
        return limits


def plain(value: Any, *, exclude_none: bool = True) -> Any:
    """`value` with every object of the API in it, however deep, as plain dicts and lists."""
    if isinstance(value, Model):
        return value.to_dict(exclude_none=exclude_none)
    if isinstance(value, Mapping):
        return {name: plain(item, exclude_none=exclude_none) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, exclude_none=exclude_none) for item in value]
    return value


def _items(model: Model) -> Iterator[tuple[str, Any]]:
    for name in model.__struct_fields__:
        if not name.startswith("_"):
            yield name, getattr(model, name)
    yield from model.model_extra.items()
