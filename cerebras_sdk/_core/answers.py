"""The body of an answer, read as what was asked for."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import msgspec

from ..errors import APIResponseValidationError
from ..types import Answer
from ..types._decode import decode, parse_json
from .failures import embedded_error, foreign_message, redact, request_id
from .http import Headers, Request
from .limits import ResponseInfo

T = TypeVar("T")


@functools.cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def read_answer(body: bytes, kind: type[T], request: Request, headers: Headers) -> T:
    """The body of an answer of 200 as a `kind`.

    Raises the error that stands in it instead, if one does; APIResponseValidationError for
    anything else.
    """
    wanted: Any = kind
    try:
        answer: T = decode(body, _decoder(wanted))
    except msgspec.DecodeError as error:
        reason = str(error)
    else:
        if isinstance(answer, Answer):
            answer._response = ResponseInfo(headers)
        return answer
    shown = redact(body, request)
    del body  # a traceback shows the variables of a frame
    document: object
    try:
        document = parse_json(shown)
    except msgspec.DecodeError:
        document = text = shown.decode("utf-8", "replace").strip()
        reason = foreign_message(200, headers, text, request.url)
    failure = embedded_error(document, headers, request)
    if failure is not None:
        raise failure
    raise APIResponseValidationError(
        f"the answer is not what was asked for: {reason} [{request.method} {request.url}]",
        url=request.url,
        body=document,
        request_id=request_id(headers),
    )
