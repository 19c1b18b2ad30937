"""Request bodies made smaller."""

from __future__ import annotations

import gzip
import json
from typing import Any

import msgspec
import pytest

from cerebras_sdk._core.compression import THRESHOLD, compressed, is_refused
from cerebras_sdk._core.http import Request
from cerebras_sdk.errors import APIStatusError, BadRequestError

CHAT = "https://api.cerebras.ai/v1/chat/completions"
LARGE: dict[str, Any] = {"messages": [{"role": "user", "content": "word " * 5000}]}
SMALL: dict[str, Any] = {"messages": [{"role": "user", "content": "word"}]}
IDS: dict[str, Any] = {"model": "m", "prompt": [[n, n + 1] for n in range(5000)]}


def request(body: dict[str, Any], url: str = CHAT) -> Request:
    encoded = msgspec.json.encode(body)
    headers = {"content-type": "application/json"}
    return Request(method="POST", url=url, body=encoded, headers=headers)


def test_a_large_body_is_gzipped_and_always_to_the_same_bytes() -> None:
    sent = compressed(request(LARGE), "auto")
    assert sent.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(sent.body)) == LARGE
    assert len(sent.body) < len(request(LARGE).body) / 10
    assert compressed(request(LARGE), "auto").body == sent.body


def test_token_ids_go_as_msgpack() -> None:
    sent = compressed(request(IDS, "https://api.cerebras.ai/v1/completions"), "auto")
    assert dict(sent.headers) == {
        "Content-Type": "application/vnd.msgpack",
        "Content-Encoding": "gzip",
    }
    assert msgspec.msgpack.decode(gzip.decompress(sent.body)) == IDS


def test_a_small_body_is_left_as_it_is_unless_told_otherwise() -> None:
    assert compressed(request(SMALL), "auto") == request(SMALL)
    assert gzip.decompress(compressed(request(SMALL), "gzip").body) == request(SMALL).body
    packed = compressed(request(SMALL), "msgpack")
    assert msgspec.msgpack.decode(packed.body) == SMALL
    assert "Content-Encoding" not in packed.headers


def test_the_threshold_is_a_size_in_bytes() -> None:
    body = {"a": "x" * (THRESHOLD - len('{"a":""}'))}
    assert compressed(request(body), "auto") == request(body)
    body["a"] += "x"
    assert compressed(request(body), "auto") != request(body)


def test_off_is_off_and_other_endpoints_are_left_alone() -> None:
    assert compressed(request(LARGE), "off") == request(LARGE)
    files = request(LARGE, "https://api.cerebras.ai/v1/files")
    assert compressed(files, "gzip") == files
    empty = Request(method="GET", url=CHAT)
    assert compressed(empty, "gzip") == empty


@pytest.mark.parametrize(
    ("status", "message", "refused"),
    [
        (415, "no", True),
        (400, "Unsupported Content-Encoding 'gzip'", True),
        (400, "'utf-8' codec can't decode byte 0x8b in position 1", True),
        (400, "There was an error parsing the body", True),
        (400, "body: Invalid JSON: malformed at byte 0", True),
        (400, "Extra top level keys found in JSON schema: {'allOf'}.", False),
        (400, "body.min_p: property 'body.min_p' is unsupported", False),
        (500, "gzip", False),
    ],
)
def test_a_refusal_is_told_from_another_error(status: int, message: str, refused: bool) -> None:
    cls = BadRequestError if status == 400 else APIStatusError
    assert is_refused(cls(message, status_code=status)) is refused
