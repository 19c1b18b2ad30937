"""A JSON document that came where a stream was asked for."""

from __future__ import annotations

import msgspec

from ..errors import StreamDecodeError
from ..types._decode import parse_json
from .sse import MAX_EVENT_SIZE


class Gathered:
    """The bytes of a body that is a document, whatever its type says.

    `add(data)` takes them as they come and says whether they are its; `is_none` is True once it is
    clear that they never are: the first character of a document is a brace, which begins no line of
    an event stream. `raw` is the document so far.

    Raises StreamDecodeError for one larger than an event may be.
    """

    def __init__(self) -> None:
        self.is_none = False
        self._body = bytearray()

    def __bool__(self) -> bool:
        return bool(self._body)

    @property
    def raw(self) -> bytes:
        return bytes(self._body)

    @property
    def is_whole(self) -> bool:
        try:
            parse_json(self.raw)
        except msgspec.DecodeError:
            return False
        return True

    def add(self, data: bytes) -> bool:
        body = self._body
        if not body:
            start = data.lstrip()
            if not start.startswith(b"{"):
                self.is_none = bool(start)
                return False
        body += data
        if len(body) > MAX_EVENT_SIZE:
            body.clear()
            raise StreamDecodeError(f"the document is larger than {MAX_EVENT_SIZE} bytes")
        return True
