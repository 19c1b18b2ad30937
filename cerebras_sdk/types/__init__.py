"""What users see: the objects of the API."""

from __future__ import annotations

from ._base import Model
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

__all__ = [
    "ChatCompletion",
    "ChatCompletionChunk",
    "Choice",
    "ChunkChoice",
    "CompletionTokensDetails",
    "Delta",
    "FunctionCall",
    "FunctionCallDelta",
    "Logprobs",
    "Message",
    "Model",
    "PromptTokensDetails",
    "TimeInfo",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "Usage",
]
