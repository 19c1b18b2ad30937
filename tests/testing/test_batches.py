"""The Batch API: a batch really runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from cerebras_sdk.testing import Delta, EchoEngine, Finish, serve

from .local_client import Body, chat, client_of, eventually

_URL = "/v1/chat/completions"


class Gated(EchoEngine):
    """Answers `wait` only when the gate is open; tells when it is asked for that."""

    def __init__(self) -> None:
        super().__init__(words_per_delta=1)
        self.gate = threading.Event()
        self.reached = threading.Event()

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        text = request["messages"][0]["content"]
        if text == "wait":
            self.reached.set()
            assert self.gate.wait(10)
        if text == "break":
            raise ValueError("inner")
        return super().answer(request, emit)


@pytest.fixture
def engine() -> Iterator[Gated]:
    engine = Gated()
    yield engine
    engine.gate.set()


@pytest.fixture
def client(engine: Gated) -> Iterator[httpx.Client]:
    with serve(engine) as server, client_of(server) as client:
        yield client


def _lines(*texts: str, **fields: Any) -> list[Body]:
    """Twelve lines: those texts first, and then others."""
    said = [*texts, *(f"text {number}" for number in range(12 - len(texts)))]
    return [
        {"custom_id": f"id-{n}", "method": "POST", "url": _URL, "body": chat(text, **fields)}
        for n, text in enumerate(said)
    ]


def _jsonl(lines: list[Body]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _upload(client: httpx.Client, content: bytes) -> str:
    answer = client.post(
        "/v1/files", files={"file": ("in.jsonl", content)}, data={"purpose": "batch"}
    )
    name: str = answer.json()["id"]
    return name


def _create(client: httpx.Client, file: str, **fields: Any) -> httpx.Response:
    body = {"input_file_id": file, "endpoint": _URL, "completion_window": "24h", **fields}
    return client.post("/v1/batches", json=body)


def _start(client: httpx.Client, content: bytes) -> str:
    name: str = _create(client, _upload(client, content)).json()["id"]
    return name


def _state(client: httpx.Client, name: str) -> Body:
    state: Body = client.get(f"/v1/batches/{name}").json()
    return state


def _ended(client: httpx.Client, name: str) -> Body:
    over = ("completed", "failed", "cancelled")
    eventually(lambda: _state(client, name)["status"] in over, within=5)
    return _state(client, name)


def _content(client: httpx.Client, file: str) -> list[Body]:
    return [json.loads(line) for line in client.get(f"/v1/files/{file}/content").text.splitlines()]


def test_a_new_batch_is_queued_and_has_this_shape(client: httpx.Client, engine: Gated) -> None:
    file = _upload(client, _jsonl(_lines("wait")))
    batch = _create(client, file, metadata={"tags": ["a"]}).json()
    assert list(batch) == [
        *("id", "object", "endpoint", "errors", "input_file_id", "completion_window", "status"),
        *("output_file_id", "error_file_id", "created_at", "in_progress_at", "expires_at"),
        *("finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at"),
        *("cancelled_at", "request_counts", "metadata"),
    ]
    assert batch["status"] == "queued"
    assert batch["object"] == "batch"
    assert batch["input_file_id"] == file
    assert batch["request_counts"] == {"total": 0, "completed": 0, "failed": 0}
    assert batch["metadata"] == {"tags": ["a"]}


def test_a_batch_yields_the_answer_of_each_line(client: httpx.Client) -> None:
    batch = _ended(client, _start(client, _jsonl(_lines("Привет"))))
    assert batch["status"] == "completed"
    assert batch["errors"] is None
    assert batch["error_file_id"] is None
    assert batch["request_counts"] == {"total": 12, "completed": 12, "failed": 0}
    stamps = ("created_at", "in_progress_at", "finalizing_at", "completed_at")
    times = [batch[name] for name in stamps]
    assert times == sorted(times)
    assert batch["expires_at"] == batch["created_at"] + 86_400
    results = _content(client, batch["output_file_id"])
    assert [result["custom_id"] for result in results] == [f"id-{n}" for n in range(12)]
    first = results[0]
    assert first["status"] == "succeeded"
    assert first["response"]["object"] == "chat.completion"
    assert first["response"]["choices"][0]["message"]["content"] == "Привет"
    assert first["response"]["usage"]["completion_tokens"] == 1
    shown = client.get(f"/v1/batches/{batch['id']}/results").text
    assert [json.loads(line) for line in shown.splitlines()] == results


def test_a_batch_waits_for_a_slow_engine_in_progress(client: httpx.Client, engine: Gated) -> None:
    name = _start(client, _jsonl(_lines("first", "wait")))
    assert engine.reached.wait(5)
    batch = _state(client, name)
    assert batch["status"] == "in_progress"
    assert batch["request_counts"] == {"total": 12, "completed": 1, "failed": 0}
    early = client.get(f"/v1/batches/{name}/results")
    assert early.status_code == 400
    assert early.json()["message"] == "A batch that is in_progress has no results"
    engine.gate.set()
    assert _ended(client, name)["status"] == "completed"


def test_lines_that_fail_are_told_apart(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    lines = _lines("fine", "break")
    lines[2]["body"]["min_p"] = 1
    batch = _ended(client, _start(client, _jsonl(lines)))
    assert batch["status"] == "completed"
    assert batch["request_counts"] == {"total": 12, "completed": 10, "failed": 2}
    failed = _content(client, batch["error_file_id"])
    assert failed == [
        {
            "custom_id": "id-1",
            "status": "failed",
            "error": {
                "code": "server_error",
                "message": "Encountered a server error, please try again.",
            },
        },
        {
            "custom_id": "id-2",
            "status": "failed",
            "error": {
                "code": "invalid_request",
                "message": "body.min_p: property 'body.min_p' is unsupported",
            },
        },
    ]
    results = _content(client, batch["output_file_id"])
    assert len(results) == 12
    assert [result for result in results if result["status"] == "failed"] == failed
    assert [record.getMessage() for record in caplog.records] == ["the engine failed in a batch"]


def _changed(number: int, **fields: Any) -> bytes:
    lines = _lines()
    lines[number].update(fields)
    return _jsonl(lines)


def _without(name: str) -> bytes:
    lines = _lines()
    del lines[0][name]
    return _jsonl(lines)


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (b"", "A batch should have 10 to 50000 requests, not 0"),
        (_jsonl(_lines()[:9]), "A batch should have 10 to 50000 requests, not 9"),
        (_jsonl(_lines()) + b"\n", "Line 13: Invalid JSON: "),
        (_jsonl(_lines()).replace(b"\n", b"\r\n"), "Lines should end in LF"),
        (b"\xff" + _jsonl(_lines()), "Line 1: Invalid JSON: "),
        (b"[]\n" + _jsonl(_lines()), "Line 1: not an object"),
        (_without("custom_id"), "Line 1: custom_id missing"),
        (_without("body"), "Line 1: body missing"),
        (_changed(0, custom_id=7), "Line 1: custom_id should be a text"),
        (_changed(3, custom_id="id-0"), "Line 4: custom_id 'id-0' is not unique"),
        (_changed(0, method="GET"), "Line 1: method and url should be POST "),
        (_changed(0, url="/v1/completions"), "Line 1: method and url should be POST "),
        (_changed(0, body="x"), "Line 1: body should be an object"),
        (_jsonl(_lines(stream=True)), "Line 1: a batch cannot be streamed"),
        (_changed(0, body=chat("x" * 1_000_000)), "Line 1: longer than 1000000 bytes"),
        (
            _changed(1, body=chat() | {"model": "qwen-3.8-27b"}),
            "All requests of a batch should use one model, not gpt-oss-120b, qwen-3.8-27b",
        ),
        (
            _jsonl(_lines()).replace(b"gpt-oss-120b", b"foo"),
            "Model 'foo' is not supported for batch processing",
        ),
    ],
)
def test_a_file_that_cannot_be_run_fails_the_batch(
    client: httpx.Client, content: bytes, errors: str
) -> None:
    batch = _ended(client, _start(client, content))
    assert batch["status"] == "failed"
    assert batch["errors"].startswith(errors)
    assert batch["failed_at"] >= batch["created_at"]
    assert batch["output_file_id"] is None
    assert client.get(f"/v1/batches/{batch['id']}/results").status_code == 400


def test_a_batch_of_no_file_fails(client: httpx.Client) -> None:
    batch = _ended(client, _create(client, "file-nobody").json()["id"])
    assert batch["errors"] == "File service error: no file file-nobody"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"endpoint": "/v1/completions"},
            "endpoint: Input should be one of '/v1/chat/completions'",
        ),
        ({"completion_window": "1h"}, "completion_window: Input should be one of '24h'"),
        ({"metadata": "x"}, "metadata: Input should be a valid dictionary"),
        ({"input_file_id": None}, "input_file_id: Input should be a valid string"),
        ({"name": "x"}, "body.name: property 'body.name' is unsupported"),
    ],
)
def test_a_wrong_request_is_refused_in_these_words(
    client: httpx.Client, fields: Body, message: str
) -> None:
    answer = _create(client, "file-x", **fields)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert client.get("/v1/batches").json()["data"] == []


def test_a_batch_needs_all_its_fields(client: httpx.Client) -> None:
    assert client.post("/v1/batches", json={}).json()["message"] == (
        "input_file_id: Field required\nendpoint: Field required\ncompletion_window: Field required"
    )


def test_a_cancelled_batch_keeps_what_it_has(client: httpx.Client, engine: Gated) -> None:
    name = _start(client, _jsonl(_lines("first", "wait")))
    assert engine.reached.wait(5)
    cancelled = client.delete(f"/v1/batches/{name}").json()
    assert cancelled["status"] == "cancelling"
    assert cancelled["cancelling_at"] >= cancelled["in_progress_at"]
    assert client.delete(f"/v1/batches/{name}").json()["status"] == "cancelling"
    engine.gate.set()
    batch = _ended(client, name)
    assert batch["status"] == "cancelled"
    assert batch["cancelled_at"] >= batch["cancelling_at"]
    assert batch["completed_at"] is None
    assert [r["custom_id"] for r in _content(client, batch["output_file_id"])] == ["id-0"]
    late = client.delete(f"/v1/batches/{name}")
    assert late.status_code == 400
    assert late.json()["message"] == "A batch that is cancelled cannot be cancelled"


def test_only_one_verb_cancels(client: httpx.Client, engine: Gated) -> None:
    name = _start(client, _jsonl(_lines("wait")))
    posted = client.post(f"/v1/batches/{name}/cancel")
    assert (posted.status_code, posted.content) == (404, b"")
    with serve(engine, batch_cancel="post") as server, client_of(server) as other:
        name = _start(other, _jsonl(_lines("wait")))
        deleted = other.delete(f"/v1/batches/{name}")
        assert (deleted.status_code, deleted.json()) == (405, {"detail": "Method Not Allowed"})
        answer = other.post(f"/v1/batches/{name}/cancel")
        assert answer.json()["status"] == "cancelling"
        engine.gate.set()
        assert _ended(other, name)["status"] == "cancelled"


def test_batches_are_listed_in_pages(client: httpx.Client) -> None:
    ids = [_create(client, "file-x").json()["id"] for _ in range(3)]
    for name in ids:
        _ended(client, name)
    first = client.get("/v1/batches?limit=2").json()
    assert [batch["id"] for batch in first["data"]] == ids[:2]
    assert first["has_more"] is True
    rest = client.get(f"/v1/batches?after={ids[1]}").json()
    assert rest["data"] == [_state(client, ids[2])]
    assert rest["has_more"] is False


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/results"), ("DELETE", "")])
def test_an_unknown_batch_is_told_so(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, f"/v1/batches/batch_x{path}")
    assert answer.status_code == 404
    assert answer.json()["message"] == "No such batch: batch_x"


def test_a_batch_ends_with_its_server() -> None:
    asked: list[object] = []

    class Endless(EchoEngine):
        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            asked.append(request)
            while emit(Delta()):
                threading.Event().wait(0.005)
            return Finish("stop", prompt_tokens=0, completion_tokens=0)

    with serve(Endless()) as server, client_of(server) as client:
        _start(client, _jsonl(_lines()))
        eventually(lambda: asked)
    assert len(asked) == 1


def test_the_requests_of_a_batch_do_not_count_as_ones_own(client: httpx.Client) -> None:
    _ended(client, _start(client, _jsonl(_lines())))
    answer = client.post(_URL, json=chat("one"))
    assert answer.headers["x-ratelimit-remaining-requests-day"] == "2399"
    assert answer.headers["x-ratelimit-remaining-tokens-day"] == str(1_000_000 - 2)
