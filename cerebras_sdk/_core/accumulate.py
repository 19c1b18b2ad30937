"""Chunks in, the whole completion out."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from ..types import ChatCompletion, ChatCompletionChunk, Completion, Usage
from .parts import ChoiceParts, TextParts

ChunkT = TypeVar("ChunkT", bound=ChatCompletionChunk | Completion)
WholeT = TypeVar("WholeT", bound=ChatCompletion | Completion)


class Moment(msgspec.Struct, gc=False):
    """How far an answer had come: what was added later is not of it."""

    total: Any
    last: dict[str, Any]
    choices: list[tuple[int, Any, Any]]  # index, parts, and how much of them

    def completion(self) -> Any:
        """The completion as it was, in a time that does not depend on its length."""
        return self.total.completion(self)


class Accumulator(Generic[ChunkT, WholeT]):
    """Adds up the chunks of one streamed completion.

    `add(chunk)` costs the same however long the answer is, and so does `moment()`; `completion()`
    is what has arrived so far, or had arrived at a moment. `finished` is True once each of the `n`
    choices has its finish_reason: that, and not a closing event, says that the answer is whole.
    """

    _whole: ClassVar[Any]  # WholeT, which a class variable cannot be
    _parts: ClassVar[Any]  # of one choice

    def __init__(self, *, n: int = 1) -> None:
        self._n = n
        self._first: ChunkT | None = None
        self._last: dict[str, Any] = {}
        self.parts: dict[int, Any] = {}  # of each choice
        self._finished = 0
        self.finished = False

    @property
    def failed(self) -> bool:
        """Whether a choice has `error` for its finish_reason, as some proxies write."""
        return any(parts.finish_reason == "error" for parts in self.parts.values())

    @property
    def usage(self) -> Usage | None:
        """What the answer has used, once it says so."""
        return self._last.get("usage")

    def add(self, chunk: ChunkT) -> None:
        if self._first is None or (chunk.id and not self._first.id):
            self._first = chunk
        for choice in chunk.choices:
            parts = self.parts.get(choice.index)
            if parts is None:
                parts = self.parts[choice.index] = self._parts()
            if choice.finish_reason and parts.finish_reason is None:
                self._finished += 1
            parts.add(choice)
            if self._finished:
                self.finished = self._finished >= max(self._n, len(self.parts))
        if chunk.usage is not None or chunk.time_info is not None:
            self._tell(usage=chunk.usage, time_info=chunk.time_info)
        if isinstance(chunk, ChatCompletionChunk) and (
            chunk.service_tier is not None or chunk.service_tier_used is not None
        ):
            self._tell(service_tier=chunk.service_tier, service_tier_used=chunk.service_tier_used)

    def _tell(self, **said: Any) -> None:
        """The last word counts; a Moment may have the one before."""
        told = {name: value for name, value in said.items() if value is not None}
        self._last = {**self._last, **told}

    def moment(self) -> Moment:
        """The answer as it is now, to be asked for later."""
        choices = []  # in a loop, which costs less than a comprehension
        for index, parts in self.parts.items():
            choices.append((index, parts, parts.mark()))
        return Moment(self, self._last, choices)

    def completion(self, at: Moment | None = None) -> WholeT:
        then = at or self.moment()
        first = self._first or self._whole()
        whole: WholeT = self._whole(
            id=first.id,
            created=first.created,
            model=first.model,
            system_fingerprint=first.system_fingerprint,
            choices=[
                parts.choice(index, mark, lazy=at is not None)
                for index, parts, mark in sorted(then.choices, key=_index)
            ],
            **then.last,
        )
        return whole


def _index(choice: tuple[int, Any, Any]) -> int:
    return choice[0]


class ChatAccumulator(Accumulator[ChatCompletionChunk, ChatCompletion]):
    """Adds up the chunks of a chat completion."""

    _whole = ChatCompletion
    _parts = ChoiceParts


class TextAccumulator(Accumulator[Completion, Completion]):
    """Adds up the chunks of a text completion."""

    _whole = Completion
    _parts = TextParts
