"""Hooks of a client: whom to tell what happens during its calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from ..errors import InvalidRequestError
from ..types import ChatCompletion, Completion
from ..types.hooks import (
    ChunksEvent,
    EndEvent,
    ErrorEvent,
    FirstTokenEvent,
    HookCall,
    HookEvent,
    RequestEvent,
    ResponseEvent,
)
from ..types.timing import Timing
from .chunks import ChunkReader
from .http import Headers, Request
from .limits import request_id
from .options import refuse_coroutine
from .timing import Moments

_NAMES = ("on_request", "on_response", "on_first_token", "on_chunks", "on_end", "on_error")
_PORTS = {"http": 80, "https": 443}


class Hooks:
    """The hooks of a client, in the order in which they were added; `complain` is told which event
    made one of them fail, and how. Raises InvalidRequestError for what is no hook."""

    def __init__(
        self, hooks: tuple[object, ...], *, complain: Callable[[str, Exception], None]
    ) -> None:
        self.hooks = hooks
        self._complain = complain
        self.want_content = any(map(_wants_content, hooks))
        self._told: dict[str, list[tuple[Callable[[Any], object], bool]]] = {}
        for hook in hooks:
            methods = {name: getattr(hook, name, None) for name in _NAMES}
            if isinstance(hook, type) or not any(map(callable, methods.values())):
                names = ", ".join(_NAMES)
                raise InvalidRequestError(
                    f"a hook is an object with some of the methods {names}, not {hook!r}"
                )
            for name, method in methods.items():
                if callable(method):
                    refuse_coroutine(f"{type(hook).__name__}.{name}", method)
                    self._told.setdefault(name, []).append((method, _wants_content(hook)))

    def heed(self, name: str) -> bool:
        """Whether there is a hook for such events."""
        return name in self._told

    def tell(self, name: str, event: HookEvent, **content: Any) -> None:
        """Tells all hooks; `content` is for those that want it."""
        for method, wants_content in self._told.get(name, ()):
            given = dataclasses.replace(event, **content) if content and wants_content else event
            try:
                method(given)
            except Exception as error:  # a call must not fail by who looks at it
                self._complain(name, error)


class Answered(Protocol):
    """What a transport gives."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers: ...


class Watch:
    """Tells hooks of one call. All moments (`now`) are of the monotonic clock.

    `request` and `response` surround each attempt; `whole`, `over` or `failed` end the call, which
    is told once. A stream is followed from `reads` on.
    """

    def __init__(self, hooks: Hooks, call: HookCall, body: bytes, *, now: float) -> None:
        self.call = call
        self.follows = hooks.heed("on_chunks")
        self._hooks = hooks
        self._body = body
        self._began = now
        self._sent = 0
        self._status: int | None = None
        self._request_id: str | None = None
        self._is_over = self._waits = self._spoke = False
        self._reader: ChunkReader[Any, Any] | None = None
        self._moments: Moments | None = None
        self._heard = now

    def request(self, now: float) -> None:
        self._sent += 1
        content = {"content": msgspec.json.decode(self._body)} if self._wants_body() else {}
        self._hooks.tell("on_request", RequestEvent(**self._known(now)), **content)

    def response(
        self, now: float, error: BaseException | None, answer: Answered | None = None
    ) -> None:
        self._waits = False
        self._status = None if answer is None else answer.status
        self._request_id = None if answer is None else request_id(answer.headers)
        event = ResponseEvent(
            **self._known(now), status=self._status, request_id=self._request_id, error=error
        )
        self._hooks.tell("on_response", event)

    def reads(self, reader: ChunkReader[Any, Any], moments: Moments, now: float) -> None:
        """A stream began, the first or a later one of the call."""
        self._reader, self._moments, self._heard = reader, moments, now

    def waits(self) -> None:
        """The stream broke off, and is over, but not yet the call: another attempt may follow."""
        self._waits = True

    def first_token(self, now: float) -> None:
        if self._spoke or self._is_over:
            return
        self._spoke = True
        self._hooks.tell("on_first_token", FirstTokenEvent(**self._known(now)))

    def chunks(self, count: int, now: float) -> None:
        if self._is_over:
            return
        gap, self._heard = now - self._heard, now
        self._hooks.tell("on_chunks", ChunksEvent(**self._known(now), count=count, gap=gap))

    def over(self, now: float) -> None:
        """The stream was read or left."""
        reader, moments = self._reader, self._moments
        if self._waits or self._is_over:
            return
        if reader is None or moments is None:
            self.whole(None, Timing(), now, is_whole=False)
        else:
            completion = reader.total.completion()
            timing = Timing.of(completion.time_info, completion.usage, moments.times())
            self.whole(completion, timing, now, is_whole=reader.total.finished)

    def whole(
        self,
        completion: ChatCompletion | Completion | None,
        timing: Timing,
        now: float,
        *,
        is_whole: bool = True,
    ) -> None:
        """The answer was read; None is one that the user reads."""
        if self._is_over:
            return
        self._close()
        said: dict[str, Any] = {}
        if completion is not None:
            reasons = (choice.finish_reason for choice in completion.choices)
            said = {
                "response_id": completion.id or None,
                "response_model": completion.model or None,
                "finish_reasons": tuple(reason for reason in reasons if reason),
                "usage": completion.usage,
            }
        event = EndEvent(
            **self._known(now),
            **said,
            status=self._status,
            request_id=self._request_id,
            timing=timing,
            is_whole=is_whole,
        )
        self._hooks.tell("on_end", event, completion=completion)

    def failed(self, error: BaseException, now: float) -> None:
        if self._is_over:
            return
        self._close()
        event = ErrorEvent(
            **self._known(now),
            error=error,
            status=getattr(error, "status_code", None),
            request_id=getattr(error, "request_id", None),
        )
        self._hooks.tell("on_error", event)

    def _close(self) -> None:
        self._is_over = True
        self._reader = self._moments = None  # which know this

    def _known(self, now: float) -> dict[str, Any]:
        return {"call": self.call, "attempt": self._sent, "seconds": now - self._began}

    def _wants_body(self) -> bool:
        return self._hooks.want_content and bool(self._body) and self._hooks.heed("on_request")


