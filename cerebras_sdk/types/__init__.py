"""What users see: the objects of the API."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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
from .checks import Finding
from .completion import Completion, CompletionChoice, CompletionLogprobs
from .files import FileDeleted, FileList, FileObject
from .limits import RateLimits, RateLimitWindow, Reserved
from .management import (
    DedicatedEndpoint,
    DedicatedEndpointList,
    DedicatedEndpointStatus,
    DeployedModel,
    Deployment,
    DeploymentOperation,
    ModelArchitectureList,
    ModelVersion,
    ModelVersionAliases,
    ModelVersionDeleted,
    ModelVersionList,
    ModelVersionStatus,
)
from .metrics import MetricSample, MetricsText
from .models import (
    DatacenterLocation,
    ModelArchitecture,
    ModelCapabilities,
    ModelInfo,
    ModelLimits,
    ModelList,
    ModelParameters,
    ModelPricing,
    OpenRouterInfo,
    PublicModel,
    PublicModelList,
)
from .timing import Timing

if TYPE_CHECKING:
    from .chat.parsed import ParsedChatCompletion as ParsedChatCompletion
    from .chat.parsed import ParsedChoice as ParsedChoice
    from .chat.parsed import ParsedMessage as ParsedMessage
    from .completion_create_params import CompletionCreateParams as CompletionCreateParams
    from .model_list_params import ModelListParams as ModelListParams
    from .model_retrieve_params import ModelRetrieveParams as ModelRetrieveParams

# As the official SDK calls them; it has more of its names in modules of their own.
ModelListResponse = ModelList
ModelRetrieveResponse = ModelInfo

_LATER = {
    "CompletionCreateParams": "completion_create_params",
    "ModelListParams": "model_list_params",
    "ModelRetrieveParams": "model_retrieve_params",
    "ParsedChatCompletion": "chat.parsed",
    "ParsedChoice": "chat.parsed",
    "ParsedMessage": "chat.parsed",
}
_MODULES = (*_LATER.values(), "model_list_response", "model_retrieve_response", "params")

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
    "DatacenterLocation",
    "DedicatedEndpoint",
    "DedicatedEndpointList",
    "DedicatedEndpointStatus",
    "Delta",
    "DeployedModel",
    "Deployment",
    "DeploymentOperation",
    "FileDeleted",
    "FileList",
    "FileObject",
    "Finding",
    "FunctionCall",
    "FunctionCallDelta",
    "Logprobs",
    "Message",
    "MetricSample",
    "MetricsText",
    "Model",
    "ModelArchitecture",
    "ModelArchitectureList",
    "ModelCapabilities",
    "ModelInfo",
    "ModelLimits",
    "ModelList",
    "ModelListResponse",
    "ModelParameters",
    "ModelPricing",
    "ModelRetrieveResponse",
    "ModelVersion",
    "ModelVersionAliases",
    "ModelVersionDeleted",
    "ModelVersionList",
    "ModelVersionStatus",
    "OpenRouterInfo",
    "PromptTokensDetails",
    "PublicModel",
    "PublicModelList",
    "RateLimitWindow",
    "RateLimits",
    "Reserved",
    "TimeInfo",
    "Timing",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "Usage",
]


def __getattr__(name: str) -> Any:
    """The modules below and the dicts in them, loaded when they are asked for."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _LATER:
        return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
