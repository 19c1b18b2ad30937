"""What happens while an answer is streamed, as `chat.completions.stream()` tells it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol, TypeAlias

import msgspec

from .._base import plain
from . import ChatCompletion, TimeInfo, TokenLogprob, ToolCall, Usage


class _Moment(Protocol):
    def completion(self) -> Any: ...


class _Output(Protocol):
    @property
    def partial(self) -> Any: ...


class StreamEvent(msgspec.Struct, gc=False, eq=False):
    """Something that happened; `type` says what, `index` to which choice."""

    _at: _Moment
    index: int

    @property
    def snapshot(self) -> ChatCompletion:
        """The completion as it was when this happened.

        It is put together when it is asked for; what comes later does not change it.
        """
        completion: ChatCompletion = self._at.completion()
        return completion

    def to_dict(self) -> dict[str, Any]:
        """The event as plain dicts and lists, without the snapshot: for JSON, for a browser."""
        told: dict[str, Any] = {name: getattr(self, name) for name in ("type", *self._told())}
        return {name: plain(value) for name, value in told.items() if value is not None}

    def _told(self) -> list[str]:
        return [name for name in self.__struct_fields__ if name not in ("_at", "_output", "type")]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._told())
        return f"{type(self).__name__}({shown})"


class ContentDelta(StreamEvent):
    """A piece of the text."""

    type: ClassVar[Literal["content.delta"]] = "content.delta"
    delta: str
    _output: _Output | None = None

    @property
    def parsed_partial(self) -> Any:
        """With a `response_format` type the object so far, as plain dicts and lists.

        It is put together when it is asked for, no copy, and changes while the stream goes on.
        """
        return None if self._output is None else self._output.partial

    def _told(self) -> list[str]:
        return [*super()._told(), "parsed_partial"]


class ContentDone(StreamEvent):
    """The text is whole; `parsed` is what it says, with a `response_format` type."""

    type: ClassVar[Literal["content.done"]] = "content.done"
    content: str
    parsed: Any = None


class FieldDone(StreamEvent):
    """A field of structured output is whole: `path` leads to it, by names and positions."""

    type: ClassVar[Literal["field.done"]] = "field.done"
    path: tuple[str | int, ...]
    value: Any


class ReasoningDelta(StreamEvent):
    """A piece of the reasoning."""

    type: ClassVar[Literal["reasoning.delta"]] = "reasoning.delta"
    delta: str


class ReasoningDone(StreamEvent):
    """The model has begun to answer, or has ended. (If it thinks again after that, this comes
    again, with all of the reasoning.)"""

    type: ClassVar[Literal["reasoning.done"]] = "reasoning.done"
    reasoning: str


class RefusalDelta(StreamEvent):
    """A piece of why the model does not answer."""

    type: ClassVar[Literal["refusal.delta"]] = "refusal.delta"
    delta: str


class RefusalDone(StreamEvent):
    """Why the model does not answer."""

    type: ClassVar[Literal["refusal.done"]] = "refusal.done"
    refusal: str


class ToolCallPiece(StreamEvent):
    """A piece of the arguments of a tool call; the first one may be empty, and tells the name.

    `tool_index` tells parallel calls apart; `id` and `name` are known from the first piece on.
    """

    type: ClassVar[Literal["tool_call.delta"]] = "tool_call.delta"
    tool_index: int
    id: str
    name: str
    delta: str


class ToolCallDone(StreamEvent):
    """A tool call is whole. After the finish_reason `length` its arguments are cut JSON, which is
    not to be run: `is_cut` is True then."""

    type: ClassVar[Literal["tool_call.done"]] = "tool_call.done"
    tool_index: int
    tool_call: ToolCall
    is_cut: bool = False


class LogprobsDelta(StreamEvent):
    """The log probabilities of the newest tokens: of the content, the refusal or the reasoning."""

    type: Literal["logprobs.content.delta", "logprobs.refusal.delta", "logprobs.reasoning.delta"]
    tokens: list[TokenLogprob]


class LogprobsDone(StreamEvent):
    """All log probabilities: of the content, the refusal or the reasoning."""

    type: Literal["logprobs.content.done", "logprobs.refusal.done", "logprobs.reasoning.done"]
    tokens: list[TokenLogprob]


class Finish(StreamEvent):
    """The choice is whole: `stop`, `length`, `content_filter`, `tool_calls`, or newer."""

    type: ClassVar[Literal["finish"]] = "finish"
    finish_reason: str


class UsageEvent(StreamEvent):
    """What the answer has used, and how long the service took."""

    type: ClassVar[Literal["usage"]] = "usage"
    usage: Usage
    time_info: TimeInfo | None = None


ChatStreamEvent: TypeAlias = (
    ContentDelta
    | ContentDone
    | FieldDone
    | ReasoningDelta
    | ReasoningDone
    | RefusalDelta
    | RefusalDone
    | ToolCallPiece
    | ToolCallDone
    | LogprobsDelta
    | LogprobsDone
    | Finish
    | UsageEvent
)
"""Every event of a stream."""
