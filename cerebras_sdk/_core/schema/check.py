"""Checks a value against a JSON Schema, with the rules that strict mode does not know as well."""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import OutputProblem
from .formats import FORMATS
from .hints import written
from .vocabulary import is_type, target

_SHOWN = 60  # characters of a value in a message
_SAID = {
    "null": "null", "string": "a text", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "array": "a list", "object": "an object",
}  # fmt: skip
Path = tuple[str | int, ...]


def problems_of(value: Any, schema: Mapping[str, Any]) -> list[OutputProblem]:
    """What is wrong with `value`, plain dicts and lists, as the schema has it."""
    return _Checker(schema).check(value, schema, ())


def fits(value: Any, part: Any, root: Mapping[str, Any]) -> bool:
    """Whether `value` follows `part`, a part of the schema `root`."""
    return not _Checker(root).check(value, part, ())


class _Checker:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def check(self, value: Any, schema: Any, path: Path) -> list[OutputProblem]:
        if not isinstance(schema, Mapping):
            return [OutputProblem(path, "must not be here")] if schema is False else []
        found: list[OutputProblem] = []
        if "$ref" in schema:
            found += self.check(value, target(self._root, schema["$ref"]), path)
        for part in schema.get("allOf", ()):
            found += self.check(value, part, path)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                found += self._alternatives(value, schema, keyword, path)
        wrong = _wrong_type(value, schema) or _wrong_choice(value, schema)
        if found or wrong:
            return found or [OutputProblem(path, wrong)]
        found = [OutputProblem(path, message) for message in _broken(value, schema)]
        if isinstance(value, dict):
            found += self._object(value, schema, path)
        elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
            for position, item in enumerate(value):
                found += self.check(item, schema["items"], (*path, position))
        return found

    def _alternatives(
        self, value: Any, schema: Mapping[str, Any], keyword: str, path: Path
    ) -> list[OutputProblem]:
        tried = [self.check(value, part, path) for part in schema[keyword]]
        fitting = tried.count([])
        if fitting == 1 or (fitting and (keyword == "anyOf" or "discriminator" in schema)):
            return []
        if fitting:
            return [OutputProblem(path, f"fits {fitting} of the alternatives, and must fit one")]
        meant = [n for n, part in enumerate(schema[keyword]) if self._is_meant(value, part)]
        if len(meant) == 1:
            return tried[meant[0]]
        tag = self._wrong_tag(value, schema[keyword], path)
        if tag is not None:
            return [tag]
        reasons = dict.fromkeys(p.message for problems in tried for p in problems if p.path == path)
        said = ", or ".join(reasons) or "fits none of the alternatives"
        return [OutputProblem(path, said)]

    def _is_meant(self, value: Any, part: Any) -> bool:
        """Whether `value` is of the type, and has the tags, of an alternative."""
        part = self._followed(part)
        if not isinstance(part, Mapping) or _wrong_type(value, part):
            return False
        if not isinstance(value, dict):
            return True
        return not any(_wrong_choice(value.get(name), rule) for name, rule in _tags(part).items())

    def _wrong_tag(self, value: Any, parts: list[Any], path: Path) -> OutputProblem | None:
        """What the field that tells the alternatives apart must be, if it is something else."""
        if not isinstance(value, dict):
            return None
        followed = [self._followed(part) for part in parts]
        tags = [_tags(part) for part in followed if isinstance(part, Mapping) and _tags(part)]
        for name in tags[0] if len(tags) > 1 else ():
            rules = [one[name] for one in tags if name in one]
            if len(rules) < len(tags):
                continue
            choices = [rule["const"] if "const" in rule else rule["enum"][0] for rule in rules]
            if name not in value:
                wanted = ", ".join(written(choice) for choice in choices)
                return OutputProblem((*path, name), f"is missing, and must be one of {wanted}")
            wrong = _wrong_choice(value[name], {"enum": choices})
            if wrong:
                return OutputProblem((*path, name), wrong)
        return None

    def _followed(self, part: Any) -> Any:
        if isinstance(part, Mapping) and "$ref" in part:
            return target(self._root, part["$ref"])
        return part

    def _object(
        self, value: dict[str, Any], schema: Mapping[str, Any], path: Path
    ) -> list[OutputProblem]:
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        found = [
            OutputProblem((*path, name), "is missing")
            for name in schema.get("required", ())
            if name not in value
        ]
        for name, item in value.items():
            found += self.check(item, properties.get(name, more), (*path, name))
        return found


