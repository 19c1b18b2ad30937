"""Metrics of dedicated endpoints."""

from __future__ import annotations

import msgspec

from ._base import Answer


class MetricSample(msgspec.Struct, frozen=True):
    """One value of a metric, of the last complete minute; despite `_total` in some names these are
    gauges."""

    name: str
    labels: dict[str, str]
    value: float


class MetricsText(Answer):
    """The metrics of an organization: `text` is Prometheus's format as it came, which
    `cerebras_sdk.prometheus.samples` reads."""

    text: str = ""
