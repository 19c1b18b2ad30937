"""Prompts that no context can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...types.checks import Finding
from ..catalog import MODELS
from ..tokens import estimate_tokens

_LIMITS = {model.id: model.context_length for model in MODELS}
_TOO_HIGH = 1.25  # by how much the estimate exceeds what prose has; see `estimate_tokens`
# No token holds letters from both sides of a blank. How long one may be cannot be said: a line of
# 64 dashes is one. From the first letter on, so that a long word is read once.
_WORD = re.compile(r"[^\W\d_]\S*")
_THOUGHT_ENDS = "</think>"


def length(body: Mapping[str, Any]) -> Iterator[Finding]:
    """The prompt against the context of a paid account; a trial account has less."""
    limit = _LIMITS.get(str(body.get("model")))
    if limit is None:
        return
    if "prompt" in body:
        yield from _of_prompts(body["prompt"], limit)
        return
    # Tokens have a character or more, but for rare scripts; words have two with the blank.
    characters = sum(map(len, _texts(body.get("messages"))))
    if characters <= limit:
        return
    words = _words(_said(body.get("messages"))) if characters > 2 * limit else 0
    yield from _too_long("messages", words, body, limit)


def _of_prompts(prompt: object, limit: int) -> Iterator[Finding]:
    several = isinstance(prompt, list) and bool(prompt) and not isinstance(prompt[0], int)
    for item in prompt if several and isinstance(prompt, list) else [prompt]:
        if isinstance(item, list) and len(item) > limit:
            yield _finding("prompt", f"{len(item):,} tokens", limit)
        elif isinstance(item, str) and len(item) > limit:
            yield from _too_long("prompt", _words([item]), {"prompt": item}, limit)


def _too_long(path: str, words: int, body: Mapping[str, Any], limit: int) -> Iterator[Finding]:
    if words > limit:
        yield _finding(path, f"at least {words:,} tokens, as it has that many words", limit)
        return
    likely = int(estimate_tokens(body) / _TOO_HIGH)
    if likely > limit:
        yield _finding(path, f"about {likely:,} tokens by an estimate", limit, certain=False)


def _finding(path: str, size: str, limit: int, *, certain: bool = True) -> Finding:
    return Finding(
        code="context_length",
        path=path,
        message=f"{size}, and the context of a paid account holds {limit:,}",
        advice="shorten it: leave out the oldest messages, or parts of long texts",
        certain=certain,
    )


def _words(texts: Iterable[str]) -> int:
    return sum(len(_WORD.findall(text)) for text in texts)


def _said(messages: object) -> Iterator[str]:
    """What every template puts into the prompt: the content, without earlier thoughts."""
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            parts = (part.get("text") for part in content if isinstance(part, dict))
            content = "".join(part for part in parts if isinstance(part, str))
        if isinstance(content, str):
            thinks = message.get("role") == "assistant"
            yield content.rpartition(_THOUGHT_ENDS)[2] if thinks else content


def _texts(value: object) -> Iterator[str]:
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            if item.get("type") not in ("image_url", "image"):
                left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)
