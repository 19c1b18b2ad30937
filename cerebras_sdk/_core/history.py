"""What was said in a conversation, and what its answers have used."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import CerebrasError, InvalidRequestError
from ..types import ChatCompletion, ToolCall, Usage
from ..types._base import plain
from .conversation_settings import READS_A_FILE
from .endpoints.chat import chat_message
from .usage import total_usage


class History:
    """What was said, as plain dicts: `messages` are sent, `dropped` no longer; `unfinished` is what
    a turn that came to no end had. One turn at a time holds it."""

    def __init__(
        self,
        messages: Iterable[Mapping[str, Any]] = (),
        dropped: Iterable[Mapping[str, Any]] = (),
        usages: Mapping[str, Usage] | None = None,
        *,
        unmetered: int = 0,
    ) -> None:
        self.messages = [plain(message) for message in messages]
        self.dropped = [plain(message) for message in dropped]
        self.unfinished: list[dict[str, Any]] = []
        self.usages = dict(usages or {})  # of each model, by its id
        self.unmetered = unmetered  # answers that did not say what they used
        self._turns = deque([None])  # taking one out is one step, whichever thread does it

    def begin(self) -> None:
        """Raises CerebrasError while a turn goes on."""
        try:
            self._turns.popleft()
        except IndexError:
            raise CerebrasError(
                "this conversation is still at its last turn: a conversation takes one at a time, "
                "and a stream is left before the next; fork() gives another one from here"
            ) from None

    def end(self) -> None:
        self._turns.append(None)

    def add(self, messages: Iterable[object]) -> None:
        """Raises InvalidRequestError for what is no message; nothing is added then."""
        first = len(self.messages)
        added = [kept_message(message, first + at) for at, message in enumerate(messages)]
        self.begin()
        try:
            self.messages += added
            self.unfinished = []
        finally:
            self.end()

    def count(self, model: str, completion: ChatCompletion) -> None:
        """Adds what an answer has used; that of a turn that fails is paid for as well."""
        if completion.usage is None:
            self.unmetered += 1
            return
        total = total_usage([ChatCompletion(usage=self.usages.get(model)), completion])
        self.usages = {**self.usages, model: total}  # another thread may be adding them up

    @property
    def usage(self) -> Usage:
        return total_usage(ChatCompletion(usage=usage) for usage in self.usages.values())

    @property
    def pending(self) -> list[ToolCall]:
        """The calls at the end that nothing answers."""
        answered = set()
        for message in reversed(self.messages):
            if message["role"] != "tool":
                calls = message.get("tool_calls")
                calls = [c for c in calls if isinstance(c, dict)] if isinstance(calls, list) else []
                return [ToolCall.model_validate(c) for c in calls if c.get("id") not in answered]
            answered.add(message.get("tool_call_id"))
        return []

    @property
    def cached_share(self) -> float | None:
        """Which part of the prompts' tokens came from the cache."""
        usage = self.usage
        details = usage.prompt_tokens_details
        if details is None or details.cached_tokens is None or not usage.prompt_tokens:
            return None
        return details.cached_tokens / usage.prompt_tokens


def kept_message(message: object, position: int) -> dict[str, Any]:
    """A message for a history, which has it in every request from now on."""
    kept = chat_message(message, position)
    if kept.get("content") is None and kept["role"] != "assistant":
        raise InvalidRequestError(
            f"messages[{position}] has no content, which only a message of the assistant may lack: "
            "give it a text, which may be empty"
        )
    return kept


def begun(messages: object, system: object) -> list[dict[str, Any]]:
    """The messages that a conversation begins with; `system` goes before them, in the place of
    what the system says there.

    Raises InvalidRequestError for what are no messages.
    """
    if isinstance(messages, (str, bytes, Mapping)) or not isinstance(messages, Iterable):
        more = f": {READS_A_FILE}" if isinstance(messages, os.PathLike) else ""
        raise InvalidRequestError(
            "history must be the text of to_json(), or a list of messages, "
            f"not {type(messages).__name__}{more}"
        )
    first = [kept_message(message, at) for at, message in enumerate(messages)]
    if system is None:
        return first
    if not isinstance(system, (str, list, tuple)):
        raise InvalidRequestError(f"system must be a text, not {type(system).__name__}")
    rest = iter(first)
    return [{"role": "system", "content": plain(system)}, *_without_system(rest)]


def _without_system(messages: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What follows the first messages of the system."""
    for message in messages:
        if message["role"] != "system":
            yield message
            yield from messages
