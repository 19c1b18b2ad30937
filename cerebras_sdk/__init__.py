"""A Python SDK for the Cerebras Inference API: blocking and asynchronous, alike.

The names are loaded when they are first used: `Cerebras` loads requests and not httpx,
`AsyncCerebras` httpx and not requests.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __title__, __version__

if TYPE_CHECKING:
    from ._async.client import AsyncCerebras
    from ._async.client import AsyncCerebras as AsyncClient
    from ._async.conversation import AsyncConversation
    from ._async.response import AsyncAPIResponse
    from ._async.stream import AsyncStream
    from ._async.tools import AsyncToolRunner
    from ._core.options import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT, NOT_GIVEN, NotGiven
    from ._core.options import NOT_GIVEN as not_given
    from ._core.options import NOT_GIVEN as omit
    from ._core.options import NotGiven as Omit
    from ._core.overrides import RequestOptions
    from ._core.retry import RetryEvent, RetryPolicy
    from ._core.timeout import Timeout
    from ._core.tools import FunctionTool, tool
    from ._sync.client import Cerebras
    from ._sync.client import Cerebras as Client
    from ._sync.conversation import Conversation
    from ._sync.response import APIResponse
    from ._sync.stream import Stream
    from ._sync.tools import ToolRunner
    from ._transports._files import FileInput, file_from_path
    from ._transports._shared_pacing import SharedPacing
    from .errors import (
        APIConnectionError,
        APIError,
        APIResponseValidationError,
        APIStatusError,
        APITimeoutError,
        Attempt,
        AuthenticationError,
        BadRequestError,
        CerebrasError,
        CerebrasWarning,
        ConflictError,
        ContentTooLargeError,
        ContextLengthExceededError,
        ConversationLengthError,
        CookieError,
        InsecureURLWarning,
        InternalServerError,
        InvalidRequestError,
        KeyExchangeError,
        MissingCredentialsError,
        ModelNotFoundError,
        ModelRetiredError,
        ModelRetiredWarning,
        NotFoundError,
        OutputFilteredError,
        OutputLengthError,
        OutputProblem,
        ParsedOutputError,
        PaymentRequiredError,
        PermissionDeniedError,
        RateLimitError,
        RequestCheckError,
        RequestCheckWarning,
        StreamDecodeError,
        StreamError,
        StreamInterruptedError,
        StreamResumeError,
        StreamTimeoutError,
        StreamTruncatedError,
        ToolRoundsError,
        UnprocessableEntityError,
    )
    from .httpx_clients import (
        DEFAULT_CONNECTION_LIMITS,
        DefaultAioHttpClient,
        DefaultAsyncHttpxClient,
        DefaultHttpxClient,
    )
    from .images import image_part
    from .types import ChatCompletion, ChatCompletionChunk, Completion
    from .types import Model as BaseModel
    from .types.chat.parsed import ParsedChatCompletion, ParsedChoice, ParsedMessage

_MODULES = {
    "_async.client": ["AsyncCerebras", "AsyncCerebras as AsyncClient"],
    "_async.conversation": ["AsyncConversation"],
    "_async.response": ["AsyncAPIResponse"],
    "_async.stream": ["AsyncStream"],
    "_async.tools": ["AsyncToolRunner"],
    "_core.timeout": ["Timeout"],
    "_core.tools": ["FunctionTool", "tool"],
    "_core.options": [
        "DEFAULT_MAX_RETRIES",
        "DEFAULT_TIMEOUT",
        "NOT_GIVEN",
        "NOT_GIVEN as not_given",
        "NOT_GIVEN as omit",
        "NotGiven",
        "NotGiven as Omit",
    ],
    "_core.overrides": ["RequestOptions"],
    "_core.retry": ["RetryEvent", "RetryPolicy"],
    "_sync.client": ["Cerebras", "Cerebras as Client"],
    "_sync.conversation": ["Conversation"],
    "_sync.response": ["APIResponse"],
    "_sync.stream": ["Stream"],
    "_sync.tools": ["ToolRunner"],
    "_transports._files": ["FileInput", "file_from_path"],
    "_transports._shared_pacing": ["SharedPacing"],
    "errors": [
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
    ],
    "httpx_clients": [
        "DEFAULT_CONNECTION_LIMITS",
        "DefaultAioHttpClient",
        "DefaultAsyncHttpxClient",
        "DefaultHttpxClient",
    ],
    "images": ["image_part"],
    "types": ["ChatCompletion", "ChatCompletionChunk", "Completion", "Model as BaseModel"],
    "types.chat.parsed": ["ParsedChatCompletion", "ParsedChoice", "ParsedMessage"],
}
# "name there as name here"; most are the same. Those that differ are the official SDK's.
_HOME = {
    entry.rpartition(" ")[2]: (module, entry.partition(" ")[0])
    for module, entries in _MODULES.items()
    for entry in entries
}
_SUBMODULES = ("errors", "httpx_clients", "prometheus", "provider", "testing", "types")

__all__ = [
    "DEFAULT_CONNECTION_LIMITS",
    "DEFAULT_MAX_RETRIES",
    "DEFAULT_TIMEOUT",
    "NOT_GIVEN",
    "APIConnectionError",
    "APIError",
    "APIResponse",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncAPIResponse",
    "AsyncCerebras",
    "AsyncClient",
    "AsyncConversation",
    "AsyncStream",
    "AsyncToolRunner",
    "Attempt",
    "AuthenticationError",
    "BadRequestError",
    "BaseModel",
    "Cerebras",
    "CerebrasError",
    "CerebrasWarning",
    "ChatCompletion",
    "ChatCompletionChunk",
    "Client",
    "Completion",
    "ConflictError",
    "ContentTooLargeError",
    "ContextLengthExceededError",
    "Conversation",
    "ConversationLengthError",
    "CookieError",
    "DefaultAioHttpClient",
    "DefaultAsyncHttpxClient",
    "DefaultHttpxClient",
    "FileInput",
    "FunctionTool",
    "InsecureURLWarning",
    "InternalServerError",
    "InvalidRequestError",
    "KeyExchangeError",
    "MissingCredentialsError",
    "ModelNotFoundError",
    "ModelRetiredError",
    "ModelRetiredWarning",
    "NotFoundError",
    "NotGiven",
    "Omit",
    "OutputFilteredError",
    "OutputLengthError",
    "OutputProblem",
    "ParsedChatCompletion",
    "ParsedChoice",
    "ParsedMessage",
    "ParsedOutputError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestCheckError",
    "RequestCheckWarning",
    "RequestOptions",
    "RetryEvent",
    "RetryPolicy",
    "SharedPacing",
    "Stream",
    "StreamDecodeError",
    "StreamError",
    "StreamInterruptedError",
    "StreamResumeError",
    "StreamTimeoutError",
    "StreamTruncatedError",
    "Timeout",
    "ToolRoundsError",
    "ToolRunner",
    "UnprocessableEntityError",
    "__title__",
    "__version__",
    "file_from_path",
    "image_part",
    "not_given",
    "omit",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        module, there = _HOME[name]
        value = getattr(importlib.import_module(f".{module}", __name__), there)
    elif name in _SUBMODULES:
        value = importlib.import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
