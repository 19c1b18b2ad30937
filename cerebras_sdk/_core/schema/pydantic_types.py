"""Values of the types that pydantic made, read and judged by pydantic."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import OutputProblem
from .problems import OutputProblems


@dataclass(frozen=True, slots=True)
class ReadByPydantic:
    """Makes a value of plain dicts and lists.

    It goes by way of JSON, which pydantic reads with other rules than objects.
    """

    validate_json: Callable[[str], Any]

    def __call__(self, value: Any) -> Any:
        try:
            return self.validate_json(json.dumps(value))
        except ValueError as error:
            if not hasattr(error, "errors"):
                raise
            found = [
                OutputProblem(_path(part["loc"], value), str(part["msg"]))
                for part in error.errors()
            ]
            raise OutputProblems(found or [OutputProblem((), str(error))]) from error


def _path(place: Sequence[str | int], value: Any) -> tuple[str | int, ...]:
    """Where in `value` it is: pydantic names the alternatives of a union between the steps."""
    path: list[str | int] = []
    for number, step in enumerate(place, 1):
        inside = isinstance(value, dict) and step in value
        if inside or (isinstance(value, list) and step in range(len(value))):
            value = value[step]
            path.append(step)
        elif number == len(place) and isinstance(value, dict):  # what is missing
            path.append(step)
    return tuple(path)