def _tags(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The fields that can be one thing only."""
    return {
        name: rule
        for name, rule in schema.get("properties", {}).items()
        if isinstance(rule, Mapping) and ("const" in rule or len(rule.get("enum", ())) == 1)
    }


def _wrong_type(value: Any, schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds or any(is_type(value, kind) for kind in kinds):
        return ""
    wanted = " or ".join(_SAID.get(kind, kind) for kind in kinds)
    return f"must be {wanted}, not {shown(value)}"


def _wrong_choice(value: Any, schema: Mapping[str, Any]) -> str:
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if choices is None or any(_same(value, choice) for choice in choices):
        return ""
    wanted = ", ".join(written(choice) for choice in choices)
    several = "one of " if len(choices) > 1 else ""
    return f"must be {several}{wanted}, not {shown(value)}"


def _same(value: Any, choice: Any) -> bool:
    return bool(value == choice) and isinstance(value, bool) == isinstance(choice, bool)


def _broken(value: Any, schema: Mapping[str, Any]) -> list[str]:
    """The rules for this one value that it breaks."""
    found = []
    for keyword, rule in _RULES.items():
        bound = schema.get(keyword)
        if bound is not None and not isinstance(bound, bool | Mapping):
            broken = rule(value, bound)
            if broken:
                found.append(broken)
    if schema.get("uniqueItems") is True and isinstance(value, list):
        texts = [json.dumps(item, sort_keys=True) for item in value]
        if len(set(texts)) < len(texts):
            found.append("must have no item twice")
    return found


def _number(compare: Callable[[Any, Any], bool], wanted: str) -> Callable[[Any, Any], str]:
    def rule(value: Any, bound: Any) -> str:
        if not is_type(value, "number") or not is_type(bound, "number") or compare(value, bound):
            return ""
        return f"must be {wanted} {written(bound)}, not {shown(value)}"

    return rule


def _size(kind: type, wanted: str, of: str, *, least: bool) -> Callable[[Any, Any], str]:
    def rule(value: Any, bound: Any) -> str:
        if not isinstance(value, kind) or not is_type(bound, "number"):
            return ""
        size = len(value)  # type: ignore[arg-type]
        if size >= bound if least else size <= bound:
            return ""
        things = of if bound == 1 else f"{of}s"
        return f"must have {wanted} {written(bound)} {things}, not {size}"

    return rule


def _is_multiple(value: Any, bound: Any) -> bool:
    # As decimals: 0.3 is a multiple of 0.1, which floats do not know.
    try:
        return decimal.Decimal(str(value)) % decimal.Decimal(str(bound)) == 0
    except decimal.InvalidOperation:  # too large to say
        return True


def _pattern(value: Any, pattern: Any) -> str:
    if not isinstance(value, str) or not isinstance(pattern, str):
        return ""
    try:
        found = re.search(pattern, value)
    except re.error:  # of another dialect
        return ""
    return (
        "" if found else f"must match the regular expression {pattern}, and {shown(value)} does not"
    )


def _format(value: Any, name: Any) -> str:
    fits = FORMATS.get(name) if isinstance(name, str) else None
    if fits is None or not isinstance(value, str) or fits(value):
        return ""
    return f"must be in the format {name}, and {shown(value)} is not"


_RULES: dict[str, Callable[[Any, Any], str]] = {
    "minimum": _number(lambda value, bound: value >= bound, "at least"),
    "maximum": _number(lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": _number(lambda value, bound: value > bound, "more than"),
    "exclusiveMaximum": _number(lambda value, bound: value < bound, "less than"),
    "multipleOf": _number(_is_multiple, "a multiple of"),
    "minLength": _size(str, "at least", "character", least=True),
    "maxLength": _size(str, "at most", "character", least=False),
    "minItems": _size(list, "at least", "item", least=True),
    "maxItems": _size(list, "at most", "item", least=False),
    "minProperties": _size(dict, "at least", "field", least=True),
    "maxProperties": _size(dict, "at most", "field", least=False),
    "pattern": _pattern,
    "format": _format,
}


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = written(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
