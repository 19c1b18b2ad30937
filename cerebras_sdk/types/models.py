"""Models as the service lists them.

Source: https://inference-docs.cerebras.ai/api-reference/models and the service's OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import field

from ._base import Answer, Model


class ModelPricing(Model):
    """Prices, in US dollars; `input` and `output` are of the format "huggingface", for a million
    tokens. All others are decimal texts, for one token, one `image` or one `request`; those two and
    the `input_cache_` are of the format "openrouter"."""

    prompt: str | None = None
    completion: str | None = None
    image: str | None = None
    request: str | None = None
    input_cache_read: str | None = None
    input_cache_write: str | None = None
    input: float | None = None
    output: float | None = None


class ModelCapabilities(Model):
    """What the model can do; None where the service does not say."""

    streaming: bool | None = None
    function_calling: bool | None = None
    structured_outputs: bool | None = None
    vision: bool | None = None
    json_mode: bool | None = None
    tools: bool | None = None
    tool_choice: bool | None = None
    parallel_tool_calls: bool | None = None
    response_format: bool | None = None
    reasoning: bool | None = None


class ModelParameters(Model):
    """Which parameters of a request the model takes; None where the service does not say."""

    temperature: bool | None = None
    top_p: bool | None = None
    seed: bool | None = None
    stop: bool | None = None
    max_completion_tokens: bool | None = None
    logprobs: bool | None = None
    top_logprobs: bool | None = None
    frequency_penalty: bool | None = None
    presence_penalty: bool | None = None
    logit_bias: bool | None = None
    repetition_penalty: bool | None = None


class ModelArchitecture(Model):
    """What the model is made of. `modality`: `text`, `text+vision`, `multimodal`, or newer."""

    modality: str | None = None
    tokenizer: str | None = None
    instruct_type: str | None = None


class ModelLimits(Model):
    """Limits in tokens and per minute, those of paid accounts: trial accounts get less."""

    max_context_length: int | None = None
    max_completion_tokens: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


class DatacenterLocation(Model):
    """Where a model runs. `country_code`: two letters."""

    country_code: str = ""


class OpenRouterInfo(Model):
    """The name that OpenRouter has for a model."""

    slug: str = ""


class _ListedModel(Answer):
    id: str = ""
    object: str = "model"
    created: int = 0
    owned_by: str = ""
    name: str | None = None
    description: str | None = None
    hugging_face_id: str | None = None
    quantization: str | None = None
    # Of the formats "openrouter" and "huggingface".
    context_length: int | None = None
    # Of the format "openrouter".
    max_output_length: int | None = None
    input_modalities: list[str] | None = None
    output_modalities: list[str] | None = None
    supported_features: list[str] | None = None
    supported_sampling_parameters: list[str] | None = None
    datacenters: list[DatacenterLocation] | None = None
    openrouter: OpenRouterInfo | None = None


class ModelInfo(_ListedModel):
    """A model that a key may use. `created` has always been 0.

    In the default format there are `id`, `object`, `created` and `owned_by`; all others are None.
    """

    pricing: ModelPricing | None = None
    capabilities: ModelCapabilities | None = None
    supported_parameters: ModelParameters | None = None
    architecture: ModelArchitecture | None = None
    limits: ModelLimits | None = None
    datacenter_locations: list[str] | None = None
    deprecated: bool | None = None
    preview: bool | None = None


class ModelList(Answer):
    """The models that a key may use; iterate it for the models, or take `data`."""

    object: str = "list"
    data: list[ModelInfo] = []

    def __iter__(self) -> Iterator[ModelInfo]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


class PublicModel(_ListedModel):
    """An entry of the public catalogue.

    `context_length`, `max_output_length`, the modalities, `supported_features`,
    `supported_sampling_parameters`, `datacenters` and `openrouter` come with other formats than the
    default one, which have less of the rest.
    """

    pricing: ModelPricing = field(default_factory=ModelPricing)
    capabilities: ModelCapabilities = field(default_factory=ModelCapabilities)
    supported_parameters: ModelParameters = field(default_factory=ModelParameters)
    architecture: ModelArchitecture = field(default_factory=ModelArchitecture)
    limits: ModelLimits = field(default_factory=ModelLimits)
    datacenter_locations: list[str] = []
    deprecated: bool = False
    preview: bool = False


class PublicModelList(Answer):
    """The public catalogue; iterate it for the models, or take `data`."""

    object: str = "list"
    data: list[PublicModel] = []

    def __iter__(self) -> Iterator[PublicModel]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)
