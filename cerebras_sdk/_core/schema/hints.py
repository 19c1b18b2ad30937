"""What strict schemas have no keyword for, in words that the model reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

# `{}` is the value of the keyword, and `{s}` the plural.
_SAID = {
    "format": "Format: {}.",
    "pattern": "Matches the regular expression `{}`.",
    "contentEncoding": "Encoded in {}.",
    "exclusiveMinimum": "More than {}.",
    "exclusiveMaximum": "Less than {}.",
    "multipleOf": "A multiple of {}.",
    "minLength": "At least {} character{s}.",
    "maxLength": "At most {} character{s}.",
    "minItems": "At least {} item{s}.",
    "maxItems": "At most {} item{s}.",
    "minProperties": "At least {} field{s}.",
    "maxProperties": "At most {} field{s}.",
    "default": "Default: {}.",
    "examples": "Examples: {}.",
}
# What says nothing about the answer.
_SILENT = frozenset(
    {
        "$anchor", "$comment", "$defs", "$id", "$schema", "additionalProperties", "definitions",
        "deprecated", "description", "discriminator", "readOnly", "required", "title",
        "unevaluatedProperties", "writeOnly",
    }
)  # fmt: skip


def described(schema: Mapping[str, Any], kept: Mapping[str, Any]) -> str:
    """The description of `schema`, with what is not among the keywords that were `kept`."""
    own = str(schema.get("description") or "").strip()
    hints = [
        _sentence(keyword, value)
        for keyword, value in schema.items()
        if keyword not in kept and keyword not in _SILENT and value is not None
    ]
    said = " ".join(sentence for sentence in hints if sentence)
    if own and said:
        return f"{own} {said}" if own.endswith((".", "!", "?", ":")) else f"{own}. {said}"
    return own or said


def _sentence(keyword: str, value: Any) -> str:
    if keyword == "uniqueItems":
        return "No item twice." if value else ""
    if isinstance(value, str) and keyword != "default":
        shown = value
    elif keyword == "examples" and isinstance(value, list):
        shown = ", ".join(written(item) for item in value)
    else:
        shown = written(value)
    said = _SAID.get(keyword)
    return f"{keyword}: {shown}." if said is None else said.format(shown, s="s" * (value != 1))


def written(value: Any) -> str:
    """A value as JSON."""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError):
        return repr(value)
