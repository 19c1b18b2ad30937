"""Large requests, and services that do not take them compressed."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, BadRequestError, InvalidRequestError
from cerebras_sdk.testing import Answer, LocalServer

pytestmark = pytest.mark.anyio

TEXT = "word " * 5000
LARGE: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": TEXT}]}
SMALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"


async def test_a_large_request_is_compressed_and_a_small_one_is_not(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        assert (await client.chat.completions.create(**LARGE)).text.split() == TEXT.split()
        await client.chat.completions.create(**SMALL)
        await client.with_options(compression="off").chat.completions.create(**LARGE)
    large, small, off = server.requests
    assert large.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(large.body)) == LARGE == off.json()
    assert small.json() == SMALL
    assert "content-encoding" not in small.headers
    assert "content-encoding" not in off.headers


@pytest.mark.parametrize("mode", ["gzip", "msgpack"])
async def test_the_service_reads_each_form(
    options: dict[str, Any], server: LocalServer, mode: Any
) -> None:
    async with AsyncCerebras(**options, compression=mode) as client:
        stream = await client.chat.completions.create(**SMALL, stream=True)
        assert (await stream.get_final_completion()).text == "Hi!"
    assert server.requests[0].body[:1] != b"{"


@pytest.mark.parametrize(
    "refusal",
    [
        Answer(415, {}, b""),
        Answer(400, {}, b'{"message": "Unsupported Content-Encoding \'gzip\'"}'),
    ],
)
async def test_a_host_that_refuses_it_gets_bodies_as_they_are_from_then_on(
    options: dict[str, Any],
    server: LocalServer,
    caplog: pytest.LogCaptureFixture,
    refusal: Answer,
) -> None:
    server.route("POST", CHAT, lambda sent: refusal if "content-encoding" in sent.headers else None)
    async with AsyncCerebras(**options, max_retries=0) as client:
        for _ in range(2):
            assert (await client.chat.completions.create(**LARGE)).text.split() == TEXT.split()
    encodings = [request.headers.get("content-encoding") for request in server.requests]
    assert encodings == ["gzip", None, None]
    assert "from now on bodies go there as they are" in caplog.text


async def test_another_400_is_raised_and_switches_nothing_off(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("POST", CHAT, Answer(400, {}, b'{"message": "messages are too long"}'))
    async with AsyncCerebras(**options) as client:
        for _ in range(2):
            with pytest.raises(BadRequestError, match="too long"):
                await client.chat.completions.create(**LARGE)
    assert [request.headers["content-encoding"] for request in server.requests] == ["gzip"] * 2


async def test_an_unknown_compression_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="compression must be one of"):
        AsyncCerebras("csk-test", compression="zip")  # type: ignore[arg-type]
