"""What the local server has counted, as Prometheus text."""

from __future__ import annotations

import httpx
import pytest

from cerebras_sdk.testing import EchoEngine, LocalServer, serve

from .local_client import chat, client_of

_PATH = "/api/v1/metrics/organizations/org_abc123"
_LABELS = 'endpoint="gpt-oss-120b",organization_id="org_abc123"'


def test_requests_and_tokens_are_counted_by_model(client: httpx.Client) -> None:
    client.post("/v1/chat/completions", json=chat("a b c"))
    client.post("/v1/chat/completions", json=chat("a", stream=True))
    client.post("/v1/completions", json={"model": "qwen-3.8-27b", "prompt": "x"})
    answer = client.get(_PATH)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.text.splitlines()
    for sample in (
        f"inference_endpoint_status{{{_LABELS}}} 1.0",
        f"requests_count_total{{{_LABELS}}} 2.0",
        f"requests_success_total{{{_LABELS}}} 2.0",
        f"input_tokens_total{{{_LABELS}}} 4.0",
        f"output_tokens_total{{{_LABELS}}} 4.0",
        "# TYPE requests_count_total gauge",
    ):
        assert sample in lines
    assert sum(line.startswith("requests_count_total{") for line in lines) == 2


def test_failures_are_counted_by_status(client: httpx.Client) -> None:
    client.post("/v1/chat/completions", json=chat(min_p=1))
    for _ in range(2):
        client.post("/v1/completions", json={"model": "gpt-oss-120b", "prompt": "x", "best_of": 9})
    text = client.get(_PATH).text
    assert f'requests_failure_total{{{_LABELS},code="400"}} 3.0\n' in text
    assert f"requests_success_total{{{_LABELS}}} 0.0\n" in text


def test_the_queue_has_percentiles(client: httpx.Client) -> None:
    for _ in range(4):
        client.post("/v1/chat/completions", json=chat())
    lines = client.get(_PATH).text.splitlines()
    queue = [line.rpartition(" ") for line in lines if line.startswith("queue_time_seconds{")]
    assert [head for head, _, _ in queue] == [
        f'queue_time_seconds{{{_LABELS},percentile="p{percent}"}}' for percent in (50, 90, 95, 99)
    ]
    values = [float(value) for _, _, value in queue]
    assert values == sorted(values)
    assert values[0] > 0


def test_a_server_that_was_asked_nothing_has_no_samples(client: httpx.Client) -> None:
    lines = client.get(_PATH).text.splitlines()
    assert lines
    assert all(line.startswith("#") for line in lines)


def test_an_odd_name_cannot_break_the_text(client: httpx.Client) -> None:
    client.post("/v1/chat/completions", json=chat())
    text = client.get("/api/v1/metrics/organizations/a%22%0Ab").text
    assert 'organization_id="a\\"\\nb"' in text


def test_an_engine_with_a_name_is_counted_under_it() -> None:
    engine = EchoEngine()
    engine.model = "small-model"
    with serve(engine) as server, client_of(server) as client:
        client.post("/v1/chat/completions", json=chat())
        assert 'requests_count_total{endpoint="small-model",' in client.get(_PATH).text


@pytest.mark.parametrize("path", [_PATH, "/v1/tcp_warming"])
def test_a_key_is_needed(server: LocalServer, path: str) -> None:
    assert httpx.get(server.base_url + path).status_code == 403
