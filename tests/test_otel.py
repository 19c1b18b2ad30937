"""Spans and metrics of OpenTelemetry, by its GenAI conventions."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cerebras_sdk import (
    AsyncCerebras,
    BadRequestError,
    Cerebras,
    CerebrasError,
    InternalServerError,
    InvalidRequestError,
    StreamTruncatedError,
)
from cerebras_sdk.otel import instrument
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer
from tests._sync.test_hooks import BUSY, CHAT, HEAD, event
from tests.test_layers import loaded

WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "Of a town", "parameters": {"type": "object"}},
}
USAGE = {
    "prompt_tokens": 21,
    "completion_tokens": 8,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 16},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "a secret of mine"}],
}


def answer(*, finish: str = "stop", **message: Any) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = {
        "id": "chatcmpl-1",
        "model": "gpt-oss-120b-2",
        "choices": [choice],
        "usage": USAGE,
        "time_info": {"queue_time": 0.001, "completion_time": 0.01, "total_time": 0.02},
    }
    return Answer(200, {"inference-id": "req-1"}, json.dumps(body).encode())


class Telemetry:
    """What was exported."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meters = MeterProvider([self._reader])
        self.providers: dict[str, Any] = {
            "tracer_provider": self.tracers,
            "meter_provider": self.meters,
        }

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._spans.get_finished_spans())

    @property
    def attributes(self) -> Mapping[str, Any]:
        [span] = self.spans
        return span.attributes or {}

    def points(self, name: str) -> list[Any]:
        data: Any = self._reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
def client(options: dict[str, Any], telemetry: Telemetry) -> Any:
    with Cerebras(**options, max_retries=1) as client:
        instrument(client, **telemetry.providers)
        yield client


