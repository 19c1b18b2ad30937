"""The body of an answer, read as what was asked for."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import msgspec

from ..errors import APIResponseValidationError, APIStatusError
from ..types import Answer, BatchResult, BatchResultError
from ..types._decode import decode, parse_json
from .casting import cast, is_foreign
from .failures import (
    embedded_error,
    error_detail,
    foreign_message,
    redact,
    redacted_headers,
    status_error,
)
from .http import Headers, Request
from .limits import ResponseInfo, request_id
from .secret import Hidden

T = TypeVar("T")


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def refusal(
    status: int,
    headers: Headers,
    body: Hidden[bytes],
    request: Request,
    *,
    model: str | None = None,
    now: float,
) -> APIStatusError | None:
    """The error that an answer means, also one of 200 to a request for `model` that holds an error
    in the place of what was asked for; None for every other. `now`: unix time.
    """
    if status >= 300:
        return status_error(
            status,
            redacted_headers(headers, request),
            redact(body.value, request),
            request,
            model=model,
            now=now,
        )
    if model is None or (
        b'"choices"' in body.value
        and b'"error"' not in body.value
        and b'"status_code"' not in body.value
    ):
        return None
    try:
        document = parse_json(redact(body.value, request))
    except msgspec.DecodeError:
        return None
    if isinstance(document, dict) and document.get("choices"):
        return None
    shown = redacted_headers(headers, request)
    return embedded_error(document, shown, request, model=model, now=now)


def read_answer(
    body: bytes,
    kind: type[T],
    request: Request,
    headers: Headers,
    *,
    status: int = 200,
    name: str = "answer to this request",
    model: str | None = None,
    now: float = 0.0,
) -> T:
    """The body of an answer of 200 as a `kind`, which errors call `name`; `now`: unix time.

    Raises the error that stands in it instead, if one does; APIResponseValidationError for
    anything else, a completion without a choice included.
    """
    wanted: Any = kind
    if wanted is Any and not body.strip():
        return None  # type: ignore[return-value]
    try:
        answer: T = (
            cast(body, wanted, request, status, headers)
            if is_foreign(wanted)
            else decode(body, _decoder(wanted))
        )
    except msgspec.DecodeError as error:
        reason = str(error)
    except ValueError as error:  # of a class of the user's, such as pydantic's
        reason = redact(str(error).encode(), request).decode().replace("\n", " ")
    else:
        if getattr(answer, "choices", True) and not _may_be_refusal(answer):
            if isinstance(answer, Answer):
                answer._response = ResponseInfo(headers)
            return answer
        reason = "it has no choices" if hasattr(answer, "choices") else "it is an error"
        del answer  # a traceback shows the variables of a frame, and this may repeat the key
    shown, headers = redact(body, request), redacted_headers(headers, request)
    del body
    document: object
    try:
        document = parse_json(shown)
    except msgspec.DecodeError:
        document = text = shown.decode("utf-8", "replace").strip()
        reason = foreign_message(200, headers, text, request.url)
    failure = embedded_error(document, headers, request, model=model, now=now)
    if failure is not None:
        raise failure
    raise APIResponseValidationError(
        f"the answer is no {name}: {reason} [{request.place}]",
        status_code=status,
        headers=headers,
        url=request.where,
        method=request.method,
        body=document,
        request_id=request_id(headers),
    )


def read_result(line: bytes, request: Request) -> BatchResult:
    """One line of the results of a batch. What cannot be read is a result too, with an `error` that
    says so: the lines behind it are as good as ever."""
    line = redact(line, request)
    try:
        result: BatchResult = decode(line, _decoder(BatchResult))
    except msgspec.DecodeError as error:
        reason = str(error)
    else:
        return result
    try:
        fields = parse_json(line)
    except msgspec.DecodeError:
        fields = None
    fields = fields if isinstance(fields, dict) else {}
    detail = error_detail(fields)
    message = reason if detail is None or not detail.message else detail.message
    return BatchResult(
        custom_id=str(fields.get("custom_id", "")),
        status=str(fields.get("status") or "failed"),
        error=BatchResultError(code=None if detail is None else detail.code, message=message),
        _extra={"line": line.decode("utf-8", "replace")},
    )


def _may_be_refusal(answer: object) -> bool:
    """Whether there is an error and nothing else in an answer of 200."""
    if isinstance(answer, dict):
        return "status_code" in answer and "error" in answer
    if not isinstance(answer, Answer) or not answer.model_extra.keys() & {"error", "message"}:
        return False
    empty = type(answer)()
    own = [name for name in answer.__struct_fields__ if not name.startswith("_")]
    return all(getattr(answer, name) == getattr(empty, name) for name in own)
