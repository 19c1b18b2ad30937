"""What has arrived of one choice of a streamed completion, and how much of it there was when."""

from __future__ import annotations

from typing import Any

from ..types import (
    Choice,
    ChunkChoice,
    CompletionChoice,
    CompletionLogprobs,
    FunctionCall,
    Logprobs,
    Message,
    ToolCall,
    ToolCallDelta,
)
from .snapshots import SnapshotCall, SnapshotChoice, SnapshotMessage, joined


class Pieces:
    """A text in pieces, of which any beginning can be had.

    To read the text after each piece costs the same however long it is, as long as nobody keeps the
    texts: then the interpreter appends to the one it has, without making another.
    """

    __slots__ = ("_count", "_joined", "append", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.append = self.pieces.append
        self._joined = ""
        self._count = 0  # how many of the pieces are in `_joined`

    def text(self, count: int) -> str | None:
        """The first `count` pieces as one, None for none."""
        if count == 0:
            return None
        if count < self._count:
            return "".join(self.pieces[:count])
        if count == self._count + 1:
            joined, self._joined = self._joined, ""  # a local variable alone has it
            joined += self.pieces[self._count]
            self._joined = joined
        elif count > self._count:
            self._joined += "".join(self.pieces[self._count : count])
        self._count = count
        return self._joined


def _position(call: tuple[int, Any, Any]) -> int:
    return call[0]


class ChoiceParts:
    """What has arrived of one choice of a chat completion."""

    __slots__ = (
        "content",
        "finish_reason",
        "logprobs",
        "reasoning",
        "reasoning_logprobs",
        "refusal",
        "role",
        "tool_calls",
    )

    def __init__(self) -> None:
        self.role = "assistant"
        self.content = Pieces()
        self.reasoning = Pieces()
        self.refusal = Pieces()
        self.tool_calls: dict[int, ToolCallParts] = {}
        self.finish_reason: str | None = None
        self.logprobs: list[Logprobs] = []
        self.reasoning_logprobs: list[Logprobs] = []

    def add(self, choice: ChunkChoice) -> None:
        delta = choice.delta
        if delta.content is not None:
            self.content.append(delta.content)
        if delta.reasoning is not None:
            self.reasoning.append(delta.reasoning)
        if delta.refusal is not None:
            self.refusal.append(delta.refusal)
        if delta.role is not None:
            self.role = delta.role
        if delta.tool_calls is not None:
            for call in delta.tool_calls:
                self._add_call(call)
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
        if choice.logprobs is not None:
            self.logprobs.append(choice.logprobs)
        if choice.reasoning_logprobs is not None:
            self.reasoning_logprobs.append(choice.reasoning_logprobs)

    def _add_call(self, delta: ToolCallDelta) -> None:
        index = self._position(delta.id) if delta.index is None else delta.index
        call = self.tool_calls.get(index)
        if call is None:
            call = self.tool_calls[index] = ToolCallParts()
        call.id = delta.id or call.id
        call.type = delta.type or call.type
        if delta.function is not None:
            call.name = delta.function.name or call.name
            if delta.function.arguments:
                call.arguments.append(delta.function.arguments)

    def position(self, delta: ToolCallDelta) -> int:
        """Of the call that a piece belonged to that was just added."""
        if delta.index is not None:
            return delta.index
        known = (at for at, call in self.tool_calls.items() if delta.id and call.id == delta.id)
        return next(known, max(self.tool_calls, default=0))

    def _position(self, call_id: str | None) -> int:
        """Where a piece without an index belongs: a new id begins a call, the rest continues one.

        An older server left the index out.
        """
        for index, call in self.tool_calls.items():
            if call_id and call.id == call_id:
                return index
        return len(self.tool_calls) - (0 if call_id or not self.tool_calls else 1)

    def mark(self) -> tuple[Any, ...]:
        """How much there is of everything."""
        return (
            len(self.content.pieces),
            len(self.reasoning.pieces),
            len(self.refusal.pieces),
            self.finish_reason,
            len(self.logprobs),
            len(self.reasoning_logprobs),
            [(at, call, len(call.arguments.pieces)) for at, call in self.tool_calls.items()]
            if self.tool_calls
            else [],
        )

    def choice(self, index: int, mark: tuple[Any, ...], *, lazy: bool = False) -> Choice:
        """The choice as it was at `mark`; if `lazy`, the texts are put together when read."""
        content, reasoning, refusal, finish_reason, logprobs, reasoning_logprobs, calls = mark
        tool_calls = [
            call.whole(at, count, lazy=lazy) for at, call, count in sorted(calls, key=_position)
        ]
        if lazy:
            message: Message = SnapshotMessage(
                role=self.role, tool_calls=tool_calls or None, _parts=self, _mark=mark
            )
        else:
            message = Message(
                role=self.role,
                content=self.content.text(content),
                reasoning=self.reasoning.text(reasoning),
                refusal=self.refusal.text(refusal),
                tool_calls=tool_calls or None,
            )
        if lazy and (logprobs or reasoning_logprobs):
            return SnapshotChoice(
                index=index,
                message=message,
                finish_reason=finish_reason,
                _parts=self,
                _counts=(logprobs, reasoning_logprobs),
            )
        return Choice(
            index=index,
            message=message,
            finish_reason=finish_reason,
            logprobs=joined(self.logprobs[:logprobs]),
            reasoning_logprobs=joined(self.reasoning_logprobs[:reasoning_logprobs]),
        )


class ToolCallParts:
    """What has arrived of one tool call."""

    __slots__ = ("arguments", "id", "name", "type")

    def __init__(self) -> None:
        self.id = ""
        self.type = "function"
        self.name = ""
        self.arguments = Pieces()

    def whole(self, position: int, count: int, *, lazy: bool = False) -> ToolCall:
        """The call with the first `count` pieces of its arguments."""
        if lazy:
            function: FunctionCall = SnapshotCall(
                name=self.name, _pieces=self.arguments, _count=count
            )
        else:
            function = FunctionCall(name=self.name, arguments=self.arguments.text(count) or "")
        return ToolCall(id=self.id, type=self.type, function=function, index=position)


class TextParts:
    """What has arrived of one choice of a text completion."""

    __slots__ = ("finish_reason", "logprobs", "text", "tokens")

    def __init__(self) -> None:
        self.text = Pieces()
        self.tokens: list[int] | None = None
        self.finish_reason: str | None = None
        self.logprobs: list[CompletionLogprobs] = []

    def add(self, choice: CompletionChoice) -> None:
        if choice.text is not None:
            self.text.append(choice.text)
        if choice.tokens is not None:
            self.tokens = self.tokens or []
            self.tokens += choice.tokens
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
        if choice.logprobs is not None:
            self.logprobs.append(choice.logprobs)

    def mark(self) -> tuple[Any, ...]:
        tokens = None if self.tokens is None else len(self.tokens)
        return len(self.text.pieces), tokens, self.finish_reason, len(self.logprobs)

    def choice(self, index: int, mark: tuple[Any, ...], *, lazy: bool = False) -> CompletionChoice:
        text, tokens, finish_reason, logprobs = mark
        pieces = self.logprobs[:logprobs]
        return CompletionChoice(
            index=index,
            text=self.text.text(text),
            tokens=None if tokens is None else (self.tokens or [])[:tokens],
            finish_reason=finish_reason,
            logprobs=CompletionLogprobs(
                text_offset=[at for piece in pieces for at in piece.text_offset or ()] or None,
                token_logprobs=[p for piece in pieces for p in piece.token_logprobs or ()] or None,
                tokens=[token for piece in pieces for token in piece.tokens or ()] or None,
                top_logprobs=[top for piece in pieces for top in piece.top_logprobs or ()] or None,
            )
            if pieces
            else None,
        )
