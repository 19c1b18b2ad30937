"""Chat completions as the service sends them: whole, and in chunks.

Source of the fields: https://inference-docs.cerebras.ai/api-reference/chat-completions and the
service's OpenAPI document (version 1.0).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import field

from .._base import Answer, Model
from ..timing import Timing

if TYPE_CHECKING:
    from .completion_create_params import CompletionCreateParams as CompletionCreateParams


class FunctionCall(Model):
    """The function a tool call names. `arguments` is JSON text, which the model may get wrong."""

    name: str = ""
    arguments: str = ""


class ToolCall(Model):
    """One call of a tool; answer it with a message of role `tool` and this `id`."""

    id: str = ""
    type: str = "function"
    function: FunctionCall = field(default_factory=FunctionCall)
    index: int | None = None


class Message(Model):
    """What the model said. `reasoning` is its thinking, when the format keeps that apart.

    `refusal`: no document of the service names it; other services say there why they do not answer.
    """

    role: str = "assistant"
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCall] | None = None
    refusal: str | None = None


class TopLogprob(Model):
    """A token that was considered, and its log probability."""

    token: str
    logprob: float
    bytes: list[int] | None = None


class TokenLogprob(Model):
    """A token of the answer, its log probability, and the likeliest tokens in its place."""

    token: str
    logprob: float
    bytes: list[int] | None = None
    top_logprobs: list[TopLogprob] = []


class Logprobs(Model):
    """Log probabilities, token by token."""

    content: list[TokenLogprob] | None = None
    refusal: list[TokenLogprob] | None = None


class Choice(Model):
    """One answer. `finish_reason`: `stop`, `length`, `content_filter`, `tool_calls`, or newer."""

    index: int = 0
    message: Message = field(default_factory=Message)
    finish_reason: str | None = None
    logprobs: Logprobs | None = None
    reasoning_logprobs: Logprobs | None = None


class PromptTokensDetails(Model):
    """How the prompt's tokens divide."""

    cached_tokens: int | None = None
    image_tokens: int | None = None


class CompletionTokensDetails(Model):
    """How the completion's tokens divide; rejected prediction tokens are billed as well."""

    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    reasoning_tokens: int | None = None


class Usage(Model):
    """Tokens used. `completion_tokens` includes reasoning and rejected prediction tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    image_tokens: int | None = None
    prompt_tokens_details: PromptTokensDetails | None = None
    completion_tokens_details: CompletionTokensDetails | None = None


class TimeInfo(Model):
    """Where the time went at the service, in seconds; `created` is unix time."""

    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None
    total_time: float | None = None
    created: float | None = None


class ChatCompletion(Answer):
    """A whole answer of `chat.completions.create`. `created` is unix time in seconds."""

    id: str = ""
    choices: list[Choice] = []
    created: int = 0
    model: str = ""
    object: str = "chat.completion"
    system_fingerprint: str | None = None
    usage: Usage | None = None
    time_info: TimeInfo | None = None
    service_tier: str | None = None
    service_tier_used: str | None = None

    @property
    def text(self) -> str:
        """The content of the first choice, empty when there is none."""
        return (self.choices[0].message.content or "") if self.choices else ""

    @property
    def timing(self) -> Timing:
        """How long the answer took, at the service and here; `print` it, or read its numbers."""
        times = self._response.times if self._response else None
        return Timing.of(self.time_info, self.usage, times)

    @property
    def prediction(self) -> None:
        """None: the service does not repeat it, but the official SDK's README asks for it."""


class FunctionCallDelta(Model):
    """A piece of a function call: the name comes once, the arguments in fragments."""

    name: str | None = None
    arguments: str | None = None


class ToolCallDelta(Model):
    """A piece of the tool call with this `index`; `id` and the name come with the first piece."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: FunctionCallDelta | None = None


class Delta(Model):
    """What a chunk adds to the message; one chunk may hold several tokens."""

    role: str | None = None
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCallDelta] | None = None
    tokens: list[int] | None = None
    refusal: str | None = None


class ChunkChoice(Model):
    """What a chunk adds to one choice; `finish_reason` comes with the last piece."""

    index: int = 0
    delta: Delta = field(default_factory=Delta)
    finish_reason: str | None = None
    logprobs: Logprobs | None = None
    reasoning_logprobs: Logprobs | None = None
    text: str | None = None
    tokens: list[int] | None = None


class ChatCompletionChunk(Model):
    """One event of a streamed answer. `usage` and `time_info` come with the last one."""

    id: str = ""
    choices: list[ChunkChoice] = []
    created: int = 0
    model: str = ""
    object: str = "chat.completion.chunk"
    system_fingerprint: str | None = None
    usage: Usage | None = None
    time_info: TimeInfo | None = None
    service_tier: str | None = None
    service_tier_used: str | None = None

    @property
    def text(self) -> str:
        """The content this chunk adds to the first choice, empty when it adds none."""
        for choice in self.choices:
            if choice.index == 0:
                return choice.delta.content or ""
        return ""


# As the official SDK calls them; it has more of its names in the modules below.
ChatCompletionResponse: TypeAlias = ChatCompletion
ChatChunkResponse: TypeAlias = ChatCompletionChunk
CompletionCreateResponse: TypeAlias = ChatCompletion | ChatCompletionChunk


def __getattr__(name: str) -> Any:
    """The modules below and what is in them, loaded when they are asked for."""
    if name in ("chat_completion", "completion_create_params", "parsed"):
        return importlib.import_module(f".{name}", __name__)
    if name == "CompletionCreateParams":
        return importlib.import_module(".completion_create_params", __name__).CompletionCreateParams
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
