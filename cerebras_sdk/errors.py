"""Every error and warning of the package.

CerebrasError
├── InvalidRequestError (ValueError)     refused here, before anything is sent
│   ├── ModelRetiredError                the model is gone and `retired_models="error"`
│   └── CookieError                      cookies that cannot be read
├── MissingCredentialsError              no key and no cookies; lists every place looked at
├── KeyExchangeError                     the cookies gave no key
└── APIError                             the service, or the way to it, failed
    ├── APIConnectionError               no answer came
    │   └── APITimeoutError              none came in time
    ├── APIResponseValidationError       an answer came that is not what the API documents
    ├── APIStatusError                   an answer of 400 or above
    │   ├── BadRequestError              400, 422 before 2026-04-24
    │   │   └── UnprocessableEntityError 422
    │   ├── AuthenticationError          401
    │   ├── PaymentRequiredError         402
    │   ├── PermissionDeniedError        403
    │   ├── NotFoundError                404
    │   │   └── ModelNotFoundError       404 with the code `model_not_found`
    │   ├── ConflictError                409
    │   ├── RateLimitError               429
    │   └── InternalServerError          500 and above
    └── StreamError                      a stream that did not end well; `.partial` is what arrived
        ├── StreamTruncatedError         ended without a finish_reason
        ├── StreamInterruptedError       (also APIConnectionError) the connection broke
        │   └── StreamTimeoutError       (also APITimeoutError) it fell silent
        └── StreamDecodeError            bytes that are no events, or events that are no chunks

CerebrasWarning (UserWarning)
├── InsecureURLWarning                   the key and the prompts go over plain http
└── ModelRetiredWarning                  the model asked for is gone from the public service
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .types.http import ErrorResponse, RequestInfo

if TYPE_CHECKING:
    from .types import ChatCompletion


class CerebrasError(Exception):
    """The base of all errors of this package."""


class InvalidRequestError(CerebrasError, ValueError):
    """A request that cannot be right; nothing was sent."""


class ModelRetiredError(InvalidRequestError):
    """The model was retired, and the client was made with `retired_models="error"`."""


class CookieError(InvalidRequestError):
    """Cookies in a form that cannot be read, or that may not be sent."""


class MissingCredentialsError(CerebrasError):
    """No key and no cookies were found; the message lists every place that was looked at."""


class KeyExchangeError(CerebrasError):
    """The cookies could not be exchanged for a key; the message says what each address answered."""


class CerebrasWarning(UserWarning):
    """The base of all warnings of this package."""


class InsecureURLWarning(CerebrasWarning):
    """The base URL is plain http to another machine: the key can be read on the way."""


class ModelRetiredWarning(CerebrasWarning):
    """The model that was asked for is gone from the public service."""


class APIError(CerebrasError):
    """The service, or the way to it, failed.

    `message`: what went wrong, in one text. `method`, `url`: of the request that was tried.
    `body`: the answer's JSON, or its text, or None. `code`, `type`, `param`: of the error object.
    `request_id`: the header `inference-id`, else `cf-ray`; name it when you ask Cerebras for help.
    Made by hand, it also takes a `request` with `method` and `url`, such as one of httpx.
    """

    status_code: int | None = None
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        message: str = "",
        request: Any = None,
        *,
        url: str | None = None,
        method: str | None = None,
        body: object = None,
        code: str | None = None,
        type: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        if request is not None:
            url, method = str(request.url), request.method
        self.message = message
        self.url = url
        self.method = method
        self.body = body
        self.code = code
        self.type = type
        self.param = param
        self.request_id = request_id

    @property
    def request(self) -> RequestInfo:
        """`method` and `url` in one object, as in other SDKs."""
        return RequestInfo(self.method or "", self.url or "")

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors take keywords, which the default of BaseException does not replay.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(cls: type[APIError], args: tuple[Any, ...], state: dict[str, Any]) -> APIError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class APIConnectionError(APIError):
    """No answer came: name resolution, TCP, TLS, proxy, or the connection broke."""

    def __init__(self, message: str = "Connection error.", *args: Any, **details: Any) -> None:
        super().__init__(message, *args, **details)


class APITimeoutError(APIConnectionError):
    """No answer came in time. Made by hand, it takes the request alone too."""

    def __init__(self, message: Any = "Request timed out.", *args: Any, **details: Any) -> None:
        if not isinstance(message, str):
            args, message = (message, *args), "Request timed out."
        super().__init__(message, *args, **details)


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

    `status_code` and `headers` are those of the answer. Made by hand, it also takes a `response`
    with the two, such as one of httpx.
    """

    status_code: int

    def __init__(
        self, message: str = "", *, partial: ChatCompletion | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.partial = partial


class BadRequestError(APIStatusError):
    """400: the request is wrong. Sending it again does not help."""


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


class UnprocessableEntityError(BadRequestError):
    """422: validation errors before 2026-04-24; 400 since."""


class RateLimitError(APIStatusError):
    """429: a quota is used up, or the service is full."""


class InternalServerError(APIStatusError):
    """500 and above: the service failed."""


class StreamError(APIError):
    """A stream that did not end well.

    `partial` is the completion as far as it arrived: nothing that was delivered is lost. (Of a text
    completion it is a `Completion`.)
    """

    def __init__(
        self, message: str, *, partial: ChatCompletion | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.partial = partial


class StreamTruncatedError(StreamError):
    """The stream ended without a `finish_reason`: the answer is not whole."""


class StreamInterruptedError(StreamError, APIConnectionError):
    """The connection broke in the middle of the stream."""


class StreamTimeoutError(StreamInterruptedError, APITimeoutError):
    """The stream fell silent for longer than the read timeout."""


class StreamDecodeError(StreamError):
    """The stream holds bytes that are no events, or events that are no chunks."""
