"""Parts of an answer that is still coming, as they were at some moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..types import Choice, FunctionCall, Logprobs, Message


class SnapshotMessage(Message):
    """A message that is still coming. Its texts are put together when they are read."""

    _parts: Any = None
    _mark: tuple[Any, ...] = (0, 0, 0)

    if not TYPE_CHECKING:  # the fields of a Message are no properties

        @property
        def content(self) -> str | None:
            return self._parts.content.text(self._mark[0])

        @property
        def reasoning(self) -> str | None:
            return self._parts.reasoning.text(self._mark[1])

        @property
        def refusal(self) -> str | None:
            return self._parts.refusal.text(self._mark[2])

        def model_copy(self, **options: Any) -> Message:
            return Message(**dict(self)).model_copy(**options)


class SnapshotCall(FunctionCall):
    """A function call that is still coming."""

    _pieces: Any = None
    _count: int = 0

    if not TYPE_CHECKING:

        @property
        def arguments(self) -> str:
            return self._pieces.text(self._count) or ""

        def model_copy(self, **options: Any) -> FunctionCall:
            return FunctionCall(**dict(self)).model_copy(**options)


class SnapshotChoice(Choice):
    """A choice that is still coming, with log probabilities."""

    _parts: Any = None
    _counts: tuple[int, int] = (0, 0)

    if not TYPE_CHECKING:

        @property
        def logprobs(self) -> Logprobs | None:
            return joined(self._parts.logprobs[: self._counts[0]])

        @property
        def reasoning_logprobs(self) -> Logprobs | None:
            return joined(self._parts.reasoning_logprobs[: self._counts[1]])

        def model_copy(self, **options: Any) -> Choice:
            return Choice(**dict(self)).model_copy(**options)


def joined(pieces: list[Logprobs]) -> Logprobs | None:
    """Log probabilities in pieces as one, None for none."""
    if not pieces:
        return None
    return Logprobs(
        content=[token for piece in pieces for token in piece.content or ()] or None,
        refusal=[token for piece in pieces for token in piece.refusal or ()] or None,
    )
