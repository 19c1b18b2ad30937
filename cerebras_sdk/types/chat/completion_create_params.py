"""The parameters of chat completions by the names that the official SDK has for them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from .. import params

CompletionCreateParams = params.ChatCreateParams
MessageSystemMessageRequest = params.SystemMessage
MessageSystemMessageRequestContentUnionMember1TextContent = params.TextPart
MessageSystemMessageRequestContentUnionMember1ImageURLContent = params.ImageURLPart
MessageSystemMessageRequestContentUnionMember1ImageURLContentImageURL = params.ImageURL
MessageSystemMessageRequestContentUnionMember1ImageContent = params.ImagePart
MessageDeveloperMessageRequest = params.DeveloperMessage
MessageDeveloperMessageRequestContentUnionMember1TextContent = params.TextPart
MessageDeveloperMessageRequestContentUnionMember1ImageURLContent = params.ImageURLPart
MessageDeveloperMessageRequestContentUnionMember1ImageURLContentImageURL = params.ImageURL
MessageDeveloperMessageRequestContentUnionMember1ImageContent = params.ImagePart
MessageUserMessageRequest = params.UserMessage
MessageUserMessageRequestContentUnionMember1TextContent = params.TextPart
MessageUserMessageRequestContentUnionMember1ImageURLContent = params.ImageURLPart
MessageUserMessageRequestContentUnionMember1ImageURLContentImageURL = params.ImageURL
MessageUserMessageRequestContentUnionMember1ImageContent = params.ImagePart
MessageAssistantMessageRequest = params.AssistantMessage
MessageAssistantMessageRequestContentUnionMember1 = params.TextPart
MessageAssistantMessageRequestReasoningUnionMember1 = params.TextPart
MessageAssistantMessageRequestToolCall = params.AssistantToolCall
MessageAssistantMessageRequestToolCallFunction = params.ToolCallFunction
MessageToolMessageRequest = params.ToolMessage
MessageToolMessageRequestContentUnionMember1 = params.TextPart
Prediction = params.PredictedContent
PredictionContentUnionMember1 = params.TextPart
ResponseFormatResponseFormatText = params.TextFormat
ResponseFormatResponseFormatJsonObject = params.JSONObjectFormat
ResponseFormatResponseFormatJsonSchema = params.JSONSchemaFormat
ResponseFormatResponseFormatJsonSchemaJsonSchema = params.JSONSchema
StreamOptions = params.UsageOptions
ToolChoiceChoiceObject = params.ChosenTool
ToolChoiceChoiceObjectFunction = params.ChosenFunction
Tool = params.Tool
ToolFunction = params.Function

Message: TypeAlias = (
    params.SystemMessage
    | params.DeveloperMessage
    | params.UserMessage
    | params.AssistantMessage
    | params.ToolMessage
)
_Part: TypeAlias = params.TextPart | params.ImageURLPart | params.ImagePart
MessageSystemMessageRequestContentUnionMember1 = _Part
MessageDeveloperMessageRequestContentUnionMember1 = _Part
MessageUserMessageRequestContentUnionMember1 = _Part
ResponseFormat: TypeAlias = params.TextFormat | params.JSONObjectFormat | params.JSONSchemaFormat
ToolChoice: TypeAlias = Literal["none", "auto", "required"] | params.ChosenTool
