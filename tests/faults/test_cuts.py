"""A short stream, cut after each of its bytes: nothing that came before the cut is lost or doubled,
and nobody takes a part for the whole."""

from __future__ import annotations

import contextlib
import functools
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from cerebras_sdk import (
    AsyncCerebras,
    Cerebras,
    StreamError,
    StreamInterruptedError,
    StreamTruncatedError,
)
from cerebras_sdk.testing import LocalServer, Pause, RawAnswer

from .driver import GOOD, Seen, Twin, bounded, said_by
from .row import CHAT, CHUNKED, KEY, LAST, Said, chunk, events, head

CALL = '{"index":0,"id":"8","function":{"name":"f","arguments":"{}"}}'
DELTAS = [
    '{"delta":{"role":"assistant"}}',
    '{"delta":{"reasoning":"hm"}}',
    '{"delta":{"content":"zw\u00f6lf "}}',
    '{"delta":{"content":"two"}}',
    f'{{"delta":{{"tool_calls":[{CALL}]}}}}',
    '{"finish_reason":"stop"}',
]
EVENTS = [
    *(f'data: {{"choices":[{one}]}}\n\n'.encode() for one in DELTAS),
    b"data: [DONE]\n\n",
]
SAID = [
    (),
    (Said(),),
    (Said("", "hm"),),
    (Said("zw\u00f6lf ", "hm"),),
    (Said("zw\u00f6lf two", "hm"),),
    (Said("zw\u00f6lf two", "hm", (("f", "{}"),)),),
]
STREAM = b"".join(EVENTS)
FINISHED = len(EVENTS) - 1  # events, of which the last has the finish_reason
_SETTLED = Pause(0.002)  # before a reset, which may overtake what was sent before it


@dataclass(frozen=True)
class Cut:
    """A way to send the first bytes of the stream, and what a call says that is cut there.

    `sent(i)`: the pieces for a cut after `i` bytes of the stream, `all` of them that there are.
    """

    name: str
    sent: Callable[[int], RawAnswer]
    error: type[StreamError]


def _in_one_chunk(size: int) -> RawAnswer:
    return RawAnswer([CHUNKED, chunk(STREAM)[: len(b"%x\r\n" % len(STREAM)) + size]])


def _in_chunks(size: int) -> RawAnswer:
    whole = [EVENTS[at] for at in range(_whole(size))]
    left = EVENTS[len(whole)][: size - len(b"".join(whole))] if size < len(STREAM) else b""
    cut = chunk(EVENTS[len(whole)])[: len(left) + 4] if left else b""
    return RawAnswer([CHUNKED, *map(chunk, whole), cut])


def _in_bytes(size: int) -> RawAnswer:
    return RawAnswer([CHUNKED, b"".join(chunk(STREAM[at : at + 1]) for at in range(size))])


def _in_gzip(size: int) -> RawAnswer:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(STREAM[:size]) + packer.flush(zlib.Z_SYNC_FLUSH)
    start = head("text/event-stream", "Content-Encoding: gzip", "Transfer-Encoding: chunked")
    return RawAnswer([start, chunk(packed)])


def _shorter(size: int) -> RawAnswer:
    start = head("text/event-stream", f"Content-Length: {len(STREAM)}")
    return RawAnswer([start, STREAM[:size]], "close" if size < len(STREAM) else "keep")


CUTS = [
    Cut("a close", lambda size: events(STREAM[:size]), StreamTruncatedError),
    Cut("a reset", lambda size: events(STREAM[:size], _SETTLED, then="reset"),
        StreamInterruptedError),
    Cut("a close in one chunk of all events", _in_one_chunk, StreamInterruptedError),
    Cut("a close among the chunks of events", _in_chunks, StreamInterruptedError),
    Cut("a close after chunks of single bytes", _in_bytes, StreamInterruptedError),
    Cut("a last chunk that comes too early",
        lambda size: RawAnswer([CHUNKED, chunk(STREAM[:size]) if size else b"", LAST], "keep"),
        StreamTruncatedError),
    Cut("a body shorter than it says", _shorter, StreamInterruptedError),
    Cut("a close in a gzipped stream", _in_gzip, StreamInterruptedError),
]  # fmt: skip


def _whole(size: int) -> int:
    """How many events are whole after `size` bytes."""
    ends = [len(b"".join(EVENTS[: at + 1])) for at in range(len(EVENTS))]
    return sum(end <= size for end in ends)


@pytest.mark.parametrize("twin", ["blocking", "asyncio"])
@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
def test_a_stream_that_is_cut_gives_what_came_before(
    cut: Cut, twin: Twin, server: LocalServer
) -> None:
    play = _block if twin == "blocking" else functools.partial(_await, backend=twin)
    bounded(lambda: play(cut, server), seconds=20.0)
    calls = len(STREAM) + 2
    assert len(server.requests) == calls


def test_the_stream_on_trio_is_cut_alike(server: LocalServer) -> None:
    bounded(lambda: _await(CUTS[2], server, backend="trio"), seconds=20.0)


def _next(answers: Iterator[RawAnswer], request: object) -> RawAnswer | None:
    return next(answers, None)


def _sizes(cut: Cut, server: LocalServer) -> Iterator[int]:
    for size in range(len(STREAM) + 1):
        answers = iter([cut.sent(size)])
        server.route("POST", CHAT, functools.partial(_next, answers))
        yield size


def _options(server: LocalServer) -> dict[str, Any]:
    return {"api_key": KEY, "base_url": server.base_url, "max_retries": 0, "timeout": 4.0}


def _block(cut: Cut, server: LocalServer) -> None:
    with Cerebras(**_options(server)) as client:
        for size in _sizes(cut, server):
            seen = Seen()
            with _checked(cut, size, seen):
                stream = client.chat.completions.create(**GOOD, stream=True)
                for part in stream:
                    seen.add(part)
                seen.final = said_by(stream.get_final_completion())
        client.chat.completions.create(**GOOD)


def _await(cut: Cut, server: LocalServer, *, backend: str) -> None:
    async def run() -> None:
        async with AsyncCerebras(**_options(server)) as client:
            for size in _sizes(cut, server):
                seen = Seen()
                with _checked(cut, size, seen):
                    stream = await client.chat.completions.create(**GOOD, stream=True)
                    async for part in stream:
                        seen.add(part)
                    seen.final = said_by(await stream.get_final_completion())
            await client.chat.completions.create(**GOOD)

    anyio.run(run, backend=backend)


@contextlib.contextmanager
def _checked(cut: Cut, size: int, seen: Seen) -> Iterator[None]:
    """What is done in here ends as a stream does that is cut after `size` bytes."""
    whole = _whole(size)
    expected = SAID[min(whole, len(SAID) - 1)]
    if whole >= FINISHED:
        yield
        assert seen.final == expected, size
    else:
        with pytest.raises(StreamError) as caught:
            yield
        assert type(caught.value) is cut.error, size
        assert said_by(caught.value.partial) == expected, size
        assert caught.value.attempts == ()
    assert seen.said() == expected, size
