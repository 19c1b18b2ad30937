"""Every method of a client as a type checker sees it; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypedDict, assert_type

import msgspec
import pydantic

from cerebras_sdk import (
    AsyncAPIResponse,
    AsyncCerebras,
    AsyncConversation,
    AsyncStream,
    AsyncToolRunner,
    ChatCompletion,
    ChatCompletionChunk,
    Completion,
    ParsedChatCompletion,
    ParsedMessage,
    Timeout,
    tool,
)
from cerebras_sdk.types import (
    Batch,
    BatchResult,
    DedicatedEndpointList,
    DedicatedEndpointStatus,
    DeploymentOperation,
    FileDeleted,
    FileObject,
    Message,
    MetricsText,
    ModelArchitectureList,
    ModelInfo,
    ModelList,
    ModelVersion,
    ModelVersionAliases,
    ModelVersionDeleted,
    ModelVersionList,
    PublicModel,
    PublicModelList,
    RateLimits,
    Timing,
    ToolCall,
    Usage,
)
from cerebras_sdk.types.chat.events import ContentDelta
from cerebras_sdk.types.params import MessageParam, ToolMessage, ToolParam

MESSAGES = [{"role": "user", "content": "Hi"}]


async def completions(client: AsyncCerebras) -> None:
    chat = client.chat.completions
    assert_type(await chat.create(model="m", messages=MESSAGES), ChatCompletion)
    stream = await chat.create(model="m", messages=MESSAGES, stream=True)
    assert_type(stream, AsyncStream[ChatCompletionChunk])
    assert_type(await stream.get_final_completion(), ChatCompletion)
    await stream.close()
    assert_type(await stream.resume(), AsyncStream[ChatCompletionChunk])
    await chat.create(messages=MESSAGES, stream=True, on_interrupt="continue")
    assert_type(await client.completions.create(model="m", prompt="a"), Completion)
    await client.completions.create(model="m", prompt="a", checks="warn")
    assert_type((await chat.create(model="m", messages=MESSAGES)).timing, Timing)
    assert_type((await client.completions.create(model="m", prompt="a")).timing, Timing)


@dataclass
class Person:
    name: str


class PersonStruct(msgspec.Struct):
    name: str


class PersonModel(pydantic.BaseModel):
    name: str


class PersonDict(TypedDict):
    name: str


async def structured(client: AsyncCerebras) -> None:
    chat = client.chat.completions
    person = await chat.parse(model="m", messages=MESSAGES, response_format=Person, retries=1)
    assert_type(person, ParsedChatCompletion[Person])
    assert_type(person.parsed, Person | None)
    assert_type(person.choices[0].message, ParsedMessage[Person])
    assert_type(person.choices[0].message.parsed, Person | None)
    assert_type(person.attempts, tuple[ChatCompletion, ...])
    struct = await chat.parse(messages=MESSAGES, response_format=PersonStruct)
    assert_type(struct.parsed, PersonStruct | None)
    model = await chat.parse(messages=MESSAGES, response_format=PersonModel)
    assert_type(model.parsed, PersonModel | None)
    typed = await chat.parse(messages=MESSAGES, response_format=PersonDict)
    assert_type(typed.parsed, PersonDict | None)
    people = await chat.parse(messages=MESSAGES, response_format=list[Person])
    assert_type(people.parsed, list[Person] | None)
    word = await chat.parse(messages=MESSAGES, response_format=Literal["yes", "no"])
    assert_type(word, ParsedChatCompletion[Any])
    either = await chat.parse(messages=MESSAGES, response_format=Person | None)
    assert_type(either, ParsedChatCompletion[Any])
    plain = await chat.parse(messages=MESSAGES, response_format={"type": "json_object"})
    assert_type(plain.choices[0].message.content, str | None)


async def events(client: AsyncCerebras) -> None:
    chat = client.chat.completions
    async with chat.stream(model="m", messages=MESSAGES, tools=[], seed=1) as stream:
        async for event in stream:
            if event.type == "content.delta":
                assert_type(event, ContentDelta)
                assert_type(event.delta, str)
            elif event.type == "tool_call.done":
                assert_type(event.tool_call, ToolCall)
            elif event.type == "usage":
                assert_type(event.usage, Usage)
            assert_type(event.snapshot, ChatCompletion)
        assert_type(await stream.get_final_completion(), ChatCompletion)
        assert_type((await stream.until_done()).snapshot, ChatCompletion)
        async for text in stream.text_stream:
            assert_type(text, str)
    async with chat.stream(messages=MESSAGES, response_format=Person) as typed:
        assert_type((await typed.get_final_completion()).parsed, Person | None)
    async with chat.stream(messages=MESSAGES, response_format=Literal["yes", "no"]) as word:
        assert_type(await word.get_final_completion(), ParsedChatCompletion[Any])
    async with chat.stream(messages=MESSAGES, response_format=Person | None) as either:
        assert_type(await either.get_final_completion(), ParsedChatCompletion[Any])
    async with chat.stream(messages=MESSAGES, response_format={"type": "text"}) as plain:
        assert_type(await plain.get_final_completion(), ChatCompletion)


@tool
async def add(a: int, b: int) -> int:
    return a + b


async def tools(client: AsyncCerebras, declared: ToolParam) -> None:
    def told(call: ToolCall, error: Exception) -> str | None:
        return call.id or None

    def plain(a: str) -> None: ...

    runner = client.chat.completions.run_tools(
        messages=MESSAGES, tools=[add, plain, declared], on_tool_error=told, model="m", seed=1
    )
    assert_type(runner, AsyncToolRunner)
    async for message in runner:
        assert_type(message, Message | ToolMessage)
    assert_type(await runner.until_done(), ChatCompletion)
    assert_type(runner.messages, list[MessageParam])
    assert_type(runner.pending, list[ToolCall])
    assert_type(runner.completions, list[ChatCompletion])
    assert_type(runner.usage, Usage)
    await client.chat.completions.create(messages=runner.messages, tools=[add])
    assert_type(await add(1, b=2), int)


async def conversation(client: AsyncCerebras, declared: ToolParam) -> None:
    chat = client.conversation(
        model="m", system="Be brief.", tools=[add, declared], reasoning="low", trim="oldest", seed=1
    )
    assert_type(chat, AsyncConversation)
    assert_type(await chat.send("Hi"), ChatCompletion)
    assert_type(await chat.send([{"type": "text", "text": "Hi"}]), ChatCompletion)
    assert_type(await chat.send(), ChatCompletion)
    async with chat.stream("Hi") as stream:
        async for event in stream:
            if event.type == "content.delta":
                assert_type(event.delta, str)
        assert_type(await stream.get_final_completion(), ChatCompletion)
    assert_type(chat.messages, list[dict[str, Any]])
    assert_type(chat.dropped, list[dict[str, Any]])
    assert_type(chat.unfinished, list[dict[str, Any]])
    assert_type(chat.pending, list[ToolCall])
    assert_type(chat.usage, Usage)
    assert_type(chat.cached_share, float | None)
    assert_type(await chat.estimate_cost(), Decimal | None)
    assert_type(chat.model, str)
    chat.add({"role": "user", "content": "Hi"}, *chat.unfinished)
    assert_type(chat.fork(), AsyncConversation)
    assert_type(client.conversation(history=chat.to_json()), AsyncConversation)
    client.conversation(history=chat.messages, trim=lambda messages, tokens: messages[2:])
    await chat.save(Path("a.json"))
    assert_type(await AsyncConversation.load(client, "a.json", tools=[add]), AsyncConversation)


async def models(client: AsyncCerebras) -> None:
    assert_type(await client.models.list(), ModelList)
    assert_type(await client.models.retrieve("m", format="huggingface"), ModelInfo)
    assert_type(await client.models.public.list(), PublicModelList)
    assert_type(await client.models.public.retrieve("m"), PublicModel)


async def files(client: AsyncCerebras) -> None:
    def progress(sent: int, size: int) -> None: ...

    uploaded = await client.files.create(Path("a.jsonl"), on_progress=progress)
    assert_type(uploaded, FileObject)
    await client.files.create(("a.jsonl", b"{}"))
    await client.files.create(("a.jsonl", Path("a.jsonl"), "application/jsonl"))
    async for file in client.files.list(limit=5):
        assert_type(file, FileObject)
    assert_type(await client.files.retrieve(uploaded.id), FileObject)
    assert_type(await client.files.content(uploaded.id), bytes)
    assert_type(await client.files.delete(uploaded.id), FileDeleted)


async def batches(client: AsyncCerebras) -> None:
    def progress(batch: Batch) -> None: ...

    batch = await client.batches.create(input_file_id="f", metadata={"a": "b"})
    assert_type(batch, Batch)
    async for listed in client.batches.list():
        assert_type(listed, Batch)
    assert_type(await client.batches.retrieve(batch.id), Batch)
    assert_type(await client.batches.wait(batch.id, on_progress=progress), Batch)
    async for result in client.batches.results(batch.id):
        assert_type(result, BatchResult)
        assert_type(result.response, ChatCompletion | None)
    assert_type(await client.batches.cancel(batch.id), Batch)


async def dedicated(client: AsyncCerebras) -> None:
    assert_type(await client.metrics.retrieve("o"), MetricsText)
    architectures = client.management.models
    assert_type(await architectures.list("o"), ModelArchitectureList)
    for architecture in await architectures.list("o"):
        assert_type(architecture, str)
    uploaded = await architectures.upload("o", model_arch_id="a", weight_uri="s3://w")
    assert_type(uploaded, ModelVersion)
    versions = architectures.versions
    assert_type(await versions.list("o", "a"), ModelVersionList)
    assert_type(await versions.retrieve("o", "a", 1), ModelVersion)
    renamed = await versions.update("o", "a", "prod", version_aliases=["b"])
    assert_type(renamed, ModelVersionAliases)
    assert_type(await versions.delete("o", "a", 1), ModelVersionDeleted)
    endpoints = client.management.endpoints
    assert_type(await endpoints.list("o"), DedicatedEndpointList)
    assert_type(await endpoints.retrieve("e"), DedicatedEndpointStatus)
    assert_type(await endpoints.deploy_model("e", model="m"), DeploymentOperation)


async def options(client: AsyncCerebras) -> None:
    assert_type(client.with_options(timeout=5, max_retries=0, default_query={}), AsyncCerebras)
    assert_type(client.copy(set_default_headers={}), AsyncCerebras)
    assert_type(client.with_key_in_pickle(), AsyncCerebras)
    assert_type(AsyncCerebras.from_env_file(Path(".env")), AsyncCerebras)
    assert_type(client.api_key, str | None)
    assert_type(client.base_url, str)
    assert_type(client.timeout, Timeout)
    assert_type(client.max_retries, int)
    assert_type(client.user_agent, str)
    assert_type(client.rate_limits, Mapping[str, RateLimits])
    client.api_key = "csk-test"
    client.base_url = "https://host"
    client.max_retries = 3
    client.add_hook(object())
    assert_type(client.is_closed(), bool)
    await client.warm_up()
    await client.close()


async def any_path(client: AsyncCerebras) -> None:
    assert_type(await client.request("GET", "/v1/models", cast_to=ModelList), ModelList | Any)
    await client.get("/v1/models", query={"format": "default"}, cast_to=ModelList)
    await client.post("/v1/new", body={"a": 1})
    await client.put("/v1/new", content=b"a")
    await client.patch("/v1/new", body={})
    await client.delete("/v1/new", options={"max_retries": 0})


async def as_it_came(client: AsyncCerebras) -> None:
    response: AsyncAPIResponse[ChatCompletion]
    response = await client.chat.completions.with_raw_response.create(messages=MESSAGES)
    assert_type(response.status_code, int)
    assert_type(response.headers["a"], str)
    assert_type(response.request_id, str | None)
    assert_type(response.rate_limits, RateLimits)
    assert_type(response.elapsed, timedelta)
    assert_type(response.retries_taken, int)
    assert_type(response.is_closed, bool)
    assert_type(response.url + response.method + response.http_version, str)
    assert_type(response.http_request.method, str)
    assert_type(await response.read(), bytes)
    assert_type(await response.text(), str)
    await response.json()
    await response.parse()
    async with client.models.with_streaming_response.list() as streamed:
        same: AsyncAPIResponse[ModelList] = streamed
    assert_type(same.iter_bytes(5), AsyncIterator[bytes])
    assert_type(same.iter_text(), AsyncIterator[str])
    assert_type(same.iter_lines(), AsyncIterator[str])
    await same.close()
