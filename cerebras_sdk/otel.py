"""Spans and metrics of OpenTelemetry, by its GenAI conventions; extra `[otel]`.

Source: https://github.com/open-telemetry/semantic-conventions-genai (docs/gen-ai, in development
there: names may change with it).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ._core.transcripts import input_messages, output_messages, tool_definitions
from ._version import __version__
from .errors import BadRequestError, InvalidRequestError, UnprocessableEntityError
from .types.hooks import (
    ChunksEvent,
    EndEvent,
    ErrorEvent,
    FirstTokenEvent,
    HookCall,
    HookEvent,
    RequestEvent,
    ResponseEvent,
)

try:
    from opentelemetry import context, metrics, trace
except ImportError:
    raise ImportError(
        'cerebras_sdk.otel needs an extra: pip install "cerebras-inference-sdk[otel]"'
    ) from None

if TYPE_CHECKING:  # who uses the one need not load the other
    from ._async.client import AsyncCerebras
    from ._sync.client import Cerebras

__all__ = ["instrument"]

_OPERATIONS = ("chat", "text_completion")
_SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
_TOKENS = [4**power for power in range(14)]
_PARAMETERS = {
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_tokens": "gen_ai.request.max_tokens",
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}


def instrument(
    client: Cerebras | AsyncCerebras,
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
    capture_content: bool = False,
) -> None:
    """Gives each completion of `client` a span, and the metrics of the conventions.

    tracer_provider, meter_provider: those of the program, if None.
    capture_content: also put prompts, tools and answers into the spans.

    A span begins with the call and ends with its answer, or when a stream is left; it is the
    current one while a request is sent, so that the spans of instrumented HTTP libraries are in it.
    No header is added to requests. Copies that are made of `client` afterwards are instrumented
    too. Raises InvalidRequestError for a client that is instrumented already.
    """
    known = () if client._hooks is None else client._hooks.hooks
    if any(isinstance(hook, _Telemetry) for hook in known):
        raise InvalidRequestError("this client is instrumented already")
    tracer = trace.get_tracer("cerebras_sdk", __version__, tracer_provider)
    meter = metrics.get_meter("cerebras_sdk", __version__, meter_provider)
    client.add_hook(_Telemetry(tracer, meter, capture_content=capture_content))


class _Telemetry:
    """The hook. What it needs of a call again is in `event.call.state`."""

    def __init__(
        self, tracer: trace.Tracer, meter: metrics.Meter, *, capture_content: bool
    ) -> None:
        self.wants_content = capture_content
        self._tracer = tracer

        def histogram(name: str, unit: str, text: str, bounds: list[float]) -> metrics.Histogram:
            return meter.create_histogram(
                name, unit, text, explicit_bucket_boundaries_advisory=bounds
            )

        self._duration = histogram(
            "gen_ai.client.operation.duration", "s", "GenAI operation duration.", _SECONDS
        )
        self._first_chunk = histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time to receive the first chunk of a stream, from when it was asked for.",
            _SECONDS,
        )
        self._per_chunk = histogram(
            "gen_ai.client.operation.time_per_output_chunk",
            "s",
            "Time between two chunks of a stream.",
            _SECONDS,
        )
        self._tokens = histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            [float(bound) for bound in _TOKENS],
        )

    def on_request(self, event: RequestEvent) -> None:
        if event.operation not in _OPERATIONS:
            return
        span = self._span(event)
        if event.content is not None and event.attempt == 1:
            span.set_attribute("gen_ai.input.messages", _json(input_messages(event.content)))
            if tools := tool_definitions(event.content):
                span.set_attribute("gen_ai.tool.definitions", _json(tools))
        event.call.state[self, "token"] = context.attach(trace.set_span_in_context(span))

    def on_response(self, event: ResponseEvent) -> None:
        token = event.call.state.pop((self, "token"), None)
        if token is not None:
            context.detach(token)

    def on_first_token(self, event: FirstTokenEvent) -> None:
        self._span(event).set_attribute("gen_ai.response.time_to_first_chunk", event.seconds)
        self._first_chunk.record(event.seconds, _common(event.call))

    def on_chunks(self, event: ChunksEvent) -> None:
        state, count = event.call.state, event.count
        if (self, "chunks") not in state:  # before the first there is none to measure from
            state[self, "chunks"], count = True, count - 1
        attributes = _common(event.call)
        for _ in range(count):
            self._per_chunk.record(event.gap / event.count, attributes)

    def on_end(self, event: EndEvent) -> None:
        if event.operation not in _OPERATIONS:
            return
        span, attributes = self._span(event), _common(event.call)
        said: dict[str, Any] = {
            "gen_ai.response.id": event.response_id,
            "gen_ai.response.model": event.response_model,
            "gen_ai.response.finish_reasons": event.finish_reasons or None,
            "cerebras.request_id": event.request_id,
            "cerebras.queue_time": event.timing.queue_time,
            "cerebras.prompt_time": event.timing.prompt_time,
            "cerebras.completion_time": event.timing.completion_time,
            "cerebras.stream_left": None if event.is_whole else True,
        }
        if event.response_model is not None:
            attributes["gen_ai.response.model"] = event.response_model
        if event.usage is not None:
            said |= _usage(event)
            for kind in ("input", "output"):
                count = said[f"gen_ai.usage.{kind}_tokens"]
                self._tokens.record(count, {**attributes, "gen_ai.token.type": kind})
        if event.completion is not None:
            said["gen_ai.output.messages"] = _json(output_messages(event.completion))
        self._finish(span, event, said, attributes)

    def on_error(self, event: ErrorEvent) -> None:
        if event.operation not in _OPERATIONS:
            return
        span, error = self._span(event), event.error
        kind = type(error).__name__
        # What the service says of a request that it refuses may repeat a part of it.
        is_quoting = isinstance(error, (BadRequestError, UnprocessableEntityError))
        is_told = self.wants_content or not is_quoting
        span.set_status(trace.StatusCode.ERROR, str(error) if is_told else kind)
        said = {
            "error.type": kind,
            "http.response.status_code": event.status,
            "cerebras.request_id": event.request_id,
        }
        self._finish(span, event, said, {**_common(event.call), "error.type": kind})

    def _finish(
        self,
        span: trace.Span,
        event: HookEvent,
        said: Mapping[str, Any],
        attributes: Mapping[str, Any],
    ) -> None:
        resent = event.attempt - 1
        found = {**said, "http.request.resend_count": resent if resent > 0 else None}
        span.set_attributes({name: value for name, value in found.items() if value is not None})
        self._duration.record(event.seconds, attributes)
        span.end()

    def _span(self, event: HookEvent) -> trace.Span:
        """That of the call, which begins where the call began."""
        state = event.call.state
        if self not in state:
            state[self] = self._tracer.start_span(
                f"{event.operation} {event.model}",
                kind=trace.SpanKind.CLIENT,
                attributes=_common(event.call) | _asked(event.call),
                start_time=time.time_ns() - int(event.seconds * 1e9),
            )
        span: trace.Span = state[self]
        return span


def _common(call: HookCall) -> dict[str, Any]:
    """What spans and metrics both have."""
    return {
        "gen_ai.operation.name": call.operation,
        "gen_ai.provider.name": "cerebras",
        "gen_ai.system": "cerebras",  # its name before, which older tools look for
        "gen_ai.request.model": call.model or "",
        "server.address": call.address,
        "server.port": call.port,
    }


def _asked(call: HookCall) -> dict[str, Any]:
    given = call.parameters
    found = {
        attribute: given[name]
        for name, attribute in _PARAMETERS.items()
        if isinstance(given.get(name), (int, float))
    }
    stop = given.get("stop")
    if isinstance(stop, (str, list)) and stop:
        found["gen_ai.request.stop_sequences"] = [stop] if isinstance(stop, str) else stop
    if isinstance(given.get("n"), int) and given["n"] != 1:
        found["gen_ai.request.choice.count"] = given["n"]
    if "response_format" in given:
        is_text = given["response_format"] == "text"
        found["gen_ai.output.type"] = "text" if is_text else "json"
    if call.streaming:
        found["gen_ai.request.stream"] = True
    return found


def _usage(event: EndEvent) -> dict[str, Any]:
    usage = event.usage
    if usage is None:
        return {}
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return {
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": None if prompt is None else prompt.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": (
            None if completion is None else completion.reasoning_tokens
        ),
    }


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
