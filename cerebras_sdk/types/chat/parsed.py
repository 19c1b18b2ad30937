"""Answers of `chat.completions.parse`: completions that know the object the model wrote."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import field

from . import ChatCompletion, Choice, Message

T = TypeVar("T")

# No answer has these keys: the slots are ours alone.
_PARSED = "__cerebras_sdk_parsed__"
_ATTEMPTS = "__cerebras_sdk_attempts__"


class ParsedMessage(Message, Generic[T]):
    """What the model said, and `parsed`, the object in it.

    `to_dict()` and the like give what the service sent, without the object; so it can be sent again
    as it is.
    """

    _parsed: T | None = field(default=None, name=_PARSED)

    @property
    def parsed(self) -> T | None:
        """The object; None when the model called tools instead."""
        return self._parsed


class ParsedChoice(Choice, Generic[T]):
    """One answer, whose message has `parsed`."""

    message: ParsedMessage[T] = field(default_factory=ParsedMessage)


class ParsedChatCompletion(ChatCompletion, Generic[T]):
    """A whole answer of `chat.completions.parse`."""

    choices: list[ParsedChoice[T]] = []  # type: ignore[assignment]
    _attempts: tuple[ChatCompletion, ...] = field(default=(), name=_ATTEMPTS)

    @property
    def parsed(self) -> T | None:
        """The object of the first choice; None when the model called tools instead."""
        return self.choices[0].message.parsed if self.choices else None

    @property
    def attempts(self) -> tuple[ChatCompletion, ...]:
        """The answers before this one that were not what was asked for, first to last; each has its
        own usage, which was billed too. Empty unless `retries` asked again."""
        return self._attempts
