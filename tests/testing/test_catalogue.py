"""The model endpoints: those of a key and the public ones, in three formats."""

from __future__ import annotations

import httpx
import pytest

from cerebras_sdk.testing import LocalServer, serve

from .local_client import client_of

_PUBLIC = "/public/v1/models"


@pytest.fixture
def stranger(server: LocalServer) -> httpx.Client:
    return httpx.Client(base_url=server.base_url, trust_env=False)


def test_the_public_list_needs_no_key(stranger: httpx.Client) -> None:
    with stranger:
        answer = stranger.get(_PUBLIC)
        assert answer.status_code == 200
        assert answer.json()["object"] == "list"
        ids = [model["id"] for model in answer.json()["data"]]
        assert ids == ["gpt-oss-120b", "qwen-3.8-27b"]
        one = stranger.get(f"{_PUBLIC}/gpt-oss-120b")
        assert one.json() == answer.json()["data"][0]
        assert stranger.get("/v1/models").status_code == 403


def test_a_public_model_has_this_shape(client: httpx.Client) -> None:
    model = client.get(f"{_PUBLIC}/gpt-oss-120b").json()
    assert isinstance(model.pop("description"), str)
    assert model == {
        "id": "gpt-oss-120b",
        "object": "model",
        "created": 1754438400,
        "owned_by": "OpenAI",
        "name": "OpenAI GPT OSS",
        "hugging_face_id": "openai/gpt-oss-120b",
        "pricing": {"prompt": "0.00000035", "completion": "0.00000075"},
        "capabilities": {
            "streaming": True,
            "function_calling": True,
            "structured_outputs": True,
            "vision": False,
            "json_mode": True,
            "tools": True,
            "tool_choice": True,
            "parallel_tool_calls": False,
            "response_format": True,
            "reasoning": True,
        },
        "supported_parameters": {
            "temperature": True,
            "top_p": True,
            "seed": True,
            "stop": True,
            "max_completion_tokens": True,
            "logprobs": False,
            "top_logprobs": False,
            "frequency_penalty": True,
            "presence_penalty": True,
            "logit_bias": True,
            "repetition_penalty": False,
        },
        "architecture": {"modality": "text", "tokenizer": "GPT", "instruct_type": "harmony"},
        "limits": {
            "max_context_length": 131072,
            "max_completion_tokens": 40960,
            "requests_per_minute": None,
            "tokens_per_minute": None,
        },
        "datacenter_locations": [],
        "deprecated": False,
        "preview": False,
        "quantization": "FP16/8 (weights only)",
    }


def test_what_is_not_published_is_null(client: httpx.Client) -> None:
    model = client.get(f"{_PUBLIC}/qwen-3.8-27b").json()
    assert model["limits"]["max_completion_tokens"] is None
    assert model["architecture"] == {
        "modality": "text+vision",
        "tokenizer": None,
        "instruct_type": None,
    }
    assert model["pricing"] == {"prompt": "0.00000099", "completion": "0.00000149"}


def test_a_model_of_ones_own_has_neither_prices_nor_limits() -> None:
    with serve(models=["my-org/model"]) as server, client_of(server) as client:
        (model,) = client.get(_PUBLIC).json()["data"]
        assert model == client.get(f"{_PUBLIC}/my-org%2Fmodel").json()
        assert model["pricing"] == {"prompt": None, "completion": None}
        assert set(model["limits"].values()) == {None}
        assert [name for name, yes in model["capabilities"].items() if yes] == ["streaming"]
        hugging_face = client.get(f"{_PUBLIC}/my-org%2Fmodel?format=huggingface").json()
        assert hugging_face["pricing"] == {"input": None, "output": None}
        assert client.get("/v1/models/my-org/model?format=openrouter").json()["openrouter"] is None


@pytest.mark.parametrize("path", ["/v1/models", _PUBLIC])
def test_openrouter_gets_its_own_shape(client: httpx.Client, path: str) -> None:
    listed = client.get(f"{path}?format=openrouter").json()
    assert list(listed) == ["data"]
    model = client.get(f"{path}/qwen-3.8-27b?format=openrouter").json()
    assert model == listed["data"][1]
    assert model["id"] == "cerebras/qwen-3.8-27b"
    assert model["context_length"] == 131072
    assert model["max_output_length"] is None
    assert model["pricing"] == {
        "prompt": "0.00000099",
        "completion": "0.00000149",
        "image": "0",
        "request": "0",
        "input_cache_read": "0",
        "input_cache_write": "0",
    }
    assert model["input_modalities"] == ["text", "image"]
    assert model["output_modalities"] == ["text"]
    assert "reasoning" in model["supported_features"]
    assert "logprobs" not in model["supported_sampling_parameters"]
    assert model["openrouter"] == {"slug": "qwen/qwen3.8-27b"}
    assert model["datacenters"] == []


@pytest.mark.parametrize("path", ["/v1/models", _PUBLIC])
def test_hugging_face_gets_prices_as_numbers(client: httpx.Client, path: str) -> None:
    listed = client.get(f"{path}?format=huggingface").json()
    assert listed["object"] == "list"
    model = client.get(f"{path}/gpt-oss-120b?format=huggingface").json()
    assert model == listed["data"][0]
    assert model["pricing"] == {"input": 0.35, "output": 0.75}
    assert model["capabilities"] == {
        "streaming": True,
        "function_calling": True,
        "structured_outputs": True,
        "vision": False,
    }
    assert model["context_length"] == 131072


def test_the_default_format_may_be_named(client: httpx.Client) -> None:
    assert client.get("/v1/models?format=default").json() == client.get("/v1/models").json()
    assert client.get("/v1/models/gpt-oss-120b?format=default").json() == {
        "id": "gpt-oss-120b",
        "object": "model",
        "created": 0,
        "owned_by": "Cerebras",
    }


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/gpt-oss-120b", _PUBLIC])
@pytest.mark.parametrize("query", ["format=xml", "format=", "format=Default"])
def test_another_format_is_refused(client: httpx.Client, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "wrong_api_format"
    assert answer.json()["message"].startswith("format: Input should be 'default'")


@pytest.mark.parametrize("path", ["/v1/models/foo", f"{_PUBLIC}/foo", f"{_PUBLIC}/llama3.1-8b"])
@pytest.mark.parametrize("query", ["", "?format=huggingface"])
def test_an_unknown_model_is_told_so(client: httpx.Client, path: str, query: str) -> None:
    answer = client.get(path + query)
    assert answer.status_code == 404
    assert answer.json() == {
        "message": f"Model {path.rpartition('/')[2]} does not exist or you do not have access "
        "to it.",
        "type": "not_found_error",
        "param": "model",
        "code": "model_not_found",
    }


def test_nothing_else_can_be_done_with_models(client: httpx.Client) -> None:
    for path in ("/v1/models/gpt-oss-120b", f"{_PUBLIC}/gpt-oss-120b"):
        answer = client.delete(path)
        assert (answer.status_code, answer.content) == (404, b"")
