"""Batches, from the upload to the results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, CerebrasError, NotFoundError
from cerebras_sdk.testing import Answer, EchoEngine, LocalServer, serve
from cerebras_sdk.types import Batch

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


def lines() -> bytes:
    return b"".join(
        json.dumps(
            {
                "custom_id": f"line-{number}",
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {
                    "model": "gpt-oss-120b",
                    "messages": [{"role": "user" if number else "nobody", "content": "Hi!"}],
                },
            }
        ).encode()
        + b"\n"
        for number in range(10)
    )


async def test_a_batch_runs_from_the_upload_to_the_results(
    options: dict[str, Any], waits: list[float]
) -> None:
    seen: list[Batch] = []
    async with AsyncCerebras(**options) as client:
        file = await client.files.create(("in.jsonl", lines()))
        started = await client.batches.create(input_file_id=file.id, metadata={"a": "b"})
        batch = await client.batches.wait(started.id, on_progress=seen.append, poll=3)
        results = [result async for result in client.batches.results(batch.id)]
        listed = [found.id async for found in client.batches.list(limit=1)]
    assert batch.status == "completed"
    assert (batch.request_counts.total, batch.request_counts.failed) == (10, 1)
    assert batch.metadata == {"a": "b"}
    assert seen[-1] == batch
    assert waits == [3] * (len(seen) - 1)
    assert listed == [batch.id]
    assert {result.custom_id for result in results} == {f"line-{n}" for n in range(10)}
    failed, *others = sorted(results, key=lambda result: result.custom_id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.message
    for result in others:
        assert result.status == "succeeded"
        assert result.response is not None
        assert result.response.choices[0].message.content


@pytest.mark.parametrize("verb", ["delete", "post"])
async def test_a_batch_is_cancelled_by_whichever_verb_exists(verb: Any) -> None:
    with serve(EchoEngine(delay=0.05), batch_cancel=verb) as server:
        async with AsyncCerebras(api_key="csk-test", base_url=server.base_url) as client:
            file = await client.files.create(lines())
            batch = await client.batches.create(input_file_id=file.id)
            assert (await client.batches.cancel(batch.id)).status in ("cancelling", "cancelled")
            ended = await client.batches.wait(batch.id, poll=0.02)
            with pytest.raises(NotFoundError, match="batch_none"):
                await client.batches.cancel("batch_none")
    assert ended.status == "cancelled"
    assert ended.is_over


async def test_waiting_goes_on_until_the_batch_is_over(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    statuses = ["queued", "in_progress", "finalizing", "expired"]

    def next_status() -> str:
        return statuses.pop(0) if statuses else "queued"

    def answer(request: object) -> Answer:
        return Answer(200, JSON, json.dumps({"id": "b", "status": next_status()}).encode())

    server.route("GET", "/v1/batches/b", answer)
    async with AsyncCerebras(**options) as client:
        assert (await client.batches.wait("b", poll=7)).status == "expired"
        assert waits == [7, 7, 7]
        with pytest.raises(CerebrasError, match=r"still queued after 0\.05 seconds"):
            await client.batches.wait("b", poll=7, timeout=0.05)
    assert 0 < max(waits[3:]) <= 0.05
