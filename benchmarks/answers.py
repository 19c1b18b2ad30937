"""The bytes that the benchmark's server answers with, made before anything is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

PER_WRITE = 16
BLOCKS = 64  # of PER_WRITE events each: a long stream repeats them

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-d3f6a1c2-5a3e-4c5f-9b1d-0d2f8f1f2a77",
    "created": 1785156344,
    "model": "gpt-oss-120b",
    "system_fingerprint": "fp_b2c5f7a90e",
    "object": "chat.completion.chunk",
}
USAGE = {"prompt_tokens": 70, "completion_tokens": 400, "total_tokens": 470}


def event(delta: dict[str, str], **more: Any) -> bytes:
    choice = {"delta": delta, "index": 0, **more.pop("choice", {})}
    line = json.dumps({**CHUNK, "choices": [choice], **more}, separators=(",", ":"))
    return b"data: " + line.encode() + b"\n\n"


def http_chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


FIRST = event({"role": "assistant", "content": ""})
LAST = event({}, choice={"finish_reason": "stop"}, usage=USAGE)
TEXTS = [event({"content": f" token{number:05d}"}) for number in range(PER_WRITE * BLOCKS)]
END = http_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def block(events: list[bytes], *, alone: bool) -> bytes:
    """What one write sends: each event in an HTTP chunk of its own, or all of them in one."""
    return b"".join(map(http_chunk, events)) if alone else http_chunk(b"".join(events))


class Writes:
    """The writes of one stream, cut from blocks that were made once."""

    def __init__(self, *, alone: bool) -> None:
        fewer = PER_WRITE - 1
        self._first = STREAM_HEAD + block([FIRST, *TEXTS[:fewer]], alone=alone)
        self._last = block([*TEXTS[:fewer], LAST], alone=alone) + END
        self._only = STREAM_HEAD + block([FIRST, *TEXTS[: fewer - 1], LAST], alone=alone) + END
        starts = range(0, len(TEXTS), PER_WRITE)
        self._between = [block(TEXTS[at : at + PER_WRITE], alone=alone) for at in starts]

    def of(self, events: int) -> Iterator[bytes]:
        """`events` is a multiple of PER_WRITE; 0 begins a stream that goes no further."""
        if events == PER_WRITE:
            yield self._only
            return
        yield self._first
        for number in range(events // PER_WRITE - 2):
            yield self._between[number % BLOCKS]
        if events:
            yield self._last


STREAMS = {"one": Writes(alone=True), "sixteen": Writes(alone=False)}

_message = {"role": "assistant", "content": "Because nobody likes to wait. " * 8}
_whole = json.dumps(
    {
        **CHUNK,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": _message, "finish_reason": "stop"}],
        "usage": USAGE,
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(_whole),
    _whole,
)
