"""Chunks in, the events of a stream out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from ..types import ChatCompletion, ChatCompletionChunk, ChunkChoice
from ..types.chat.events import (
    ChatStreamEvent,
    ContentDelta,
    ContentDone,
    FieldDone,
    Finish,
    LogprobsDelta,
    LogprobsDone,
    ReasoningDelta,
    ReasoningDone,
    RefusalDelta,
    RefusalDone,
    ToolCallDone,
    ToolCallPiece,
    UsageEvent,
)
from .accumulate import ChatAccumulator, Moment
from .parts import ChoiceParts


class Output(Protocol):
    """Structured output on its way; see `schema`."""

    @property
    def partial(self) -> Any: ...
    def feed(self, text: str) -> list[tuple[tuple[str | int, ...], Any]]: ...
    def end(self, finish_reason: str | None, *, refusal: str | None, calls: Any) -> Any: ...
    def parse(self, text: str) -> Any: ...


class EventReader:
    """Turns the chunks of one answer into events.

    `output` makes what reads the text of a choice as an object. What `read` costs does not depend
    on how much has been read.
    """

    def __init__(self, *, n: int = 1, output: Callable[[], Output] | None = None) -> None:
        self._total = ChatAccumulator(n=n)
        self._output = output
        self._choices: dict[int, _Choice] = {}

    @property
    def snapshot(self) -> ChatCompletion:
        """The completion so far."""
        return self._total.completion()

    def output(self, index: int) -> Output | None:
        """What reads the text of a choice as an object, and knows what it has read."""
        choice = self._choices.get(index)
        return None if choice is None else choice.output

    def read(self, chunk: ChatCompletionChunk) -> list[ChatStreamEvent]:
        total = self._total
        total.add(chunk)
        at = total.moment()
        events: list[ChatStreamEvent] = []
        for choice in chunk.choices:
            known = self._choices.get(choice.index)
            if known is None:
                output = None if self._output is None else self._output()
                known = _Choice(choice.index, total.parts[choice.index], output)
                self._choices[choice.index] = known
            known.read(choice, at, events)
        if chunk.usage is not None:
            events.append(UsageEvent(at, 0, chunk.usage, chunk.time_info))
        return events


class _Choice:
    """What is known of one choice."""

    __slots__ = ("_ended", "_index", "_parts", "_thinks", "output")

    def __init__(self, index: int, parts: ChoiceParts, output: Output | None) -> None:
        self._index = index
        self._parts = parts
        self.output = output
        self._thinks = False
        self._ended = False

    def read(self, choice: ChunkChoice, at: Moment, events: list[ChatStreamEvent]) -> None:
        delta, index = choice.delta, self._index
        if delta.reasoning:
            self._thinks = True
            events.append(ReasoningDelta(at, index, delta.reasoning))
        elif self._thinks and (delta.content or delta.tool_calls):
            self._thinks = False
            events.append(ReasoningDone(at, index, _text(self._parts.reasoning)))
        if delta.content:
            output = self.output
            events.append(ContentDelta(at, index, delta.content, output))
            if output is not None:
                for path, value in output.feed(delta.content):
                    events.append(FieldDone(at, index, path, value))
        if delta.refusal:
            events.append(RefusalDelta(at, index, delta.refusal))
        for piece in delta.tool_calls or ():
            position = self._parts.position(piece)
            call = self._parts.tool_calls[position]
            said = (piece.function and piece.function.arguments) or ""
            events.append(ToolCallPiece(at, index, position, call.id, call.name, said))
        if choice.logprobs is not None:
            if tokens := choice.logprobs.content:
                events.append(LogprobsDelta(at, index, "logprobs.content.delta", tokens))
            if tokens := choice.logprobs.refusal:
                events.append(LogprobsDelta(at, index, "logprobs.refusal.delta", tokens))
        if choice.reasoning_logprobs is not None and choice.reasoning_logprobs.content:
            tokens = choice.reasoning_logprobs.content
            events.append(LogprobsDelta(at, index, "logprobs.reasoning.delta", tokens))
        if choice.finish_reason and not self._ended:
            self._end(choice.finish_reason, at, events)

    def _end(self, finish_reason: str, at: Moment, events: list[ChatStreamEvent]) -> None:
        self._ended = True
        parts, index = self._parts, self._index
        if self._thinks:
            events.append(ReasoningDone(at, index, _text(parts.reasoning)))
        if parts.content.pieces:
            parsed = None
            if self.output is not None:
                refusal, calls = _text(parts.refusal), parts.tool_calls
                with contextlib.suppress(ValueError):  # the whole answer will say why
                    parsed = self.output.end(finish_reason, refusal=refusal, calls=calls)
            events.append(ContentDone(at, index, _text(parts.content), parsed))
        if parts.refusal.pieces:
            events.append(RefusalDone(at, index, _text(parts.refusal)))
        is_cut = finish_reason == "length"
        for position, call in sorted(parts.tool_calls.items()):
            whole = call.whole(position, len(call.arguments.pieces))
            events.append(ToolCallDone(at, index, position, whole, is_cut))
        if tokens := [token for piece in parts.logprobs for token in piece.content or ()]:
            events.append(LogprobsDone(at, index, "logprobs.content.done", tokens))
        if tokens := [token for piece in parts.logprobs for token in piece.refusal or ()]:
            events.append(LogprobsDone(at, index, "logprobs.refusal.done", tokens))
        if tokens := [token for piece in parts.reasoning_logprobs for token in piece.content or ()]:
            events.append(LogprobsDone(at, index, "logprobs.reasoning.done", tokens))
        events.append(Finish(at, index, finish_reason))


def _text(pieces: Any) -> str:
    return pieces.text(len(pieces.pieces)) or ""
