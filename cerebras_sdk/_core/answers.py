"""The body of an answer, read as what was asked for."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import msgspec

from ..errors import APIResponseValidationError
from ..types import Answer
from ..types._decode import decode, parse_json
from .casting import cast, is_foreign
from .failures import embedded_error, foreign_message, redact, redacted_headers, request_id
from .http import Headers, Request
from .limits import ResponseInfo

T = TypeVar("T")


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def read_answer(
    body: bytes,
    kind: type[T],
    request: Request,
    headers: Headers,
    *,
    status: int = 200,
    name: str = "answer to this request",
    model: str | None = None,
) -> T:
    """The body of an answer of 200 as a `kind`, which errors call `name`.

    Raises the error that stands in it instead, if one does; APIResponseValidationError for
    anything else, a completion without a choice included.
    """
    wanted: Any = kind
    try:
        answer: T = (
            cast(body, wanted, request, status, headers)
            if is_foreign(wanted)
            else decode(body, _decoder(wanted))
        )
    except msgspec.DecodeError as error:
        reason = str(error)
    else:
        if getattr(answer, "choices", True):
            if isinstance(answer, Answer):
                answer._response = ResponseInfo(headers)
            return answer
        reason = "it has no choices"
        del answer  # a traceback shows the variables of a frame, and this may repeat the key
    shown, headers = redact(body, request), redacted_headers(headers, request)
    del body
    document: object
    try:
        document = parse_json(shown)
    except msgspec.DecodeError:
        document = text = shown.decode("utf-8", "replace").strip()
        reason = foreign_message(200, headers, text, request.url)
    failure = embedded_error(document, headers, request, model=model)
    if failure is not None:
        raise failure
    raise APIResponseValidationError(
        f"the answer is no {name}: {reason} [{request.method} {request.url}]",
        status_code=status,
        headers=headers,
        url=request.url,
        method=request.method,
        body=document,
        request_id=request_id(headers),
    )
