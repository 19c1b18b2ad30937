"""The lines of a batch's input file, and what is wrong with a file that cannot be run."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import msgspec

_FEWEST, _MOST = 10, 50_000
_LONGEST_LINE = 1_000_000
_FIELDS = ("custom_id", "method", "url", "body")


class InvalidInput(Exception):
    """The whole file is refused; the text is the `errors` of the batch."""


@dataclass(frozen=True)
class Line:
    custom_id: str
    body: dict[str, Any]


def read_lines(data: bytes, *, endpoint: str, models: Container[str]) -> list[Line]:
    """The requests of a file, by the rules of inference-docs.cerebras.ai, "Batch".

    10 to 50,000 lines of at most 1 MB, UTF-8 with LF, each an object with `custom_id` (unique),
    `method`, `url` and `body`; one model for all, no streaming. `InvalidInput` says what else it
    is; the rest of a `body` is judged line by line when it is run.
    """
    if b"\r" in data:
        raise InvalidInput("Lines should end in LF, not in CR LF")
    texts = data.removesuffix(b"\n").split(b"\n") if data else []
    if not _FEWEST <= len(texts) <= _MOST:
        raise InvalidInput(f"A batch should have {_FEWEST} to {_MOST} requests, not {len(texts)}")
    lines = [_line(number, text, endpoint) for number, text in enumerate(texts, start=1)]
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if line.custom_id in seen:
            raise InvalidInput(f"Line {number}: custom_id '{line.custom_id}' is not unique")
        seen.add(line.custom_id)
    named = sorted({str(line.body.get("model")) for line in lines})
    if len(named) > 1:
        raise InvalidInput(f"All requests of a batch should use one model, not {', '.join(named)}")
    if named[0] not in models:
        raise InvalidInput(f"Model '{named[0]}' is not supported for batch processing")
    return lines


def _line(number: int, text: bytes, endpoint: str) -> Line:
    if len(text) > _LONGEST_LINE:
        raise InvalidInput(f"Line {number}: longer than {_LONGEST_LINE} bytes")
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"Line {number}: Invalid JSON: {error}") from None
    if not isinstance(given, dict):
        raise InvalidInput(f"Line {number}: not an object")
    missing = [name for name in _FIELDS if name not in given]
    if missing:
        raise InvalidInput(f"Line {number}: {', '.join(missing)} missing")
    custom_id, body = given["custom_id"], given["body"]
    if not isinstance(custom_id, str) or not custom_id:
        raise InvalidInput(f"Line {number}: custom_id should be a text")
    if given["method"] != "POST" or given["url"] != endpoint:
        raise InvalidInput(f"Line {number}: method and url should be POST {endpoint}")
    if not isinstance(body, dict):
        raise InvalidInput(f"Line {number}: body should be an object")
    if body.get("stream"):
        raise InvalidInput(f"Line {number}: a batch cannot be streamed")
    return Line(custom_id, body)
