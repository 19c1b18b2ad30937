"""The requests for models, and for whatever has no module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ...errors import InvalidRequestError
from ..http import Request, Timeout, TimeoutInput
from ..options import ClientOptions, NotGiven, hide_values
from ..secret import Hidden
from .body import encode, url_of

FORMATS = ("default", "openrouter", "huggingface")


def models(
    options: ClientOptions,
    model: str | None,
    *,
    public: bool,
    form: str | None,
    extra_headers: Hidden[Mapping[str, str | None] | None],
    timeout: TimeoutInput | NotGiven,
) -> Request:
    """GET /v1/models or /public/v1/models, all of them or one; the public ones need no key.

    Ids are sent as they are: dedicated models have names of their own, with slashes in them too.
    """
    if form is not None and form not in FORMATS:
        raise InvalidRequestError(f"format must be one of {', '.join(FORMATS)}, not {form!r}")
    path = "/public/v1/models" if public else "/v1/models"
    if model is not None:
        if not isinstance(model, str) or not model.strip():
            raise InvalidRequestError("model must be the id of a model")
        path += "/" + quote(model, safe="", errors="replace")
    query = {"format": form} if form is not None else None
    return plain_request(
        options,
        "GET",
        path,
        query=query,
        extra_headers=extra_headers,
        timeout=timeout,
        public=public,
    )


def plain_request(
    options: ClientOptions,
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Mapping[str, Any] | None,
    extra_headers: Hidden[Mapping[str, str | None] | None],
    timeout: TimeoutInput | NotGiven,
    public: bool = False,
) -> Request:
    """A request for any path below the base URL; `body` is sent as JSON."""
    if not isinstance(path, str) or not path.startswith("/"):
        raise InvalidRequestError(
            f"the path must start with a slash, such as /v1/..., not {path!r}"
        )
    request = Request(
        method=method,
        url=url_of(options, path, query),
        headers=options.headers,
        body=b"" if body is None else encode(body),
        timeout=options.timeout if isinstance(timeout, NotGiven) else Timeout.of(timeout),
        public=public,
    )
    if body is not None:
        request = request.with_headers({"Content-Type": "application/json"})
    return request.with_headers(hide_values(extra_headers))
