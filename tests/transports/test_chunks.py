"""Bodies in HTTP chunks: what has come is given, however it was cut."""

from __future__ import annotations

import http.client
import io
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk._transports._chunks import Chunks

WORDS = [b"one", b"\r\n", b"0\r\n\r\n", b"x" * 300]
BODY = b"".join(WORDS)
FRAMES = [
    *(b"%X;a=b \r\n%b\r\n" % (len(word), word) for word in WORDS),
    b"0\r\nX-Trailer: y\r\n\r\n",
]
FRAMED = b"".join(FRAMES)
WHOLE = len(FRAMED) - len(FRAMES[-1])  # up to the last chunk, which is empty


class Pieces(io.RawIOBase):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._pieces:
            return 0
        piece = self._pieces.pop(0)
        size = min(len(piece), len(buffer))
        if piece[size:]:
            self._pieces.insert(0, piece[size:])
        buffer[:size] = piece[:size]
        return size


def chunks(*pieces: bytes) -> Chunks:
    return Chunks(io.BufferedReader(Pieces(*pieces)))


@given(st.lists(st.integers(0, len(FRAMED))), st.sampled_from([-1, 1, 7, 65536]))
def test_the_body_is_the_same_however_it_is_cut(cuts: list[int], amount: int) -> None:
    edges = itertools.pairwise(sorted({0, len(FRAMED), *cuts}))
    reader = chunks(*(FRAMED[start:end] for start, end in edges))
    pieces = list(iter(lambda: reader.read1(amount), b""))
    assert b"".join(pieces) == BODY
    assert amount < 0 or max(map(len, pieces)) <= amount


def test_all_chunks_that_have_come_are_one_piece() -> None:
    assert chunks(b"".join(FRAMES[:3])).read1(65536) == b"".join(WORDS[:3])


def test_a_part_of_a_chunk_is_given_before_its_rest() -> None:
    reader = chunks(b"5\r\nab", b"cd", b"e\r\n", b"0\r\n\r\n")
    assert [reader.read1(65536) for _ in range(4)] == [b"ab", b"cd", b"e", b""]


@pytest.mark.parametrize("size", range(WHOLE + 2))
def test_what_came_before_a_cut_is_given_before_the_error(size: int) -> None:
    reader = chunks(FRAMED[:size])
    read = b""
    with pytest.raises(http.client.IncompleteRead):
        while piece := reader.read1(65536):
            read += piece
    assert BODY.startswith(read)
    assert len(read) >= min(size, WHOLE) - (WHOLE - len(BODY))


@pytest.mark.parametrize(
    "bad", [b"z", b"-1", b"+1", b"0x1", b"1_0", b"", b"1 1", b"f" * 21, b"1;" + b"x" * 70000]
)
def test_a_size_that_is_none_is_an_error_after_what_came_before_it(bad: bytes) -> None:
    reader = chunks(b"3\r\none\r\n", bad + b"\r\nab\r\n")
    assert reader.read1(65536) == b"one"
    for _ in range(2):
        with pytest.raises(http.client.HTTPException):
            reader.read1(65536)


def test_a_chunk_must_end_where_it_says() -> None:
    reader = chunks(b"3\r\nones\r\n0\r\n\r\n")
    assert reader.read1(65536) == b"one"
    with pytest.raises(http.client.HTTPException, match="none of HTTP"):
        reader.read1(65536)


def test_the_last_line_end_may_be_missing() -> None:
    reader = chunks(b"3\r\none\r\n0\r\n")
    assert [reader.read1(65536), reader.read1(65536)] == [b"one", b""]


def test_trailers_without_end_are_an_error() -> None:
    with pytest.raises(http.client.HTTPException, match="none of HTTP"):
        chunks(b"0\r\n" + b"X: y\r\n" * 20_000).read1(65536)


@given(st.lists(st.binary()))
def test_anything_else_is_read_or_an_error_of_http(pieces: list[bytes]) -> None:
    reader = chunks(*pieces)
    try:
        while reader.read1(65536):
            pass
    except http.client.HTTPException:
        pass
