"""A hook, and spans of OpenTelemetry: `python examples/telemetry.py`, with CEREBRAS_API_KEY set.

Needs `pip install "cerebras-inference-sdk[otel]" opentelemetry-sdk`.
"""

from __future__ import annotations

import sys

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from cerebras_sdk import Cerebras
from cerebras_sdk.otel import instrument
from cerebras_sdk.types.hooks import EndEvent, ErrorEvent, ResponseEvent

QUESTION = {"role": "user", "content": "Why is fast inference important?"}


class Ledger:
    """Says what each call cost, and what went wrong on the way."""

    def on_response(self, event: ResponseEvent) -> None:
        if event.error is not None:
            print(f"attempt {event.attempt}: status {event.status}")

    def on_end(self, event: EndEvent) -> None:
        tokens = event.usage.total_tokens if event.usage else 0
        print(f"{event.operation} {event.model}: {tokens} tokens, {event.seconds:.3f} s")

    def on_error(self, event: ErrorEvent) -> None:
        print(f"{event.operation} {event.model}: {type(event.error).__name__}")


def shown(span: ReadableSpan) -> str:
    told = (span.attributes or {}).items()
    names = [f"  {name} = {value!r}" for name, value in told if name.startswith("gen_ai.")]
    return "\n".join([span.name, *sorted(names)]) + "\n"


def main() -> None:
    spans = TracerProvider()
    spans.add_span_processor(
        SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stdout, formatter=shown))
    )
    with Cerebras() as client:
        client.add_hook(Ledger())
        instrument(client, tracer_provider=spans)
        client.chat.completions.create(model="gpt-oss-120b", messages=[QUESTION], temperature=0.2)


if __name__ == "__main__":
    main()