class _Parameters(msgspec.Struct):
    """Of a body what is neither content nor about the user; the rest is not even decoded."""

    max_completion_tokens: Any = None
    max_tokens: Any = None
    min_completion_tokens: Any = None
    min_tokens: Any = None
    temperature: Any = None
    top_p: Any = None
    frequency_penalty: Any = None
    presence_penalty: Any = None
    seed: Any = None
    stop: Any = None
    n: Any = None
    best_of: Any = None
    logprobs: Any = None
    top_logprobs: Any = None
    reasoning_effort: Any = None
    reasoning_format: Any = None
    disable_reasoning: Any = None
    clear_thinking: Any = None
    parallel_tool_calls: Any = None
    service_tier: Any = None
    response_format: Any = None


def completion_watch(
    hooks: Hooks, request: Request, model: str, *, streaming: bool, now: float
) -> Watch:
    """That of a completion, which `request` asks for."""
    found = msgspec.structs.asdict(msgspec.json.decode(request.body, type=_Parameters))
    form = found["response_format"]
    found["response_format"] = form.get("type") if isinstance(form, dict) else None
    parameters = {name: value for name, value in found.items() if value is not None}
    is_chat = urlsplit(request.url).path.rstrip("/").endswith("/chat/completions")
    operation = "chat" if is_chat else "text_completion"
    call = _call(request, operation, model, streaming=streaming, parameters=parameters)
    return Watch(hooks, call, request.body, now=now)


def request_watch(hooks: Hooks, request: Request, model: str | None, *, now: float) -> Watch:
    """That of any other call. Its body is no content: it may be a file."""
    path = urlsplit(request.url).path
    word = path.rpartition("/v1/")[2].strip("/").partition("/")[0]
    operation = f"{request.method} {word or '/'}"
    call = _call(request, operation, model, streaming=False, parameters={})
    return Watch(hooks, call, b"", now=now)


def _call(
    request: Request,
    operation: str,
    model: str | None,
    *,
    streaming: bool,
    parameters: Mapping[str, Any],
) -> HookCall:
    parts = urlsplit(request.where)
    return HookCall(
        operation=operation,
        model=model,
        streaming=streaming,
        address=parts.hostname or "",
        port=parts.port or _PORTS.get(parts.scheme, 0),
        url=request.where,
        parameters=parameters,
    )


def _wants_content(hook: object) -> bool:
    return getattr(hook, "wants_content", False) is True
