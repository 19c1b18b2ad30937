"""docs/streaming.md and examples/stream_events.py: the code runs, and gives what the page shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cerebras_sdk import Cerebras
from cerebras_sdk.testing import Answer, LocalServer
from tests.pages import blocks_on, example_on

TRIP = '{"city":"Rome","days":3,"packed":["an umbrella","good shoes"]}'


def answering(server: LocalServer, *deltas: dict[str, str]) -> None:
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    lines = [f"data: {json.dumps({'id': 'a', 'choices': [choice]})}\n\n" for choice in choices]
    body = [line.encode() for line in lines]
    events = {"content-type": "text/event-stream"}
    server.route("POST", "/v1/chat/completions", Answer(200, events, body))


def test_the_example_gives_what_the_page_shows(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    answering(server, *[{"content": TRIP[at : at + 7]} for at in range(0, len(TRIP), 7)])
    shown, given = example_on("streaming.md", "stream_events.py")
    assert given == shown


def test_the_blocks_give_what_the_page_shows(server: LocalServer) -> None:
    answering(
        server,
        {"reasoning": "On a mountain"},
        {"reasoning": " it does."},
        {"content": "Yes, at 3,000 "},
        {"content": "metres."},
    )
    with Cerebras("csk-test", base_url=server.base_url) as client:
        pairs = blocks_on("streaming.md", client=client)
    assert pairs
    for shown, given in pairs:
        assert given == shown
