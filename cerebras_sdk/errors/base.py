"""The base of all errors, and those that no answer of the service is behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..types.http import RequestInfo


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


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a call that failed: the status of its answer, if one came, the seconds that
    were waited after it, and what went wrong."""

    status: int | None
    wait: float
    cause: APIError


class APIError(CerebrasError):
    """The service, or the way to it, failed.

    `message`: what went wrong, in one text. `method`, `url`: of the request that was tried.
    `body`: the answer's JSON, or its text, or None. `code`, `type`, `param`: of the error object.
    `request_id`: the header `inference-id`, else `cf-ray`; name it when you ask Cerebras for help.
    `attempts`: those that failed before the last one, first to last.
    Made by hand, it also takes a `request` with `method` and `url`, such as one of httpx.
    """

    status_code: int | None = None
    headers: Mapping[str, str] = {}
    attempts: tuple[Attempt, ...] = ()
    _seen: Any = None  # what of `.partial` was given to the caller, where that is not all of it

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

    def explain(self, text: str) -> None:
        """Adds a sentence to the message."""
        self.message = f"{self.message}; {text}"
        self.args = (self.message,)

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


Phase: TypeAlias = Literal["connect", "read", "write", "pool", "first_token", "gap", "total"]


class APIConnectionError(APIError):
    """No answer came: name resolution, TCP, TLS, proxy, or the connection broke."""

    def __init__(self, message: str = "Connection error.", *args: Any, **details: Any) -> None:
        super().__init__(message, *args, **details)


class APITimeoutError(APIConnectionError):
    """No answer came in time. Made by hand, it takes the request alone too.

    `phase`: the clock of `Timeout` that ran out.
    """

    def __init__(
        self,
        message: Any = "Request timed out.",
        *args: Any,
        phase: Phase = "read",
        **details: Any,
    ) -> None:
        if not isinstance(message, str):
            args, message = (message, *args), "Request timed out."
        super().__init__(message, *args, **details)
        self.phase = phase
