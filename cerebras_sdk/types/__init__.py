"""What users see: the objects of the API."""

from __future__ import annotations

from ._base import Answer, Model
from .batches import Batch, BatchList, BatchRequestCounts, BatchResult, BatchResultError
from .chat import (
    ChatCompletion,
    ChatCompletionChunk,
    Choice,
    ChunkChoice,
    CompletionTokensDetails,
    Delta,
    FunctionCall,
    FunctionCallDelta,
    Logprobs,
    Message,
    PromptTokensDetails,
    TimeInfo,
    TokenLogprob,
    ToolCall,
    ToolCallDelta,
    TopLogprob,
    Usage,
)
from .completion import Completion, CompletionChoice, CompletionLogprobs
from .files import FileDeleted, FileList, FileObject
from .limits import RateLimits, RateLimitWindow

__all__ = [
    "Answer",
    "Batch",
    "BatchList",
    "BatchRequestCounts",
    "BatchResult",
    "BatchResultError",
    "ChatCompletion",
    "ChatCompletionChunk",
    "Choice",
    "ChunkChoice",
    "Completion",
    "CompletionChoice",
    "CompletionLogprobs",
    "CompletionTokensDetails",
    "Delta",
    "FileDeleted",
    "FileList",
    "FileObject",
    "FunctionCall",
    "FunctionCallDelta",
    "Logprobs",
    "Message",
    "Model",
    "PromptTokensDetails",
    "RateLimitWindow",
    "RateLimits",
    "TimeInfo",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "Usage",
]
