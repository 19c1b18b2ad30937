"""Models, and what every call of a client has in common."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    CerebrasError,
    InvalidRequestError,
    ModelNotFoundError,
    NotFoundError,
)
from cerebras_sdk.testing import Answer, LocalServer
from cerebras_sdk.types.models import ModelInfo, ModelList, PublicModel

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
PUBLIC = {
    "id": "gpt-oss-120b",
    "object": "model",
    "created": 1754352000,
    "owned_by": "OpenAI",
    "name": "OpenAI GPT OSS",
    "hugging_face_id": "openai/gpt-oss-120b",
    "pricing": {"prompt": "0.00000035", "completion": "0.00000075"},
    "capabilities": {"streaming": True, "vision": False, "time_travel": True},
    "limits": {"max_context_length": 131072, "requests_per_minute": None},
    "datacenter_locations": ["US"],
    "deprecated": False,
    "preview": False,
}


async def test_the_models_of_a_key_can_be_iterated(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        models = await client.models.list()
    assert isinstance(models, ModelList)
    ids = [model.id for model in models]
    assert "gpt-oss-120b" in ids
    assert len(models) == len(models.data) == len(ids)
    assert server.requests[0].target == "/v1/models"
    assert models.response_headers["content-type"] == "application/json"


async def test_one_model_is_retrieved_by_its_id(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        model = await client.models.retrieve("gpt-oss-120b")
        assert isinstance(model, ModelInfo)
        assert (model.id, model.object) == ("gpt-oss-120b", "model")
        with pytest.raises(ModelNotFoundError, match="Did you mean 'gpt-oss-120b'"):
            await client.models.retrieve("gpt-os-120b")
        with pytest.raises(CerebrasError):
            await client.models.retrieve("my org/my?model")
    assert server.requests[-1].target == "/v1/models/my%20org%2Fmy%3Fmodel"


async def test_the_public_catalogue_needs_no_key_and_gets_none(server: LocalServer) -> None:
    listed = json.dumps({"object": "list", "data": [PUBLIC]}).encode()
    server.route("GET", "/public/v1/models", Answer(200, JSON, listed))
    server.route("GET", "/public/v1/models/gpt-oss", Answer(200, JSON, json.dumps(PUBLIC).encode()))
    keys: list[dict[str, Any]] = [{}, {"api_key": "csk-test"}]
    for given in keys:
        async with AsyncCerebras(base_url=server.base_url, **given) as client:
            models = await client.models.public.list(format="default")
            model = await client.models.public.retrieve("gpt-oss")
        assert [entry.id for entry in models] == ["gpt-oss-120b"]
        assert len(models) == 1
        assert isinstance(model, PublicModel)
        assert model.pricing.completion == "0.00000075"
        assert model.limits.max_context_length == 131072
        assert model.limits.requests_per_minute is None
        assert model.capabilities.vision is False
        assert model.capabilities.model_extra == {"time_travel": True}
        assert model.datacenter_locations == ["US"]
    assert all("authorization" not in request.headers for request in server.requests)
    assert server.requests[0].query == "format=default"


async def test_a_format_that_is_none_is_refused(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match="openrouter"):
            await client.models.list(format="yaml")  # type: ignore[arg-type]
        with pytest.raises(InvalidRequestError, match="model_id"):
            await client.models.retrieve("")
    assert server.requests == []


async def test_a_client_with_other_options_shares_the_connections(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(
        **options, default_headers={"X-A": "1", "X-B": "1"}, aliases={"a": "gpt-oss-120b"}
    ) as client:
        other = client.with_options(
            max_retries=0,
            timeout=5,
            default_model="a",
            aliases={"b": "qwen-3.8-27b"},
            default_headers={"X-B": "2", "X-A": None},
        )
        await client.chat.completions.create(**CALL)
        await other.chat.completions.create(messages=CALL["messages"])
        await other.chat.completions.create(messages=CALL["messages"], model="b")
        await client.copy().chat.completions.create(**CALL)
    assert server.connections == 1
    first, second, third, fourth = server.requests
    assert [first.headers["x-a"], first.headers["x-b"]] == ["1", "1"]
    assert second.headers["x-b"] == "2"
    assert "x-a" not in second.headers
    assert [second.json()["model"], third.json()["model"]] == ["gpt-oss-120b", "qwen-3.8-27b"]
    assert fourth.headers["x-a"] == "1"


async def test_a_copy_with_another_key_uses_it(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.api_keys.add("csk-test-2")
    async with AsyncCerebras(**options) as client:
        await client.with_options(api_key="csk-test-2").chat.completions.create(**CALL)
        await client.chat.completions.create(**CALL)
        with pytest.raises(InvalidRequestError):
            client.with_options(timeout=-1)
    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == ["Bearer csk-test-2", "Bearer csk-test"]


async def test_any_path_can_be_asked_with_the_key_and_the_errors(
    options: dict[str, Any], server: LocalServer
) -> None:
    def echo(request: Any) -> Answer:
        said = {"method": request.method, "query": request.query, "body": request.body.decode()}
        return Answer(200, JSON, json.dumps(said).encode())

    for method in ("POST", "PUT", "PATCH", "DELETE"):
        server.route(method, "/v1/new", echo)
    async with AsyncCerebras(**options) as client:
        posted = await client.post("/v1/new", body={"a": 1}, query={"b": 2})
        assert posted == {"method": "POST", "query": "b=2", "body": '{"a":1}'}
        assert (await client.put("/v1/new"))["method"] == "PUT"
        assert (await client.patch("/v1/new"))["method"] == "PATCH"
        assert (await client.delete("/v1/new"))["method"] == "DELETE"
        models = await client.get("/v1/models", cast_to=ModelList)
        assert isinstance(models, ModelList)
        with pytest.raises(NotFoundError):
            await client.get("/v1/nothing", extra_headers={"X-A": "1"})
        with pytest.raises(InvalidRequestError, match="start with one slash"):
            await client.get("https://api.cerebras.ai/v1/models")
    assert server.requests[-1].headers["authorization"] == "Bearer csk-test"
    assert server.requests[-1].headers["x-a"] == "1"


async def test_a_warm_connection_serves_the_next_call(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        assert server.connections == 0
        await client.warm_up()
        assert (server.connections, server.requests[0].path) == (1, "/v1/tcp_warming")
        await client.chat.completions.create(**CALL)
    assert server.connections == 1


async def test_the_version_of_the_api_is_sent(options: dict[str, Any], server: LocalServer) -> None:
    versions: list[dict[str, Any]] = [{}, {"api_version": "3"}, {"api_version": None}]
    for given in versions:
        async with AsyncCerebras(**options, **given) as client:
            await client.models.list()
    sent = [request.headers.get("x-cerebras-version-patch") for request in server.requests]
    assert sent == ["2", "3", None]


async def test_headers_of_the_environment_are_sent_and_those_given_are_stronger(
    options: dict[str, Any], server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEREBRAS_CUSTOM_HEADERS", "X-A: env: 1\nno header\nX-B:env\n")
    async with AsyncCerebras(**options, default_headers={"x-b": "given"}) as client:
        await client.models.list()
        assert "env: 1" not in repr(vars(client))
    headers = server.requests[0].headers
    assert (headers["x-a"], headers["x-b"]) == ("env: 1", "given")
