"""What the service sends, from cassettes: whole, byte by byte, and in sevens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    AuthenticationError,
    BadRequestError,
    ModelNotFoundError,
    NotFoundError,
    tool,
)
from cerebras_sdk.types._base import plain

pytestmark = [pytest.mark.anyio, pytest.mark.cassette]

MESSAGES = [{"role": "user", "content": "Count: one, two, drei, четыре, 五."}]


async def test_chat_whole(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        completion = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.text
    assert completion.usage is not None
    assert completion.usage.total_tokens > completion.usage.completion_tokens > 0


async def test_chat_stream(replay: dict[str, Any], pieces: None) -> None:
    async with AsyncCerebras(**replay) as client:
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        )
        text = "".join([piece async for piece in stream.text_stream])
        completion = await stream.get_final_completion()
    assert text == completion.text
    assert "五" in text
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.time_info is not None


async def test_chat_stream_cut_by_max_tokens(replay: dict[str, Any], pieces: None) -> None:
    async with AsyncCerebras(**replay) as client:
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True, max_completion_tokens=2
        )
        completion = await stream.get_final_completion()
    assert completion.choices[0].finish_reason == "length"


async def test_events(replay: dict[str, Any], pieces: None) -> None:
    async with (
        AsyncCerebras(**replay) as client,
        client.chat.completions.stream(
            model="gpt-oss-120b", messages=MESSAGES, reasoning="low"
        ) as stream,
    ):
        events = [event async for event in stream]
        completion = await stream.get_final_completion()
    happened = [event.type for event in events]
    for name in ("reasoning.delta", "reasoning.done", "content.delta", "content.done", "finish"):
        assert name in happened
    assert happened[-1] == "usage"
    assert "".join(e.delta for e in events if e.type == "content.delta") == completion.text
    assert events[-1].snapshot.text == completion.text
    assert completion.choices[0].message.reasoning


@dataclass
class Trip:
    city: str
    days: int


TRIP = [{"role": "user", "content": '{"city": "Rome", "days": 3}'}]


async def test_an_object(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        completion = await client.chat.completions.parse(
            model="gpt-oss-120b", messages=TRIP, response_format=Trip
        )
    assert completion.parsed == Trip("Rome", 3)


async def test_an_object_field_by_field(replay: dict[str, Any], pieces: None) -> None:
    async with (
        AsyncCerebras(**replay) as client,
        client.chat.completions.stream(
            model="gpt-oss-120b", messages=TRIP, response_format=Trip
        ) as stream,
    ):
        fields = [(e.path, e.value) async for e in stream if e.type == "field.done"]
        completion = await stream.get_final_completion()
    assert fields == [(("city",), "Rome"), (("days",), 3)]
    assert completion.parsed == Trip("Rome", 3)


@tool
def weather(city: str) -> str:
    """The weather of a city, today."""
    return f"It rains in {city}."


ASKED = [{"role": "user", "content": "What is the weather in Rome? Use the tool."}]


async def test_tools(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        runner = client.chat.completions.run_tools(
            model="gpt-oss-120b", messages=ASKED, tools=[weather]
        )
        completion = await runner.until_done()
    assert [message["role"] for message in map(plain, runner.messages)] == [
        "user", "assistant", "tool", "assistant"
    ]  # fmt: skip
    assert "rain" in completion.text


async def test_a_tool_call_in_a_stream(replay: dict[str, Any], pieces: None) -> None:
    async with (
        AsyncCerebras(**replay) as client,
        client.chat.completions.stream(
            model="gpt-oss-120b", messages=ASKED, tools=[weather]
        ) as stream,
    ):
        done = [event async for event in stream if event.type == "tool_call.done"]
    assert json.loads(done[0].tool_call.function.arguments) == {"city": "Rome"}
    assert done[0].tool_call.function.name == "weather"


async def test_a_conversation(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        chat = client.conversation(model="gpt-oss-120b", system="Be brief.")
        first = await chat.send("Say one.")
        async with chat.stream("Say two.") as stream:
            second = await stream.get_final_completion()
    assert first.text
    assert second.text
    assert [message["role"] for message in chat.messages] == [
        "system", "user", "assistant", "user", "assistant"
    ]  # fmt: skip


async def test_unknown_model(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        with pytest.raises(ModelNotFoundError) as error:
            await client.chat.completions.create(model="no-such-model", messages=MESSAGES)
    assert error.value.code == "model_not_found"
    assert error.value.param == "model"


async def test_unknown_parameter(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        with pytest.raises(BadRequestError, match="min_p") as error:
            await client.chat.completions.create(
                model="gpt-oss-120b",
                messages=MESSAGES,
                extra_body={"min_p": 0.1},
                checks="off",
            )
    assert error.value.code == "wrong_api_format"


async def test_wrong_key(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**(replay | {"api_key": "csk-test-wrong"})) as client:
        with pytest.raises(AuthenticationError, match="Wrong API Key") as error:
            await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
    assert error.value.code == "wrong_api_key"


async def test_cookies_become_a_key(replay: dict[str, Any]) -> None:
    cookies = {"authjs.session-token": "test-session"}
    async with AsyncCerebras(**(replay | {"api_key": None}), cookies=cookies) as client:
        completion = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
    assert completion.text


async def test_text_whole(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        completion = await client.completions.create(
            model="gpt-oss-120b", prompt=["One, two,", "Three, four,"], max_tokens=20
        )
    assert [choice.index for choice in completion.choices] == [0, 1]
    assert all(choice.text for choice in completion.choices)
    assert completion.usage is not None


async def test_text_stream(replay: dict[str, Any], pieces: None) -> None:
    async with AsyncCerebras(**replay) as client:
        stream = await client.completions.create(
            model="gpt-oss-120b", prompt="One, two, три, 四,", stream=True
        )
        text = "".join([piece async for piece in stream.text_stream])
        completion = await stream.get_final_completion()
    assert text == completion.text
    assert text
    assert completion.choices[0].finish_reason == "stop"


async def test_models(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        models = await client.models.list()
        model = await client.models.retrieve("gpt-oss-120b")
    assert "gpt-oss-120b" in [entry.id for entry in models]
    assert model.object == "model"


async def test_public_models(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        models = await client.models.public.list()
        model = await client.models.public.retrieve("gpt-oss-120b")
        routed = await client.models.public.list(format="openrouter")
    assert "gpt-oss-120b" in [entry.id for entry in models]
    assert model.limits.max_context_length == 131072
    assert model.pricing.prompt is not None
    assert all(entry.id.startswith("cerebras/") for entry in routed)


async def test_metrics(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        metrics = await client.metrics.retrieve("my-org")
    assert "inference_endpoint_status" in metrics.text


def batch_lines(count: int) -> bytes:
    body = {"model": "gpt-oss-120b", "messages": MESSAGES, "max_completion_tokens": 50}
    line = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    rows = [{"custom_id": f"row-{number}", **line} for number in range(count)]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


async def test_files(replay: dict[str, Any]) -> None:
    data = batch_lines(10)
    async with AsyncCerebras(**replay) as client:
        file = await client.files.create(data, filename="rows.jsonl")
        assert (file.filename, file.bytes, file.purpose) == ("rows.jsonl", len(data), "batch")
        assert (await client.files.retrieve(file.id)).id == file.id
        assert file.id in [listed.id async for listed in client.files.list(limit=1)]
        assert await client.files.content(file.id) == data
        assert (await client.files.delete(file.id)).deleted
        with pytest.raises(NotFoundError):
            await client.files.retrieve(file.id)


async def test_batches(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        file = await client.files.create(("rows.jsonl", batch_lines(10)))
        started = await client.batches.create(input_file_id=file.id, metadata={"run": "1"})
        batch = await client.batches.wait(started.id, poll=0.1)
        assert batch.status == "completed"
        assert batch.metadata == {"run": "1"}
        assert batch.request_counts is not None
        assert (batch.request_counts.total, batch.request_counts.completed) == (10, 10)
        results = [result async for result in client.batches.results(batch.id)]
        assert {result.custom_id for result in results} == {f"row-{n}" for n in range(10)}
        assert all("五" in result.response.text for result in results if result.response)
        assert batch.id in [listed.id async for listed in client.batches.list()]


async def test_a_batch_is_cancelled(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        file = await client.files.create(("rows.jsonl", batch_lines(30)))
        batch = await client.batches.create(input_file_id=file.id)
        cancelled = await client.batches.cancel(batch.id)
    assert cancelled.status in ("cancelling", "cancelled")


async def test_management(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        models, endpoints = client.management.models, client.management.endpoints
        architecture = next(iter(await models.list("my-org")))
        uploaded = await models.upload(
            "my-org", model_arch_id=architecture, weight_uri="s3://weights/1"
        )
        versions = await models.versions.list("my-org", architecture)
        assert uploaded.name in [version.name for version in versions]
        endpoint = next(iter(await endpoints.list("my-org")))
        assert (await endpoints.retrieve(endpoint.endpoint_id)).name == endpoint.endpoint_id


async def test_an_answer_as_it_came(replay: dict[str, Any]) -> None:
    async with AsyncCerebras(**replay) as client:
        await client.warm_up()
        response = await client.models.with_raw_response.retrieve("gpt-oss-120b")
        assert response.headers["content-type"].startswith("application/json")
        assert (await response.parse()).id == "gpt-oss-120b"
        async with client.chat.completions.with_streaming_response.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        ) as streamed:
            lines = [line async for line in streamed.iter_lines()]
    assert lines[0].startswith("data: {")
    assert "data: [DONE]" in lines
