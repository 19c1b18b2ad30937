"""Text completions as the service sends them; a chunk of a stream has the same shape as the whole.

Source of the fields: https://inference-docs.cerebras.ai/api-reference/completions and the service's
OpenAPI document (version 1.0).
"""

from __future__ import annotations

from ._base import Answer, Model
from .chat import CompletionTokensDetails, PromptTokensDetails, TimeInfo, Usage
from .timing import Timing


class CompletionLogprobs(Model):
    """Log probabilities, token by token: four lists of the same length.

    `text_offset` counts characters of the text; an item of `top_logprobs` maps tokens to their log
    probabilities. A token that nothing stands before may have none.
    """

    text_offset: list[int] | None = None
    token_logprobs: list[float | None] | None = None
    tokens: list[str] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None


class CompletionChoice(Model):
    """One continuation. `finish_reason`: `stop`, `length`, `content_filter`, or newer.

    `tokens` are ids, sent in place of `text` when `return_raw_tokens` asked for them. With several
    prompts, `index` counts prompt by prompt: with n=2, the second prompt has 2 and 3.
    """

    index: int = 0
    text: str | None = None
    tokens: list[int] | None = None
    finish_reason: str | None = None
    logprobs: CompletionLogprobs | None = None


class Completion(Answer):
    """An answer of `completions.create`, or a chunk of one. `created` is unix time in seconds."""

    id: str = ""
    choices: list[CompletionChoice] = []
    created: int = 0
    model: str = ""
    object: str = "text_completion"
    system_fingerprint: str | None = None
    usage: Usage | None = None
    time_info: TimeInfo | None = None

    @property
    def text(self) -> str:
        """The text of the first choice, or what a chunk adds to it; empty when there is none."""
        for choice in self.choices:
            if choice.index == 0:
                return choice.text or ""
        return ""

    @property
    def timing(self) -> Timing:
        """How long the answer took, at the service and here; `print` it, or read its numbers."""
        times = self._response.times if self._response else None
        return Timing.of(self.time_info, self.usage, times)


# As the official SDK calls them.
CompletionResponse = Completion
CompletionResponseChoice = CompletionChoice
CompletionResponseChoiceLogprobs = CompletionLogprobs
CompletionResponseTimeInfo = TimeInfo
CompletionResponseUsage = Usage
CompletionResponseUsageCompletionTokensDetails = CompletionTokensDetails
CompletionResponseUsagePromptTokensDetails = PromptTokensDetails
