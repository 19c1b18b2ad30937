"""docs/speed.md shows what its example and its blocks really give, but for the client's clock."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer, ReceivedRequest
from tests.pages import blocks_on, example_on

PAGE = "speed.md"
TEXT = "Because nobody likes to wait."
TIME_INFO = {
    "queue_time": 0.012,
    "prompt_time": 0.003,
    "completion_time": 0.04,
    "total_time": 0.075,
    "created": 1785156344.74,
}
LAST: dict[str, Any] = {
    "usage": {"prompt_tokens": 21, "completion_tokens": 80, "total_tokens": 101},
    "time_info": TIME_INFO,
}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(finish: str | None = None, content: str = "", **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice], **more}).encode() + b"\n\n"


def answer(request: ReceivedRequest) -> Answer | RawAnswer:
    if not request.json().get("stream"):
        message = {"role": "assistant", "content": TEXT}
        body = {"id": "a", "choices": [{"message": message, "finish_reason": "stop"}], **LAST}
        return Answer(200, {}, json.dumps(body).encode())
    pieces = [event(content=word) for word in re.findall(r"\S+\s?", TEXT)]
    slow: list[bytes | Pause] = [HEAD, Pause(0.05), *pieces, Pause(0.04), event("stop", **LAST)]
    return RawAnswer([*slow, b"data: [DONE]\n\n"])


@pytest.fixture(autouse=True)
def service(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    server.route("POST", "/v1/chat/completions", answer)


def masked(text: str) -> str:
    """What the client measures is never the same twice."""
    measured = r"(total|network|first token after) [\d.]+ s( \(\d+%\))?|[\d.]+ s of|\d+% on"
    return re.sub(measured, lambda found: re.sub(r"[\d.]+", "#", found[0]), text)


def test_the_example_gives_what_the_page_shows() -> None:
    shown, given = example_on(PAGE, "speed.py")
    assert masked(shown) == masked(given)
    assert "2,000 tokens/s" in given


def test_the_blocks_give_what_the_page_shows() -> None:
    pairs = blocks_on(PAGE)
    assert len(pairs) == 2
    assert [masked(shown) for shown, _ in pairs] == [masked(given) for _, given in pairs]
