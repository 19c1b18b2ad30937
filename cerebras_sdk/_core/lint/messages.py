"""Messages: their roles, their fields, and what their content is made of.

Source: the service's OpenAPI document (version 1.0), whose messages take no other fields, and
https://inference-docs.cerebras.ai/capabilities/vision
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...types.checks import Finding
from ..images import MAX_BYTES

_COMMON = frozenset({"role", "content", "name"})
_FIELDS = {
    "system": _COMMON,
    "developer": _COMMON,
    "user": _COMMON,
    "assistant": _COMMON | {"reasoning", "tool_calls"},
    "tool": _COMMON | {"tool_call_id"},
}
_IMAGES = ("image_url", "image")
# Words of other interfaces; any other may be newer than this version.
_FOREIGN_PARTS = frozenset(
    {
        "input_image", "input_text", "output_text", "reasoning", "redacted_thinking", "thinking",
        "tool_result", "tool_use",
    }
)  # fmt: skip
_MAX_IMAGES = 10  # of a paid account; a trial has 2
# Fields of other services.
_INSTEAD = {
    "annotations": "leave it out",
    "audio": "leave it out",
    "parsed": "leave it out",
    "refusal": "leave it out",
    "reasoning_content": "call it reasoning",
    "reasoning_details": "send its text as reasoning",
    "thinking": "send its text as reasoning",
    "thinking_blocks": "send their text as reasoning",
    "function_call": "use tool_calls",
}


def messages(body: Mapping[str, Any]) -> Iterator[Finding]:
    """Each message by itself, and the images of all."""
    given = body.get("messages")
    if not isinstance(given, list):
        return
    images = size = 0
    for at, message in enumerate(given):
        if not isinstance(message, dict):
            continue
        path = f"messages[{at}]"
        role = message.get("role")
        fields = _FIELDS.get(role) if isinstance(role, str) else None
        if fields is None:
            yield Finding(
                code="role",
                path=f"{path}.role",
                message=f"{str(role)[:40]!r} is no role",
                advice="use system, developer, user, assistant or tool",
                certain=not isinstance(role, str) or role == "function",
            )
            continue
        if not fields.issuperset(message):
            for name in (name for name in message if name not in fields):
                yield Finding(
                    code="message_field",
                    path=f"{path}.{name}",
                    message=f"the service refuses this field in a message of the {role}",
                    advice=_INSTEAD.get(name, "leave it out"),
                    certain=name in _INSTEAD,  # another may be newer than this version
                )
        content = message.get("content")
        if isinstance(content, list):
            for position, part in enumerate(content):
                here = f"{path}.content[{position}]"
                if isinstance(part, dict) and part.get("type") in _IMAGES:
                    images += 1
                    size += _size(part)
                yield from _part(here, part, role == "user")
        elif content is None and role != "assistant":
            yield Finding(
                code="content",
                path=f"{path}.content",
                message="only a message of the assistant may have no content",
                advice="give it a text, which may be empty",
            )
    if images > _MAX_IMAGES:
        yield Finding(
            code="images",
            path="messages",
            message=f"{images} images, and a request of a paid account has up to {_MAX_IMAGES}",
            advice="send fewer, or ask in several requests",
        )
    if size > MAX_BYTES:
        yield Finding(
            code="images",
            path="messages",
            message=f"the images have {size:,} bytes, and a whole request up to {MAX_BYTES:,}",
            advice="send fewer or smaller images",
        )


def _part(path: str, part: object, is_user: bool) -> Iterator[Finding]:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text":
        return
    if kind not in _IMAGES:
        yield Finding(
            code="content_part",
            path=path,
            message=f"the service knows no part of the type {str(kind)[:40]!r}",
            advice="send thoughts as the field reasoning of the message"
            if kind in ("thinking", "reasoning", "redacted_thinking")
            else 'use {"type": "text", "text": ...}, or an image_url in a message of the user',
            certain=not isinstance(kind, str) or kind in _FOREIGN_PARTS,
        )
    elif not is_user:
        yield Finding(
            code="images",
            path=path,
            message="images stand in messages of the user only",
            advice="move it to a message of the user",
        )
    else:
        address = _address(part)
        if address is not None and not address.startswith("data:"):
            yield Finding(
                code="images",
                path=path,
                message="the service fetches no images: it takes data URIs with base64",
                advice="use cerebras_sdk.image_part(path_or_bytes)",
            )


def _address(part: object) -> str | None:
    """The address in an `image_url`; the other form of an image is not described."""
    place = part.get("image_url") if isinstance(part, dict) else None
    address = place.get("url") if isinstance(place, dict) else None
    return address if isinstance(address, str) else None


def _size(part: Mapping[str, Any]) -> int:
    image = part.get("image")
    return len(_address(part) or (image if isinstance(image, str) else ""))
