"""Chat completions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Unpack, overload

from .._core.chunks import CHAT
from .._core.endpoints.body import tracing_headers
from .._core.endpoints.chat import (
    ChatOptions,
    OnInterrupt,
    chat_completion,
    goes_on,
    queue_header,
)
from .._core.lint import Checks
from .._core.options import NOT_GIVEN, NotGiven
from .._core.reasoning import Reasoning
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..types import ChatCompletion, ChatCompletionChunk
from ..types.params import (
    ChatParams,
    MessageParam,
    Prediction,
    ReasoningEffort,
    ReasoningFormat,
    ResponseFormat,
    ServiceTier,
    StreamOptions,
    ToolChoice,
    ToolParam,
)
from .complete import complete
from .objects import AsyncChatObjects
from .reserve import answer_to
from .resource import AsyncResource
from .stream import AsyncStream

if TYPE_CHECKING:
    from .client import AsyncCerebras


class AsyncChat(AsyncResource):
    """`client.chat`."""

    def __init__(self, client: AsyncCerebras) -> None:
        super().__init__(client)
        self.completions = AsyncChatCompletions(client)


class AsyncChatCompletions(AsyncChatObjects):
    """`client.chat.completions`."""

    @overload
    async def create(
        self,
        *,
        messages: Iterable[MessageParam],
        stream: Literal[False] | None = False,
        **options: Unpack[ChatOptions],
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self,
        *,
        messages: Iterable[MessageParam],
        stream: Literal[True],
        **options: Unpack[ChatOptions],
    ) -> AsyncStream[ChatCompletionChunk]: ...

    @overload
    async def create(
        self,
        *,
        messages: Iterable[MessageParam],
        stream: bool | None = False,
        **options: Unpack[ChatOptions],
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...

    async def create(
        self,
        *,
        messages: Iterable[MessageParam],
        model: str | None = None,
        stream: bool | None = False,
        max_completion_tokens: int | None = None,
        max_tokens: int | None = None,
        min_completion_tokens: int | None = None,
        min_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        logit_bias: Mapping[str, float] | None = None,
        logprobs: bool | None = None,
        top_logprobs: int | None = None,
        n: int | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        stream_options: StreamOptions | None = None,
        response_format: ResponseFormat | None = None,
        tools: Sequence[ToolParam] | None = None,
        tool_choice: ToolChoice | None = None,
        parallel_tool_calls: bool | None = None,
        prediction: Prediction | None = None,
        prompt_cache_key: str | None = None,
        reasoning_effort: ReasoningEffort | None = None,
        reasoning_format: ReasoningFormat | None = None,
        clear_thinking: bool | None = None,
        disable_reasoning: bool | None = None,
        service_tier: ServiceTier | None = None,
        queue_threshold: int | None = None,
        model_parameters: Mapping[str, object] | None = None,
        user: str | None = None,
        cf_ray: str | None = None,
        x_amz_cf_id: str | None = None,
        x_delay_time: float | None = None,
        on_interrupt: OnInterrupt = "raise",
        reasoning: Reasoning | None = None,
        checks: Checks | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
        """Asks the model to answer `messages`, a list of `{"role": ..., "content": ...}`.

        A parameter that is None is not sent, and the service takes its default, which is named
        below; `extra_body={"stop": None}` sends a null. A parameter that is newer than this version
        goes into `extra_body` too. Source, unless named:
        https://inference-docs.cerebras.ai/api-reference/chat-completions

        messages: dicts, or messages of an answer as they came; their `reasoning` is sent where the
            model reads it.
        model: an id, a common spelling of one, or an alias; a retired id gives a
            ModelRetiredWarning.
        stream: False gives the whole ChatCompletion; True a stream of ChatCompletionChunk.
        max_completion_tokens: at most this many tokens, reasoning included; -1 or more. Rate limits
            count it before the answer is there. Default: what the context leaves.
        max_tokens: the old name of `max_completion_tokens`; both together are refused.
        min_completion_tokens: at least this many tokens; -1 is the longest sequence, 0 and the
            default leave it to the model.
        min_tokens: the old name of `min_completion_tokens`.
        temperature: 0 to 2, default 1; low is focused, high is random. Change this or `top_p`.
        top_p: 0 to 1, default 1: only the tokens of this probability mass are considered.
        frequency_penalty: -2 to 2, default 0: against tokens by how often they occurred. Older
            models refuse it.
        presence_penalty: -2 to 2, default 0: against tokens that occurred. Older models refuse it.
        logit_bias: from token ids (as str) to -100 ... 100, added to their logits. Default:
            none.
        logprobs: True gives the log probabilities of the answer's tokens. Default: False.
        top_logprobs: 0 to 20 likeliest tokens at each position; needs `logprobs=True`. Default:
            none.
        n: 1 or more choices, default 1; all of them are billed.
        seed: the same seed gives the same answer, as far as the service can. Default: none.
        stop: up to 4 texts that end the answer, without being in it. Default: none.
        stream_options: `{"include_usage": bool}`; usage comes with the last chunk in any case.
        response_format: `{"type": "text"}` (default), `{"type": "json_object"}` (the prompt must
            ask for JSON, and not in a stream), or `{"type": "json_schema", "json_schema":
            {"name": ..., "schema": ..., "strict": True}}`; not together with `tools`. Source:
            https://inference-docs.cerebras.ai/capabilities/structured-outputs
        tools: functions that the model may call, see `types.params.Tool`. Default: none.
        tool_choice: "none", "auto" (default when there are tools), "required", or
            `{"type": "function", "function": {"name": ...}}`; needs `tools`.
        parallel_tool_calls: False allows one tool call at a time. Default: True.
        prediction: `{"type": "content", "content": ...}`, what the answer will be for the most
            part; gpt-oss-120b and zai-glm-4.7; not with `logprobs`, `n` above 1 or `tools`.
            Rejected tokens are billed. Default: none. Source:
            https://inference-docs.cerebras.ai/capabilities/predicted-outputs
        prompt_cache_key: up to 1024 characters; calls with the same one share cached prompts. The
            account must be enabled for it. Default: none.
        reasoning_effort: "none", "low", "medium" or "high". gpt-oss-120b: not "none", default
            "medium"; qwen-3.8-27b: all, default "high"; zai-glm-4.7: only "none" changes anything;
            gemma-4-31b: on or off ("none", the default). Source:
            https://inference-docs.cerebras.ai/capabilities/reasoning
        reasoning_format: "parsed" (as `reasoning`, apart), "text_parsed", "raw" (in the content),
            "hidden" (left out, and billed), or "none": the model's own, the default. Not every
            model has all. Source: https://inference-docs.cerebras.ai/capabilities/reasoning
        clear_thinking: True leaves the reasoning of earlier turns out of the prompt, False keeps
            it. zai-glm-4.7: default True; qwen-3.8-27b: default False; no others.
        disable_reasoning: ended on 2026-07-21; use `reasoning_effort="none"`.
        service_tier: "auto", "default", "flex" or "priority" (dedicated endpoints only), a private
            preview. Default: "default". Source:
            https://inference-docs.cerebras.ai/capabilities/service-tiers
        queue_threshold: 50 to 20000 milliseconds, for the tiers "flex" and "auto": the call is
            refused while the average time in the queue is longer. Sent as a header. Default: none.
        model_parameters: what only one model knows; the others refuse it. Default: none.
        user: an id of your user, against abuse. Default: none.
        cf_ray: the header CF-RAY, which the service's OpenAPI document names and does not describe.
        x_amz_cf_id: the header X-Amz-Cf-Id, likewise.
        x_delay_time: the header X-delay-time, likewise; a number.
        on_interrupt: of a stream that breaks off after it had begun: "raise" (default), or
            "continue": the model is asked for the rest, and the stream goes on with what is new, as
            `AsyncStream.resume` does it; as often as the client retries, and with its waits and
            hooks. Where that cannot be done or fails, the error of the break is raised;
            StreamResumeError when the model begins anew. Not with `n` above 1.
        reasoning: "off", "low", "medium" or "high", in the terms of whatever model it is: sets
            `reasoning_effort` and `reasoning_format`, sends thoughts in the text of earlier answers
            the way the model wants them, and takes `<think>` at the beginning of the text out of
            it, into `reasoning`. gpt-oss and kimi cannot switch it off; GLM and kimi think alike at
            all levels, gemma at all but "off". Not together with `reasoning_effort`; a
            `reasoning_format` of yours is stronger, and with "raw" the text stays as it is.
            Default: nothing of this.
        checks: as in the client, for this call: "error", "warn" or "off".
        extra_headers, extra_query, extra_body: added to the request as they are, and stronger than
            what stands there.
        timeout: as in the client, for this call.

        Raises TypeError for a keyword that is none of these, InvalidRequestError before anything is
        sent, MissingCredentialsError, KeyExchangeError, and the APIError that the service's answer
        means.
        """
        # A traceback shows a frame's variables, and these may hold a key.
        headers, query, more = Hidden(extra_headers), Hidden(extra_query), Hidden(extra_body)
        del extra_headers, extra_query, extra_body
        given = locals()
        call = chat_completion(
            self._client._options,
            messages=messages,
            model=model,
            stream=stream,
            params={name: given[name] for name in ChatParams.__annotations__},
            headers=queue_header(queue_threshold)
            | tracing_headers(cf_ray, x_amz_cf_id, x_delay_time),
            extra_headers=headers,
            extra_query=query.value,
            extra_body=more.value,
            timeout=timeout,
            reasoning=reasoning,
            checks=checks,
        )
        if goes_on(on_interrupt, call, is_raw=self._client._wanted != "object"):
            return await complete(self._client, call, CHAT, goes_on=True)
        return await answer_to(self._client, call, CHAT)
