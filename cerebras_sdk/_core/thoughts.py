"""Answers whose text may begin with `<think>`: what is in it is taken out, and called reasoning."""

from __future__ import annotations

from typing import Any

from ..types import ChatCompletion, ChatCompletionChunk, Choice, ChunkChoice, Delta, Logprobs
from .chunks import ChunkReader
from .reasoning import ThinkSplitter, split
from .resume import ContinuedReader


def apart(completion: ChatCompletion) -> None:
    """Takes the thoughts out of the texts of a whole answer."""
    for choice in completion.choices:
        message = choice.message
        if not message.content:
            continue
        thought, content = split(message.content)
        if len(content) == len(message.content):
            continue
        _move_logprobs(choice, len(message.content) - len(content))
        message.reasoning = (message.reasoning or "") + thought or None
        message.content = content or None


class ApartReader(ChunkReader[ChatCompletionChunk, ChatCompletion]):
    """Turns a streamed answer into chunks, with the thoughts out of their texts.

    At most a piece of a tag, and the blank before it, is held back until the next chunk.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self._splitters: dict[int, ThinkSplitter] = {}
        super().__init__(*args, **options)

    def _add(self, chunk: ChatCompletionChunk) -> None:
        for choice in chunk.choices:
            self._split(choice)
        super()._add(chunk)

    def _split(self, choice: ChunkChoice) -> None:
        delta = choice.delta
        text = delta.content or ""
        ends = bool(choice.finish_reason or delta.tool_calls)
        if not text and not ends:
            return
        splitter = self._splitters.get(choice.index)
        if splitter is None:
            splitter = self._splitters[choice.index] = ThinkSplitter()
        if splitter.done:
            return
        thought, content = splitter.feed(text)
        if ends:
            last_thought, last_content = splitter.end()
            thought, content = thought + last_thought, content + last_content
        if content == text and not thought:
            return
        if splitter.began:
            _move_logprobs(choice, len(text) - len(content))
        delta.content = content or None
        delta.reasoning = (delta.reasoning or "") + thought or None

    def _partial(self) -> Any:
        # What was held belongs to what arrived, but it says too little to be given as a chunk.
        for index, splitter in self._splitters.items():
            thought, content = splitter.end()
            if thought or content:
                delta = Delta(reasoning=thought or None, content=content or None)
                choice = ChunkChoice(index=index, delta=delta)
                self.total.add(ChatCompletionChunk(choices=[choice]))
        return super()._partial()


class ApartContinuedReader(ApartReader, ContinuedReader):
    """The same for the rest of an answer that broke off."""


def _move_logprobs(choice: Choice | ChunkChoice, size: int) -> None:
    """The tokens of the first `size` characters are those of thoughts."""
    known = choice.logprobs
    tokens = None if known is None else known.content
    if known is None or not tokens:
        return
    count = 0
    while count < len(tokens) and size > 0:
        size -= len(tokens[count].token)
        count += 1
    before = choice.reasoning_logprobs or Logprobs()
    choice.reasoning_logprobs = Logprobs(
        content=[*(before.content or ()), *tokens[:count]], refusal=before.refusal
    )
    rest = tokens[count:]
    choice.logprobs = (
        Logprobs(content=rest or None, refusal=known.refusal) if rest or known.refusal else None
    )
