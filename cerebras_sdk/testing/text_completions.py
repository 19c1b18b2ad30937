"""Text completions (`POST /v1/completions`) in Cerebras's wire format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, runtime_checkable

from .engines import Delta, Engine, Finish
from .generation import Generation

Prompt: TypeAlias = str | list[int]


@runtime_checkable
class TextEngine(Protocol):
    """An engine that also continues a raw prompt, without a chat template.

    `complete` is `answer` for a request whose `prompt` is one text or one list of token ids.
    """

    def complete(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish: ...


@dataclass(frozen=True)
class _Text:
    """A piece of one choice; with `reason`, its last one."""

    index: int
    text: str
    reason: str | None = None


class TextCompletion(Generation[_Text]):
    """A text completion: `n` choices for each prompt, numbered prompt by prompt.

    An engine that has no `complete` is asked as in a chat of one user message; token ids are then
    the text of their numbers. The choices are written one after another, and in a stream each ends
    with a chunk that has its `finish_reason`; the last one carries `usage` and `time_info`.
    """

    prefix = "cmpl"

    def _ask(self, emit: Callable[[_Text], bool]) -> Finish:
        runs: list[Finish] = []
        last = len(self._body_prompts()) * self._copies() - 1
        for index, (prompt, first) in enumerate(self._runs()):
            finish = self._one(prompt, index, emit)
            # A prompt is counted once, however many choices it has.
            runs.append(finish if first else replace(finish, prompt_tokens=0, cached_tokens=0))
            if index < last and not emit(_Text(index, "", finish.reason)):
                break
        return _sum(runs)

    def _one(self, prompt: Prompt, index: int, emit: Callable[[_Text], bool]) -> Finish:
        if self._body.get("echo") and not emit(_Text(index, _text(prompt))):
            return Finish("stop", prompt_tokens=0, completion_tokens=0)
        # Reasoning is left out: a choice of this endpoint has no field for it.
        return _completer(self._engine)(
            {**self._body, "prompt": prompt},
            lambda delta: emit(_Text(index, delta.content or "")),
        )

    def _runs(self) -> Iterator[tuple[Prompt, bool]]:
        for prompt in self._body_prompts():
            for copy in range(self._copies()):
                yield prompt, copy == 0

    def _body_prompts(self) -> list[Prompt]:
        return prompts(self._body["prompt"])

    def _copies(self) -> int:
        return self._body.get("n") or 1

    def _says_something(self, piece: _Text) -> bool:
        return bool(piece.text or piece.reason)

    def _whole(self, pieces: list[_Text], finish: Finish) -> dict[str, Any]:
        count = len(self._body_prompts()) * self._copies()
        choices = []
        for index in range(count):
            mine = [piece for piece in pieces if piece.index == index]
            reasons = [piece.reason for piece in mine if piece.reason] or [finish.reason]
            text = "".join(piece.text for piece in mine)
            choices.append({"finish_reason": reasons[-1], "index": index, "text": text})
        return self._object("text_completion", choices)

    def _chunk_kind(self) -> str:
        return "text_completion"

    def _opening(self) -> list[dict[str, Any]]:
        return []

    def _said(self, piece: _Text) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": piece.index, "text": piece.text}
        return choice if piece.reason is None else {**choice, "finish_reason": piece.reason}

    def _closing(self, finish: Finish) -> dict[str, Any]:
        last = len(self._body_prompts()) * self._copies() - 1
        return {"finish_reason": finish.reason, "index": last, "text": ""}


def prompts(given: str | list[Any]) -> list[Prompt]:
    """The prompts of a request, which gives one or several, as text or as token ids."""
    if isinstance(given, str) or (given and isinstance(given[0], int)):
        return [given]
    return given


def _text(prompt: Prompt) -> str:
    return prompt if isinstance(prompt, str) else " ".join(map(str, prompt))


def _completer(engine: Engine) -> Callable[[Mapping[str, Any], Callable[[Delta], bool]], Finish]:
    if isinstance(engine, TextEngine):
        return engine.complete

    def chat(request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        message = {"role": "user", "content": _text(request["prompt"])}
        return engine.answer({**request, "messages": [message]}, emit)

    return chat


def _sum(runs: list[Finish]) -> Finish:
    return Finish(
        runs[-1].reason,
        prompt_tokens=sum(run.prompt_tokens for run in runs),
        completion_tokens=sum(run.completion_tokens for run in runs),
        prompt_seconds=sum(run.prompt_seconds for run in runs),
        completion_seconds=sum(run.completion_seconds for run in runs),
        reasoning_tokens=sum(run.reasoning_tokens for run in runs),
        cached_tokens=sum(run.cached_tokens for run in runs),
    )