def test_a_completion_is_a_span_with_what_was_asked_and_answered(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    server.route("POST", CHAT, answer(content="Ho"))
    client.chat.completions.create(
        **CALL,
        max_completion_tokens=50,
        temperature=0.5,
        top_p=1,
        seed=7,
        stop="END",
        n=2,
        response_format={"type": "json_object"},
    )
    [span] = telemetry.spans
    assert (span.name, span.kind) == ("chat gpt-oss-120b", trace.SpanKind.CLIENT)
    assert span.status.status_code is trace.StatusCode.UNSET
    assert dict(telemetry.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "cerebras",
        "gen_ai.system": "cerebras",
        "gen_ai.request.model": "gpt-oss-120b",
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 1,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.choice.count": 2,
        "gen_ai.output.type": "json",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "gpt-oss-120b-2",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 21,
        "gen_ai.usage.output_tokens": 8,
        "gen_ai.usage.cache_read.input_tokens": 16,
        "gen_ai.usage.reasoning.output_tokens": 3,
        "server.address": "127.0.0.1",
        "server.port": int(server.base_url.rpartition(":")[2]),
        "cerebras.request_id": "req-1",
        "cerebras.queue_time": 0.001,
        "cerebras.completion_time": 0.01,
    }
    assert "traceparent" not in server.requests[0].headers


def test_a_text_completion_is_a_span_of_its_own_operation(
    client: Cerebras, telemetry: Telemetry
) -> None:
    client.completions.create(model="gpt-oss-120b", prompt="a secret of mine")
    assert telemetry.spans[0].name == "text_completion gpt-oss-120b"
    assert "a secret of mine" not in telemetry.spans[0].to_json()


def test_other_calls_have_no_spans(client: Cerebras, telemetry: Telemetry) -> None:
    client.models.list()
    with pytest.raises(CerebrasError):
        client.get("/v1/nothing", cast_to=dict)
    assert telemetry.spans == []


def test_a_stream_tells_of_its_chunks(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    stream = client.chat.completions.create(**CALL, stream=True)
    chunks = 0
    for _ in stream:
        chunks += 1
        assert telemetry.spans == []
    said = telemetry.attributes
    assert said["gen_ai.request.stream"] is True
    assert 0 < said["gen_ai.response.time_to_first_chunk"] < 5
    assert said["gen_ai.usage.output_tokens"] > 0
    [first] = telemetry.points("gen_ai.client.operation.time_to_first_chunk")
    assert first.count == 1
    [per_chunk] = telemetry.points("gen_ai.client.operation.time_per_output_chunk")
    assert per_chunk.count == chunks - 1


def test_the_metrics_have_the_buckets_of_the_conventions(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    server.route("POST", CHAT, answer(content="Ho"))
    client.chat.completions.create(**CALL)
    [duration] = telemetry.points("gen_ai.client.operation.duration")
    assert duration.explicit_bounds[0] == 0.01
    assert duration.explicit_bounds[-1] == 81.92
    assert duration.attributes["gen_ai.response.model"] == "gpt-oss-120b-2"
    tokens = telemetry.points("gen_ai.client.token.usage")
    assert tokens[0].explicit_bounds[:3] == (1, 4, 16)
    assert tokens[0].explicit_bounds[-1] == 67108864
    assert {p.attributes["gen_ai.token.type"]: p.sum for p in tokens} == {"input": 21, "output": 8}
    for point in (duration, *tokens):
        assert point.attributes["gen_ai.operation.name"] == "chat"
        assert point.attributes["gen_ai.provider.name"] == "cerebras"
    assert telemetry.points("gen_ai.client.operation.time_to_first_chunk") == []


def test_a_failure_is_the_status_of_the_span(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    server.route("POST", CHAT, BUSY)
    with pytest.raises(InternalServerError) as caught:
        client.chat.completions.create(**CALL)
    [span] = telemetry.spans
    assert span.status.status_code is trace.StatusCode.ERROR
    assert span.status.description == str(caught.value)
    assert telemetry.attributes["error.type"] == "InternalServerError"
    assert telemetry.attributes["http.response.status_code"] == 503
    assert telemetry.attributes["http.request.resend_count"] == 1
    [duration] = telemetry.points("gen_ai.client.operation.duration")
    assert duration.attributes["error.type"] == "InternalServerError"


def test_a_refusal_that_may_repeat_the_prompt_is_named_only(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    body = b'{"message": "no: a secret of mine", "type": "invalid_request_error"}'
    server.route("POST", CHAT, Answer(400, {}, body))
    with pytest.raises(BadRequestError, match="a secret of mine"):
        client.chat.completions.create(**CALL)
    assert telemetry.spans[0].status.description == "BadRequestError"
    assert "a secret of mine" not in telemetry.spans[0].to_json()


def test_streams_end_their_spans_however_they_end(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    server.route("POST", CHAT, RawAnswer([HEAD, event(content="Ho"), Pause(30)]))
    for chunk in client.chat.completions.create(**CALL, stream=True):
        assert chunk.id
        break
    forgotten: Any = client.chat.completions.create(**CALL, stream=True)
    del forgotten
    gc.collect()
    left = telemetry.spans
    assert [span.status.status_code for span in left] == [trace.StatusCode.UNSET] * 2
    assert all((span.attributes or {})["cerebras.stream_left"] is True for span in left)
    server.route("POST", CHAT, RawAnswer([HEAD, event(content="Ho")]))
    with pytest.raises(StreamTruncatedError):
        client.chat.completions.create(**CALL, stream=True).get_final_completion()
    broken = telemetry.spans[-1]
    assert broken.status.status_code is trace.StatusCode.ERROR
    assert (broken.attributes or {})["error.type"] == "StreamTruncatedError"


def test_a_call_that_was_never_sent_has_a_span_too(telemetry: Telemetry) -> None:
    with Cerebras() as client:
        instrument(client, **telemetry.providers)
        with pytest.raises(CerebrasError):
            client.chat.completions.create(**CALL)
    assert telemetry.attributes["error.type"] == "MissingCredentialsError"
    assert "http.request.resend_count" not in telemetry.attributes


def test_content_is_captured_when_asked_for(
    options: dict[str, Any], server: LocalServer, telemetry: Telemetry
) -> None:
    called = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    server.route("POST", CHAT, answer(finish="tool_calls", reasoning="Hm", tool_calls=[called]))
    messages: list[Any] = [
        {"role": "system", "content": "Be brief"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Weather?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            ],
        },
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "a", "content": "rain"},
    ]
    with Cerebras(**options) as client:
        instrument(client, **telemetry.providers, capture_content=True)
        client.chat.completions.create(
            model="gpt-oss-120b", messages=messages, tools=[WEATHER], checks="off"
        )
    call = {"type": "tool_call", "id": "a", "name": "weather", "arguments": {}}
    assert json.loads(telemetry.attributes["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief"}]},
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": "Weather?"},
                {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
                {"type": "image_url"},
            ],
        },
        {"role": "assistant", "parts": [{"type": "text", "content": ""}, call]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "a", "response": "rain"}]},
    ]
    assert json.loads(telemetry.attributes["gen_ai.output.messages"]) == [
        {
            "role": "assistant",
            "parts": [{"type": "reasoning", "content": "Hm"}, call],
            "finish_reason": "tool_calls",
        }
    ]
    [tool] = json.loads(telemetry.attributes["gen_ai.tool.definitions"])
    assert tool == {"type": "function", **WEATHER["function"]}  # type: ignore[dict-item]


