"""Counts what the local server has answered, and shows it as Prometheus text."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .exchange import Answer

_PERCENTILES = (50, 90, 95, 99)


@dataclass
class _Counts:
    """What one model has answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0
    queue_seconds: list[float] = field(default_factory=list)


class Tally:
    """The counts of one server, by model; safe to use from several threads.

    `prometheus` has the gauges of the service (inference-docs.cerebras.ai, "Metrics"). There they
    are about the last complete minute; here about everything since the server started, so that
    nobody waits for a minute to see them.
    """

    def __init__(self) -> None:
        self._counts: dict[str, _Counts] = {}
        self._lock = threading.Lock()

    def requested(self, model: str, *, status: int) -> None:
        with self._lock:
            self._of(model).statuses[status] += 1

    def answered(
        self, model: str, input_tokens: int, output_tokens: int, *, queue_seconds: float
    ) -> None:
        with self._lock:
            counts = self._of(model)
            counts.input_tokens += input_tokens
            counts.output_tokens += output_tokens
            counts.queue_seconds.append(queue_seconds)

    def prometheus(self, organization: str) -> Answer:
        with self._lock:
            text = "".join(self._lines(organization))
        return Answer(
            200, {"content-type": "text/plain; version=0.0.4; charset=utf-8"}, text.encode()
        )

    def _of(self, model: str) -> _Counts:
        return self._counts.setdefault(model, _Counts())

    def _lines(self, organization: str) -> Iterator[str]:
        for name, meaning in _GAUGES.items():
            yield f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
            for model, counts in self._counts.items():
                labels = {"endpoint": model, "organization_id": organization}
                for more, value in _samples(name, counts):
                    shown = ",".join(f'{k}="{_escaped(v)}"' for k, v in (labels | more).items())
                    yield f"{name}{{{shown}}} {float(value)}\n"


_GAUGES = {
    "inference_endpoint_status": "1 when the endpoint is up",
    "requests_count_total": "Requests, whatever their status",
    "requests_success_total": "Requests with status 200",
    "requests_failure_total": "Other requests, by status",
    "input_tokens_total": "Input tokens of successful requests",
    "output_tokens_total": "Output tokens of successful requests",
    "queue_time_seconds": "Percentiles of the time in the queue",
}


def _samples(name: str, counts: _Counts) -> list[tuple[dict[str, str], float]]:
    match name:
        case "inference_endpoint_status":
            return [({}, 1)]
        case "requests_count_total":
            return [({}, counts.statuses.total())]
        case "requests_success_total":
            return [({}, counts.statuses[200])]
        case "requests_failure_total":
            failed = sorted(status for status in counts.statuses if status != 200)
            return [({"code": str(status)}, counts.statuses[status]) for status in failed]
        case "input_tokens_total":
            return [({}, counts.input_tokens)]
        case "output_tokens_total":
            return [({}, counts.output_tokens)]
    queued = sorted(counts.queue_seconds)
    return [
        ({"percentile": f"p{percent}"}, queued[max(0, -(-len(queued) * percent // 100) - 1)])
        for percent in _PERCENTILES
        if queued
    ]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
