"""Server-sent events from bytes, however the network cut them.

The grammar is WHATWG's: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import msgspec

from ..errors import StreamDecodeError

MAX_EVENT_SIZE = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One event. `raw` is its data as bytes; `id` is the last event id seen so far."""

    raw: bytes
    event: str = "message"
    id: str = ""

    @property
    def data(self) -> str:
        """The data as text; bytes that are no UTF-8 become U+FFFD, as the standard says."""
        return self.raw.decode("utf-8", "replace")


class SSEDecoder:
    """Turns the bytes of an event stream into events.

    `feed(data)` takes the next piece, of any size, and returns the events it completes, in order.
    `flush()` ends the stream. `retry` is the last reconnection time seen, in milliseconds.

    Raises StreamDecodeError for an event larger than `max_event_size` bytes; events that were
    complete before it are returned first, and the next call raises.
    """

    def __init__(self, *, max_event_size: int = MAX_EVENT_SIZE) -> None:
        self.retry: int | None = None
        self._max = max_event_size
        self._failure: StreamDecodeError | None = None
        self._restart()

    def _restart(self) -> None:
        self._id = ""
        self._start: bytes | None = b""  # the first bytes, while they may still become a BOM
        self._skip_lf = False
        self._tail: list[bytes] = []  # pieces of a line without its end
        self._tail_size = 0
        self._data: list[bytes] = []  # the data lines of an event without its end
        self._data_size = 0
        self._event = ""
        self._clean = True  # between two events: nothing is held

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that `data` completes."""
        if self._failure is not None:
            raise self._failure
        if self._start is not None:
            data = self._without_bom(data)
        if not data:
            return []
        events: list[ServerSentEvent] = []
        try:
            self._feed(data, events)
        except StreamDecodeError as failure:
            self._failure = failure
            if not events:
                raise
        return events

    def flush(self) -> list[ServerSentEvent]:
        """Ends the stream. An event without its blank line is dropped, as the standard says."""
        if self._failure is not None:
            raise self._failure
        self._restart()
        return []

    def _feed(self, data: bytes, events: list[ServerSentEvent]) -> None:
        if not self._clean:
            # Finish the event at hand line by line, so that the rest can go the fast way.
            cut = data.find(b"\n\n") + 2
            if cut < 2:
                self._feed_lines(data, events)
                return
            self._feed_lines(data[:cut], events)
            data = data[cut:]
        cut = data.rfind(b"\n\n") + 2
        if cut > 1 and self._clean:
            block = data[:cut]
            if not self._feed_block(block, events):
                self._feed_lines(block, events)
            data = data[cut:]
        if data:
            self._feed_lines(data, events)

    def _feed_block(self, block: bytes, events: list[ServerSentEvent]) -> bool:
        """Whole events of one `data: ` line each; False when the block holds anything else."""
        if not block.startswith(b"data: ") or b"\r" in block or len(block) > self._max:
            return False
        parts = block[6:-2].split(b"\n\ndata: ")
        # Two line feeds an event and not one more: no line hides inside a part.
        if block.count(b"\n") != 2 * len(parts):
            return False
        last_id = self._id
        events += [ServerSentEvent(part, "message", last_id) for part in parts]
        return True

    def _feed_lines(self, data: bytes, events: list[ServerSentEvent]) -> None:
        if self._skip_lf and data.startswith(b"\n"):
            data = data[1:]  # the second half of a CRLF that was cut
            self._skip_lf = False
            if not data:
                self._settle()
                return
        self._skip_lf = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        self._tail.append(lines[0])
        self._tail_size += len(lines[0])
        self._check(self._tail_size)
        if len(lines) > 1:
            lines[0] = b"".join(self._tail)
            last = lines.pop()
            for line in lines:
                self._check(len(line))
                if line:
                    self._field(line)
                else:
                    self._dispatch(events)
            self._check(len(last))
            self._tail = [last]
            self._tail_size = len(last)
        self._settle()

    def _settle(self) -> None:
        self._clean = not (self._tail_size or self._data or self._event or self._skip_lf)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if name == b"data":
            self._data.append(value)
            self._data_size += len(value) + 1
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) < 16:
            self.retry = int(value)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data = b"\n".join(self._data)
            events.append(ServerSentEvent(data, self._event or "message", self._id))
            self._data.clear()
            self._data_size = 0
        self._event = ""

    def _check(self, line_size: int) -> None:
        if self._data_size + line_size > self._max:
            raise StreamDecodeError(
                f"an event of the stream is larger than {self._max} bytes; "
                "that is no answer of a language model"
            )

    def _without_bom(self, data: bytes) -> bytes:
        assert self._start is not None
        data = self._start + data
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._start = data
            return b""
        self._start = None
        return data.removeprefix(_BOM)
