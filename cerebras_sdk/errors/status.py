"""The errors that an answer of the service is behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..types.http import ErrorResponse
from ..types.limits import RateLimits
from .base import APIError

if TYPE_CHECKING:
    from ..types import ChatCompletion


class _Answered(APIError):
    """What the errors that have an answer share."""

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        headers: Mapping[str, str] | None = None,
        response: Any = None,
        **details: Any,
    ) -> None:
        if response is not None:
            status_code, headers = response.status_code, response.headers
            details.setdefault("request", response.request)
        super().__init__(message, **details)
        self.status_code = 0 if status_code is None else status_code
        self.headers = {} if headers is None else headers
        self._response = response

    @property
    def response(self) -> Any:
        """`status_code`, `headers` and `body` in one object, as in other SDKs: an ErrorResponse, or
        what the error was made with."""
        if self._response is not None:
            return self._response
        return ErrorResponse(self.status_code or 0, self.headers, self.body, self.request)


class APIResponseValidationError(_Answered):
    """An answer came that is not what the API documents; `status_code` and `headers` are its."""

    def __init__(
        self,
        response: Any = None,
        body: object = None,
        *,
        message: str | None = None,
        **details: Any,
    ) -> None:
        if isinstance(response, str):
            response, message = None, response
        text = "Data returned by API invalid for expected schema." if message is None else message
        super().__init__(text, response=response, body=body, **details)


class APIStatusError(_Answered):
    """The service answered with an error status, or with an error object.

    `status_code` and `headers` are those of the answer. `retry_after`: the seconds after which the
    service wants to be asked again, `retry_at` the same as unix time; None when it does not say.
    `partial`: what had arrived of a stream that the error stood in. Made by hand, it also takes a
    `response` with status and headers, such as one of httpx.
    """

    status_code: int

    def __init__(
        self,
        message: str = "",
        *,
        partial: ChatCompletion | None = None,
        retry_after: float | None = None,
        retry_at: float | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.partial = partial
        self.retry_after = retry_after
        self.retry_at = retry_at


class BadRequestError(APIStatusError):
    """400: the request is wrong. Sending it again does not help."""


class ContextLengthExceededError(BadRequestError):
    """400 `context_length_exceeded`: messages and answer do not fit into the model's context.

    `current`, `limit`: tokens, as the message tells them; None when it does not.
    """

    current: int | None = None
    limit: int | None = None


class AuthenticationError(APIStatusError):
    """401: the key is wrong, or no longer valid."""


class PaymentRequiredError(APIStatusError):
    """402: the account has no payment method or no credit. Sending it again does not help."""


class PermissionDeniedError(APIStatusError):
    """403: no key was sent, the account may not do this, or a firewall refused."""


class NotFoundError(APIStatusError):
    """404: no such model, object or path."""


class ModelNotFoundError(NotFoundError):
    """404 `model_not_found`: the message adds the replacement or the closest known ids."""


class ConflictError(APIStatusError):
    """409: the object is in another state than the request needs."""


class ContentTooLargeError(APIStatusError):
    """413: the request, its images or their number are too large."""


class UnprocessableEntityError(BadRequestError):
    """422: validation errors before 2026-04-24; 400 since."""


class RateLimitError(APIStatusError):
    """429: a quota is used up, or the service is full.

    `kind`: `requests`, `tokens` or `queue` (the service is full, whatever your quota).
    `window`: `second`, `minute`, `hour` or `day`; None when the message names none.
    `rate_limits`: the windows that the answer's headers name.
    """

    kind: str | None = None
    window: str | None = None
    rate_limits: RateLimits = RateLimits()


class InternalServerError(APIStatusError):
    """500 and above: the service failed."""
