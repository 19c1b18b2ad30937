"""Metrics of dedicated endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, InvalidRequestError, PermissionDeniedError
from cerebras_sdk._core.endpoints.metrics import METRICS_HOST, metrics
from cerebras_sdk._core.options import NOT_GIVEN
from cerebras_sdk._core.secret import Hidden
from cerebras_sdk.prometheus import samples
from cerebras_sdk.testing import Answer, LocalServer
from cerebras_sdk.types.metrics import MetricSample

pytestmark = pytest.mark.anyio

PATH = "/api/v1/metrics/organizations/my-org"
TEXT = """# HELP requests_count_total Requests of the last minute.
# TYPE requests_count_total gauge
requests_count_total{endpoint="my-org-gpt-oss-120b",organization_id="my-org"} 42.0
# TYPE queue_time_seconds gauge
queue_time_seconds{endpoint="my-org-gpt-oss-120b",percentile="p99"} 0.5
"""


async def test_the_text_and_its_values_are_given(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("GET", PATH, Answer(200, {"Content-Type": "text/plain"}, TEXT.encode()))
    async with AsyncCerebras(**options) as client:
        answer = await client.metrics.retrieve("my-org")
    assert answer.text == TEXT
    assert (
        samples(answer)
        == samples(TEXT)
        == [
            MetricSample(
                "requests_count_total",
                {"endpoint": "my-org-gpt-oss-120b", "organization_id": "my-org"},
                42.0,
            ),
            MetricSample(
                "queue_time_seconds", {"endpoint": "my-org-gpt-oss-120b", "percentile": "p99"}, 0.5
            ),
        ]
    )
    assert answer.response_headers["content-type"] == "text/plain"
    assert server.requests[0].headers["authorization"] == "Bearer csk-test"


async def test_a_refusal_is_the_error_of_every_call(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("GET", PATH, Answer(403, {}, b'{"detail": "Not authenticated"}'))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(PermissionDeniedError):
            await client.metrics.retrieve("my-org")
        with pytest.raises(InvalidRequestError, match="organization_id"):
            await client.metrics.retrieve("")


async def test_the_public_service_serves_them_from_the_host_of_its_console() -> None:
    client = AsyncCerebras("csk-test")
    request = metrics(client._options, "my org/1", extra_headers=Hidden(None), timeout=NOT_GIVEN)
    assert request.url == f"{METRICS_HOST}/api/v1/metrics/organizations/my%20org%2F1"
