"""Batches, from the upload to the results."""

from __future__ import annotations

import inspect
import json
import time
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, CerebrasError, InvalidRequestError, NotFoundError
from cerebras_sdk.testing import Answer, EchoEngine, LocalServer, Pause, RawAnswer, serve
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


async def test_a_result_that_cannot_be_read_does_not_hide_those_behind_it(
    options: dict[str, Any], server: LocalServer
) -> None:
    lines = [
        b'{"custom_id": "a", "status": "succeeded", "response": {"id": "r", "choices": []}}',
        b'{"custom_id": "b", "status": "failed", "error": {"code": 500, "message": "late"}}',
        b'{"custom_id": "c", "error": "boom"}',
        b"not JSON",
        b'{"custom_id": "e", "status": "expired", "error": {"code": "x", "message": "y"}}',
    ]
    server.route("GET", "/v1/batches/b/results", Answer(200, {}, b"\n".join(lines) + b"\n"))
    async with AsyncCerebras(**options) as client:
        results = [result async for result in client.batches.results("b")]
    assert [result.custom_id for result in results] == ["a", "b", "c", "", "e"]
    assert [result.error.message for result in results[1:3] if result.error] == ["late", "boom"]
    unread = results[3]
    assert unread.status == "failed"
    assert unread.error is not None
    assert unread.model_extra == {"line": "not JSON"}
    assert results[4].status == "expired"


async def test_an_empty_answer_to_a_delete_or_a_cancel_is_no_error(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("DELETE", "/v1/files/f", Answer(204, {}, b""))
    server.route("DELETE", "/v1/batches/b", Answer(204, {}, b""))
    batch = b'{"id": "b", "object": "batch", "status": "cancelling"}'
    server.route("GET", "/v1/batches/b", Answer(200, {}, batch))
    async with AsyncCerebras(**options) as client:
        deleted = await client.files.delete("f")
        assert (deleted.id, deleted.deleted) == ("f", True)
        assert (await client.batches.cancel("b")).status == "cancelling"


async def test_a_batch_that_is_not_there_says_so_whichever_verb_is_answered(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("DELETE", "/v1/batches/q", Answer(404, {}, b""))
    said = b'{"message": "No such batch: q", "type": "not_found_error", "code": "not_found"}'
    server.route("POST", "/v1/batches/q/cancel", Answer(404, {}, said))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(NotFoundError, match="No such batch: q"):
            await client.batches.cancel("q")


async def test_a_wait_ends_in_time_however_slow_the_server_is(
    options: dict[str, Any], server: LocalServer
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    server.route("GET", "/v1/batches/b", RawAnswer([head, Pause(20), b"{}"]))
    async with AsyncCerebras(**options, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(CerebrasError):
            await client.batches.wait("b", timeout=0.2)
        assert time.monotonic() - start < 10
        with pytest.raises(InvalidRequestError, match="poll"):
            await client.batches.wait("b", poll=-1)


async def test_a_callback_that_would_never_be_awaited_is_refused(options: dict[str, Any]) -> None:
    class Waiter:
        async def __call__(self, *args: Any) -> None: ...

    coroutine_function: Any = Waiter().__call__
    async with AsyncCerebras(**options) as client:
        if not inspect.iscoroutinefunction(coroutine_function):
            return  # nothing is awaited in this twin
        with pytest.raises(InvalidRequestError, match="coroutine function"):
            await client.batches.wait("b", on_progress=coroutine_function)
        with pytest.raises(InvalidRequestError, match="coroutine function"):
            await client.files.create(b"{}", on_progress=coroutine_function)
        with pytest.raises(InvalidRequestError, match="on_retry takes a plain function"):
            client.with_options(on_retry=coroutine_function)


async def test_a_server_that_turns_no_page_is_not_asked_for_ever(
    options: dict[str, Any], server: LocalServer
) -> None:
    page = b'{"object": "list", "data": [{"id": "f1"}], "has_more": true}'
    server.route("GET", "/v1/files", Answer(200, {}, page))
    nameless = b'{"object": "list", "data": [{"filename": "a"}], "has_more": true}'
    server.route("GET", "/v1/batches", Answer(200, {}, nameless))
    async with AsyncCerebras(**options) as client:
        assert [file.id async for file in client.files.list()] == ["f1", "f1"]
        assert len([batch async for batch in client.batches.list()]) == 1
        assert "/v1/files" in repr(client.files.list())
