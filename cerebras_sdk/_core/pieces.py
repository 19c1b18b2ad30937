"""A body in the pieces that a reader wants: of one size, as text, by lines.

Each has `feed(data)`, which gives what is whole by now; empty data is the end of the body.
"""

from __future__ import annotations

import codecs
import io
from typing import Protocol, TypeVar

T = TypeVar("T")


class Cutter(Protocol[T]):
    def feed(self, data: bytes) -> list[T]: ...


class Bytes:
    """As they come, or `size` in each piece but the last."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size
        self._left = b""

    def feed(self, data: bytes) -> list[bytes]:
        size = self._size
        if size is None:
            return [data] if data else []
        held = self._left + data
        whole = len(held) if not data else len(held) - len(held) % size
        self._left = held[whole:]
        return [held[at : at + size] for at in range(0, whole, size)]


class Text:
    """As it comes, in whole characters; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self, size: int | None = None) -> None:
        self._bytes = Bytes(size)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> list[str]:
        texts = [self._decoder.decode(piece) for piece in self._bytes.feed(data)]
        if not data:
            texts.append(self._decoder.decode(b"", True))
        return [text for text in texts if text]


class Lines:
    """Without their ends, which are LF, CR LF or CR."""

    def __init__(self) -> None:
        self._text = Text()
        self._ends = io.IncrementalNewlineDecoder(None, translate=True)
        self._left = ""

    def feed(self, data: bytes) -> list[str]:
        for text in self._text.feed(data):
            self._left += self._ends.decode(text)
        if not data:
            self._left += self._ends.decode("", True)
        *lines, self._left = self._left.split("\n")
        if not data and self._left:
            lines.append(self._left)
            self._left = ""
        return lines
