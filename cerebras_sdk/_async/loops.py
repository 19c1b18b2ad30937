"""Ways through a stream: a loop over its chunks, or over the text alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic

from .._core.accumulate import ChunkT

if TYPE_CHECKING:
    from .stream import AsyncStream


class AsyncLoop(Generic[ChunkT]):
    """One loop over a stream. When it is left, by `break` or an exception, nobody has this any
    more, and the connection is given back."""

    __slots__ = ("__weakref__", "_kept", "_stream")

    def __init__(self, stream: AsyncStream[ChunkT], kept: object) -> None:
        self._stream = stream
        self._kept = kept

    def keep(self, kept: object) -> None:
        self._kept = kept

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        return self

    def __anext__(self) -> Any:
        return self._stream._step(self)  # which keeps this, where nobody else does


class AsyncTextStream(Generic[ChunkT]):
    """The text of a stream, as it arrives; see `AsyncStream.text_stream`."""

    def __init__(self, chunks: AsyncIterator[ChunkT]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[str]:
        return AsyncTextStream(self._chunks.__aiter__())

    async def __anext__(self) -> str:
        while True:
            chunk = await anext(self._chunks)
            if chunk.text:
                return chunk.text
