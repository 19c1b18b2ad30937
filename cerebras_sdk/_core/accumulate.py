"""Chunks in, the whole completion out."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from ..types import (
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    Completion,
    CompletionChoice,
    CompletionLogprobs,
    FunctionCall,
    Logprobs,
    Message,
    ToolCall,
    ToolCallDelta,
    Usage,
)

ChunkT = TypeVar("ChunkT", bound=ChatCompletionChunk | Completion)
WholeT = TypeVar("WholeT", bound=ChatCompletion | Completion)


class Accumulator(Generic[ChunkT, WholeT]):
    """Adds up the chunks of one streamed completion.

    `add(chunk)` costs the same however long the answer is; `completion()` is what has arrived so
    far. `finished` is True once each of the `n` choices has its finish_reason: that, and not a
    closing event, says that the answer is whole.
    """

    _whole: ClassVar[Any]  # WholeT, which a class variable cannot be
    _parts: ClassVar[Any]

    def __init__(self, *, n: int = 1) -> None:
        self._n = n
        self._first: ChunkT | None = None
        self._last: dict[str, Any] = {}
        self._choices: dict[int, Any] = {}
        self._finished = 0
        self.finished = False

    @property
    def failed(self) -> bool:
        """Whether a choice has `error` for its finish_reason, as some proxies write."""
        return any(parts.finish_reason == "error" for parts in self._choices.values())

    @property
    def usage(self) -> Usage | None:
        """What the answer has used, once it says so."""
        return self._last.get("usage")

    def add(self, chunk: ChunkT) -> None:
        if self._first is None or (chunk.id and not self._first.id):
            self._first = chunk
        for choice in chunk.choices:
            parts = self._choices.get(choice.index)
            if parts is None:
                parts = self._choices[choice.index] = self._parts()
            if choice.finish_reason and parts.finish_reason is None:
                self._finished += 1
            parts.add(choice)
            if self._finished:
                self.finished = self._finished >= max(self._n, len(self._choices))
        if chunk.usage is not None:
            self._last["usage"] = chunk.usage
        if chunk.time_info is not None:
            self._last["time_info"] = chunk.time_info
        if isinstance(chunk, ChatCompletionChunk):
            if chunk.service_tier is not None:
                self._last["service_tier"] = chunk.service_tier
            if chunk.service_tier_used is not None:
                self._last["service_tier_used"] = chunk.service_tier_used

    def completion(self) -> WholeT:
        first = self._first or self._whole()
        whole: WholeT = self._whole(
            id=first.id,
            created=first.created,
            model=first.model,
            system_fingerprint=first.system_fingerprint,
            choices=[parts.choice(index) for index, parts in sorted(self._choices.items())],
            **self._last,
        )
        return whole


class _ChoiceParts:
    __slots__ = (
        "content",
        "finish_reason",
        "logprobs",
        "reasoning",
        "reasoning_logprobs",
        "role",
        "tool_calls",
    )

    def __init__(self) -> None:
        self.role = "assistant"
        self.content: list[str] = []
        self.reasoning: list[str] = []
        self.tool_calls: dict[int, _ToolCallParts] = {}
        self.finish_reason: str | None = None
        self.logprobs: list[Logprobs] = []
        self.reasoning_logprobs: list[Logprobs] = []

    def add(self, choice: ChunkChoice) -> None:
        delta = choice.delta
        if delta.content is not None:
            self.content.append(delta.content)
        if delta.reasoning is not None:
            self.reasoning.append(delta.reasoning)
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
            call = self.tool_calls[index] = _ToolCallParts()
        call.id = delta.id or call.id
        call.type = delta.type or call.type
        if delta.function is not None:
            call.name = delta.function.name or call.name
            call.arguments.append(delta.function.arguments or "")

    def _position(self, call_id: str | None) -> int:
        """Where a piece without an index belongs: a new id begins a call, the rest continues one.

        An older server left the index out.
        """
        for index, call in self.tool_calls.items():
            if call_id and call.id == call_id:
                return index
        return len(self.tool_calls) - (0 if call_id or not self.tool_calls else 1)

    def choice(self, index: int) -> Choice:
        message = Message(
            role=self.role,
            content="".join(self.content) if self.content else None,
            reasoning="".join(self.reasoning) if self.reasoning else None,
            tool_calls=[
                ToolCall(
                    id=call.id,
                    type=call.type,
                    function=FunctionCall(name=call.name, arguments="".join(call.arguments)),
                    index=position,
                )
                for position, call in sorted(self.tool_calls.items())
            ]
            or None,
        )
        return Choice(
            index=index,
            message=message,
            finish_reason=self.finish_reason,
            logprobs=_joined(self.logprobs),
            reasoning_logprobs=_joined(self.reasoning_logprobs),
        )


class _ToolCallParts:
    __slots__ = ("arguments", "id", "name", "type")

    def __init__(self) -> None:
        self.id = ""
        self.type = "function"
        self.name = ""
        self.arguments: list[str] = []


def _joined(pieces: list[Logprobs]) -> Logprobs | None:
    if not pieces:
        return None
    return Logprobs(
        content=[token for piece in pieces for token in piece.content or ()] or None,
        refusal=[token for piece in pieces for token in piece.refusal or ()] or None,
    )


class _TextParts:
    __slots__ = ("finish_reason", "logprobs", "text", "tokens")

    def __init__(self) -> None:
        self.text: list[str] = []
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

    def choice(self, index: int) -> CompletionChoice:
        pieces = self.logprobs
        return CompletionChoice(
            index=index,
            text="".join(self.text) if self.text else None,
            tokens=self.tokens and [*self.tokens],
            finish_reason=self.finish_reason,
            logprobs=CompletionLogprobs(
                text_offset=[at for piece in pieces for at in piece.text_offset or ()] or None,
                token_logprobs=[p for piece in pieces for p in piece.token_logprobs or ()] or None,
                tokens=[token for piece in pieces for token in piece.tokens or ()] or None,
                top_logprobs=[top for piece in pieces for top in piece.top_logprobs or ()] or None,
            )
            if pieces
            else None,
        )


class ChatAccumulator(Accumulator[ChatCompletionChunk, ChatCompletion]):
    """Adds up the chunks of a chat completion."""

    _whole = ChatCompletion
    _parts = _ChoiceParts


class TextAccumulator(Accumulator[Completion, Completion]):
    """Adds up the chunks of a text completion."""

    _whole = Completion
    _parts = _TextParts
