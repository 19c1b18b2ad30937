"""Every error and warning of the package.

CerebrasError
├── InvalidRequestError (ValueError)     refused here, before anything is sent
│   ├── ModelRetiredError                the model is gone and `retired_models="error"`
│   ├── ConversationLengthError          a conversation is too long, with `trim="error"`
│   ├── RequestCheckError                the service would refuse it; `.findings` say why
│   └── CookieError                      cookies that cannot be read
├── MissingCredentialsError              no key and no cookies; lists every place looked at
├── KeyExchangeError                     the cookies gave no key
├── ParsedOutputError                    an answer that is not its `response_format`; `.problems`
│   ├── OutputLengthError                it was cut, and not parsed
│   └── OutputFilteredError              it was refused or held back
├── ToolRoundsError                      the model still asks for tools; `.messages`, `.completion`
└── APIError                             the service, or the way to it, failed
    ├── APIConnectionError               no answer came
    │   └── APITimeoutError              none came in time; `.phase` says which clock
    ├── APIResponseValidationError       an answer came that is not what the API documents
    ├── APIStatusError                   an answer of 400 or above
    │   ├── BadRequestError              400, 422 before 2026-04-24
    │   │   ├── ContextLengthExceededError  400 `context_length_exceeded`
    │   │   └── UnprocessableEntityError 422
    │   ├── AuthenticationError          401
    │   ├── PaymentRequiredError         402
    │   ├── PermissionDeniedError        403
    │   ├── NotFoundError                404
    │   │   └── ModelNotFoundError       404 with the code `model_not_found`
    │   ├── ConflictError                409
    │   ├── ContentTooLargeError         413
    │   ├── RateLimitError               429; `.kind`, `.window`, `.retry_after`
    │   └── InternalServerError          500 and above
    └── StreamError                      a stream that did not end well; `.partial` is what arrived
        ├── StreamTruncatedError         ended without a finish_reason
        ├── StreamInterruptedError       (also APIConnectionError) the connection broke
        │   └── StreamTimeoutError       (also APITimeoutError) it fell silent
        ├── StreamDecodeError            bytes that are no events, or events that are no chunks
        └── StreamResumeError            the model did not go on where it had stopped

CerebrasWarning (UserWarning)
├── InsecureURLWarning                   the key and the prompts go over plain http
├── ModelRetiredWarning                  the model asked for is gone from the public service
└── RequestCheckWarning                  the service may refuse the request; `.findings`
"""

from __future__ import annotations

from .base import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    Attempt,
    CerebrasError,
    CerebrasWarning,
    CookieError,
    InsecureURLWarning,
    InvalidRequestError,
    KeyExchangeError,
    MissingCredentialsError,
    ModelRetiredError,
    ModelRetiredWarning,
    Phase,
)
from .checks import RequestCheckError, RequestCheckWarning
from .conversation import ConversationLengthError
from .parsed import OutputFilteredError, OutputLengthError, OutputProblem, ParsedOutputError
from .status import (
    APIResponseValidationError,
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
from .stream import (
    StreamDecodeError,
    StreamError,
    StreamInterruptedError,
    StreamResumeError,
    StreamTimeoutError,
    StreamTruncatedError,
)
from .tools import ToolRoundsError

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "CerebrasError",
    "CerebrasWarning",
    "ConflictError",
    "ContentTooLargeError",
    "ContextLengthExceededError",
    "ConversationLengthError",
    "CookieError",
    "InsecureURLWarning",
    "InternalServerError",
    "InvalidRequestError",
    "KeyExchangeError",
    "MissingCredentialsError",
    "ModelNotFoundError",
    "ModelRetiredError",
    "ModelRetiredWarning",
    "NotFoundError",
    "OutputFilteredError",
    "OutputLengthError",
    "OutputProblem",
    "ParsedOutputError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "Phase",
    "RateLimitError",
    "RequestCheckError",
    "RequestCheckWarning",
    "StreamDecodeError",
    "StreamError",
    "StreamInterruptedError",
    "StreamResumeError",
    "StreamTimeoutError",
    "StreamTruncatedError",
    "ToolRoundsError",
    "UnprocessableEntityError",
]

for _name in __all__:
    if _name != "Phase":
        globals()[_name].__module__ = __name__  # where users find them
