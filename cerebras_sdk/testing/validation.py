"""Refuses the chat requests that the service refuses, in its words where they are known."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from .engines import RequestRefused
from .exchange import ReceivedRequest

Check: TypeAlias = Callable[[Any], str | None]
"""What a value should have been, or None if it is that."""

_MSGPACK = frozenset({"application/vnd.msgpack", "application/msgpack", "application/x-msgpack"})


def decode_body(request: ReceivedRequest) -> dict[str, Any]:
    """The body as an object: JSON or msgpack, plain or gzip."""
    data = request.body
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise RequestRefused("body: Invalid gzip data") from None
    elif encoding not in ("", "identity"):
        raise RequestRefused(f"body: Unsupported Content-Encoding '{encoding}'")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    decode = msgspec.msgpack.decode if media_type in _MSGPACK else msgspec.json.decode
    try:
        body = decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRefused(f"body: Invalid JSON: {error}") from None
    if not isinstance(body, dict):
        raise RequestRefused("body: Input should be a valid dictionary")
    return body


def check_chat(body: Mapping[str, Any]) -> None:
    """Raise `RequestRefused` with everything that is wrong with a chat request, a line each."""
    faults = [_unsupported(f"body.{name}") for name in body if name not in _FIELDS]
    faults += [f"{name}: Field required" for name in ("model", "messages") if name not in body]
    for name, value in body.items():
        check = _FIELDS.get(name)
        wanted = (
            None if check is None or (value is None and name not in _NEVER_NULL) else check(value)
        )
        if wanted:
            faults.append(f"{name}: {wanted}")
    if isinstance(body.get("messages"), list):
        for index, message in enumerate(body["messages"]):
            faults += _message_faults(f"messages.{index}", message)
    if None not in (body.get("max_tokens"), body.get("max_completion_tokens")):
        faults.append("body: 'max_tokens' and 'max_completion_tokens' cannot be used together")
    if faults:
        raise RequestRefused("\n".join(faults))
    if (body.get("n") or 1) > 1 or body.get("logprobs"):
        raise RequestRefused("The local server offers neither n > 1 nor logprobs")


def _unsupported(name: str) -> str:
    return f"{name}: property '{name}' is unsupported"


def _message_faults(place: str, message: Any) -> list[str]:
    if not isinstance(message, dict):
        return [f"{place}: Input should be a valid dictionary"]
    role = message.get("role")
    allowed = _MESSAGE_FIELDS.get(role) if isinstance(role, str) else None
    if allowed is None:
        known = ", ".join(f"'{name}'" for name in _MESSAGE_FIELDS)
        wanted = "Field required" if "role" not in message else f"Input should be one of {known}"
        return [f"{place}.role: {wanted}"]
    faults = [
        _unsupported(f"{place}.{role}.{name}")
        for name in message
        if name != "role" and name not in allowed
    ]
    content = message.get("content")
    if content is None and role == "assistant":
        return faults
    if "content" not in message:
        return [*faults, f"{place}.{role}.content: Field required"]
    parts = content if isinstance(content, list) else []
    if not isinstance(content, str | list) or not all(isinstance(part, dict) for part in parts):
        faults.append(f"{place}.{role}.content: Input should be a valid string or list of parts")
    elif role != "user" and any(part.get("type") != "text" for part in parts):
        faults.append("image_url content parts are only supported on user messages")
    return faults


def _number(low: float | None = None, high: float | None = None, *, whole: bool = False) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            return f"Input should be a valid {'integer' if whole else 'number'}"
        if low is not None and value < low:
            return f"Input should be greater than or equal to {low}"
        if high is not None and value > high:
            return f"Input should be less than or equal to {high}"
        return None

    return check


def _a(kind: type, name: str) -> Check:
    return lambda value: None if isinstance(value, kind) else f"Input should be a valid {name}"


def _one_of(*words: str) -> Check:
    known = ", ".join(f"'{word}'" for word in words)
    return lambda value: None if value in words else f"Input should be one of {known}"


def _messages(value: Any) -> str | None:
    if not isinstance(value, list):
        return "Input should be a valid list"
    return None if value else "List should have at least 1 item after validation, not 0"


def _stop(value: Any) -> str | None:
    stops = [value] if isinstance(value, str) else value
    if not isinstance(stops, list) or not all(isinstance(stop, str) for stop in stops):
        return "Input should be a valid string or list of strings"
    return None if len(stops) <= 4 else f"List should have at most 4 items, not {len(stops)}"


def _response_format(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "Input should be a valid dictionary"
    if value.get("type") not in ("text", "json_object", "json_schema"):
        return "type: Input should be 'text', 'json_object' or 'json_schema'"
    return None


_TEXT, _BOOL, _DICT, _LIST = (
    _a(str, "string"),
    _a(bool, "boolean"),
    _a(dict, "dictionary"),
    _a(list, "list"),
)
_CAP = _number(-1, whole=True)
_NEVER_NULL = frozenset({"model", "messages", "reasoning_format"})

# The request object of POST /v1/chat/completions in the service's OpenAPI document; it is closed.
_FIELDS: dict[str, Check] = {
    "model": _TEXT,
    "messages": _messages,
    "max_completion_tokens": _CAP,
    "max_tokens": _CAP,
    "min_completion_tokens": _CAP,
    "min_tokens": _CAP,
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "logit_bias": _DICT,
    "logprobs": _BOOL,
    "top_logprobs": _number(0, 20, whole=True),
    "n": _number(1, whole=True),
    "seed": _number(whole=True),
    "stop": _stop,
    "stream": _BOOL,
    "stream_options": _DICT,
    "response_format": _response_format,
    "tools": _LIST,
    "tool_choice": lambda value: None if isinstance(value, str | dict) else "Input is not valid",
    "parallel_tool_calls": _BOOL,
    "prediction": _DICT,
    "prompt_cache_key": _TEXT,
    "reasoning_effort": _one_of("none", "low", "medium", "high"),
    "reasoning_format": _one_of("none", "parsed", "text_parsed", "raw", "hidden"),
    "clear_thinking": _BOOL,
    "disable_reasoning": _BOOL,
    "service_tier": _one_of("auto", "default", "flex", "priority"),
    "model_parameters": _DICT,
    "user": _TEXT,
}

_MESSAGE_FIELDS: dict[str, frozenset[str]] = {
    "system": frozenset({"content", "name"}),
    "developer": frozenset({"content", "name"}),
    "user": frozenset({"content", "name"}),
    "assistant": frozenset({"content", "reasoning", "tool_calls", "name"}),
    "tool": frozenset({"content", "tool_call_id", "name"}),
}
