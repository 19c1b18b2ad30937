"""The tools of one run: functions, and declarations whose calls the user answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ..errors import InvalidRequestError
from ..types._base import plain
from .tools import FunctionTool, as_tool

Declared: TypeAlias = FunctionTool[Any] | dict[str, Any]


class ToolSet:
    """`by_name` has the tools, `sent` the dicts to send: all of them strict, or none."""

    def __init__(self, tools: object, *, awaits: bool) -> None:
        """`awaits`: whether coroutine functions can be run.

        Raises InvalidRequestError for what is no tool.
        """
        if isinstance(tools, (str, Mapping)) or not isinstance(tools, Iterable):
            raise InvalidRequestError(
                f"tools must be a list of functions, not {type(tools).__name__}"
            )
        self.by_name: dict[str, Declared] = {}
        for given in tools:
            one = _declared(given)
            name = one["function"]["name"]
            if name in self.by_name:
                raise InvalidRequestError(f"two tools have the name {name!r}")
            if isinstance(one, FunctionTool) and one.is_coroutine and not awaits:
                raise InvalidRequestError(
                    f"the tool {name!r} is a coroutine function, which only AsyncCerebras can run: "
                    "give a plain one, or use AsyncCerebras"
                )
            self.by_name[name] = one
        self.sent = self._alike()

    def _alike(self) -> list[dict[str, Any]]:
        """The service refuses a request where one tool is strict and another is not."""
        strict = {name for name, one in self.by_name.items() if one["function"].get("strict")}
        loose = [name for name in self.by_name if name not in strict]
        for name in strict if loose else ():
            one = self.by_name[name]
            if not isinstance(one, FunctionTool) or one.must_be_strict:
                raise InvalidRequestError(
                    f"the tool {name!r} is strict and {loose[0]!r} is not: the service takes tools "
                    "that are all strict, or none"
                )
        return [_sent(one, strict=not loose) for one in self.by_name.values()]


def _declared(given: object) -> Declared:
    if isinstance(given, FunctionTool) or not isinstance(given, Mapping):
        return as_tool(given)
    declared: dict[str, Any] = plain(given)
    function = declared.get("function")
    name = function.get("name") if isinstance(function, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(
            "a tool that is a dict must be like {'type': 'function', 'function': {'name': ...}}"
        )
    return declared


def _sent(tool: Declared, *, strict: bool) -> dict[str, Any]:
    sent = dict(tool)
    if not strict:
        sent["function"] = {k: v for k, v in sent["function"].items() if k != "strict"}
    return sent
