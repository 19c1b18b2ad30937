"""What all objects of the API have in common: fields, unknown ones too, and pydantic's habits."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import msgspec

from ._parts import Parts, only, without
from .limits import RateLimits, Reserved

# No answer has these keys: the slots are ours alone.
_EXTRA = "__cerebras_sdk_extra__"
_RESPONSE = "__cerebras_sdk_response__"


class Model(msgspec.Struct, gc=False, eq=False, forbid_unknown_fields=True, kw_only=True):
    """An object of the API.

    Fields that the service left out are None, or what else stands for nothing: a count of 0, an
    empty text or list. Fields that this version does not know are kept: they
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

    def to_dict(
        self,
        *,
        mode: str = "python",
        use_api_names: bool = True,
        exclude_unset: bool | None = None,
        exclude_defaults: bool = False,
        exclude_none: bool | None = None,
        warnings: bool = True,
    ) -> dict[str, Any]:
        """The object as plain dicts and lists.

        Fields without a value are left out, unless `exclude_none` or `exclude_unset` is False; the
        other parameters change nothing.
        """
        unsaid = exclude_none is None and exclude_unset is None
        bare = unsaid or exclude_none or exclude_unset or exclude_defaults
        return {
            name: plain(value, exclude_none=bool(bare))
            for name, value in _items(self)
            if value is not None or not bare
        }

    def to_json(self, *, indent: int | None = None, **options: Any) -> str:
        """`to_dict(**options)` as JSON text."""
        return _json(self.to_dict(**options), indent)

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Parts | None = None,
        exclude: Parts | None = None,
        context: Any = None,
        by_alias: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        exclude_computed_fields: bool = False,
        round_trip: bool = False,
        warnings: bool | str = True,
        fallback: Callable[[Any], Any] | None = None,
        serialize_as_any: bool = False,
        polymorphic_serialization: bool | None = None,
    ) -> dict[str, Any]:
        """As in pydantic: the object as plain dicts and lists, fields without a value as None.

        `include` and `exclude` name fields, or map them to what is meant of what is in them:
        `{"choices": {"__all__": {"logprobs"}}}`. `exclude_none`, `exclude_unset` and
        `exclude_defaults` are one here: a field that the service left out has no value. The other
        parameters change nothing: all values are JSON's, under their only names.
        """
        dumped = self.to_dict(exclude_none=exclude_none or exclude_unset or exclude_defaults)
        if include is not None:
            dumped = only(dumped, include)
        return dumped if exclude is None else without(dumped, exclude)

    def model_dump_json(
        self, *, indent: int | None = None, ensure_ascii: bool = False, **options: Any
    ) -> str:
        """As in pydantic: `model_dump(**options)` as JSON text."""
        return _json(self.model_dump(**options), indent, ensure_ascii=ensure_ascii)

    @classmethod
    def model_validate(
        cls,
        obj: Any,
        *,
        strict: bool | None = None,
        extra: str | None = None,
        from_attributes: bool | None = None,
        context: Any = None,
        by_alias: bool | None = None,
        by_name: bool | None = None,
    ) -> Self:
        """As in pydantic: an object from plain dicts and lists, such as `model_dump` gives.

        The other parameters change nothing. Raises ValueError for what cannot be one.
        """
        from ._decode import convert

        return obj if isinstance(obj, cls) else convert(obj, cls)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """As in pydantic: an object from JSON. Raises ValueError for what cannot be one."""
        from ._decode import parse_json

        data = json_data.encode() if isinstance(json_data, str) else bytes(json_data)
        return cls.model_validate(parse_json(data), **options)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """As in pydantic: an object of `values` as they are; nothing is checked."""
        known, extra = cls._sorted(values)
        return cls(**known, _extra=extra or None)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As in pydantic: a copy of this object with the fields of `update`.

        What is in the object is in the copy too, or copied as well when it is `deep`.
        """
        known, extra = self._sorted(update or {})
        copied = copy.deepcopy(self) if deep else self
        extra = {**(copied._extra or {}), **extra}
        return msgspec.structs.replace(copied, **known, _extra=extra or None)

    @classmethod
    def _sorted(cls, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Fields that this version knows, and others."""
        names = {name for name in cls.__struct_fields__ if not name.startswith("_")}
        known = {name: value for name, value in values.items() if name in names}
        return known, {name: value for name, value in values.items() if name not in names}

    # Of any type, since some objects give their entries.
    def __iter__(self) -> Iterator[Any]:
        """As in pydantic: the names of the fields and their values, for `dict(answer)`."""
        return _items(self)

    if not TYPE_CHECKING:  # a misspelled field is to be found

        def __setattr__(self, name: str, value: Any) -> None:
            """A name that is no field becomes one of `model_extra`."""
            if name.startswith("_") or hasattr(type(self), name):
                super().__setattr__(name, value)
            else:
                self._extra = {**(self._extra or {}), name: value}

    def __getattr__(self, name: str) -> Any:
        extra = None if name.startswith("__") else self._extra
        if extra is not None and name in extra:
            return extra[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)) and not isinstance(self, type(other)):
            return NotImplemented
        return dict(_items(self)) == dict(_items(other))  # type: ignore[arg-type]

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

    @property
    def reserved(self) -> Reserved | None:
        """What `reserve="auto"` did for this answer, None without it."""
        reserved: Reserved | None = self._response.reserved if self._response else None
        return reserved


def plain(value: Any, *, exclude_none: bool = True) -> Any:
    """`value` with every object of the API in it, however deep, as plain dicts and lists."""
    if isinstance(value, str):  # which most values are
        return value
    if isinstance(value, Model):
        return value.to_dict(exclude_none=exclude_none)
    if isinstance(value, (dict, Mapping)):  # to ask a dict for its class is far quicker
        return {name: plain(item, exclude_none=exclude_none) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, exclude_none=exclude_none) for item in value]
    return value


def _items(model: Model) -> Iterator[tuple[str, Any]]:
    for name in model.__struct_fields__:
        if not name.startswith("_"):
            yield name, getattr(model, name)
    yield from model.model_extra.items()


def _json(document: Any, indent: int | None, *, ensure_ascii: bool = False) -> str:
    if ensure_ascii:
        separators = None if indent else (",", ":")
        return json.dumps(document, indent=indent or None, separators=separators)
    encoded = msgspec.json.encode(document)
    return (msgspec.json.format(encoded, indent=indent) if indent else encoded).decode()
