"""What one request is told beside its path and its body, stronger than the client's options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from ..errors import InvalidRequestError
from .options import NotGiven
from .secret import Hidden
from .timeout import TimeoutInput


class RequestOptions(TypedDict, total=False):
    """The `options` of `client.post(...)` and the like, by the names of other SDKs.

    extra_json: fields added to the body.
    """

    headers: Mapping[str, str | None]
    params: Mapping[str, Any]
    timeout: TimeoutInput
    max_retries: int
    extra_json: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What was given, of the keywords and of `options`; the keywords are stronger."""

    query: Mapping[str, Any] | None
    headers: Hidden[Mapping[str, str | None] | None]
    timeout: TimeoutInput | NotGiven
    max_retries: int | None
    extra_json: Mapping[str, Any] | None

    def body(self, body: Any) -> Any:
        if self.extra_json is None:
            return body
        if body is not None and not isinstance(body, Mapping):
            raise InvalidRequestError("extra_json is added to a body that is a dict")
        return {**(body or {}), **self.extra_json}


def overrides(
    options: Hidden[RequestOptions | None],
    *,
    query: Mapping[str, Any] | None,
    headers: Hidden[Mapping[str, str | None] | None],
    timeout: TimeoutInput | NotGiven,
) -> Overrides:
    """Raises InvalidRequestError for an option that is not known."""
    given = options.value or {}
    unknown = sorted(given.keys() - RequestOptions.__annotations__.keys())
    if unknown:
        known = ", ".join(RequestOptions.__annotations__)
        raise InvalidRequestError(f"options: {unknown[0]!r} is none of {known}")
    return Overrides(
        query=query if query is not None else given.get("params"),
        headers=headers if headers.value is not None else Hidden(given.get("headers")),
        timeout=given.get("timeout", timeout) if isinstance(timeout, NotGiven) else timeout,
        max_retries=given.get("max_retries"),
        extra_json=given.get("extra_json"),
    )
