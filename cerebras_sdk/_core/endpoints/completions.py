"""The request of a text completion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import InvalidRequestError
from ...types.params import CompletionParams
from ..lint import Checks
from ..options import ClientOptions, NotGiven
from ..secret import Hidden
from ..timeout import TimeoutInput
from .body import CompletionCall, completion_call


class CompletionOptions(CompletionParams, total=False):
    """The keywords of `completions.create`, beside `prompt` and `stream`."""

    model: str | None
    cf_ray: str | None
    x_amz_cf_id: str | None
    x_delay_time: float | None
    checks: Checks | None
    extra_headers: Mapping[str, str | None] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: TimeoutInput | NotGiven


def text_completion(
    options: ClientOptions,
    *,
    prompt: object,
    model: str | None,
    stream: bool | None,
    params: Mapping[str, Any],
    extra_headers: Hidden[Mapping[str, str | None] | None],
    extra_query: Mapping[str, Any] | None,
    extra_body: Mapping[str, Any] | None,
    timeout: TimeoutInput | NotGiven,
    headers: Mapping[str, str] | None = None,
    checks: Checks | None = None,
) -> CompletionCall:
    """POST /v1/completions. Parameters that are None are left out.

    Raises InvalidRequestError for what cannot be right, RequestCheckError for what the service
    would refuse; nothing is sent then.
    """
    return completion_call(
        options,
        "/v1/completions",
        {"prompt": prompt},
        model=model,
        stream=stream,
        params=params,
        extra_headers=extra_headers,
        extra_query=extra_query,
        extra_body=extra_body,
        timeout=timeout,
        headers=headers,
        prompts=_count(prompt),
        checks=checks,
    )


def _count(prompt: object) -> int:
    """How many prompts these are: a text or a list of token ids is one."""
    if isinstance(prompt, str):
        return 1
    if isinstance(prompt, (list, tuple)):
        if not prompt:
            raise InvalidRequestError("prompt is empty: give a text, or token ids")
        if _are_tokens(prompt):
            return 1
        if all(isinstance(part, str) for part in prompt) or all(
            isinstance(part, (list, tuple)) and part and _are_tokens(part) for part in prompt
        ):
            return len(prompt)
    raise InvalidRequestError(
        "prompt must be a str, a list of str, a list of token ids, or a list of such lists"
        + ("" if isinstance(prompt, (list, tuple)) else f", not {type(prompt).__name__}")
    )


def _are_tokens(prompt: list[Any] | tuple[Any, ...]) -> bool:
    return all(type(token) is int and token >= 0 for token in prompt)
