"""How many tokens a request will be counted for, guessed before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

# What the service sets aside for an answer: the bound that the request names, up to this, and this
# when it names none. Source: measured on the live service in September 2026.
RESERVED_TOKENS = 16_384

_BYTES_PER_TOKEN = 3.5  # English has about 4.4, source code 3.3, Chinese 4 (in UTF-8)
_PER_REQUEST = 80  # what the chat template puts around the messages; gpt-oss has the most
_PER_MESSAGE = 6
_TOOLS = 200  # how the template tells of tools; qwen-3-coder's text has 220
# The most that an image is counted for.
# Source: https://inference-docs.cerebras.ai/capabilities/vision
_PER_IMAGE = 280
_IMAGES = ("image_url", "image")


def estimate_tokens(body: Mapping[str, Any]) -> int:
    """About how many tokens the prompt of a request's decoded body has.

    It reads the lengths of the texts, once, and knows no tokenizer: prose comes out a quarter too
    high, a short question dozens of tokens too high, and reasoning that is sent back is counted
    although some models leave it out. Too low, by up to a half, it is only for long texts without
    words: base64, hexadecimal, digits.
    """
    total = float(_PER_REQUEST)
    messages = body.get("messages")
    if isinstance(messages, (list, tuple)):
        total += _PER_MESSAGE * len(messages) + _weight(messages, names=False)
    for name in ("tools", "response_format"):
        if body.get(name):
            total += _TOOLS + _weight(body[name], names=True)
    prompt = body.get("prompt")
    if prompt is not None:
        total += _weight(prompt, names=False)
    return int(total) + 1


def reserved_tokens(body: Mapping[str, Any]) -> int:
    """What the service sets aside when the request comes: the prompt and the longest answer.

    Several choices or prompts count several times, which no source says: too much rather than too
    little.
    """
    bound = _number(body.get("max_completion_tokens")) or _number(body.get("max_tokens"))
    prompt = body.get("prompt")
    prompts = 1
    if isinstance(prompt, (list, tuple)) and prompt and not isinstance(prompt[0], int):
        prompts = len(prompt)
    choices = max(_number(body.get("n")), _number(body.get("best_of")), 1)
    longest = min(bound or RESERVED_TOKENS, RESERVED_TOKENS)
    return estimate_tokens(body) + longest * choices * prompts


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Answer(msgspec.Struct):
    usage: _Usage | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


def used_tokens(body: bytes) -> tuple[int | None, int]:
    """The tokens that a whole answer says it used, None if it does not say, and how many of them
    came from the cache."""
    try:
        usage = _ANSWER.decode(body).usage
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        usage = None
    if usage is None:
        return None, 0
    details = usage.prompt_tokens_details
    return usage.total_tokens, (details.cached_tokens or 0) if details else 0


def _number(value: object) -> int:
    """A count above 0, else 0: null, 0 and -1 mean that there is no bound."""
    return int(value) if isinstance(value, (int, float)) and value > 0 else 0


def _weight(value: object, *, names: bool) -> float:
    """The tokens of all texts in a JSON value, and of the names in it if they are sent as well."""
    size = 0
    tokens = 0
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            # An ASCII text knows that it is one: its bytes need not be made to be counted.
            size += len(item) if item.isascii() else len(item.encode("utf-8", "surrogatepass"))
        elif isinstance(item, Mapping):
            if item.get("type") in _IMAGES:
                tokens += _PER_IMAGE
                continue
            left.extend(item.values())
            if names:
                size += sum(len(str(name)) + 4 for name in item)
        elif isinstance(item, (list, tuple)):
            left.extend(item)
        elif item is not None:
            tokens += 1  # a token id, or a number in a schema
    return tokens + size / _BYTES_PER_TOKEN
