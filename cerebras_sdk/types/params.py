"""What a request is made of, as dicts that a type checker and an editor know.

None of these types is needed to make a call: plain dicts, and objects that came back from the
service, are taken everywhere. Source of the fields:
https://inference-docs.cerebras.ai/api-reference/chat-completions and the service's OpenAPI document
(version 1.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NotRequired, Required, TypeAlias, TypedDict

from .chat import Message, ToolCall

ReasoningEffort: TypeAlias = Literal["none", "low", "medium", "high"]
ReasoningFormat: TypeAlias = Literal["none", "parsed", "text_parsed", "raw", "hidden"]
ServiceTier: TypeAlias = Literal["auto", "default", "flex", "priority"]
GrammarRoot: TypeAlias = Literal[
    "root", "fcall", "nofcall", "insidevalue", "value", "object", "array", "string", "number",
    "funcarray", "func", "ws",
]  # fmt: skip


class TextPart(TypedDict):
    """A text among the parts of a message."""

    type: Literal["text"]
    text: str


class ImageURL(TypedDict):
    """Where an image is: `data:image/png;base64,...` or `data:image/jpeg;base64,...`."""

    url: str
    detail: NotRequired[str | None]


class ImageURLPart(TypedDict):
    """An image, in messages of the user only; `cerebras_sdk.image_part` makes one of a file."""

    type: Literal["image_url"]
    image_url: ImageURL


class ImagePart(TypedDict):
    """The other form of an image, in messages of the user only."""

    type: Literal["image"]
    image: str


ContentPart: TypeAlias = TextPart | ImageURLPart | ImagePart | Mapping[str, object]
Texts: TypeAlias = str | Sequence[TextPart | Mapping[str, object]]
Content: TypeAlias = str | Sequence[ContentPart]


class SystemMessage(TypedDict):
    """What the model is told before the conversation."""

    role: Literal["system"]
    content: Content
    name: NotRequired[str | None]


class DeveloperMessage(TypedDict):
    """As a system message; gpt-oss-120b only."""

    role: Literal["developer"]
    content: Content
    name: NotRequired[str | None]


class UserMessage(TypedDict):
    """What the user says, with images if the model sees them."""

    role: Literal["user"]
    content: Content
    name: NotRequired[str | None]


class ToolCallFunction(TypedDict):
    """The function a call names; `arguments` is JSON text."""

    name: str
    arguments: str


class AssistantToolCall(TypedDict):
    """A call that the model made."""

    id: str
    type: Literal["function"]
    function: ToolCallFunction
    index: NotRequired[int | None]


class AssistantMessage(TypedDict):
    """What the model said before; its `Message` may stand here as it came.

    `reasoning` is its thinking. The name `reasoning_content`, which other services use, is sent as
    `reasoning`.
    """

    role: Literal["assistant"]
    content: NotRequired[Texts | None]
    reasoning: NotRequired[Texts | None]
    tool_calls: NotRequired[Sequence[AssistantToolCall | ToolCall | Mapping[str, object]] | None]
    name: NotRequired[str | None]


class ToolMessage(TypedDict):
    """What a tool call gave; it follows the message of the assistant that made the call."""

    role: Literal["tool"]
    content: Texts
    tool_call_id: str
    name: NotRequired[str | None]


MessageParam: TypeAlias = (
    SystemMessage
    | DeveloperMessage
    | UserMessage
    | AssistantMessage
    | ToolMessage
    | Message
    | Mapping[str, object]
)


class Function(TypedDict):
    """A function that the model may call.

    `name`: up to 64 of `A-Z a-z 0-9 _ -`. `parameters` is a JSON Schema; with `strict` the
    arguments follow it, and it keeps to the limits of structured outputs.
    """

    name: str
    description: NotRequired[str | None]
    parameters: NotRequired[Mapping[str, object] | None]
    strict: NotRequired[bool | None]


class Tool(TypedDict):
    """A tool that the model may call; functions are the only kind."""

    type: Literal["function"]
    function: Function


ToolParam: TypeAlias = Tool | Mapping[str, object]


class ChosenFunction(TypedDict):
    """The function that must be called."""

    name: str


class ChosenTool(TypedDict):
    """The tool that must be called."""

    type: Literal["function"]
    function: ChosenFunction


ToolChoice: TypeAlias = Literal["none", "auto", "required"] | ChosenTool | Mapping[str, object]


class TextFormat(TypedDict):
    """Any text: the default."""

    type: Literal["text"]


class JSONObjectFormat(TypedDict):
    """Some JSON, which the prompt must ask for; not in a stream."""

    type: Literal["json_object"]


class JSONSchema(TypedDict):
    """A named schema. With `strict` the answer follows it; the root is an object then."""

    name: str
    description: NotRequired[str | None]
    schema: NotRequired[Mapping[str, object] | None]
    strict: NotRequired[bool | None]


class JSONSchemaFormat(TypedDict):
    """JSON of a schema."""

    type: Literal["json_schema"]
    json_schema: JSONSchema


ResponseFormat: TypeAlias = TextFormat | JSONObjectFormat | JSONSchemaFormat | Mapping[str, object]


class PredictedContent(TypedDict):
    """What the answer will be for the most part."""

    type: Literal["content"]
    content: Texts


Prediction: TypeAlias = PredictedContent | Mapping[str, object]


class UsageOptions(TypedDict, total=False):
    """`include_usage`: the usage comes with the last chunk in any case."""

    include_usage: bool | None


StreamOptions: TypeAlias = UsageOptions | Mapping[str, object]

Prompt: TypeAlias = str | Sequence[str] | Sequence[int] | Sequence[Sequence[int]]


class _SamplingParams(TypedDict, total=False):
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    max_tokens: int | None
    min_tokens: int | None
    n: int | None
    presence_penalty: float | None
    prompt_cache_key: str | None
    reasoning_format: ReasoningFormat | None
    seed: int | None
    stop: str | Sequence[str] | None
    stream_options: StreamOptions | None
    temperature: float | None
    top_p: float | None
    user: str | None


class BareChatParams(_SamplingParams, total=False):
    """The parameters of a chat completion without `tools` and `response_format`."""

    clear_thinking: bool | None
    disable_reasoning: bool | None
    logprobs: bool | None
    max_completion_tokens: int | None
    min_completion_tokens: int | None
    model_parameters: Mapping[str, object] | None
    parallel_tool_calls: bool | None
    prediction: Prediction | None
    reasoning_effort: ReasoningEffort | None
    service_tier: ServiceTier | None
    tool_choice: ToolChoice | None
    top_logprobs: int | None


class ChatParams(BareChatParams, total=False):
    """The parameters of `chat.completions.create`, which documents them; all may be left out.

    A function of yours takes them as `**params: Unpack[ChatParams]`.
    """

    response_format: ResponseFormat | None
    tools: Sequence[ToolParam] | None


class CompletionParams(_SamplingParams, total=False):
    """The parameters of `completions.create`, which documents them; all may be left out.

    A function of yours takes them as `**params: Unpack[CompletionParams]`.
    """

    best_of: int | None
    echo: bool | None
    grammar_root: GrammarRoot | None
    logprobs: int | None
    return_raw_tokens: bool | None
    suffix: str | None


class _CallParams(TypedDict, total=False):
    model: str | None
    stream: bool | None
    cf_ray: str | None
    x_amz_cf_id: str | None
    x_delay_time: float | None


class ChatCreateParams(ChatParams, _CallParams, total=False):
    """A whole call: `chat.completions.create(**params)`."""

    messages: Required[Iterable[MessageParam]]
    queue_threshold: int | None


class CompletionCreateParams(CompletionParams, _CallParams, total=False):
    """A whole call: `completions.create(**params)`."""

    prompt: Required[Prompt]
