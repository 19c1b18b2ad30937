"""Tools, the choice among them, and the calls of tools in the history.

Source: https://inference-docs.cerebras.ai/capabilities/tool-use, and of what version 2 of the API
refuses https://inference-docs.cerebras.ai/support/versions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...types.checks import Finding
from .schemas import schema_findings

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_CHOICES = ("none", "auto", "required")


def tools(body: Mapping[str, Any]) -> Iterator[Finding]:
    """The tools, `tool_choice`, and the tool calls of the messages."""
    given = body.get("tools")
    names: set[str] = set()
    if isinstance(given, list):
        yield from _declared(given, names)
    choice = body.get("tool_choice")
    if choice is not None:
        yield from _choice(choice, names, has_tools=bool(given))
    if isinstance(body.get("messages"), list):
        yield from _history(body["messages"])


def _declared(given: Any, names: set[str]) -> Iterator[Finding]:
    """Puts the names of the tools into `names`."""
    strict = set()
    for at, tool in enumerate(given):
        path = f"tools[{at}]"
        function = tool.get("function") if isinstance(tool, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str):
            yield Finding(
                code="tool",
                path=path,
                message="it is no function with a name",
                advice='give {"type": "function", "function": {"name": ..., "parameters": ...}}',
            )
            continue
        if _NAME.match(name) is None:
            yield Finding(
                code="tool_name",
                path=f"{path}.function.name",
                message=f"{name[:80]!r} is no name for a tool",
                advice="use 1 to 64 of A-Z a-z 0-9 _ -",
            )
        if name in names:
            yield Finding(
                code="tool_name",
                path=f"{path}.function.name",
                message=f"{name[:80]!r} is the name of two tools",
                advice="rename one of them",
            )
        names.add(name)
        strict.add(function.get("strict") is True)
        if function.get("strict") is True and isinstance(function.get("parameters"), dict):
            yield from schema_findings(
                function["parameters"], f"{path}.function.parameters", of_tool=True
            )
    if len(strict) > 1:
        yield Finding(
            code="mixed_strict",
            path="tools",
            message="some tools are strict and others are not, which the service refuses",
            advice='give all of them "strict": True, or none',
        )


def _choice(choice: object, names: set[str], *, has_tools: bool) -> Iterator[Finding]:
    if not has_tools:
        yield Finding(
            code="tool_choice_without_tools",
            path="tool_choice",
            message="there are no tools to choose from",
            advice="add tools, or leave out tool_choice",
        )
        return
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if isinstance(name, str):
        if name not in names:
            yield Finding(
                code="tool_choice",
                path="tool_choice.function.name",
                message=f"{name[:80]!r} is no tool of this request",
                advice=f"choose one of {', '.join(sorted(names)[:10])}",
            )
    elif choice not in _CHOICES:
        yield Finding(
            code="tool_choice",
            path="tool_choice",
            message="it names no choice and no function",
            advice='give "none", "auto", "required" or {"type": "function", "function": '
            '{"name": ...}}',
            # Another word may be newer than this version; "any" is that of other services.
            certain=not isinstance(choice, str) or choice == "any",
        )


def _history(history: Any) -> Iterator[Finding]:
    """Every call is answered directly behind the message that makes it, once."""
    asking = -1  # the message whose calls are to be answered
    asked: dict[str, bool] = {}  # its calls, and whether they are answered
    seen: set[str] = set()
    for at, message in enumerate([*history, None]):
        role = message.get("role") if isinstance(message, dict) else None
        if role == "tool" and isinstance(message, dict):
            yield from _answer(at, message, asked)
            continue
        missing = [call for call, answered in asked.items() if not answered]
        asked = {}
        if missing:
            yield Finding(
                code="unanswered_tool_call",
                path=f"messages[{asking}].tool_calls",
                message=f"nothing answers {', '.join(map(repr, missing[:5]))}",
                advice="put a message of the role tool with each tool_call_id directly behind it",
            )
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        if role != "assistant" or not isinstance(calls, list):
            continue
        asking = at
        for position, call in enumerate(calls):
            yield from _call(f"messages[{at}].tool_calls[{position}]", call, asked, seen)
        seen.update(asked)  # `|=` with the keys would copy all of them each time


def _answer(at: int, message: Mapping[str, Any], asked: dict[str, bool]) -> Iterator[Finding]:
    ident = message.get("tool_call_id")
    path = f"messages[{at}].tool_call_id"
    if not isinstance(ident, str) or not ident:
        yield Finding(
            code="orphan_tool_message",
            path=path,
            message="a message of the role tool has no tool_call_id",
            advice="give it the id of the call that it answers",
        )
    elif ident not in asked:
        yield Finding(
            code="orphan_tool_message",
            path=path,
            message=f"{ident[:80]!r} is no call of the assistant's message before it",
            advice="put it directly behind the message that makes the call, or leave it out",
        )
    elif asked[ident]:
        yield Finding(
            code="duplicate_tool_answer",
            path=path,
            message=f"{ident[:80]!r} is answered twice",
            advice="leave one of the answers out",
        )
    else:
        asked[ident] = True


def _call(path: str, call: Any, asked: dict[str, bool], seen: set[str]) -> Iterator[Finding]:
    ident = call.get("id") if isinstance(call, dict) else None
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(ident, str) or not ident or not isinstance(function, dict):
        yield Finding(
            code="tool_call",
            path=path,
            message="a call has an id and a function",
            advice="send the message of the assistant as it came",
        )
        return
    if ident in asked or ident in seen:
        yield Finding(
            code="duplicate_tool_call",
            path=f"{path}.id",
            message=f"{ident[:80]!r} is the id of two calls",
            advice="give each call an id of its own, and its answer the same",
            # Whether ids may come again in later messages was not seen.
            certain=ident in asked,
        )
    asked.setdefault(ident, False)
    if not isinstance(function.get("arguments"), str):
        yield Finding(
            code="tool_call",
            path=f"{path}.function.arguments",
            message="the arguments of a call are JSON text",
            advice="use json.dumps(arguments)",
        )
