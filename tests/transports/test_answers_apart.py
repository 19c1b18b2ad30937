"""What comes after an answer on its connection is not taken for the next one, with any client."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from cerebras_sdk import AsyncCerebras, Cerebras
from cerebras_sdk.testing import LocalServer, RawAnswer

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Mine"}]}
CHAT = "/v1/chat/completions"


def whole(text: str) -> bytes:
    choice = {"index": 0, "message": {"content": text}, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice]}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


@pytest.fixture
def two_at_once(server: LocalServer) -> LocalServer:
    """Answers the first request twice."""
    answers = iter([RawAnswer([whole("first") + whole("of somebody else")], then="keep")])
    server.route("POST", CHAT, lambda _: next(answers, None))
    return server


def test_an_answer_too_many_is_not_given_to_the_next_call_by_a_client_of_httpx(
    two_at_once: LocalServer,
) -> None:
    options: dict[str, Any] = {"base_url": two_at_once.base_url, "max_retries": 0}
    with httpx.Client() as mine, Cerebras("csk-test", **options, http_client=mine) as client:
        texts = [client.chat.completions.create(**CALL).text for _ in range(2)]
    assert texts == ["first", "Mine"]


@pytest.mark.anyio
async def test_an_answer_too_many_is_not_given_to_the_next_call_by_an_async_client_of_httpx(
    two_at_once: LocalServer,
) -> None:
    async with httpx.AsyncClient() as mine:
        client = AsyncCerebras(
            "csk-test", base_url=two_at_once.base_url, max_retries=0, http_client=mine
        )
        texts = [(await client.chat.completions.create(**CALL)).text for _ in range(2)]
    assert texts == ["first", "Mine"]


def test_closing_a_client_closes_its_connections_although_an_error_is_kept(
    server: LocalServer,
) -> None:
    with Cerebras("csk-test", base_url=server.base_url, max_retries=0) as client:
        client.models.list()
        with pytest.raises(Exception, match="404") as kept:
            client.models.retrieve("no-such-model")
        assert server.open_connections == 1
    for _ in range(2000):
        if not server.open_connections:
            break
        client._transport.sleep(0.001)
    assert server.open_connections == 0
    assert kept.value is not None
