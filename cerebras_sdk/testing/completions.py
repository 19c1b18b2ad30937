"""Chat completions in Cerebras's wire format, from what an engine emits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engines import Delta, Finish
from .generation import Generation


class Completion(Generation[Delta]):
    """One chat completion, of one choice."""

    prefix = "chatcmpl"

    def _ask(self, emit: Callable[[Delta], bool]) -> Finish:
        return self._engine.answer(self._body, emit)

    def _says_something(self, piece: Delta) -> bool:
        return bool(piece.content or piece.reasoning)

    def _whole(self, pieces: list[Delta], finish: Finish) -> dict[str, Any]:
        message = {"content": "".join(piece.content or "" for piece in pieces)}
        if reasoning := "".join(piece.reasoning or "" for piece in pieces):
            message["reasoning"] = reasoning
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
        said = {"reasoning": piece.reasoning, "content": piece.content}
        return {"delta": {name: text for name, text in said.items() if text}, "index": 0}

    def _closing(self, finish: Finish) -> dict[str, Any]:
        return {"delta": {}, "finish_reason": finish.reason, "index": 0}
