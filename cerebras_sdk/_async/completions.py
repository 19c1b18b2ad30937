"""Text completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Unpack, overload

from .._core.chunks import TEXT
from .._core.endpoints.body import tracing_headers
from .._core.endpoints.completions import CompletionOptions, text_completion
from .._core.lint import Checks
from .._core.options import NOT_GIVEN, NotGiven
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..types import Completion
from ..types.params import CompletionParams, GrammarRoot, Prompt, ReasoningFormat, StreamOptions
from .reserve import answer_to
from .resource import AsyncResource
from .stream import AsyncStream


class AsyncCompletions(AsyncResource):
    """`client.completions`."""

    @overload
    async def create(
        self,
        *,
        prompt: Prompt,
        stream: Literal[False] | None = False,
        **options: Unpack[CompletionOptions],
    ) -> Completion: ...

    @overload
    async def create(
        self, *, prompt: Prompt, stream: Literal[True], **options: Unpack[CompletionOptions]
    ) -> AsyncStream[Completion]: ...

    @overload
    async def create(
        self,
        *,
        prompt: Prompt,
        stream: bool | None = False,
        **options: Unpack[CompletionOptions],
    ) -> Completion | AsyncStream[Completion]: ...

    async def create(
        self,
        *,
        prompt: Prompt,
        model: str | None = None,
        stream: bool | None = False,
        max_tokens: int | None = None,
        min_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        logit_bias: Mapping[str, float] | None = None,
        logprobs: int | None = None,
        n: int | None = None,
        best_of: int | None = None,
        echo: bool | None = None,
        return_raw_tokens: bool | None = None,
        seed: int | None = None,
        stop: str | Sequence[str] | None = None,
        stream_options: StreamOptions | None = None,
        suffix: str | None = None,
        grammar_root: GrammarRoot | None = None,
        reasoning_format: ReasoningFormat | None = None,
        prompt_cache_key: str | None = None,
        user: str | None = None,
        cf_ray: str | None = None,
        x_amz_cf_id: str | None = None,
        x_delay_time: float | None = None,
        checks: Checks | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, object] | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> Completion | AsyncStream[Completion]:
        """Asks the model to continue `prompt` as it is: no chat template is applied.

        A parameter that is None is not sent, and the service takes its default, which is named
        below; `extra_body={"stop": None}` sends a null. A parameter that is newer than this version
        goes into `extra_body` too. Source:
        https://inference-docs.cerebras.ai/api-reference/completions

        prompt: a text, a list of texts, a list of token ids, or a list of such lists; each prompt
            has `n` choices of its own, numbered prompt by prompt.
        model: an id, a common spelling of one, or an alias; a retired id gives a
            ModelRetiredWarning.
        stream: False gives the whole Completion; True a stream of Completion, a piece in each.
        max_tokens: at most this many tokens; -1 or more. Default: what the context leaves.
        min_tokens: at least this many tokens; -1 is the longest sequence, 0 and the default leave
            it to the model.
        temperature: 0 to 2, default 1; low is focused, high is random. Change this or `top_p`.
        top_p: 0 to 1, default 1: only the tokens of this probability mass are considered.
        frequency_penalty: -2 to 2, default 0: against tokens by how often they occurred. Some
            models refuse it here.
        presence_penalty: -2 to 2, default 0: against tokens that occurred. Some models refuse it
            here.
        logit_bias: from token ids (as str) to -100 ... 100, added to their logits; some models
            refuse it here. Default: none.
        logprobs: 0 to 20 likeliest tokens at each position, with their log probabilities. Default:
            none.
        n: 1 or more choices for each prompt, default 1; all of them are billed.
        best_of: 0 to 20 candidates, of which the best `n` are given; more than `n`, and not in a
            stream. Default: 1.
        echo: True gives the prompt before its continuation. Default: False.
        return_raw_tokens: True gives token ids instead of text, in `choices[].tokens`; not with
            `echo`. Default: False.
        seed: the same seed gives the same answer, as far as the service can. Default: none.
        stop: up to 4 texts that end the answer, without being in it. Default: none.
        stream_options: `{"include_usage": bool}`; usage comes with the last chunk in any case.
        suffix: a name of OpenAI's that the service knows and does not support.
        grammar_root: what the answer must be in the service's grammar, such as "object" or
            "string". Default: none.
        reasoning_format: as in a chat; deprecated here.
        prompt_cache_key: up to 1024 characters; calls with the same one share cached prompts. The
            account must be enabled for it. Default: none.
        user: an id of your user, against abuse. Default: none.
        cf_ray: the header CF-RAY, which the service's OpenAPI document names and does not describe.
        x_amz_cf_id: the header X-Amz-Cf-Id, likewise.
        x_delay_time: the header X-delay-time, likewise; a number.
        checks: as in the client, for this call: "error", "warn" or "off".
        extra_headers, extra_query, extra_body: added to the request as they are, and stronger than
            what stands there.
        timeout: as in the client, for this call.

        Raises TypeError for a keyword that is none of these, InvalidRequestError before anything is
        sent, MissingCredentialsError, KeyExchangeError, and the APIError that the service's answer
        means; what a stream raises has a Completion as its `.partial`.
        """
        # A traceback shows a frame's variables, and these may hold a key.
        headers, query, more = Hidden(extra_headers), Hidden(extra_query), Hidden(extra_body)
        del extra_headers, extra_query, extra_body
        given = locals()
        call = text_completion(
            self._client._options,
            prompt=prompt,
            model=model,
            stream=stream,
            params={name: given[name] for name in CompletionParams.__annotations__},
            headers=tracing_headers(cf_ray, x_amz_cf_id, x_delay_time),
            extra_headers=headers,
            extra_query=query.value,
            extra_body=more.value,
            timeout=timeout,
            checks=checks,
        )
        return await answer_to(self._client, call, TEXT)
