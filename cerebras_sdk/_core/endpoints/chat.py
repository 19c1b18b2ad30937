"""The request of a chat completion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InvalidRequestError
from ...types import Model
from ...types._base import plain
from ..aliases import resolve_model, retirement_notice
from ..http import Request, Timeout, TimeoutInput
from ..options import ClientOptions, NotGiven, hide_values
from ..secret import Hidden
from .body import encode, url_of

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A chat completion ready to be sent.

    `model` is the id that is sent; `notice` a warning that the user should see; `n` the number of
    choices asked for.
    """

    request: Request
    model: str
    stream: bool
    n: int
    notice: str | None


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
) -> ChatCall:
    """POST /v1/chat/completions. Parameters that are None are left out.

    Raises InvalidRequestError for what cannot be right; nothing is sent then.
    """
    if model is None:
        model = options.default_model
        if model is None:
            raise InvalidRequestError(
                "model is missing: pass model=..., for example 'gpt-oss-120b', to the call or "
                "default_model=... to the client"
            )
    if not isinstance(model, str):
        raise InvalidRequestError(f"model must be a str, not {type(model).__name__}")
    if not model.strip():
        raise InvalidRequestError("model is empty")
    if stream is not None and not isinstance(stream, bool):
        raise InvalidRequestError(f"stream must be True or False, not {stream!r}")
    extras: dict[str, object] = {"extra_query": extra_query, "extra_body": extra_body}
    for name, extra in extras.items():
        if extra is not None and not isinstance(extra, Mapping):
            raise InvalidRequestError(f"{name} must be a dict, not {type(extra).__name__}")
    resolution = resolve_model(model, aliases=options.aliases, retired=options.retired_models)
    body: dict[str, Any] = {"model": resolution.id, "messages": _messages(messages)}
    body.update((name, value) for name, value in params.items() if value is not None)
    if stream:
        body["stream"] = True
    body.update(extra_body or {})
    n = body.get("n")
    request = Request(
        method="POST",
        url=url_of(options, "/v1/chat/completions", extra_query),
        headers=options.headers,
        body=encode(body),
        timeout=options.timeout if isinstance(timeout, NotGiven) else Timeout.of(timeout),
    )
    request = request.with_headers(_JSON).with_headers(hide_values(extra_headers))
    return ChatCall(
        request=request,
        model=str(body["model"]),
        stream=body.get("stream") is True,
        n=n if isinstance(n, int) and n > 0 else 1,
        notice=retirement_notice(resolution),
    )


def _messages(messages: object) -> list[Any]:
    if isinstance(messages, (str, bytes, Mapping)) or not isinstance(messages, Iterable):
        raise InvalidRequestError(
            "messages must be a list such as [{'role': 'user', 'content': 'Hello'}], "
            f"not {type(messages).__name__}"
        )
    checked = list(messages)
    if not checked:
        raise InvalidRequestError("messages is empty: the model needs at least one")
    for position, message in enumerate(checked):
        if not isinstance(message, (Mapping, Model)):
            raise InvalidRequestError(
                f"messages[{position}] must be a dict with 'role' and 'content', "
                f"not {type(message).__name__}"
            )
        role = plain(message).get("role")
        if not isinstance(role, str) or not role:
            raise InvalidRequestError(
                f"messages[{position}] has no role: use 'system', 'user', 'assistant' or 'tool'"
            )
    return checked
