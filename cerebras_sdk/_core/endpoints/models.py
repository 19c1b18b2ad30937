"""The requests for models, and for whatever has no module of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ...errors import InvalidRequestError, MissingCredentialsError
from ..http import Request
from ..options import NOT_GIVEN, ClientOptions, NotGiven, hide_values
from ..secret import Hidden
from ..timeout import Timeout, TimeoutInput
from .body import encode, given, segment, url_of

WARMING = "/v1/tcp_warming"  # answers any GET, so that a connection is open before it is needed
MANAGEMENT = "/management/v1"  # takes a key of its own
FORMATS = ("default", "openrouter", "huggingface")


def models(
    options: ClientOptions,
    model: str | None,
    *,
    public: bool,
    form: str | NotGiven | None,
    headers: Mapping[str, str],
    extra_headers: Hidden[Mapping[str, str | None] | None],
    extra_query: Mapping[str, Any] | None,
    timeout: TimeoutInput | NotGiven,
) -> Request:
    """GET /v1/models or /public/v1/models, all of them or one; the public ones need no key.

    Ids are sent as they are: dedicated models have names of their own, with slashes in them too.
    """
    form = given(form)
    if form is not None and form not in FORMATS:
        raise InvalidRequestError(f"format must be one of {', '.join(FORMATS)}, not {form!r}")
    path = "/public/v1/models" if public else "/v1/models"
    if model is not None:
        path += "/" + segment("model_id", model)
    query = {"format": form} if form is not None else {}
    return plain_request(
        options,
        "GET",
        path,
        headers=headers,
        query={**query, **(extra_query or {})},
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
    content: bytes | None = None,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    extra_headers: Hidden[Mapping[str, str | None] | None] | None = None,
    timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    public: bool = False,
) -> Request:
    """A request for any path below the base URL; `body` is sent as JSON, `content` as it is."""
    if isinstance(path, str) and path and path[0] != "/" and "://" not in path:
        path = f"/{path}"
    _check_path(path)
    if content is not None and not isinstance(content, bytes):
        raise InvalidRequestError(f"content is bytes, not {type(content).__name__}; body= is JSON")
    request = Request(
        method=method,
        url=url_of(options, path, query),
        headers=options.headers,
        body=(content or b"") if body is None else encode(body),
        timeout=options.timeout if isinstance(timeout, NotGiven) else Timeout.of(timeout),
        public=public,
    )
    if body is not None:
        request = request.with_headers({"Content-Type": "application/json"})
    if headers:
        request = request.with_headers(headers)
    if extra_headers is not None:
        request = request.with_headers(hide_values(extra_headers))
    bare = path.partition("?")[0]
    if not f"{bare}/".startswith(f"{MANAGEMENT}/") or request.is_signed:
        return request
    # Unsigned, it would get the key of the inference API on its way out.
    if not options.management_key:
        raise MissingCredentialsError(
            "no management key: give management_key=... to the client or set "
            "CEREBRAS_MANAGEMENT_KEY. The Management API takes a key of its own (API keys, "
            "Management API keys at https://cloud.cerebras.ai); the key of the inference API "
            "does not work there, and is not sent to it"
        )
    return request.signed(options.management_key)


def _check_path(path: object) -> None:
    """A path that the libraries and the service read in one way: which key it takes follows from
    its beginning."""
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        raise InvalidRequestError(
            f"the path must start with one slash, such as /v1/..., not {path!r}"
        )
    bare = path.partition("?")[0]
    if any(unquote(part) in (".", "..") for part in bare.split("/")):
        raise InvalidRequestError(f"the path {path!r} leads up: write where it ends")
    if not path.isascii() or any(c <= " " or c in "\\\x7f#" for c in path):
        raise InvalidRequestError(f"the path {path!r} has characters that must be quoted")
    if unquote(bare).startswith(MANAGEMENT) and not path.startswith(MANAGEMENT):
        raise InvalidRequestError(f"the path {path!r} is to be written as {MANAGEMENT}/...")
