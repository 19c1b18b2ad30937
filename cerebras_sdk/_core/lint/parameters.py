"""Parameters by themselves: their values, and which do not go together.

Source: https://inference-docs.cerebras.ai/api-reference/chat-completions and the service's OpenAPI
document (version 1.0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ...types.checks import Finding
from .schemas import schema_findings


class _Range(NamedTuple):
    low: float | None = None
    high: float | None = None
    whole: bool = False

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if self.low is None:
            return kind
        bound = f"{self.low:g} or more" if self.high is None else f"{self.low:g} to {self.high:g}"
        return f"{kind}, {bound}"

    def holds(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        if self.whole and value != value // 1:  # 1.0 is one
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


_TOKENS = _Range(-1, whole=True)
_RANGES = {
    "temperature": _Range(0, 2),
    "top_p": _Range(0, 1),
    "frequency_penalty": _Range(-2, 2),
    "presence_penalty": _Range(-2, 2),
    "n": _Range(1, whole=True),
    "seed": _Range(whole=True),
    "top_logprobs": _Range(0, 20, whole=True),
    "max_completion_tokens": _TOKENS,
    "max_tokens": _TOKENS,
    "min_completion_tokens": _TOKENS,
    "min_tokens": _TOKENS,
    "best_of": _Range(0, 20, whole=True),
}
_WORDS = {
    "reasoning_effort": ("none", "low", "medium", "high"),
    "reasoning_format": ("none", "parsed", "text_parsed", "raw", "hidden"),
    "service_tier": ("auto", "default", "flex", "priority"),
}
_BIAS = _Range(-100, 100)
_STOPS = 4
_KEY_LENGTH = 1024  # characters
# Parameters of other services, which this one was seen to refuse; another name may be newer than
# this version.
_FOREIGN = {
    "enable_thinking": "use reasoning=",
    "functions": "use tools",
    "maxTokens": "use max_completion_tokens",
    "min_p": "leave it out, or use top_p",
    "preserve_thinking": "use clear_thinking",
    "reasoning": "use the keyword reasoning= instead of extra_body",
    "reasoning_content": "use reasoning=",
    "store": "leave it out",
    "thinking": "use reasoning=",
    "thinking_budget": "use reasoning= and max_completion_tokens",
    "top_k": "leave it out, or use top_p",
}


def parameters(body: Mapping[str, Any]) -> Iterator[Finding]:
    """All parameters beside the messages and the tools."""
    for name, value in body.items():
        if name in _FOREIGN:
            yield Finding(
                code="unsupported_parameter",
                path=name,
                message="the service refuses this parameter",
                advice=_FOREIGN[name],
            )
        elif value is not None:
            yield from _value(name, value)
    if "messages" in body:
        yield from _together(body)
        yield from _response_format(body)


def _value(name: str, value: object) -> Iterator[Finding]:
    allowed = _RANGES.get(name)
    if allowed is not None:
        if not allowed.holds(value):
            yield _wrong(name, value, f"{allowed}")
    elif name in _WORDS:
        if value not in _WORDS[name]:
            yield _word(name, value, _WORDS[name])
    elif name == "stop":
        if isinstance(value, list) and len(value) > _STOPS:
            yield Finding(
                code="parameter_range",
                path="stop",
                message=f"{len(value)} texts, and the service takes {_STOPS}",
                advice=f"keep the {_STOPS} that matter, or cut the answer yourself",
            )
    elif name == "prompt_cache_key":
        if isinstance(value, str) and len(value) > _KEY_LENGTH:
            yield Finding(
                code="parameter_range",
                path=name,
                message=f"{len(value):,} characters, and the service takes {_KEY_LENGTH:,}",
                advice="send a hash of it",
            )
    elif name == "logit_bias" and isinstance(value, dict):
        for token, bias in value.items():
            if not _BIAS.holds(bias):
                yield _wrong(f"logit_bias[{token!r}]", bias, f"{_BIAS}")
                break


def _word(path: str, value: object, known: tuple[str, ...]) -> Finding:
    """A word that is none of those known may be newer than this version."""
    return _wrong(path, value, f"one of {', '.join(known)}", certain=not isinstance(value, str))


def _wrong(path: str, value: object, wanted: str, *, certain: bool = True) -> Finding:
    shown = repr(value)
    return Finding(
        code="parameter_range",
        path=path,
        message=f"{shown if len(shown) < 40 else type(value).__name__} is not what it takes",
        advice=f"give {wanted}",
        certain=certain,
    )


def _together(body: Mapping[str, Any]) -> Iterator[Finding]:
    if body.get("top_logprobs") and not body.get("logprobs"):
        yield Finding(
            code="top_logprobs",
            path="top_logprobs",
            message="it needs logprobs",
            advice="add logprobs=True",
        )
    if body.get("prediction") is None:
        return
    n = body.get("n")
    others = {
        "tools": bool(body.get("tools")),
        "logprobs": bool(body.get("logprobs")),
        "n above 1": isinstance(n, (int, float)) and n > 1,
    }
    for name in (name for name, given in others.items() if given):
        yield Finding(
            code="prediction",
            path="prediction",
            message=f"a prediction does not go together with {name}",
            advice=f"leave out the prediction or {name}",
        )


def _response_format(body: Mapping[str, Any]) -> Iterator[Finding]:
    form = body.get("response_format")
    if not isinstance(form, dict):
        return
    kind = form.get("type")
    if kind == "text":
        return
    if kind not in ("json_object", "json_schema"):
        yield _word("response_format.type", kind, ("text", "json_object", "json_schema"))
        return
    if body.get("tools"):
        yield Finding(
            code="tools_with_response_format",
            path="response_format",
            message="the service takes no tools together with a response_format",
            advice="leave one of them out: ask with the tools first, and for the object after that",
        )
    if kind == "json_object":
        if body.get("stream") is True:
            yield Finding(
                code="json_object_stream",
                path="response_format",
                message="the documentation calls json_object incompatible with stream=True",
                advice="use json_schema, or leave out stream",
                certain=False,
            )
        return
    schema = form.get("json_schema")
    if not isinstance(schema, dict) or not schema.get("name"):
        yield Finding(
            code="response_format",
            path="response_format.json_schema",
            message="it has no name",
            advice='give {"name": ..., "schema": ..., "strict": True}',
        )
    elif schema.get("strict") is True and isinstance(schema.get("schema"), dict):
        yield from schema_findings(schema["schema"], "response_format.json_schema.schema")
