"""What a function's docstring says of it and of its parameters: Google, NumPy and reST sections."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

_OF_PARAMETERS = (
    "Args", "Arguments", "Params", "Parameters", "Keyword Args", "Keyword Arguments",
    "Other Parameters",
)  # fmt: skip
_OF_OTHERS = (
    "Attributes", "Example", "Examples", "Note", "Notes", "Raises", "References", "Return",
    "Returns", "See Also", "Todo", "Warning", "Warnings", "Warns", "Yield", "Yields",
)  # fmt: skip

_UNDERLINE = re.compile(r"-{3,}\s*$")
_FIELD = re.compile(r":(\w+)(?:\s+([^:]+))?:(?:\s+(.*))?$")
_FIELDS_OF_PARAMETERS = ("param", "parameter", "arg", "argument", "key", "keyword")
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:(?:\s+(.*))?$")
_NUMPY = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """The description, without the sections, and what is said of each parameter, in one line."""
    lines = inspect.cleandoc(text or "").splitlines()
    description: list[str] = []
    parameters: dict[str, str] = {}
    at = 0
    while at < len(lines):
        line = lines[at]
        title = line.strip().removesuffix(":")
        known = not _is_indented(line) and title in (*_OF_PARAMETERS, *_OF_OTHERS)
        if field := _FIELD.match(line):
            end = _end_of_indented(lines, at + 1)
            words = (field[2] or "").split()
            if field[1] in _FIELDS_OF_PARAMETERS and words:
                name = words[-1].lstrip("*\\")
                parameters[name] = _joined([field[3] or "", *lines[at + 1 : end]])
        elif known and at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1]):
            end = _end_of_underlined(lines, at + 2)
            if title in _OF_PARAMETERS:
                parameters |= _entries(lines[at + 2 : end], _NUMPY)
        elif known and line.rstrip().endswith(":"):
            end = _end_of_indented(lines, at + 1)
            if title in _OF_PARAMETERS:
                block = inspect.cleandoc("\n" + "\n".join(lines[at + 1 : end])).splitlines()
                parameters |= _entries(block, _GOOGLE)
        else:
            end = at + 1
            description.append(line.rstrip())
        at = end
    return "\n".join(description).strip(), {name: said for name, said in parameters.items() if said}


def _entries(block: list[str], head: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """What follows each line that is not indented, by the names that it has."""
    at = 0
    while at < len(block):
        found = None if _is_indented(block[at]) else head.match(block[at])
        end = _end_of_indented(block, at + 1)
        if found is not None:
            first = found[2] if head is _GOOGLE else None
            said = _joined([first or "", *block[at + 1 : end]])
            for name in found[1].split(","):
                yield name.strip().lstrip("*"), said
        at = end


def _is_indented(line: str) -> bool:
    return line[:1].isspace()


def _end_of_indented(lines: list[str], start: int) -> int:
    """Where the next line begins that is not indented and not empty."""
    for at in range(start, len(lines)):
        if lines[at].strip() and not _is_indented(lines[at]):
            return at
    return len(lines)


def _end_of_underlined(lines: list[str], start: int) -> int:
    """Where the next underlined title begins."""
    for at in range(start, len(lines) - 1):
        if lines[at].strip() and _UNDERLINE.match(lines[at + 1]):
            return at
    return len(lines)


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())
