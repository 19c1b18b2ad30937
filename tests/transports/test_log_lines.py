"""What the HTTP libraries log while a body is read has no key in it."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from cerebras_sdk import AsyncCerebras, Cerebras, StreamInterruptedError
from cerebras_sdk.testing import LocalServer, RawAnswer

KEY = "csk-test-0123456789abcdef"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
NOW = b'data: {"choices": [{"index": 0, "delta": {"content": "now"}}]}\n\n'
WORD = b"%x\r\n%b\r\n" % (len(NOW), NOW)


@pytest.fixture(params=[b"%b\r\n", b"0\r\n%b x\r\n\r\n"], ids=["a chunk", "a trailer"])
def echoing(server: LocalServer, request: Any, caplog: Any) -> LocalServer:
    """Repeats the key where HTTP wants something else."""
    caplog.set_level(logging.DEBUG)
    broken = request.param % KEY.encode()
    server.route("POST", "/v1/chat/completions", lambda _: RawAnswer([HEAD + WORD, broken]))
    return server


def test_a_body_that_cannot_be_read_is_logged_without_the_key_that_it_repeats(
    echoing: LocalServer, caplog: Any
) -> None:
    with (
        httpx.Client() as mine,
        Cerebras(KEY, base_url=echoing.base_url, http_client=mine, max_retries=0) as client,
        pytest.raises(StreamInterruptedError),
    ):
        list(client.chat.completions.create(**CALL, stream=True))
    assert "receive_response_body.failed" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.anyio
async def test_a_body_that_an_async_client_cannot_read_is_logged_without_the_key(
    echoing: LocalServer, caplog: Any
) -> None:
    async with AsyncCerebras(KEY, base_url=echoing.base_url, max_retries=0) as client:
        stream = await client.chat.completions.create(**CALL, stream=True)
        with pytest.raises(StreamInterruptedError):
            await stream.get_final_completion()
    assert "receive_response_body.failed" in caplog.text
    assert KEY not in caplog.text
