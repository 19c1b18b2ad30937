"""Chat completions in Cerebras's wire format, from what an engine emits."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from .engines import CallDelta, Delta, Finish
from .generation import Generation


class Completion(Generation[Delta]):
    """One chat completion, of one choice."""

    prefix = "chatcmpl"
    _calls = 0

    def _ask(self, emit: Callable[[Delta], bool]) -> Finish:
        return self._engine.answer(self._body, emit)

    def _says_something(self, piece: Delta) -> bool:
        return bool(piece.content or piece.reasoning or piece.call)

    def _whole(self, pieces: list[Delta], finish: Finish) -> dict[str, Any]:
        calls = _whole_calls([piece.call for piece in pieces if piece.call])
        content = "".join(piece.content or "" for piece in pieces)
        # A message that only calls has no content, not even an empty one.
        message: dict[str, Any] = {"content": content} if content or not calls else {}
        if reasoning := "".join(piece.reasoning or "" for piece in pieces):
            message["reasoning"] = reasoning
        if calls:
            message["tool_calls"] = calls
        choice = {
            "finish_reason": finish.reason,
            "index": 0,
            "message": message | {"role": "assistant"},
        }
        return self._object("chat.completion", [choice])

    def _chunk_kind(self) -> str:
        return "chat.completion.chunk"

    def _opening(self) -> list[dict[str, Any]]:
        return [{"delta": {"role": "assistant"}, "index": 0}]

    def _said(self, piece: Delta) -> dict[str, Any]:
        said: dict[str, Any] = {"reasoning": piece.reasoning, "content": piece.content}
        if piece.call:
            said["tool_calls"] = [self._call_piece(piece.call)]
        return {"delta": {name: value for name, value in said.items() if value}, "index": 0}

    def _call_piece(self, call: CallDelta) -> dict[str, Any]:
        if call.name is None:
            piece = {"function": {"arguments": call.arguments}, "type": "function"}
        else:
            self._calls += 1
            piece = _call(call)
        return piece | {"index": self._calls - 1}

    def _closing(self, finish: Finish) -> dict[str, Any]:
        return {"delta": {}, "finish_reason": finish.reason, "index": 0}


def _whole_calls(pieces: list[CallDelta]) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    for piece in pieces:
        if piece.name is None:
            calls[-1]["function"]["arguments"] += piece.arguments
        else:
            calls.append(_call(piece))
    return calls


def _call(piece: CallDelta) -> dict[str, Any]:
    return {
        "function": {"name": piece.name, "arguments": piece.arguments},
        "type": "function",
        "id": secrets.token_hex(5)[:9],  # the recorded ids have nine digits
    }
