"""Every status of the service, in every shape that its body comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cerebras_sdk import (
    APIError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ContentTooLargeError,
    ContextLengthExceededError,
    InternalServerError,
    ModelNotFoundError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)
from cerebras_sdk.testing import Answer

from .row import KEY, Fault, document

CLASSES: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: APIStatusError,
    408: APIStatusError,
    409: ConflictError,
    413: ContentTooLargeError,
    418: APIStatusError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    500: InternalServerError,
    502: InternalServerError,
    503: InternalServerError,
    504: InternalServerError,
    520: InternalServerError,
    599: InternalServerError,
}
FLAT = {"message": "It is so.", "type": "a_type", "param": "a_param", "code": "a_code"}
PAGE = b"<!doctype html><html><head><title>Bad gateway</title></head><body>no</body></html>"
TOLD = {"type": "a_type", "param": "a_param", "code": "a_code"}
UNTOLD = {"type": None, "param": None, "code": None}
SHAPES: dict[str, tuple[object, str, str, Mapping[str, object]]] = {
    "flat": (FLAT, "application/json", "It is so", TOLD),
    "flat with the id": (FLAT | {"id": ""}, "application/json", "It is so", TOLD),
    "wrapped": ({"error": FLAT}, "application/json", "It is so", TOLD),
    "a detail": ({"detail": "It is so."}, "application/json", "It is so", UNTOLD),
    "a list of details": (
        {"detail": [{"loc": ["body", "n"], "msg": "is so", "type": "x"}]},
        "application/json",
        r"body\.n: is so",
        UNTOLD,
    ),
    "nothing": (b"", "text/plain", "an empty answer", UNTOLD),
    "a page": (PAGE, "text/html", "HTML page titled 'Bad gateway'", UNTOLD),
    "JSON cut short": (b'{"message": "It', "application/json", "It", UNTOLD),
    "the key": (b"who is " + KEY.encode() + b"?", "text/plain", r"who is \*\*\*\?", UNTOLD),
}


def _every_shape() -> list[Fault]:
    return [
        Fault(
            name=f"{status} with {shape}",
            answers=(document(body, status, kind),),
            error=error,
            details={"status_code": status, **details},
            says=rf"{status}.*{says}",
            stream=number % 2 == 0,
            reused=True,
        )
        for status, error in CLASSES.items()
        for number, (shape, (body, kind, says, details)) in enumerate(SHAPES.items())
    ]


def refusal(
    message: str, type_: str, code: str, param: str = "quota", status: int = 429, **headers: str
) -> Answer:
    answer = document({"message": message, "type": type_, "param": param, "code": code}, status)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {**answer.headers, **named}, answer.body)


def quota(kind: str, window: str, **headers: Any) -> Answer:
    what = "requests sent" if kind == "requests" else "tokens processed"
    return refusal(
        f"{kind.capitalize()} per {window} limit exceeded - too many {what}.",
        f"too_many_{kind}_error",
        f"{kind.removesuffix('s')}_quota_exceeded",
        **headers,
    )


QUEUE = refusal(
    "We're experiencing high traffic right now! Please try again soon.",
    "too_many_requests_error",
    "queue_exceeded",
    "queue",
    x_should_retry="false",
)
OVERLOADED = refusal(
    "Encountered a server error, please try again.",
    "invalid_request_error",
    "wrong_api_format",
    status=400,
)
PAYMENT = refusal(
    "Payment required to access this resource. Visit your billing tab.",
    "payment_required_error",
    "payment_required",
    status=402,
)
LENGTH = refusal(
    "Please reduce the length of the messages or completion. Current length is 8530 while limit is "
    "8192",
    "invalid_request_error",
    "context_length_exceeded",
    "messages",
    400,
)
NO_MODEL = refusal(
    "Model foo does not exist or you do not have access to it.",
    "not_found_error",
    "model_not_found",
    "model",
    404,
)


def _row(name: str, answer: Answer, error: type[APIError], **fields: Any) -> Fault:
    """A refusal that is played three times over, so that it is seen how often it is asked for."""
    return Fault(name=name, answers=(answer,) * 3, error=error, reused=True, **fields)


def _quotas() -> list[Fault]:
    rows = [
        _row(
            f"429 for {kind} per {window}",
            quota(kind, window, retry_after="7"),
            RateLimitError,
            details={"kind": kind, "window": window, "retry_after": 7.0, "status_code": 429},
            says="max_completion_tokens is reserved" if kind == "tokens" else "send fewer",
        )
        for kind in ("requests", "tokens")
        for window in ("second", "minute", "hour", "day")
    ]
    return [
        *rows,
        _row(
            "429 of a full queue",
            QUEUE,
            RateLimitError,
            details={"kind": "queue", "window": None, "retry_after": None},
            says="the service is full",
        ),
    ]


def _retried() -> list[Fault]:
    soon = {"retry_after_ms": "5"}
    minute = quota("tokens", "minute", **soon)
    thrice: list[tuple[str, Answer, type[APIError]]] = [
        ("429 of a minute that is nearly over", minute, RateLimitError),
        ("429 of a full queue that says not to", QUEUE, RateLimitError),
        ("400 of an overload", OVERLOADED, BadRequestError),
        ("402 of a gateway that says to", document(FLAT, 418), APIStatusError),
        *(
            (f"{status}", document(FLAT, status), CLASSES[status])
            for status in (408, 409, 500, 502, 503, 504)
        ),
    ]
    thrice[3] = (
        "400 that the service says to try again",
        refusal("Again.", "x", "x", status=400, x_should_retry="true"),
        BadRequestError,
    )
    once: list[tuple[str, Answer, type[APIError]]] = [
        ("a quota of the day", quota("tokens", "day", **soon), RateLimitError),
        ("a quota of the day in requests", quota("requests", "day"), RateLimitError),
        ("a quota of an hour away", quota("tokens", "hour", retry_after="3599"), RateLimitError),
        ("500 that the service says not to", refusal("No.", "x", "x", status=500,
                                                     x_should_retry="false"), InternalServerError),
        ("402", PAYMENT, PaymentRequiredError),
        *(
            (f"{status}", document(FLAT, status), CLASSES[status])
            for status in (400, 401, 403, 404, 413, 418, 422)
        ),
    ]  # fmt: skip
    return [
        *(
            _row(f"{what} is tried three times", answer, error, max_retries=2, requests=3)
            for what, answer, error in thrice
        ),
        *(
            _row(f"{what} is tried once", answer, error, max_retries=2)
            for what, answer, error in once
        ),
        Fault(
            name="503 that passes the second time",
            answers=(document(FLAT, 503),),
            max_retries=2,
            requests=2,
            reused=True,
        ),
    ]


ROWS = [
    *_every_shape(),
    *_quotas(),
    *_retried(),
    _row(
        "a context that is too long",
        LENGTH,
        ContextLengthExceededError,
        details={"current": 8530, "limit": 8192, "param": "messages"},
    ),
    _row(
        "a model that is unknown",
        NO_MODEL,
        ModelNotFoundError,
        details={"code": "model_not_found", "status_code": 404},
    ),
    _row("402 is no quota", PAYMENT, PaymentRequiredError, details={"code": "payment_required"}),
]
