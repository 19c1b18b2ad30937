"""An answer that is an error, in whatever shape it comes, made into the exception it means."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from .. import errors
from ..errors import APIStatusError
from ..types._decode import parse_json
from .aliases import suggest_models
from .http import Headers, Request
from .limits import request_id
from .redaction import redact as redact
from .redaction import redacted_headers as redacted_headers
from .refusals import describe
from .urls import same_origin

_CLASSES: dict[int, type[APIStatusError]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.PaymentRequiredError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.ContentTooLargeError,
    422: errors.UnprocessableEntityError,
    429: errors.RateLimitError,
}
_BY_CODE: dict[str, type[APIStatusError]] = {
    "context_length_exceeded": errors.ContextLengthExceededError,
    "model_not_found": errors.ModelNotFoundError,
}
# For an error object that names no status. Codes come first: a wrong key is an
# invalid_request_error too. Source: https://inference-docs.cerebras.ai/support/error
_STATUSES = {
    "wrong_api_format": 400,
    "context_length_exceeded": 400,
    "wrong_api_key": 401,
    "payment_required": 402,
    "model_not_found": 404,
    "request_quota_exceeded": 429,
    "token_quota_exceeded": 429,
    "queue_exceeded": 429,
    "invalid_request_error": 400,
    "payment_required_error": 402,
    "not_found_error": 404,
    "too_many_requests_error": 429,
    "too_many_tokens_error": 429,
}
_SHOWN = 300  # characters of a foreign text that a message repeats


def status_error(
    status: int,
    headers: Headers,
    body: bytes,
    request: Request,
    *,
    model: str | None = None,
    now: float = 0.0,
) -> APIStatusError:
    """The error that an answer of 300 or above means.

    `model`: the id that was asked for; a `model_not_found` then names what to use instead. `now`:
    unix time, for what the answer says of later.
    """
    parsed: object
    try:
        parsed = parse_json(body)
    except msgspec.DecodeError:
        text = body.decode("utf-8", "replace").strip()
        parsed = text or None
        detail = ErrorDetail(message=foreign_message(status, headers, text, request.url))
    else:
        detail = error_detail(parsed) or _unknown_detail(parsed)
    return _build(status, detail, parsed, headers, request, model, now)


def embedded_error(
    document: object,
    headers: Headers,
    request: Request,
    *,
    model: str | None = None,
    now: float = 0.0,
    certain: bool = False,
) -> APIStatusError | None:
    """The error that stands in an answer of 200, or in an event of a stream; None when none does.

    Its status is the one the object names, else that of its code or type, else 500: the service
    documents `{"status_code": 500, "error": {...}}`; proxies send the flat form as well. `certain`:
    it is an error, whatever its shape. `now`: unix time, from when its `retry-after` counts.
    """
    detail = error_detail(document)
    status = _named_status(document)
    if detail is None and (certain or status is not None):
        detail = _unknown_detail(document)
    if detail is None:
        return None
    if status is None:
        status = _STATUSES.get(detail.code or "") or _STATUSES.get(detail.type or "") or 500
    return _build(status, detail, document, headers, request, model, now, where="the answer to ")


def _named_status(document: object) -> int | None:
    """The error status that an object names: its own, or that of its `error`, where some proxies
    put it, as the `code` too."""
    if not isinstance(document, dict):
        return None
    inner = document.get("error")
    named = [document.get("status_code")]
    if isinstance(inner, dict):
        named += [inner.get("status_code"), inner.get("code")]
    elif inner:
        named.append(document.get("code"))
    return next(filter(None, map(_status, named)), None)


def _status(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch("[45][0-9]{2}", value):
        return int(value)
    return value if isinstance(value, int) and 400 <= value < 600 else None


class ErrorDetail(msgspec.Struct, frozen=True):
    """What an error object says; empty strings of the service are None here."""

    message: str | None
    type: str | None = None
    param: str | None = None
    code: str | None = None


def error_detail(document: object) -> ErrorDetail | None:
    """Reads the shapes that errors come in; None when `document` is no error.

    Flat `{"message", "type", "param", "code"}`, the same under `error`, `{"error": "text"}` or
    anything else that is not nothing, `{"detail": "text"}` and FastAPI's
    `{"detail": [{"loc", "msg", "type"}]}`.
    """
    if not isinstance(document, dict):
        return None
    inner = document.get("error")
    if isinstance(inner, dict) and inner:
        return _object_detail(inner)
    if inner:
        message = inner if isinstance(inner, str) else _shortened(str(inner))
        return ErrorDetail(message=message, code=_text(document.get("code")))
    detail = document.get("detail")
    if isinstance(detail, str):
        return ErrorDetail(message=detail)
    if isinstance(detail, list):
        return ErrorDetail(message="; ".join(_validation_line(item) for item in detail))
    if isinstance(document.get("message"), str) and "choices" not in document:
        return _object_detail(document)
    return None


def _unknown_detail(parsed: object) -> ErrorDetail:
    """What is of no known shape: shown as it is, and its code heeded if it has one."""
    known = _object_detail(parsed) if isinstance(parsed, dict) else ErrorDetail(message=None)
    return msgspec.structs.replace(known, message=known.message or _shortened(str(parsed)))


def _object_detail(fields: dict[str, Any]) -> ErrorDetail:
    return ErrorDetail(
        message=_text(fields.get("message")),
        type=_text(fields.get("type")),
        param=_text(fields.get("param")),
        code=_text(fields.get("code")),
    )


def _text(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _validation_line(item: object) -> str:
    if not isinstance(item, dict):
        return str(item)
    location = item.get("loc")
    path = ".".join(str(part) for part in location) if isinstance(location, list) else ""
    return f"{path}: {item.get('msg')}" if path else str(item.get("msg"))


def foreign_message(status: int, headers: Headers, text: str, url: str) -> str:
    """What to say of a body that is no JSON."""
    if 300 <= status < 400:
        target = _origin(url, headers.get("location"))
        if target is None:
            return "no answer, and no address of one"
        if same_origin(target, url):
            return f"a redirect to {target}, one of too many"
        return (
            f"a redirect to {target}, which is not followed: the key and the prompt go to no "
            "other host. If that is the right one, make it the base_url"
        )
    if not text:
        if status == 404:
            base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
            return (
                "an empty answer: there is no such path at that address. Check base_url: "
                f"for {base}/v1/... it is {base!r}, with or without /v1"
            )
        return "an empty answer"
    if "html" in headers.get("content-type", "") or text[:15].lower().startswith(("<!", "<html")):
        title = re.search(r"<title[^>]{0,100}>([^<]{1,200})", text, re.IGNORECASE)
        named = f" titled {' '.join(title[1].split())!r}" if title else ""
        what = (
            "a firewall or proxy answered, not the API; another network, or no VPN, may help"
            if status == 403
            else "a proxy answered, not the API"
        )
        return f"an HTML page{named} instead of JSON: {what}"
    return _shortened(" ".join(text.split()))


def _origin(url: str, location: str | None) -> str | None:
    try:
        target = urlsplit(urljoin(url, location))
        host = target.netloc.rpartition("@")[2]
    except ValueError:
        return None
    return f"{target.scheme}://{host}" if location and host else None


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _build(
    status: int,
    detail: ErrorDetail,
    body: object,
    headers: Headers,
    request: Request,
    model: str | None,
    now: float,
    *,
    where: str = "",
) -> APIStatusError:
    cls = _BY_CODE.get(detail.code or "") or _CLASSES.get(status)
    if cls is None:
        cls = errors.InternalServerError if status >= 500 else APIStatusError
    message = detail.message or "no message"
    if detail.code == "model_not_found" and model is not None:
        message = f"{message} {suggest_models(model)}"
    ident = request_id(headers)
    tail = f" (request id {ident})" if ident else ""
    code = f" {detail.code}" if detail.code else ""
    error = cls(
        f"{status}{code}: {message} [{where}{request.place}]{tail}",
        status_code=status,
        headers=headers,
        url=request.where,
        method=request.method,
        body=body,
        code=detail.code,
        type=detail.type,
        param=detail.param,
        request_id=ident,
    )
    describe(error, now, paced=request.paced)
    return error
