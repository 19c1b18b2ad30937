"""A Python SDK for the Cerebras Inference API: blocking and asynchronous, alike.

The names are loaded when they are first used: `Cerebras` loads requests and not httpx,
`AsyncCerebras` httpx and not requests.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._async.client import AsyncCerebras
    from ._async.stream import AsyncStream
    from ._core.http import Timeout
    from ._sync.client import Cerebras
    from ._sync.stream import Stream
    from .errors import (
        APIConnectionError,
        APIError,
        APIResponseValidationError,
        APIStatusError,
        APITimeoutError,
        AuthenticationError,
        BadRequestError,
        CerebrasError,
        CerebrasWarning,
        ConflictError,
        CookieError,
        InternalServerError,
        InvalidRequestError,
        KeyExchangeError,
        MissingCredentialsError,
        ModelNotFoundError,
        ModelRetiredError,
        ModelRetiredWarning,
        NotFoundError,
        PaymentRequiredError,
        PermissionDeniedError,
        RateLimitError,
        StreamDecodeError,
        StreamError,
        StreamInterruptedError,
        StreamTimeoutError,
        StreamTruncatedError,
        UnprocessableEntityError,
    )
    from .images import image_part
    from .types import ChatCompletion, ChatCompletionChunk, Completion

_MODULES = {
    "_async.client": ["AsyncCerebras"],
    "_async.stream": ["AsyncStream"],
    "_core.http": ["Timeout"],
    "_sync.client": ["Cerebras"],
    "_sync.stream": ["Stream"],
    "errors": [
        "APIConnectionError",
        "APIError",
        "APIResponseValidationError",
        "APIStatusError",
        "APITimeoutError",
        "AuthenticationError",
        "BadRequestError",
        "CerebrasError",
        "CerebrasWarning",
        "ConflictError",
        "CookieError",
        "InternalServerError",
        "InvalidRequestError",
        "KeyExchangeError",
        "MissingCredentialsError",
        "ModelNotFoundError",
        "ModelRetiredError",
        "ModelRetiredWarning",
        "NotFoundError",
        "PaymentRequiredError",
        "PermissionDeniedError",
        "RateLimitError",
        "StreamDecodeError",
        "StreamError",
        "StreamInterruptedError",
        "StreamTimeoutError",
        "StreamTruncatedError",
        "UnprocessableEntityError",
    ],
    "images": ["image_part"],
    "types": ["ChatCompletion", "ChatCompletionChunk", "Completion"],
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}
_SUBMODULES = ("errors", "prometheus", "provider", "testing", "types")

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncCerebras",
    "AsyncStream",
    "AuthenticationError",
    "BadRequestError",
    "Cerebras",
    "CerebrasError",
    "CerebrasWarning",
    "ChatCompletion",
    "ChatCompletionChunk",
    "Completion",
    "ConflictError",
    "CookieError",
    "InternalServerError",
    "InvalidRequestError",
    "KeyExchangeError",
    "MissingCredentialsError",
    "ModelNotFoundError",
    "ModelRetiredError",
    "ModelRetiredWarning",
    "NotFoundError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "Stream",
    "StreamDecodeError",
    "StreamError",
    "StreamInterruptedError",
    "StreamTimeoutError",
    "StreamTruncatedError",
    "Timeout",
    "UnprocessableEntityError",
    "__version__",
    "image_part",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
