"""The small provider face, in both its forms."""

from __future__ import annotations

import traceback
import warnings
from typing import Any

import anyio
import pytest

from cerebras_sdk import CerebrasError, InvalidRequestError, ModelRetiredWarning
from cerebras_sdk.provider import Cerebras
from cerebras_sdk.testing import EchoEngine, LocalServer, serve

MESSAGES = [{"role": "user", "content": "Привет, мир!"}]


async def collect(*args: Any, **kwargs: Any) -> list[str]:
    return [piece async for piece in Cerebras.create_async_generator(*args, **kwargs)]


@pytest.fixture
def here(server: LocalServer) -> dict[str, Any]:
    return {"api_key": "csk-test", "base_url": server.base_url}


@pytest.mark.anyio
async def test_the_snippet_of_the_old_days_runs(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    cerebras = Cerebras()
    messages = [{"role": "user", "content": "Привет, мир!"}]
    chunks = []
    with pytest.warns(ModelRetiredWarning, match="2025-01-17; 'gpt-oss-120b' answers") as warned:
        async for chunk in cerebras.create_async_generator(model="llama3.1-70b", messages=messages):
            chunks.append(chunk)
    assert "".join(chunks) == "Привет, мир!"
    assert server.requests[0].json()["model"] == "gpt-oss-120b"
    assert warned[0].filename == __file__


@pytest.mark.anyio
async def test_both_forms_give_the_same_pieces(here: dict[str, Any]) -> None:
    text = "one two three four five six seven"
    messages = [{"role": "user", "content": text}]
    pieces = await collect("gpt-oss", messages, **here)
    assert pieces == list(Cerebras.create_generator("gpt-oss", messages, **here))
    assert len(pieces) > 2
    assert "".join(pieces) == text


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["", None])
async def test_no_model_is_the_default_and_strings_are_the_users_messages(
    server: LocalServer, here: dict[str, Any], model: str | None
) -> None:
    assert await collect(model, ["Hello, world!"], **here) == ["Hello, world!"]
    assert list(Cerebras.create_generator(model, "Hello, world!", **here)) == ["Hello, world!"]
    for request in server.requests:
        assert request.json() == {
            "model": Cerebras.default_model,
            "messages": [{"role": "user", "content": "Hello, world!"}],
            "stream": True,
        }


@pytest.mark.anyio
async def test_keyword_arguments_become_parameters_and_headers(
    server: LocalServer, here: dict[str, Any]
) -> None:
    kwargs: dict[str, Any] = {
        "stream": True,
        "temperature": 0.1,
        "max_tokens": 50,
        "top_p": 0.9,
        "stop": ["x"],
        "seed": 1,
        "reasoning_effort": "low",
        "response_format": {"type": "text"},
        "tools": None,
        "extra_body": {"user": "me"},
    }
    other: dict[str, Any] = {"headers": {"X-Mine": "yes"}, "timeout": 5}
    await collect("gpt-oss-120b", MESSAGES, **here, **kwargs, **other)
    list(Cerebras.create_generator("gpt-oss-120b", MESSAGES, **here, **kwargs, **other))
    sent = kwargs | {"model": "gpt-oss-120b", "messages": MESSAGES, "stream": True, "user": "me"}
    del sent["tools"], sent["extra_body"]
    for request in server.requests:
        assert request.json() == sent
        assert request.headers["x-mine"] == "yes"
    assert len(server.requests) == 2


@pytest.mark.anyio
async def test_a_proxy_is_used(server: LocalServer) -> None:
    way: dict[str, Any] = {
        "api_key": "csk-test",
        "base_url": "http://api.localhost:1",
        "proxy": server.base_url,
    }
    assert await collect("gpt-oss", MESSAGES, **way) == ["Привет, мир!"]
    assert list(Cerebras.create_generator("gpt-oss", MESSAGES, **way)) == ["Привет, мир!"]
    for request in server.requests:
        assert request.target == "http://api.localhost:1/v1/chat/completions"


@pytest.mark.anyio
async def test_cookies_do_instead_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(sessions={"mine": "csk-test"}) as server:
        monkeypatch.setenv("CEREBRAS_SESSION_URL", server.session_url)
        cookies = {"authjs.session-token": "mine"}
        way: dict[str, Any] = {"cookies": cookies, "base_url": server.base_url}
        assert await collect("gpt-oss", MESSAGES, **way) == ["Привет, мир!"]
        assert list(Cerebras.create_generator("gpt-oss", MESSAGES, **way)) == ["Привет, мир!"]


@pytest.mark.anyio
async def test_leaving_early_closes_the_connection() -> None:
    with serve(EchoEngine(delay=0.02)) as server:
        way: dict[str, Any] = {"api_key": "csk-test", "base_url": server.base_url}
        long = ["word " * 500]
        pieces = Cerebras.create_async_generator("gpt-oss", long, **way)
        await anext(pieces)
        await pieces.aclose()
        blocking = Cerebras.create_generator("gpt-oss", long, **way)
        next(blocking)
        blocking.close()
        with anyio.fail_after(5):
            while server.open_connections:
                await anyio.sleep(0.01)
    assert len(server.requests) == 2


@pytest.mark.anyio
async def test_errors_are_those_of_the_clients(here: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="messages is empty"):
        await collect("gpt-oss", [], **here)
    with pytest.raises(CerebrasError, match="Wrong API Key"):
        list(Cerebras.create_generator("gpt-oss", MESSAGES, **here | {"api_key": "csk-test-no"}))


@pytest.mark.anyio
@pytest.mark.parametrize("given", [{"api_key": "csk-3f9a"}, {"cookies": {"a": "3f9a"}}])
async def test_a_failure_shows_no_secret(server: LocalServer, given: dict[str, Any]) -> None:
    way: dict[str, Any] = {"base_url": server.base_url, "headers": {"X-Key": "3f9a"}, **given}
    if "cookies" in given:
        way["base_url"] = "ftp://example.com"
    with pytest.raises(CerebrasError) as first:
        await collect("gpt-oss", MESSAGES, **way)
    with pytest.raises(CerebrasError) as second:
        list(Cerebras.create_generator("gpt-oss", MESSAGES, **way))
    for error in (first.value, second.value):
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "/cerebras_sdk/" in frame.f_code.co_filename:
                assert "3f9a" not in repr(frame.f_locals), frame.f_code


def test_the_class_describes_itself_from_the_catalog() -> None:
    assert Cerebras.working
    assert Cerebras.default_model in Cerebras.models
    assert "llama3.1-70b" not in Cerebras.models
    assert Cerebras.model_aliases["llama-3.1-8b"] == "llama3.1-8b"
    assert Cerebras.model_aliases["deepseek-r1"] == "deepseek-r1-distill-llama-70b"
    assert (Cerebras.label, Cerebras.api_base) == (
        "Cerebras Inference",
        "https://api.cerebras.ai/v1",
    )
    assert Cerebras.url.startswith("https://inference.cerebras.ai")
    assert Cerebras.login_url == "https://cloud.cerebras.ai"


def test_a_live_model_gives_no_warning(here: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(Cerebras.create_generator("gpt-oss-120b", MESSAGES, **here))
