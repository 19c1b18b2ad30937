"""What one family of models takes, and another does not.

Source: https://inference-docs.cerebras.ai/capabilities/reasoning, and the pages that the catalog
names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...types.checks import Finding
from ..catalog import Family
from ..reasoning import family_of

_PREDICTING = "gpt-oss-120b"
_SEEING = "qwen-3.8-27b"


def of_model(body: Mapping[str, Any]) -> Iterator[Finding]:
    """The parameters and messages against the family of the model."""
    if "messages" not in body:
        return
    model = str(body.get("model"))
    family = family_of(model)
    if family is None:
        return
    yield from _reasoning(body, model, family)
    if body.get("prediction") is not None and not family.prediction:
        yield Finding(
            code="prediction",
            path="prediction",
            message=f"the documentation does not name {model!r} among the models that take one",
            advice=f"leave it out, or use {_PREDICTING!r}",
            certain=False,
        )
    if not family.developer_role or family.images is False:
        yield from _in_messages(body.get("messages"), model, family)


def _reasoning(body: Mapping[str, Any], model: str, family: Family) -> Iterator[Finding]:
    effort, form = body.get("reasoning_effort"), body.get("reasoning_format")
    always = "off" not in family.efforts
    # Of kimi the documentation says that the effort changes nothing, which is no refusal.
    refuses = always and family.efforts["low"] is not None
    if effort == "none" and always:
        yield Finding(
            code="reasoning_effort",
            path="reasoning_effort",
            message=f"the reasoning of {model!r} cannot be switched off",
            advice='use "low"' if refuses else "leave it out",
            certain=refuses,
        )
    if body.get("disable_reasoning"):
        yield Finding(
            code="disable_reasoning",
            path="disable_reasoning",
            message="it ended on 2026-07-21",
            advice='use reasoning="low"' if refuses else 'use reasoning="off"',
            certain=refuses,
        )
    if isinstance(form, str) and form in family.refused_formats:
        yield Finding(
            code="reasoning_format",
            path="reasoning_format",
            message=f"the documentation says that {model!r} does not support {form!r}",
            advice='use "parsed"',
            certain=False,
        )
    answer = body.get("response_format")
    is_json = isinstance(answer, dict) and answer.get("type") in ("json_object", "json_schema")
    if form == "raw" and is_json and not family.raw_with_json:
        yield Finding(
            code="reasoning_format",
            path="reasoning_format",
            message=f"{model!r} does not take 'raw' together with a response_format",
            advice='use "parsed"',
        )
    if body.get("clear_thinking") is not None and not family.clear_thinking:
        yield Finding(
            code="clear_thinking",
            path="clear_thinking",
            message=f"it means nothing to {model!r}",
            advice="leave it out",
            certain=False,
        )


def _in_messages(messages: Any, model: str, family: Family) -> Iterator[Finding]:
    for at, message in enumerate(messages if isinstance(messages, list) else ()):
        if not isinstance(message, dict):
            continue
        if message.get("role") == "developer" and not family.developer_role:
            yield Finding(
                code="role",
                path=f"messages[{at}].role",
                message=f"{model!r} does not know the role developer",
                advice="use system",
            )
        content = message.get("content")
        if family.images is not False or not isinstance(content, list):
            continue
        for position, part in enumerate(content):
            if isinstance(part, dict) and part.get("type") in ("image_url", "image"):
                yield Finding(
                    code="images",
                    path=f"messages[{at}].content[{position}]",
                    message=f"{model!r} does not see images",
                    advice=f"leave it out, or use {_SEEING!r}",
                )
