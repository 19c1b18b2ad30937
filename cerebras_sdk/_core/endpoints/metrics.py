"""The request for the metrics of dedicated endpoints."""

from __future__ import annotations

from collections.abc import Mapping

from ..http import Request
from ..options import BASE_URL, ClientOptions, NotGiven, hide_values
from ..secret import Hidden
from ..timeout import Timeout, TimeoutInput
from .body import segment

# They are served by the console's host. Source: https://inference-docs.cerebras.ai/capabilities/metrics
METRICS_HOST = "https://cloud.cerebras.ai"


def metrics(
    options: ClientOptions,
    organization_id: str,
    *,
    extra_headers: Hidden[Mapping[str, str | None] | None],
    timeout: TimeoutInput | NotGiven,
) -> Request:
    """GET /api/v1/metrics/organizations/{id}, on the console's host if the base URL is the public
    service's, else below the base URL."""
    organization = segment("organization_id", organization_id)
    host = METRICS_HOST if options.base_url == BASE_URL else options.base_url
    request = Request(
        method="GET",
        url=f"{host}/api/v1/metrics/organizations/{organization}",
        headers=options.headers,
        timeout=options.timeout if isinstance(timeout, NotGiven) else Timeout.of(timeout),
    )
    return request.with_headers({"Accept": "text/plain"}).with_headers(hide_values(extra_headers))
