"""The values in Prometheus's text format, read by `prometheus_client` (extra `[metrics]`)."""

from __future__ import annotations

from .types.metrics import MetricSample, MetricsText


def samples(metrics: MetricsText | str) -> list[MetricSample]:
    """The values in the answer of `client.metrics.retrieve`, or in its text.

    Raises ImportError without the extra, ValueError for a text that is none of Prometheus's.
    """
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError:
        raise ImportError(
            'reading metrics needs an extra: pip install "cerebras-inference-sdk[metrics]"'
        ) from None
    text = metrics if isinstance(metrics, str) else metrics.text
    return [
        MetricSample(sample.name, dict(sample.labels), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
