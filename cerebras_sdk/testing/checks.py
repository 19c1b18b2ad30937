"""Checks of single values in a request, in the words of the service's validator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], str | None]
"""What a value should have been, or None if it is that."""


def faults_of(
    body: Mapping[str, Any],
    fields: Mapping[str, Check],
    *,
    required: Iterable[str],
    never_null: frozenset[str],
) -> list[str]:
    """What is wrong with the fields of a closed object, a line each; null is "not given"."""
    faults = [unsupported(f"body.{name}") for name in body if name not in fields]
    faults += [f"{name}: Field required" for name in required if name not in body]
    for name, value in body.items():
        check = fields.get(name)
        if check is None or (value is None and name not in never_null):
            continue
        if wanted := check(value):
            faults.append(f"{name}: {wanted}")
    return faults


def unsupported(name: str) -> str:
    return f"{name}: property '{name}' is unsupported"


def number(low: float | None = None, high: float | None = None, *, whole: bool = False) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            return f"Input should be a valid {'integer' if whole else 'number'}"
        if low is not None and value < low:
            return f"Input should be greater than or equal to {low}"
        if high is not None and value > high:
            return f"Input should be less than or equal to {high}"
        return None

    return check


def a(kind: type, name: str) -> Check:
    return lambda value: None if isinstance(value, kind) else f"Input should be a valid {name}"


def one_of(*words: str) -> Check:
    known = ", ".join(f"'{word}'" for word in words)
    return lambda value: None if value in words else f"Input should be one of {known}"


def stop(value: Any) -> str | None:
    stops = [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        return "Input should be a valid string or list of strings"
    return None if len(stops) <= 4 else f"List should have at most 4 items, not {len(stops)}"


def tools(value: Any) -> str | None:
    if not isinstance(value, list):
        return "Input should be a valid list"
    for tool in value:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return "Input should be a list of functions with names"
        if not isinstance(function.get("parameters") or {}, dict):
            return "Input should be a list of functions with dictionaries of parameters"
    return None


def tool_calls(value: Any) -> str | None:
    if not isinstance(value, list):
        return "Input should be a valid list"
    for call in value:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not all(
            isinstance(function.get(name), str) for name in ("name", "arguments")
        ):
            return "Input should be a list of calls with names and arguments"
    return None


def tool_choice(value: Any) -> str | None:
    function = value.get("function") if isinstance(value, dict) else None
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        return None
    return one_of("none", "auto", "required")(value)


TEXT, BOOL, DICT, LIST = (
    a(str, "string"),
    a(bool, "boolean"),
    a(dict, "dictionary"),
    a(list, "list"),
)
CAP = number(-1, whole=True)
