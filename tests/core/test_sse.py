"""Events come out the same however the network cut their bytes."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.sse import MAX_EVENT_SIZE, ServerSentEvent, SSEDecoder
from cerebras_sdk.errors import StreamDecodeError

Event = tuple[str, str, str]  # event, data, id


def decoded(pieces: Iterable[bytes]) -> tuple[list[Event], int | None]:
    decoder = SSEDecoder()
    events = [event for piece in pieces for event in decoder.feed(piece)]
    events += decoder.flush()
    return [(event.event, event.data, event.id) for event in events], decoder.retry


def splits(stream: bytes) -> Iterator[list[bytes]]:
    yield [stream]
    yield [stream[i : i + 1] for i in range(len(stream))]
    for cut in range(len(stream) + 1):
        yield [stream[:cut], stream[cut:]]


def message(data: str, *, event: str = "message", last_id: str = "") -> Event:
    return event, data, last_id


# name, stream, events, the last reconnection time
VECTORS: list[tuple[str, bytes, list[Event], int | None]] = [
    ("nothing", b"", [], None),
    ("only blank lines", b"\n\r\n\r\r\n\n", [], None),
    ("line feeds", b"data: a\n\ndata: b\n\n", [message("a"), message("b")], None),
    ("carriage returns", b"data: a\r\rdata: b\r\r", [message("a"), message("b")], None),
    ("both", b"data: a\r\n\r\ndata: b\r\n\r\n", [message("a"), message("b")], None),
    ("mixed ends", b"data: a\r\n\ndata: b\r\r\ndata: c\n\r", list(map(message, "abc")), None),
    ("two lines of one event", b"data: a\rdata: b\r\ndata: c\n\n", [message("a\nb\nc")], None),
    ("a third line feed", b"data: a\n\n\ndata: b\n\n", [message("a"), message("b")], None),
    (
        "the form of the service",
        b"data: {}\n\ndata: [DONE]\n\n",
        [*map(message, ("{}", "[DONE]"))],
        None,
    ),
    ("a bom", b"\xef\xbb\xbfdata: a\n\n", [message("a")], None),
    ("half a bom", b"\xef\xbbdata: a\n\ndata: b\n\n", [message("b")], None),
    ("a bom alone", b"\xef\xbb\xbf", [], None),
    ("two boms", b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [message("b")], None),
    ("a bom later on", b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [message("a")], None),
    ("a bom in the data", b"data: \xef\xbb\xbfa\n\n", [message("\ufeffa")], None),
    ("comments", b": hi\n\n:\ndata: a\n:data: b\n\n", [message("a")], None),
    ("a comment between events", b"data: a\n\n: ping\n\ndata: b\n\n", [*map(message, "ab")], None),
    ("a comment before its event", b"data: a\n\n: ping\ndata: b\n\n", [*map(message, "ab")], None),
    ("no space", b"data:a\n\n", [message("a")], None),
    ("one space", b"data: a\n\n", [message("a")], None),
    ("two spaces", b"data:  a\n\n", [message(" a")], None),
    ("a tab is no space", b"data:\ta\n\n", [message("\ta")], None),
    ("a space before the colon", b"data : a\n\n", [], None),
    ("colons in the data", b"data: a: b:\n\n", [message("a: b:")], None),
    ("no colon", b"data\n\n", [message("")], None),
    ("empty data", b"data:\n\ndata: \n\n", [message(""), message("")], None),
    ("two empty lines of data", b"data\ndata\n\n", [message("\n")], None),
    ("data that looks like a field", b"data: data: b\n\n", [message("data: b")], None),
    ("another case is another field", b"Data: a\nDATA: a\n\n", [], None),
    ("unknown fields", b"foo: 1\ndata: a\nbar\n\n", [message("a")], None),
    (
        "an event type",
        b"event: e\ndata: a\n\ndata: b\n\n",
        [message("a", event="e"), message("b")],
        None,
    ),
    ("an event type afterwards", b"data: a\nevent: e\n\n", [message("a", event="e")], None),
    (
        "the last event type counts",
        b"event: e\nevent: f\ndata: a\n\n",
        [message("a", event="f")],
        None,
    ),
    ("an empty event type", b"event: e\nevent:\ndata: a\n\n", [message("a")], None),
    ("a block without data", b"event: e\nid: 1\n\ndata: a\n\n", [message("a", last_id="1")], None),
    (
        "an id stays",
        b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n",
        [message("a", last_id="1"), message("b", last_id="1"), message("c", last_id="2")],
        None,
    ),
    (
        "an empty id takes it away",
        b"id: 1\ndata: a\n\nid\ndata: b\n\ndata: c\n\n",
        [message("a", last_id="1"), message("b"), message("c")],
        None,
    ),
    ("an id with a NUL", b"id: 1\nid: 2\0\ndata: a\n\n", [message("a", last_id="1")], None),
    ("NUL in the data", b"data: a\0b\n\n", [message("a\0b")], None),
    ("a reconnection time", b"retry: 1500\ndata: a\n\n", [message("a")], 1500),
    ("a reconnection time alone", b"retry:007\n", [], 7),
    (
        "no reconnection time",
        b"retry: 1500\nretry: 15s\nretry: -1\nretry: 1.5\nretry\nretry:  2\n",
        [],
        1500,
    ),
    ("digits of another script", "retry: ٣\n".encode(), [], None),
    ("an event without its end", b"data: a\n\ndata: b\n", [message("a")], None),
    ("a line without its end", b"data: a\n\ndata: b", [message("a")], None),
    ("an end without its line feed", b"data: a\r\n\r", [message("a")], None),
    ("several bytes a character", "data: héλ😀\n\n".encode(), [message("héλ😀")], None),
    ("no utf-8", b"data: a\xff\xe2\x82b\n\n", [message("a\ufffd\ufffdb")], None),
    ("half a character at the end of a line", b"data: \xe2\n\n", [message("\ufffd")], None),
    (
        "separators that are no line ends",
        "data: a\u2028b\x0b\x0c\x85\n\n".encode(),
        [message("a\u2028b\x0b\x0c\x85")],
        None,
    ),
]


@pytest.mark.parametrize(
    ("stream", "events", "retry"),
    [vector[1:] for vector in VECTORS],
    ids=[vector[0] for vector in VECTORS],
)
def test_a_stream_gives_the_same_events_at_every_split(
    stream: bytes, events: list[Event], retry: int | None
) -> None:
    for pieces in splits(stream):
        assert decoded(pieces) == (events, retry), pieces


def test_an_event_is_there_as_soon_as_its_blank_line_is() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\n") == []
    assert [event.data for event in decoder.feed(b"\r")] == ["a"]
    assert decoder.feed(b"\n") == []
    assert [event.data for event in decoder.feed(b"data: b\n\ndata: c")] == ["b"]


def test_the_data_is_also_there_as_bytes() -> None:
    assert SSEDecoder().feed(b"data: \xff\ndata: b\n\n") == [ServerSentEvent(b"\xff\nb")]


def test_a_decoder_can_read_another_stream_after_its_flush() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"retry: 5\nid: 1\nevent: e\ndata: a")
    assert decoder.flush() == []
    assert [*decoder.feed(b"\xef\xbb\xbfdata: b\n\n")] == [ServerSentEvent(b"b")]
    assert decoder.retry == 5


# The reference: the steps of the standard, one after another, on the whole stream.


def reference(stream: bytes) -> tuple[list[Event], int | None]:
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = re.split("\r\n|\r|\n", text)[:-1]
    events: list[Event] = []
    data, kind, last_id, retry = "", "", "", None
    for line in lines:
        if line == "":
            if data != "":
                events.append((kind or "message", data.removesuffix("\n"), last_id))
            data, kind = "", ""
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data += value + "\n"
            elif name == "event":
                kind = value
            elif name == "id" and "\0" not in value:
                last_id = value
            elif name == "retry" and re.fullmatch("[0-9]+", value):
                retry = int(value)
    return events, retry


NAMES = ["data", "data", "data", "event", "id", "retry", "", "Data", "data ", "foo", "\ufeffdata"]
VALUES = st.one_of(
    st.sampled_from(["", "a", "[DONE]", "data: x", "12", "1a", "x\0y", "\ufeff", ":", " "]),
    st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=6),
)
LINES = st.one_of(
    st.just(""),
    st.builds(
        "".join, st.tuples(st.sampled_from(NAMES), st.sampled_from(["", ":", ": ", ":  "]), VALUES)
    ),
)
ENDS = st.sampled_from(["\n", "\n", "\n\n", "\n\n", "\r\n", "\r", "\r\n\r\n", "\n\r\n", "\r\r"])
GRAMMAR = st.builds(
    lambda bom, lines, rest: (bom + "".join(map("".join, lines)) + rest).encode(),
    st.sampled_from(["", "", "\ufeff", "\ufeff\ufeff"]),
    st.lists(st.tuples(LINES, ENDS), max_size=12),
    st.sampled_from(["", "", "data: rest", "data"]),
)
# Streams of the service: nearly all events are one line of data.
PLAIN = st.lists(
    st.sampled_from(
        [b"data: a\n\n", b"data: {}\n\n", b"data: \n\n", b"data:b\n\n", b": c\n\n", b"\n", b"\r"]
    ),
    max_size=12,
).map(b"".join)
NOISE = st.lists(
    st.sampled_from([b"data", b":", b" ", b"\n", b"\r", b"\xef\xbb\xbf", b"\xef", b"id", b"\xff"]),
    max_size=30,
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(GRAMMAR, PLAIN, NOISE), st.lists(st.integers(0, 120), max_size=8))
@example(b"data: a\n\nfoo\ndata: b\n\n", [])
@example(b"data: a\r\n\ndata: b\n\n", [8])
def test_any_stream_cut_anywhere_reads_as_the_standard_says(stream: bytes, cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(borders)]
    stream = b"".join(pieces)
    assert decoded(pieces) == reference(stream)


class TestTheSizeOfAnEvent:
    CAP = 60

    def outcome(self, pieces: Iterable[bytes]) -> tuple[list[bytes], bool]:
        decoder = SSEDecoder(max_event_size=self.CAP)
        seen: list[bytes] = []
        try:
            for piece in pieces:
                seen += [event.raw for event in decoder.feed(piece)]
            decoder.flush()
        except StreamDecodeError:
            return seen, True
        return seen, False

    @pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
    @pytest.mark.parametrize(("more", "too_large"), [(-1, False), (0, False), (1, True)])
    def test_the_border_is_the_same_at_every_split(
        self, end: bytes, more: int, too_large: bool
    ) -> None:
        large = b"x" * (self.CAP - len(b"data: ") + more)
        stream = b"data: first%b%bdata: %b%b%bdata: last%b%b" % (end, end, large, *[end] * 4)
        events = [b"first"] if too_large else [b"first", large, b"last"]
        for pieces in splits(stream):
            assert self.outcome(pieces) == (events, too_large), pieces

    @pytest.mark.parametrize(("more", "too_large"), [(0, False), (1, True)])
    def test_the_lines_of_an_event_are_added_up(self, more: int, too_large: bool) -> None:
        lines = [b"data: " + b"x" * 20, b"data: " + b"y" * (self.CAP - 21 - len(b"data: ") + more)]
        stream = b"data: a\n\n" + b"\n".join(lines) + b"\n\n"
        results = {(len(seen), failed) for seen, failed in map(self.outcome, splits(stream))}
        assert results == {(1 if too_large else 2, too_large)}

    @pytest.mark.parametrize("field", [b"data: ", b": ", b"id: ", b"event: ", b"foo"])
    def test_no_line_grows_without_end(self, field: bytes) -> None:
        decoder = SSEDecoder(max_event_size=self.CAP)
        with pytest.raises(StreamDecodeError, match="larger than 60 bytes"):
            for _ in range(self.CAP):
                decoder.feed(field + b"x" * 10)

    def test_many_events_together_may_be_larger(self) -> None:
        stream = b"data: abc\n\n" * 100
        for pieces in ([stream], [stream[:777], stream[777:]]):
            assert self.outcome(pieces) == ([b"abc"] * 100, False)

    def test_events_before_the_large_one_are_given_first(self) -> None:
        decoder = SSEDecoder(max_event_size=self.CAP)
        events = decoder.feed(b"data: a\n\ndata: b\n\ndata: " + b"x" * 100 + b"\n\ndata: c\n\n")
        assert [event.data for event in events] == ["a", "b"]
        for _ in range(2):
            with pytest.raises(StreamDecodeError):
                decoder.feed(b"data: d\n\n")
        with pytest.raises(StreamDecodeError):
            decoder.flush()

    def test_it_is_16_mib_unless_said_otherwise(self) -> None:
        assert MAX_EVENT_SIZE == 16 * 2**20
        decoder = SSEDecoder()
        fits = b"data: " + b"x" * (MAX_EVENT_SIZE - 6)
        assert len(decoder.feed(fits + b"\n\n")[0].raw) == MAX_EVENT_SIZE - 6
        with pytest.raises(StreamDecodeError):
            decoder.feed(fits + b"x")


class TestTheTimeItTakes:
    def seconds(self, stream: bytes, piece: int) -> float:
        best = float("inf")
        for _ in range(3):
            decoder = SSEDecoder()
            started = time.process_time()
            for at in range(0, len(stream), piece):
                decoder.feed(stream[at : at + piece])
            best = min(best, time.process_time() - started)
        return best

    @pytest.mark.parametrize(
        ("piece", "small", "line"),
        [(1024, 2**20, b""), (1, 2**15, b""), (64, 2**17, b"\ndata: ")],
        ids=["one large event", "byte by byte", "many lines"],
    )
    def test_it_grows_with_the_size_and_not_with_its_square(
        self, piece: int, small: int, line: bytes
    ) -> None:
        def stream(size: int) -> bytes:
            unit = b"x" * 50 + line
            return b"data: " + unit * (size // len(unit)) + b"\n\n"

        # Eight times as much would take 64 times as long if each piece cost what came before it.
        assert self.seconds(stream(8 * small), piece) < 30 * max(
            self.seconds(stream(small), piece), 1e-3
        )
