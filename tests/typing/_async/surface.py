"""Every method of a client as a type checker sees it; checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, assert_type

from cerebras_sdk import (
    AsyncAPIResponse,
    AsyncCerebras,
    AsyncStream,
    ChatCompletion,
    ChatCompletionChunk,
    Completion,
    Timeout,
)
from cerebras_sdk.types import (
    Batch,
    BatchResult,
    DedicatedEndpointList,
    DedicatedEndpointStatus,
    DeploymentOperation,
    FileDeleted,
    FileObject,
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
)

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
