"""Metrics of dedicated endpoints."""

from __future__ import annotations

from collections.abc import Mapping

from .._core.answers import read_answer
from .._core.endpoints.metrics import metrics
from .._core.limits import ResponseInfo
from .._core.options import NOT_GIVEN, NotGiven
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..types.metrics import MetricsText
from .resource import AsyncResource


class AsyncMetrics(AsyncResource):
    """`client.metrics`: how dedicated endpoints are doing (private preview).

    Ask at most six times a minute: the values are those of the last complete minute.
    Source: https://inference-docs.cerebras.ai/capabilities/metrics
    """

    async def retrieve(
        self,
        organization_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> MetricsText:
        """The metrics of an organization: `.text` as it came, which
        `cerebras_sdk.prometheus.samples` reads."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = metrics(
            self._client._options, organization_id, extra_headers=headers, timeout=timeout
        )
        reply = await self._client._send(request)

        def read(body: Hidden[bytes]) -> MetricsText:
            response = reply.response
            if body.value.lstrip().startswith(b"{"):  # an error, where Prometheus's text should be
                return read_answer(body.value, MetricsText, reply.request, response.headers)
            answer = MetricsText(text=body.value.decode("utf-8", "replace"))
            answer._response = ResponseInfo(response.headers)
            return answer

        return self._client._give(reply, read)
