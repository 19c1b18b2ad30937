"""Prompts and answers in the form that the GenAI conventions of OpenTelemetry have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..types import ChatCompletion, Completion


def input_messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `body` asks, message by message. Of a prompt of token ids there is no text."""
    if "messages" not in body:
        prompt = body.get("prompt")
        prompts = prompt if isinstance(prompt, list) else [prompt]
        texts = [_text(text) for text in prompts if isinstance(text, str)]
        return [{"role": "user", "parts": [part]} for part in texts]
    return [_message(message) for message in body["messages"] if isinstance(message, Mapping)]


def output_messages(completion: ChatCompletion | Completion) -> list[dict[str, Any]]:
    """What was answered, a message for each choice."""
    said = []
    for choice in completion.choices:
        if isinstance(completion, ChatCompletion):
            message = _message(choice.message.to_dict())
        else:
            message = {"role": "assistant", "parts": [_text(choice.text or "")]}
        said.append({**message, "finish_reason": choice.finish_reason or "error"})
    return said


def tool_definitions(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The tools that `body` offers."""
    tools = body.get("tools")
    found = []
    for tool in tools if isinstance(tools, list) else ():
        if isinstance(tool, Mapping) and isinstance(tool.get("function"), Mapping):
            known = {name: tool["function"].get(name) for name in _TOOL}
            found.append({"type": "function"} | {n: v for n, v in known.items() if v is not None})
    return found


_TOOL = ("name", "description", "parameters")


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role, content = str(message.get("role", "")), message.get("content")
    if role == "tool":
        answer = {"type": "tool_call_response", "id": message.get("tool_call_id")}
        return {"role": role, "parts": [{**answer, "response": content}]}
    parts: list[dict[str, Any]] = []
    if message.get("reasoning"):
        parts.append({"type": "reasoning", "content": message["reasoning"]})
    if isinstance(content, str):
        parts.append(_text(content))
    elif isinstance(content, list):
        parts += [_part(part) for part in content if isinstance(part, Mapping)]
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        parts.append(
            {
                "type": "tool_call",
                "id": call.get("id"),
                "name": function.get("name"),
                "arguments": _arguments(function.get("arguments")),
            }
        )
    return {"role": role, "parts": parts}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(part.get("text"), str):
        return _text(part["text"])
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, Mapping) else image
    if isinstance(url, str) and not url.startswith("data:"):
        return {"type": "uri", "modality": "image", "uri": url}
    return {"type": str(part.get("type", ""))}  # a picture itself is too large for a span


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "content": text}


def _arguments(text: Any) -> Any:
    """Of a tool call, as what they are, or as the text that the model wrote."""
    try:
        return msgspec.json.decode(text) if isinstance(text, str) else text
    except msgspec.DecodeError:
        return text
