"""Refuses the completion requests that the service refuses, in its words where they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .checks import (
    BOOL,
    CAP,
    DICT,
    TEXT,
    Check,
    faults_of,
    number,
    one_of,
    stop,
    tool_calls,
    tool_choice,
    tools,
    unsupported,
)
from .engines import RequestRefused


def check_chat(body: Mapping[str, Any]) -> None:
    """Raise `RequestRefused` with everything that is wrong with a chat request, a line each."""
    faults = faults_of(body, _FIELDS, required=("model", "messages"), never_null=_NEVER_NULL)
    if isinstance(body.get("messages"), list):
        for index, message in enumerate(body["messages"]):
            faults += _message_faults(f"messages.{index}", message)
    if None not in (body.get("max_tokens"), body.get("max_completion_tokens")):
        faults.append("body: 'max_tokens' and 'max_completion_tokens' cannot be used together")
    if faults:
        raise RequestRefused("\n".join(faults))
    _check_tools(body)
    if (body.get("n") or 1) > 1 or body.get("logprobs"):
        raise RequestRefused("The local server offers neither n > 1 nor logprobs")


def check_completion(body: Mapping[str, Any]) -> None:
    """Raise `RequestRefused` with everything that is wrong with a text completion request."""
    faults = faults_of(
        body, _TEXT_FIELDS, required=("model", "prompt"), never_null=frozenset({"model", "prompt"})
    )
    if faults:
        raise RequestRefused("\n".join(faults))
    for name in ("logprobs", "return_raw_tokens", "suffix", "grammar_root"):
        # A count of 0 asks for something too: the log probability of the chosen token.
        if body.get(name) is not None and body[name] is not False:
            raise RequestRefused(f"The local server does not offer {name}")
    if (body.get("best_of") or 1) > 1:
        raise RequestRefused("The local server does not offer best_of > 1")


def _check_tools(body: Mapping[str, Any]) -> None:
    names = [tool["function"]["name"] for tool in body.get("tools") or ()]
    choice = body.get("tool_choice")
    if choice is not None and not names:
        raise RequestRefused("tool_choice: there are no tools to choose from", param="tool_choice")
    if isinstance(choice, dict) and choice["function"]["name"] not in names:
        raise RequestRefused("tool_choice: it names none of the tools", param="tool_choice")
    if names and (body.get("response_format") or {}).get("type", "text") != "text":
        raise RequestRefused('"tools" is incompatible with "response_format"')


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
        unsupported(f"{place}.{role}.{name}")
        for name in message
        if name != "role" and name not in allowed
    ]
    calls = message.get("tool_calls") if role == "assistant" else None
    if calls is not None and (fault := tool_calls(calls)):
        faults.append(f"{place}.assistant.tool_calls: {fault}")
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


def _messages(value: Any) -> str | None:
    if not isinstance(value, list):
        return "Input should be a valid list"
    return None if value else "List should have at least 1 item after validation, not 0"


def _prompt(value: Any) -> str | None:
    if isinstance(value, str):
        return None
    wanted = "Input should be a string or a list of strings, of token ids or of lists of token ids"
    if not isinstance(value, list):
        return wanted
    if not value or [] in value:
        return "List should have at least 1 item after validation, not 0"
    texts = all(isinstance(item, str) for item in value)
    lists = all(isinstance(item, list) and _are_tokens(item) for item in value)
    return None if texts or lists or _are_tokens(value) else wanted


def _are_tokens(value: list[Any]) -> bool:
    return all(isinstance(item, int) and not isinstance(item, bool) and item >= 0 for item in value)


def _response_format(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "Input should be a valid dictionary"
    if value.get("type") not in ("text", "json_object", "json_schema"):
        return "type: Input should be 'text', 'json_object' or 'json_schema'"
    return None


_NEVER_NULL = frozenset({"model", "messages", "reasoning_format"})

# The request object of POST /v1/chat/completions in the service's OpenAPI document; it is closed.
_FIELDS: dict[str, Check] = {
    "model": TEXT,
    "messages": _messages,
    "max_completion_tokens": CAP,
    "max_tokens": CAP,
    "min_completion_tokens": CAP,
    "min_tokens": CAP,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "frequency_penalty": number(-2, 2),
    "presence_penalty": number(-2, 2),
    "logit_bias": DICT,
    "logprobs": BOOL,
    "top_logprobs": number(0, 20, whole=True),
    "n": number(1, whole=True),
    "seed": number(whole=True),
    "stop": stop,
    "stream": BOOL,
    "stream_options": DICT,
    "response_format": _response_format,
    "tools": tools,
    "tool_choice": tool_choice,
    "parallel_tool_calls": BOOL,
    "prediction": DICT,
    "prompt_cache_key": TEXT,
    "reasoning_effort": one_of("none", "low", "medium", "high"),
    "reasoning_format": one_of("none", "parsed", "text_parsed", "raw", "hidden"),
    "clear_thinking": BOOL,
    "disable_reasoning": BOOL,
    "service_tier": one_of("auto", "default", "flex", "priority"),
    "model_parameters": DICT,
    "user": TEXT,
}

_MESSAGE_FIELDS: dict[str, frozenset[str]] = {
    "system": frozenset({"content", "name"}),
    "developer": frozenset({"content", "name"}),
    "user": frozenset({"content", "name"}),
    "assistant": frozenset({"content", "reasoning", "tool_calls", "name"}),
    "tool": frozenset({"content", "tool_call_id", "name"}),
}

# The request object of POST /v1/completions in the same document, closed too.
_TEXT_FIELDS: dict[str, Check] = {
    "model": TEXT,
    "prompt": _prompt,
    "max_tokens": CAP,
    "min_tokens": CAP,
    "best_of": number(0, 20, whole=True),
    "echo": BOOL,
    "frequency_penalty": number(-2, 2),
    "grammar_root": TEXT,
    "logit_bias": DICT,
    "logprobs": number(0, 20, whole=True),
    "n": number(1, whole=True),
    "presence_penalty": number(-2, 2),
    "prompt_cache_key": TEXT,
    "reasoning_format": one_of("none", "parsed", "text_parsed", "raw", "hidden"),
    "return_raw_tokens": BOOL,
    "seed": number(whole=True),
    "stop": stop,
    "stream": BOOL,
    "stream_options": DICT,
    "suffix": TEXT,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "user": TEXT,
}
