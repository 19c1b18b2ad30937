"""Tool calls of a model that only writes text: what it is told, held to, and read for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .engines import CallDelta, Delta, RequestRefused, text_of

_CLOSING = "}</tool_call>"
_ORDER = """You can call these functions:
{functions}

To call one, answer with nothing but
<tool_call>{{"name": <its name>, "arguments": <an object of arguments>}}</tool_call>"""
# A tool's result comes from the user's side, for a template without tools.
_ROLES = {"developer": "system", "tool": "user"}
# Of llguidance, the grammars of llama.cpp's builds: spaces as models write them and no others, in
# which a small model loses itself; keywords that it does not know are passed over.
_SPACING = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    "lenient": True,
}


class Calling:
    """The tools that a request offers to the model, at most one of which it calls.

    `forced` says that it must. A model needs no chat template with tools for that: tools, calls
    and results are text in its messages, and a grammar lets it write a text or a call that fits
    the tool's schema.
    """

    def __init__(self, request: Mapping[str, Any]) -> None:
        choice = request.get("tool_choice")
        offered = [tool["function"] for tool in request.get("tools") or () if choice != "none"]
        if isinstance(choice, dict):
            offered = [tool for tool in offered if tool["name"] == choice["function"]["name"]]
        self.forced = bool(offered) and choice not in (None, "auto")
        self.openings = {tool["name"]: _opening(json.dumps(tool["name"])) for tool in offered}
        self._offered = offered

    def grammar(self) -> str | None:
        """What the model may write, in the language of llguidance; None for anything."""
        if not self._offered:
            return None
        rules = [f"call{at}" for at in range(len(self._offered))]
        start = rules if self.forced else ["TEXT", *rules]
        lines = ["%llguidance {}", f"start: {' | '.join(start)}"]
        if not self.forced:
            lines.append(r"TEXT: /(.|\n)+/ & ~/<tool_call>(.|\n)*/")
        for rule, tool in zip(rules, self._offered, strict=True):
            # A function without parameters takes none.
            schema = tool.get("parameters") or {"type": "object", "additionalProperties": False}
            before, after = json.dumps(self.openings[tool["name"]]), json.dumps(_CLOSING)
            schema = json.dumps({**schema, "x-guidance": _SPACING})
            lines.append(f"{rule}: {before} %json {schema} {after}")
        return "\n".join(lines)

    def told(self, messages: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
        """The messages as roles and texts that every chat template knows."""
        told: list[dict[str, str]] = []
        after_result = False
        for message in messages:
            role, text = _ROLES.get(message["role"], message["role"]), _text(message)
            is_result = message["role"] == "tool"
            if is_result and after_result:  # templates want user and assistant by turns
                told[-1]["content"] += f"\n{text}"
            else:
                told.append({"role": role, "content": text})
            after_result = is_result
        if self._offered:
            functions = [
                json.dumps({name: value for name, value in tool.items() if name != "strict"})
                for tool in self._offered
            ]
            order = _ORDER.format(functions="\n".join(functions))
            if told[0]["role"] == "system":
                told[0]["content"] += f"\n\n{order}"
            else:
                told.insert(0, {"role": "system", "content": order})
        return told


class CallReader:
    """Tells a tool call from text, in what a model writes under the grammar of `calling`."""

    def __init__(self, calling: Calling) -> None:
        self._calling = calling
        self._held = ""
        self._arguments = ""
        self._decided = not calling.openings
        self._in_call = False

    def feed(self, text: str) -> list[Delta]:
        self._held += text
        deltas = [] if self._decided else self._decide()
        if not self._decided:
            return []
        keep = 0
        if self._in_call:  # the closing may stand in an argument too, but not at its end
            sizes = range(len(_CLOSING), 0, -1)
            keep = next((n for n in sizes if self._held.endswith(_CLOSING[:n])), 0)
        return deltas + self._release(len(self._held) - keep)

    def end(self, reason: str) -> tuple[list[Delta], str]:
        """What was held back, and the `finish_reason`, given that of llama.cpp."""
        # An object of JSON has one end, behind which nothing but the closing was to come.
        if self._in_call and _is_json(self._arguments):
            return [], "tool_calls"
        # The beginning of a call that was cut is no text.
        cut = not self._decided and reason == "length"
        return [] if cut else self._release(len(self._held)), reason

    def _decide(self) -> list[Delta]:
        for name, opening in self._calling.openings.items():
            if self._held.startswith(opening):
                self._held = self._held.removeprefix(opening)
                self._decided = self._in_call = True
                return [Delta(call=CallDelta(name=name))]
            if opening.startswith(self._held):
                return []
        # Under a grammar that it cannot read, llama.cpp lets the model write anything.
        if self._calling.forced:
            raise RequestRefused("llama.cpp cannot follow the schema of a tool", param="tools")
        self._decided = True
        return []

    def _release(self, size: int) -> list[Delta]:
        text, self._held = self._held[:size], self._held[size:]
        if not text:
            return []
        if not self._in_call:
            return [Delta(text)]
        self._arguments += text
        return [Delta(call=CallDelta(arguments=text))]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _opening(name: str) -> str:
    return f'<tool_call>{{"name": {name}, "arguments": '


def _text(message: Mapping[str, Any]) -> str:
    text = text_of(message.get("content"))
    if message["role"] == "tool":
        return f"<tool_response>{text}</tool_response>"
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    written = [_opening(json.dumps(call["name"])) + call["arguments"] + _CLOSING for call in calls]
    return "\n".join([text, *written] if text else written)
