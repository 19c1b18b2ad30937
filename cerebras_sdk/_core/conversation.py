"""A turn of a conversation without the asking: what is sent, and what is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import (
    CerebrasError,
    ContextLengthExceededError,
    ConversationLengthError,
    InvalidRequestError,
)
from ..types import ChatCompletion, Message
from ..types._base import plain
from .conversation_settings import ConversationSettings
from .endpoints.chat import chat_message
from .history import History, kept_message
from .reasoning import replayed
from .secret import Hidden
from .tool_loop import ToolLoop
from .trimming import Gauge

_OF_STREAMS = ("on_interrupt", "stream_options")


class Turn:
    """What the user says, and the answers to it: `loop` asks and runs tools, `request()` is what to
    send. The history stays as it was until `commit()`."""

    def __init__(
        self, history: History, settings: ConversationSettings, gauge: Gauge, content: object
    ) -> None:
        """Raises CerebrasError while another turn goes on, InvalidRequestError for what cannot be
        sent now."""
        said = [] if content is None else [_user(content)]
        history.begin()
        self.is_over = False
        self._history = history
        self._settings = settings
        self._gauge = gauge
        try:
            if pending := [call.id for call in history.pending]:
                raise InvalidRequestError(
                    f"nothing answers the tool calls {', '.join(map(repr, pending))}: add() a "
                    "message of the role tool for each, and send() without a text"
                )
            messages = history.messages + said
            self._written = messages.copy()  # `loop.history` in plain form, as far as it was needed
            # The last that the user says is of this turn, and is not left out.
            self._earlier = next(
                (at for at, m in reversed(list(enumerate(messages))) if m["role"] == "user"), 0
            )
            self._given = len(history.messages) - self._earlier  # of this turn, and in the history
            self._dropped: list[dict[str, Any]] = []
            self.loop = ToolLoop(messages, settings.tools, max_rounds=settings.max_rounds)
        except BaseException:
            history.end()
            raise

    @property
    def wants_limit(self) -> bool:
        return self._gauge.wants_limit(self._body())

    @property
    def earlier(self) -> list[dict[str, Any]]:
        """The messages before this turn, which may be left out."""
        return plain(self._plain()[: self._earlier])  # type: ignore[no-any-return]

    def excess(self, refusal: ContextLengthExceededError | None = None) -> int:
        """How many tokens have to be left out before the request is sent, or is sent again.

        Raises ConversationLengthError if that is what the user wants.
        """
        body, gauge = self._body(), self._gauge
        if self._settings.trim == "error":
            room = gauge.room(body, to_the_brim=True)
            tokens = gauge.tokens(body)
            if refusal is None and room is not None and tokens > room:
                if room > 0:
                    said = (
                        f"the conversation has about {tokens:,} tokens by an estimate, and there "
                        f"is room for {room:,}: begin a new one, or give trim='oldest' or a "
                        "function"
                    )
                else:
                    bound = self._settings.bound
                    said = (
                        f"an answer of up to {bound:,} tokens (max_completion_tokens) leaves no "
                        f"room in the context of {room + bound:,}: give a smaller bound"
                    )
                raise ConversationLengthError(said, tokens=tokens, limit=max(room, 0))
            return 0
        return gauge.excess(body) if refusal is None else gauge.refused(body, refusal)

    def without_oldest(self, excess: int) -> list[dict[str, Any]]:
        return self._gauge.without_oldest(self.earlier, excess)

    def shorten(self, earlier: object) -> bool:
        """Puts these in the place of the messages before this turn; whether that changes anything.

        Raises InvalidRequestError for what are no messages.
        """
        if isinstance(earlier, (str, Mapping)) or not isinstance(earlier, Iterable):
            raise InvalidRequestError(
                f"trim must give a list of messages, not {type(earlier).__name__}"
            )
        before = self.earlier
        kept = [kept_message(message, at) for at, message in enumerate(earlier)]
        if kept == before:
            return False
        self._dropped += _missing(before, kept)
        self._plain()[: self._earlier] = kept
        self.loop.history[: self._earlier] = kept
        self._earlier = len(kept)
        return True

    def request(self, tool_choice: object, *, stream: bool) -> Hidden[dict[str, Any]]:
        """The keywords of `create`."""
        given = self._settings.options.value
        sent = {**given, **self.loop.request(tool_choice), "stream": stream}
        sent["messages"] = self._plain()
        for name in () if stream else _OF_STREAMS:
            sent.pop(name, None)
        if given.get("reasoning") is None:  # else `create` does it
            sent["messages"], more = replayed(sent["messages"], self._gauge.model)
            for name, value in more.items():
                if sent.get(name) is None:
                    sent[name] = value
        return Hidden(sent)

    def take(self, completion: ChatCompletion) -> None:
        """Takes an answer of the model."""
        self._gauge.learn(self._body(), completion.usage)
        self._history.count(self._gauge.model, completion)
        if not completion.choices:
            raise CerebrasError("the answer has no choices")
        self.loop.take(completion)

    def commit(self) -> None:
        """The turn is whole."""
        history = self._history
        history.messages = self._plain()
        history.dropped += self._dropped
        history.unfinished = []
        self.is_over = True

    def end(self, partial: ChatCompletion | None = None) -> None:
        """Lets the next turn begin; `partial`: what there is of an answer that was left."""
        history = self._history
        if not self.is_over:
            self.is_over = True
            history.unfinished = self._plain()[self._earlier + self._given :]
            text = partial.text if partial is not None else ""
            if text:
                history.unfinished.append({"role": "assistant", "content": text})
        history.end()

    def _body(self) -> dict[str, Any]:
        """What is counted of the request; nothing else of the options, which may hold a key."""
        return {
            "messages": self._plain(),
            "tools": self._settings.tools.sent,
            "max_completion_tokens": self._settings.bound,
        }

    def _plain(self) -> list[dict[str, Any]]:
        """The messages as they are sent. A long conversation has thousands: each is written down
        once."""
        written: list[dict[str, Any]] = self._written
        messages: Sequence[Any] = self.loop.history
        written += [chat_message(messages[at], at) for at in range(len(written), len(messages))]
        return written


def _missing(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of `before` is not in `after`; of messages that are alike the oldest."""
    left, missing = list(after), []
    for message in reversed(before):
        if left and left[-1] == message:
            left.pop()
        elif message in left:
            left.remove(message)
        else:
            missing.append(message)
    return missing[::-1]


def _user(content: object) -> dict[str, Any]:
    if not isinstance(content, str) and (
        isinstance(content, (Mapping, Message)) or not isinstance(content, (list, tuple))
    ):
        raise InvalidRequestError(
            "send takes a text, or a list of parts such as image_part(...), not "
            f"{type(content).__name__}"
        )
    said: dict[str, Any] = {"role": "user", "content": plain(content)}
    return said
