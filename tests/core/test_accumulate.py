"""Chunks add up to the completion that the service would have sent whole."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.accumulate import ChatAccumulator, TextAccumulator
from cerebras_sdk.types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChunkChoice,
    Completion,
    CompletionChoice,
    Delta,
    FunctionCallDelta,
    Logprobs,
    TimeInfo,
    TokenLogprob,
    ToolCallDelta,
    Usage,
)


def piece(delta: Delta | None = None, *, index: int = 0, end: str | None = None) -> ChunkChoice:
    return ChunkChoice(index=index, delta=delta or Delta(), finish_reason=end)


def total(*choices: ChunkChoice, n: int = 1) -> ChatCompletion:
    accumulator = ChatAccumulator(n=n)
    for choice in choices:
        accumulator.add(ChatCompletionChunk(choices=[choice]))
    return accumulator.completion()


def test_nothing_adds_up_to_an_empty_completion() -> None:
    accumulator = ChatAccumulator()
    assert accumulator.completion() == ChatCompletion()
    assert not accumulator.finished


def test_the_answer_is_named_by_the_first_chunk_and_counted_by_the_last() -> None:
    accumulator = ChatAccumulator()
    accumulator.add(
        ChatCompletionChunk(id="a", created=5, model="m", system_fingerprint="fp", usage=Usage())
    )
    usage = Usage(total_tokens=3)
    accumulator.add(
        ChatCompletionChunk(id="b", usage=usage, time_info=TimeInfo(created=1), service_tier="auto")
    )
    accumulator.add(ChatCompletionChunk(service_tier_used="flex"))
    assert accumulator.completion() == ChatCompletion(
        id="a",
        created=5,
        model="m",
        system_fingerprint="fp",
        usage=usage,
        time_info=TimeInfo(created=1),
        service_tier="auto",
        service_tier_used="flex",
    )


def test_no_content_is_none_and_empty_content_is_empty() -> None:
    assert total(piece(Delta(role="assistant"))).choices[0].message.content is None
    assert total(piece(Delta(content=""))).choices[0].message.content == ""


def test_it_is_finished_when_each_choice_is() -> None:
    accumulator = ChatAccumulator(n=2)
    for choice, finished in [
        (piece(index=1, end="stop"), False),
        (piece(index=1, end="stop"), False),
        (piece(Delta(content="a"), index=0), False),
        (piece(index=0, end="length"), True),
        (piece(Delta(content="late"), index=0), True),
    ]:
        accumulator.add(ChatCompletionChunk(choices=[choice]))
        assert accumulator.finished is finished


def test_a_completion_taken_early_is_not_changed_by_what_follows() -> None:
    accumulator = ChatAccumulator()
    accumulator.add(ChatCompletionChunk(choices=[piece(Delta(content="a"))]))
    early = accumulator.completion()
    accumulator.add(ChatCompletionChunk(choices=[piece(Delta(content="b"), end="stop")]))
    assert (early.text, early.choices[0].finish_reason) == ("a", None)
    assert accumulator.completion().text == "ab"


def test_chunks_are_left_as_they_are() -> None:
    chunk = ChatCompletionChunk(choices=[piece(Delta(content="a"))], usage=Usage(total_tokens=1))
    accumulator = ChatAccumulator()
    accumulator.add(chunk)
    accumulator.add(ChatCompletionChunk(usage=Usage(total_tokens=2)))
    assert chunk.usage == Usage(total_tokens=1)


def test_log_probabilities_are_joined() -> None:
    def logprobs(*tokens: str) -> Logprobs:
        return Logprobs(content=[TokenLogprob(token=token, logprob=-1.0) for token in tokens])

    choices = [
        ChunkChoice(logprobs=logprobs("a", "b"), reasoning_logprobs=logprobs("r")),
        ChunkChoice(logprobs=Logprobs()),
        ChunkChoice(logprobs=logprobs("c")),
    ]
    choice = total(*choices).choices[0]
    assert choice.logprobs == logprobs("a", "b", "c")
    assert choice.reasoning_logprobs == logprobs("r")
    assert total(piece()).choices[0].logprobs is None


def test_calls_are_ordered_by_their_index() -> None:
    def call(index: int, text: str) -> Delta:
        function = FunctionCallDelta(arguments=text)
        return Delta(tool_calls=[ToolCallDelta(index=index, function=function)])

    message = (
        total(piece(call(2, "c")), piece(call(0, "a")), piece(call(2, "C"))).choices[0].message
    )
    found = [(one.index, one.function.arguments) for one in message.tool_calls or []]
    assert found == [(0, "a"), (2, "cC")]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.text(max_size=4))))
def test_each_choice_is_the_sum_of_its_pieces(pieces: list[tuple[int, str]]) -> None:
    whole = total(*(piece(Delta(content=text), index=index) for index, text in pieces))
    assert {choice.index: choice.message.content for choice in whole.choices} == {
        index: "".join(text for at, text in pieces if at == index) for index, _ in pieces
    }


def test_adding_costs_the_same_however_long_the_answer_is() -> None:
    chunk = ChatCompletionChunk(choices=[piece(Delta(content="x" * 100))])

    def seconds(count: int) -> float:
        best = float("inf")
        for _ in range(3):
            accumulator = ChatAccumulator()
            started = time.process_time()
            for _ in range(count):
                accumulator.add(chunk)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(80_000) < 30 * max(seconds(10_000), 1e-3)


def test_text_of_a_text_completion_is_joined_and_what_never_came_is_none() -> None:
    accumulator = TextAccumulator(n=2)
    assert accumulator.completion() == Completion()
    for choice in (
        CompletionChoice(index=1, tokens=[1]),
        CompletionChoice(text="a"),
        CompletionChoice(text="b", finish_reason="stop"),
        CompletionChoice(index=1, tokens=[2]),
    ):
        assert not accumulator.finished
        accumulator.add(Completion(id="i", choices=[choice]))
    sofar = accumulator.completion()
    accumulator.add(Completion(choices=[CompletionChoice(index=1, finish_reason="length")]))
    assert accumulator.finished
    accumulator.add(Completion(usage=Usage(total_tokens=3), time_info=TimeInfo(created=1)))
    assert accumulator.completion() == Completion(
        id="i",
        choices=[
            CompletionChoice(text="ab", finish_reason="stop"),
            CompletionChoice(index=1, tokens=[1, 2], finish_reason="length"),
        ],
        usage=Usage(total_tokens=3),
        time_info=TimeInfo(created=1),
    )
    assert sofar.choices[1].finish_reason is None
