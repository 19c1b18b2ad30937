"""The request of a chat completion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias, TypedDict

from ...errors import InvalidRequestError
from ...types import Message, Model
from ...types._base import plain
from ...types.params import BareChatParams, ChatParams
from ..lint import Checks
from ..options import ClientOptions, NotGiven
from ..reasoning import Reasoning
from ..secret import Hidden
from ..timeout import TimeoutInput
from .body import CompletionCall, completion_call

# Milliseconds. Source: https://inference-docs.cerebras.ai/api-reference/chat-completions
_QUEUE_THRESHOLDS = range(50, 20_001)

# What a message of the assistant may have. Source: the service's OpenAPI document (version 1.0).
_ASSISTANT = ("role", "content", "reasoning", "tool_calls", "name")


OnInterrupt: TypeAlias = Literal["raise", "continue"]


class _CallOptions(TypedDict, total=False):
    model: str | None
    queue_threshold: int | None
    cf_ray: str | None
    x_amz_cf_id: str | None
    x_delay_time: float | None
    on_interrupt: OnInterrupt
    reasoning: Reasoning | None
    checks: Checks | None
    extra_headers: Mapping[str, str | None] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: TimeoutInput | NotGiven


class BareChatOptions(BareChatParams, _CallOptions, total=False):
    """The keywords of calls that have `tools` or `response_format` of their own kind."""


def check_keywords(what: str, options: Hidden[dict[str, Any]], *more: str) -> None:
    """Raises TypeError for a keyword that is none of BareChatOptions, and none of `more`."""
    for name in sorted(options.value.keys() - BareChatOptions.__annotations__.keys() - {*more}):
        hint = ", which create() alone has" if name == "stream" else ""
        raise TypeError(f"{what}() got an unexpected keyword argument {name!r}{hint}")


class ChatOptions(ChatParams, _CallOptions, total=False):
    """The keywords of `chat.completions.create`, beside `messages` and `stream`."""


def chat_completion(
    options: ClientOptions,
    *,
    messages: object,
    model: str | None,
    stream: bool | None,
    params: Mapping[str, Any],
    extra_headers: Hidden[Mapping[str, str | None] | None],
    extra_query: Mapping[str, Any] | None,
    extra_body: Mapping[str, Any] | None,
    timeout: TimeoutInput | NotGiven,
    headers: Mapping[str, str] | None = None,
    reasoning: str | None = None,
    checks: Checks | None = None,
) -> CompletionCall:
    """POST /v1/chat/completions. Parameters that are None are left out; `headers` are
    parameters that go as headers.

    Raises InvalidRequestError for what cannot be right, RequestCheckError for what the service
    would refuse; nothing is sent then.
    """
    for given in (params, extra_body):
        if isinstance(given, Mapping):
            _refuse_functions(given.get("tools"))
    return completion_call(
        options,
        "/v1/chat/completions",
        {"messages": _messages(messages)},
        model=model,
        stream=stream,
        params=params,
        extra_headers=extra_headers,
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
        headers=headers,
        reasoning=reasoning,
        checks=checks,
    )


def queue_header(milliseconds: int | None) -> dict[str, str]:
    if milliseconds is None or isinstance(milliseconds, NotGiven):
        return {}
    if not isinstance(milliseconds, int) or milliseconds not in _QUEUE_THRESHOLDS:
        raise InvalidRequestError(
            f"queue_threshold must be 50 to 20000 milliseconds, a whole number, not {milliseconds}"
        )
    return {"queue_threshold": str(milliseconds)}


def goes_on(on_interrupt: OnInterrupt, call: CompletionCall, *, is_raw: bool) -> bool:
    """Whether a stream that breaks off is to be continued.

    Raises InvalidRequestError where that cannot be done.
    """
    if on_interrupt == "raise" or isinstance(on_interrupt, NotGiven):
        return False
    if on_interrupt != "continue":
        raise InvalidRequestError(
            f"on_interrupt must be 'raise' or 'continue', not {on_interrupt!r}"
        )
    if not call.stream:
        raise InvalidRequestError("on_interrupt='continue' is for streams: add stream=True")
    if call.n > 1:
        raise InvalidRequestError("on_interrupt='continue' cannot continue several choices (n)")
    if is_raw:
        raise InvalidRequestError("on_interrupt='continue' needs a stream, not its raw response")
    return True


def _messages(messages: object) -> list[Any]:
    if isinstance(messages, (str, bytes, Mapping, Model)) or not isinstance(messages, Iterable):
        raise InvalidRequestError(
            "messages must be a list such as [{'role': 'user', 'content': 'Hello'}], "
            f"not {type(messages).__name__}"
        )
    checked = [chat_message(message, position) for position, message in enumerate(messages)]
    if not checked:
        raise InvalidRequestError("messages is empty: the model needs at least one")
    return checked


def _refuse_functions(tools: object) -> None:
    for position, tool in enumerate(tools if isinstance(tools, (list, tuple)) else ()):
        if callable(tool) and not isinstance(tool, (type, Mapping)):
            raise InvalidRequestError(
                f"tools[{position}] is a function: put @cerebras_sdk.tool on it, or use run_tools, "
                "which takes it as it is"
            )


def chat_message(message: object, position: int) -> dict[str, Any]:
    """A message as it is sent, as plain dicts; errors call it by its position.

    Raises InvalidRequestError for what is none.
    """
    if not isinstance(message, (Mapping, Model)):
        raise InvalidRequestError(
            f"messages[{position}] must be a dict with 'role' and 'content', "
            f"not {type(message).__name__}"
        )
    sent: dict[str, Any] = plain(message)
    role = sent.get("role")
    if not isinstance(role, str) or not role:
        raise InvalidRequestError(
            f"messages[{position}] has no role: use 'system', 'user', 'assistant' or 'tool'"
        )
    if "reasoning_content" in sent:
        # The name that other services have for it; this one refuses the whole request.
        thinking = sent.pop("reasoning_content")
        if thinking and not sent.get("reasoning"):
            sent["reasoning"] = thinking
    if isinstance(message, Message):
        # What this version does not know of an answer, the service does not know of a request.
        sent = {name: sent[name] for name in _ASSISTANT if name in sent}
        if "tool_calls" in sent:
            sent["tool_calls"] = [_tool_call(call) for call in sent["tool_calls"]]
    return sent


def _tool_call(sent: dict[str, Any]) -> dict[str, Any]:
    known: dict[str, Any] = {name: sent[name] for name in ("id", "type", "index") if name in sent}
    function = sent.get("function", {})
    called = {name: function[name] for name in ("name", "arguments") if name in function}
    return {**known, "function": called}