def test_the_content_of_a_text_completion_is_captured(
    options: dict[str, Any], telemetry: Telemetry
) -> None:
    with Cerebras(**options) as client:
        instrument(client, **telemetry.providers, capture_content=True)
        answered = client.completions.create(model="gpt-oss-120b", prompt=["One", "Two"])
    [one, two] = json.loads(telemetry.attributes["gen_ai.input.messages"])
    assert (one["parts"][0]["content"], two["parts"][0]["content"]) == ("One", "Two")
    said = json.loads(telemetry.attributes["gen_ai.output.messages"])
    assert said[0]["parts"] == [{"type": "text", "content": answered.text}]


def test_nothing_of_a_prompt_is_captured_otherwise(
    client: Cerebras, server: LocalServer, telemetry: Telemetry
) -> None:
    client.chat.completions.create(**CALL)
    client.chat.completions.create(**CALL, stream=True).get_final_completion()
    for span in telemetry.spans:
        assert "a secret of mine" not in span.to_json()
        assert "csk-test" not in span.to_json()


def test_the_span_is_the_current_one_while_a_request_is_sent(
    client: Cerebras, telemetry: Telemetry
) -> None:
    tracer = telemetry.tracers.get_tracer("http")
    seen = []
    send = client._transport.send

    def traced(*given: Any, **named: Any) -> Any:
        with tracer.start_as_current_span("POST") as span:
            seen.append(span)
            return send(*given, **named)

    client._transport.send = traced  # type: ignore[method-assign]
    with tracer.start_as_current_span("job") as job:
        stream = client.chat.completions.create(**CALL, stream=True)
        assert trace.get_current_span() is job
        stream.get_final_completion()
    [chat] = [span for span in telemetry.spans if span.name.startswith("chat")]
    http: Any = seen[0]
    assert chat.parent == job.get_span_context()
    assert http.parent == chat.get_span_context()


def test_concurrent_calls_of_the_async_client_keep_their_spans_apart(
    options: dict[str, Any], server: LocalServer, telemetry: Telemetry
) -> None:
    tracer = telemetry.tracers.get_tracer("job")

    async def ask(client: AsyncCerebras, name: str) -> None:
        with tracer.start_as_current_span(name):
            stream = await client.chat.completions.create(**CALL, stream=True)
            await stream.get_final_completion()

    async def main() -> None:
        async with AsyncCerebras(**options) as client:
            instrument(client, **telemetry.providers)
            await asyncio.gather(ask(client, "a"), ask(client, "b"))

    asyncio.run(main())
    parents = {span.context.span_id: span.name for span in telemetry.spans if span.context}
    chats = [span for span in telemetry.spans if span.name.startswith("chat")]
    assert sorted(parents[span.parent.span_id] for span in chats if span.parent) == ["a", "b"]


def test_a_client_is_instrumented_once(client: Cerebras) -> None:
    for again in (client, client.with_options(max_retries=0)):
        with pytest.raises(InvalidRequestError, match="already"):
            instrument(again)


def test_without_providers_those_of_the_program_are_taken(options: dict[str, Any]) -> None:
    with Cerebras(**options) as client:
        instrument(client)
        assert client.chat.completions.create(**CALL).choices


def test_only_this_module_needs_the_extra() -> None:
    hidden = "import sys; sys.modules['opentelemetry'] = None\n"
    names = loaded(hidden + "from cerebras_sdk import Cerebras; Cerebras('csk-test')")
    assert "cerebras_sdk.otel" not in names
    code = """
try:
    import cerebras_sdk.otel
except ImportError as error:
    assert "cerebras-inference-sdk[otel]" in str(error)
else:
    raise AssertionError
"""
    loaded(hidden + code)


def test_it_loads_only_the_client_that_is_used() -> None:
    names = loaded("import cerebras_sdk.otel")
    assert names & {"httpx", "requests"} == set()
