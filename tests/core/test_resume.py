"""Going on with an answer that broke off: the request for the rest, and the seam of the texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cerebras_sdk import (
    APIConnectionError,
    APIStatusError,
    ChatCompletion,
    StreamError,
    StreamInterruptedError,
    StreamResumeError,
)
from cerebras_sdk._core.http import Headers, Request
from cerebras_sdk._core.resume import ContinuedReader, continuation
from cerebras_sdk._core.seam import Seam, _is_repetition
from cerebras_sdk._core.timeout import Timeout
from cerebras_sdk.types._decode import convert

BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
TEXT = (
    "The quick brown fox jumps over the lazy dog, while seven wizards hex a puzzled journalist; "
    "nobody objects, because every zebra knows how vexing a daft jumble of waltzing nymphs can be. "
    "So the international committee (which nobody elected) went home, and wrote 12 letters more."
)


def answer(**message: Any) -> ChatCompletion:
    return convert({"choices": [{"index": 0, "message": message}]}, ChatCompletion)


def joined(before: str, pieces: list[str]) -> str:
    seam = Seam(before)
    new = [seam.feed(piece) for piece in pieces]
    return before + "".join(text or "" for text in new) + seam.end()


def split(text: str, sizes: list[int]) -> list[str]:
    """`text` in pieces of these sizes, over and over."""
    pieces = []
    while text:
        for size in sizes:
            pieces.append(text[:size])
            text = text[size:]
    return pieces


def test_the_rest_is_asked_for_after_what_was_said() -> None:
    body = {
        **BODY,
        "temperature": 0,
        "max_completion_tokens": 9,
        "min_completion_tokens": 5,
        "prediction": {"type": "content", "content": "all of it"},
    }
    asked = continuation(body, answer(content="One two", reasoning="Count."))
    please = asked["messages"].pop()
    assert please["role"] == "user"
    assert "Continue it exactly where it stopped" in please["content"]
    assert asked == {
        "model": "m",
        "temperature": 0,
        "max_completion_tokens": 9,
        "messages": [
            *BODY["messages"],
            {"role": "assistant", "content": "One two", "reasoning": "Count."},
        ],
    }
    assert len(body["messages"]) == 1


def test_the_rest_of_the_rest_is_asked_for_like_the_rest() -> None:
    first = continuation(BODY, answer(content="One"))
    second = continuation(first, answer(content="One two"))
    assert [message["content"] for message in second["messages"][:-1]] == ["Hi", "One two"]
    assert second["messages"][-1] == first["messages"][-1]


@pytest.mark.parametrize(
    ("more", "partial", "why"),
    [
        ({}, None, "no text yet"),
        ({}, ChatCompletion(), "no text yet"),
        ({}, answer(content=""), "no text yet"),
        ({}, answer(content="\n \n"), "no text yet"),
        ({}, answer(reasoning="Hm"), "no text yet"),
        ({}, answer(content="a", tool_calls=[{"id": "1", "function": {}}]), "tool calls"),
        ({"n": 2}, answer(content="a"), "several choices"),
        ({"response_format": {"type": "json_object"}}, answer(content="{"), "structured output"),
    ],
)
def test_what_cannot_be_continued_is_not(
    more: dict[str, Any], partial: ChatCompletion | None, why: str
) -> None:
    with pytest.raises(StreamResumeError, match=why) as caught:
        continuation({**BODY, **more}, partial)
    assert caught.value.partial is partial


def test_a_text_completion_is_not_continued() -> None:
    with pytest.raises(StreamResumeError, match="only a chat completion"):
        continuation({"prompt": "a"}, answer(content="a"))


@pytest.mark.parametrize("overlap", [0, 4, 5, 11, 200])
@pytest.mark.parametrize("sizes", [[1], [7], [1000], [2, 5, 1]])
def test_the_joined_text_is_the_whole_one(overlap: int, sizes: list[int]) -> None:
    for at in range(20, len(TEXT) - 20):
        start = max(0, at - overlap)
        assert joined(TEXT[:at], split(TEXT[start:], sizes)) == TEXT


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, int, int, list[int]]:
    """A text that does not repeat itself, where it was cut, how much is said again, and in what
    pieces the rest comes."""
    words = draw(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=60, unique=True))
    text = " ".join(f"{word}{number}" for number, word in enumerate(words))
    at = draw(st.integers(1, len(text)))
    overlap = draw(st.one_of(st.just(0), st.integers(4, 200)))
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=5))
    return text, at, overlap, sizes


@given(texts())
@example(("a0 b1 c2", 3, 0, [1]))
def test_nothing_is_lost_or_doubled_wherever_it_was_cut(
    case: tuple[str, int, int, list[int]],
) -> None:
    text, at, overlap, sizes = case
    start = max(0, at - overlap)
    repeated, rest = text[start:at], text[start:]
    assume(not repeated or _is_repetition(repeated))
    before = text[:at]
    # What is there twice may be a repetition or not: nobody can tell.
    longest = max(
        (size for size in range(1, min(len(rest), 200) + 1) if before.endswith(rest[:size])),
        default=0,
    )
    assume(not _is_repetition(rest[:longest]) or longest == len(repeated))
    seam = Seam(before)
    assume(not seam._is_habit(rest[:longest]) and rest[:longest] != seam._cut_word)
    assert joined(before, split(rest, sizes)) == text


@given(st.text(min_size=1), st.lists(st.text(), max_size=8))
def test_any_continuation_gives_a_text_or_the_documented_error(
    before: str, pieces: list[str]
) -> None:
    try:
        text = joined(before, pieces)
    except StreamResumeError:
        return
    assert text.startswith(before)
    assert (before + "".join(pieces)).endswith(text[len(before) :])


PARTS = st.sampled_from(["a", "b", " ", "\n", ":", "Sure", " here is", " the rest", TEXT[:20]])


@given(
    st.lists(PARTS | st.characters(), min_size=1, max_size=20).map("".join),
    st.lists(PARTS | st.text(max_size=5), max_size=12),
)
def test_the_pieces_make_no_difference(before: str, pieces: list[str]) -> None:
    try:
        whole = joined(before, ["".join(pieces)])
    except StreamResumeError:
        with pytest.raises(StreamResumeError):
            joined(before, pieces)
    else:
        assert joined(before, pieces) == whole


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
@pytest.mark.parametrize("at", [90, 150, 230, 270])
@pytest.mark.parametrize("start", ["\n\n" + TEXT[:60] + "cat sleeps", TEXT[:55] + "!"])
def test_a_new_beginning_is_an_error(sizes: list[int], at: int, start: str) -> None:
    with pytest.raises(StreamResumeError, match="anew"):
        joined(TEXT[:at], split(start, sizes))


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
def test_a_short_text_that_is_said_again_in_full_is_a_repetition(sizes: list[int]) -> None:
    for at in (10, 90, 200):
        assert joined(TEXT[:at], split(TEXT, sizes)) == TEXT
    with pytest.raises(StreamResumeError, match="anew"):
        joined(TEXT[:220], split(TEXT, sizes))


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
@pytest.mark.parametrize(
    "start",
    [
        "Sure, here is the rest:",
        "Sure! Here's the rest of the text:\n\n",
        "Certainly, continuing from where it stopped:\n",
        "Here is the continuation:\n",
        "Continuing where I left off: ",
    ],
)
def test_an_announcement_is_left_out_where_the_seam_is_clear_and_else_an_error(
    sizes: list[int], start: str
) -> None:
    assert joined(TEXT[:100], split(start + TEXT[90:], sizes)) == TEXT
    with pytest.raises(StreamResumeError, match="talks about"):
        joined(TEXT[:100], split(start + TEXT[100:], sizes))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("She said: ", "Sure, I will come: tomorrow."),
        ("Step one.\n", "Here is step two: turn it."),
        ("As I ", "said, here is the rest: nothing."),
        ("Sure, here is the rest: one, ", "two, three."),
        ("It was", ""),
        ("1, 2, 3, ", "4, 5, 6"),
        ("a" * 3, "a" * 3),
        ("if a {\n    if b {\n        c\n    }\n", "    }\n}"),
        ("x = 1\n    ", "    y = 2"),
    ],
)
@pytest.mark.parametrize("sizes", [[1], [7]])
def test_what_only_looks_like_it_is_kept(before: str, after: str, sizes: list[int]) -> None:
    assert joined(before, split(after, sizes)) == before + after


TIPS = (
    "Here are five tips for better sleep:\n\n1. Keep a regular schedule, going to bed at the same "
    "time every night.\n2. Avoid caffeine after noon, and"
)


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
@pytest.mark.parametrize(
    "start",
    [
        "Here are five tips for better sleep:\n\n1. **Stick to a schedule**: go to bed early.",
        "Sure! " + TIPS[:60],
        "Of course.\n\n" + TIPS[:60],
        "# Tips\n\n" + TIPS[:60],
        '"' + TIPS[:60],
        "**" + TIPS[:60],
        TIPS[:30],
    ],
)
def test_a_new_beginning_is_known_whatever_it_opens_with(sizes: list[int], start: str) -> None:
    with pytest.raises(StreamResumeError, match="anew"):
        joined(TIPS, split(start, sizes))
    with pytest.raises(StreamResumeError, match="anew"):
        joined("## Sleep\n\n" + TIPS, split(start, sizes))


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Row, row, row your boat gently down the stream.\n", "Row, row, row your boat, merrily."),
        ("x = [0, 0, 0, 0, ", "0, 0, 0, 0]"),
        ("ha ha ha ha ", "ha ha ha and then"),
        ("x = [10, 20, 10, 20, ", "10, 20, 30]"),
        ("-" * 30, "-" * 10 + "\n"),
        (TIPS, "# Naps\n\nSleep early."),
        (TIPS, '"Sure" is a word.'),
        ("a", "about"),
        ("haha", "haha"),
        ("\u6162\u6162", "\u6162\u6162\u6765"),
        ("to be bro", "bro"),
        ("to be bro", "bro, or"),
    ],
)
def test_a_habit_of_the_text_is_no_repetition(sizes: list[int], before: str, after: str) -> None:
    assert joined(before, split(after, sizes)) == before + after


@pytest.mark.parametrize("sizes", [[1], [7], [1000]])
@pytest.mark.parametrize("cut", ["br", "bro", "brow"])
def test_a_cut_word_that_is_said_in_full_is_one_word(sizes: list[int], cut: str) -> None:
    whole = "The quick brown fox"
    assert joined(f"The quick {cut}", split("brown fox", sizes)) == whole


def test_a_word_that_may_be_meant_twice_is_taken_for_a_repetition() -> None:
    assert joined("It was very ", ["very good"]) == "It was very good"


def test_text_is_held_back_no_longer_than_need_be() -> None:
    seam = Seam(TEXT[:100])
    fed = [seam.feed(piece) for piece in split(TEXT[100:], [1])]
    assert 0 <= fed.index(next(text for text in fed if text)) < 8


def event(**fields: Any) -> bytes:
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(finish: str | None = None, logprobs: Any = None, **fields: Any) -> bytes:
    choice = {"index": 0, "delta": fields, "finish_reason": finish}
    if logprobs is not None:
        choice["logprobs"] = {"content": [{"token": t, "logprob": -1.0} for t in logprobs]}
    return event(id="b", choices=[choice])


def reader(before: ChatCompletion) -> ContinuedReader:
    request = Request(
        method="POST", url="http://host/v1/chat/completions", headers={}, timeout=Timeout()
    )
    failure = StreamInterruptedError("lost", partial=before)
    return ContinuedReader(request, Headers(), before, model="m", failure=failure)


def test_the_chunks_have_only_what_is_new_and_the_total_has_all() -> None:
    rest = reader(answer(content="One two three", reasoning="Count."))
    heard = []
    for data in (
        delta(role="assistant"),
        delta(reasoning="Where was I?"),
        delta(content="two thr", logprobs=["two", " thr"]),
        b": keep-alive",
    ):
        rest.feed(data)
        heard.append(rest.heard)
        assert not rest.chunks
    assert heard == [False, True, True, False]
    rest.feed(b"\n\n")
    rest.feed(delta(content="ee fo", logprobs=["ee", " fo"]) + delta(content="ur"))
    rest.feed(delta(finish="stop") + event(id="b", choices=[], usage={"total_tokens": 9}))
    rest.end()
    assert rest.done
    assert rest.failure is None
    assert [chunk.text for chunk in rest.chunks] == [" fo", "ur", "", ""]
    logprobs = rest.chunks[0].choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert [token.token for token in logprobs.content] == [" fo"]
    whole = rest.total.completion()
    assert whole.text == "One two three four"
    assert whole.choices[0].message.reasoning == "Count."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.total_tokens == 9


def test_what_is_still_held_at_the_end_is_given_with_it() -> None:
    rest = reader(answer(content="One two"))
    rest.feed(delta(content="!") + delta(content=" O") + delta(finish="stop"))
    rest.end()
    assert "".join(chunk.text for chunk in rest.chunks) == "! O"
    assert rest.total.completion().text == "One two! O"


@pytest.mark.parametrize(
    ("held", "kept"), [("two th", "two th"), ("Sure", "Sure"), ("four two", "four two")]
)
@pytest.mark.parametrize("end", ["a close", "a break", "an error", "no JSON"])
def test_what_may_be_a_repetition_is_only_in_the_partial_when_the_rest_breaks_off_too(
    held: str, kept: str, end: str
) -> None:
    rest = reader(answer(content="One two three four two three"))
    rest.feed(delta(content=held))
    match end:
        case "a close":
            rest.end()
        case "a break":
            rest.broken(APIConnectionError("reset"))
        case "an error":
            rest.feed(event(status_code=500, error={"message": "late"}))
        case _:
            rest.feed(b"data: {\n\n")
    assert not rest.chunks
    assert isinstance(rest.failure, (StreamError, APIStatusError))
    assert rest.failure.partial is not None
    assert rest.failure.partial.text == "One two three four two three" + kept
    assert rest.total.completion().text == "One two three four two three"
    assert rest.failure._seen == rest.total.completion()


def test_a_clear_repetition_is_not_in_the_partial() -> None:
    rest = reader(answer(content="One two three four two three"))
    rest.feed(delta(content="two three"))
    rest.end()
    assert isinstance(rest.failure, StreamError)
    assert rest.failure.partial is not None
    assert rest.failure.partial.text == "One two three four two three"


def test_an_error_beside_text_keeps_the_text_of_the_rest() -> None:
    rest = reader(answer(content="One two"))
    choice = {"index": 0, "delta": {"content": "!!"}}
    rest.feed(event(choices=[choice], error={"message": "late"}))
    assert isinstance(rest.failure, APIStatusError)
    assert rest.failure.partial is not None
    assert rest.failure.partial.text == "One two!!"


def test_a_new_beginning_fails_with_everything_so_far() -> None:
    rest = reader(answer(content=TEXT[:250]))
    for piece in split(TEXT, [10]):
        rest.feed(delta(content=piece))
    assert rest.done
    assert not rest.chunks
    assert isinstance(rest.failure, StreamResumeError)
    assert isinstance(rest.failure.__cause__, StreamInterruptedError)
    assert rest.failure.partial is not None
    assert rest.failure.partial.text.startswith(TEXT[:250] + TEXT[:20])
    assert rest.failure._seen.text == rest.total.completion().text == TEXT[:250]
    assert "began its answer anew" in str(rest.failure)


def test_a_whole_document_is_the_rest_in_one_chunk() -> None:
    rest = reader(answer(content="One two three"))
    document = {"index": 0, "message": {"content": "three four"}, "finish_reason": "stop"}
    rest.take(convert({"choices": [document]}, ChatCompletion))
    assert [chunk.text for chunk in rest.chunks] == [" four"]
    assert rest.failure is None
    assert rest.total.completion().text == "One two three four"
