"""The shapes that answers share: JSON, the flat error, and the events of a stream."""

from __future__ import annotations

import logging

import msgspec

from .engines import RequestRefused
from .exchange import Answer

log = logging.getLogger(__name__)

SERVER_ERROR = "Encountered a server error, please try again."


def json_answer(body: object, *, status: int = 200) -> Answer:
    return Answer(status, {"content-type": "application/json"}, msgspec.json.encode(body))


def error_answer(error: RequestRefused) -> Answer:
    """The flat error body that the service sends."""
    return json_answer(_fields(error), status=error.status)


def server_error() -> RequestRefused:
    return RequestRefused(SERVER_ERROR, status=500, type="server_error", param="", code="")


def not_found(what: str, name: str) -> RequestRefused:
    """There is no such file or batch; what the service says to that is not known."""
    return RequestRefused(
        f"No such {what}: {name}",
        status=404,
        type="not_found_error",
        param=f"{what}_id",
        code="not_found",
    )


def event(data: object) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def error_event(error: Exception) -> bytes:
    """An error after the first byte: an object of its own, in a 200 answer, without `[DONE]`."""
    if not isinstance(error, RequestRefused):
        log.error("the engine failed in the middle of a stream", exc_info=error)
        error = server_error()
    return event({"status_code": error.status, "error": {**_fields(error), "id": ""}})


def _fields(error: RequestRefused) -> dict[str, str]:
    return {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": error.code,
    }
