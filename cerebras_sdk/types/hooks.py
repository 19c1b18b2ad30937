"""What a hook is told of a call; see `client.add_hook`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .chat import ChatCompletion, Usage
from .completion import Completion
from .timing import Timing


@dataclass(eq=False, slots=True, kw_only=True)
class HookCall:
    """One call, with all its attempts. The same object is `event.call` of all its events.

    operation: `chat`, `text_completion`; of other endpoints the method and the first word of the
        path, such as `GET models`. model: the id that is sent, if there is one.
    address, port, url: of the service, without the query, in which some gateways want a key.
    parameters: of a completion, those that are no content: `temperature`, `max_completion_tokens`,
        `stop`, ...; `response_format` is its type alone.
    state: for hooks, which keep here what they need again; take the hook itself as the key.
    """

    operation: str
    model: str | None
    streaming: bool
    address: str
    port: int
    url: str
    parameters: Mapping[str, Any]
    state: dict[object, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookEvent:
    """What all events tell: the call, the number of requests sent for it so far (the first is 1),
    and the seconds since it began."""

    call: HookCall
    attempt: int
    seconds: float

    @property
    def operation(self) -> str:
        return self.call.operation

    @property
    def model(self) -> str | None:
        return self.call.model

    @property
    def streaming(self) -> bool:
        return self.call.streaming


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent(HookEvent):
    """`on_request`: a request is about to be sent; once for each attempt.

    content: the body as plain dicts and lists, for hooks with `wants_content`; else None.
    """

    content: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseEvent(HookEvent):
    """`on_response`: how an attempt ended; once for each `on_request`.

    status: None when no answer came. error: what makes of it none to be read, None if nothing.
    """

    status: int | None = None
    request_id: str | None = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTokenEvent(HookEvent):
    """`on_first_token`: the first chunk of a stream that says something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksEvent(HookEvent):
    """`on_chunks`: `count` chunks of a stream came at once, `gap` seconds after those before them,
    or after the headers."""

    count: int
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEvent(HookEvent):
    """`on_end`: the call is over, and did not fail; once for each call that has no `on_error`.

    is_whole: False for a stream that was left before the end of the answer had come; the rest is
        what is known of it then.
    completion: the answer, for hooks with `wants_content`; else None.
    """

    status: int | None = None
    request_id: str | None = None
    response_id: str | None = None
    response_model: str | None = None
    finish_reasons: tuple[str, ...] = ()
    usage: Usage | None = None
    timing: Timing = field(default_factory=Timing)
    is_whole: bool = True
    completion: ChatCompletion | Completion | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent(HookEvent):
    """`on_error`: the call failed, by what its caller gets; a call that was cancelled has the
    exception of that. (An error of a stream has what had arrived as its `partial`.)"""

    error: BaseException
    status: int | None = None
    request_id: str | None = None
