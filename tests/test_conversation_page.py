"""docs/conversation.md shows what its example and its blocks really give."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cerebras_sdk.testing import Answer, LocalServer, RawAnswer, ReceivedRequest, serve
from tests.pages import blocks_on, example_on

PAGE = "conversation.md"
CALL = {"name": "price", "arguments": '{"item": "tea"}'}
# What a model says to what the example and the page say last.
SAYS: dict[str, Any] = {
    "What is your tea?": {
        "tool_calls": [{"index": 0, "id": "call_a", "type": "function", "function": CALL}]
    },
    "3.20 EUR": {"content": "3.20 EUR a packet.", "reasoning": "The tool says so."},
    "And two of them?": {"content": "6.40 EUR."},
    "What did I ask first?": {"content": "What our tea costs."},
    "What is tea?": {"content": "Leaves in hot water."},
    "And coffee?": {"content": "Beans instead."},
    "Tell me of cocoa.": {"content": "Cocoa grows on trees, close to the equator."},
    "Go on.": {"content": "It is where chocolate comes from."},
}
SHORT = {"content": "Fine."}


def answer(request: ReceivedRequest) -> Answer | RawAnswer:
    """A token is two characters; what was there before the last turn came from the cache."""
    asked = request.json()
    messages = asked["messages"]
    said = SAYS.get(messages[-1]["content"], SHORT)
    prompt = len(json.dumps(messages)) // 2
    cached = len(json.dumps(messages[:-2])) // 2 // 128 * 128
    counts = {"prompt_tokens": prompt, "completion_tokens": 20, "total_tokens": prompt + 20}
    usage = {**counts, "prompt_tokens_details": {"cached_tokens": cached}}
    reason = "tool_calls" if "tool_calls" in said else "stop"
    if not asked.get("stream"):
        choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **said}}
        body = {"id": "chatcmpl-1", "choices": [choice], "usage": usage}
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
    words = said["content"].split(" ")
    deltas = [{"content": word + " " * (at + 1 < len(words))} for at, word in enumerate(words)]
    events = [event({"delta": delta}) for delta in deltas]
    last = event({"delta": {}, "finish_reason": reason}, usage=usage)
    return Answer(
        200, {"Content-Type": "text/event-stream"}, b"".join([*events, last, b"data: [DONE]\n\n"])
    )


def event(choice: Mapping[str, Any], **last: Any) -> bytes:
    body = {"id": "chatcmpl-1", "choices": [{"index": 0, **choice}], **last}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with serve() as server:
        server.route("POST", "/v1/chat/completions", answer)
        monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
        monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
        yield server


def test_the_example_gives_what_the_page_shows(shop: LocalServer) -> None:
    shown, given = example_on(PAGE, "conversation.py")
    assert shown == given


def test_the_blocks_give_what_the_page_shows() -> None:
    pairs = blocks_on(PAGE)
    assert len(pairs) == 5
    assert [shown for shown, _ in pairs] == [given for _, given in pairs]
