"""What a user gets from `chat.completions.create`, whole and streamed, on the local server."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from cerebras_sdk import (
    AsyncCerebras,
    ChatCompletion,
    ChatCompletionChunk,
    InvalidRequestError,
    ModelNotFoundError,
    ModelRetiredError,
    ModelRetiredWarning,
    StreamTruncatedError,
)
from cerebras_sdk.testing import EchoEngine, LocalServer, serve

pytestmark = pytest.mark.anyio

TEXT = "Hello, how are you today my friend?"
MESSAGES = [{"role": "user", "content": TEXT}]


async def test_a_whole_answer_is_a_typed_completion(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        completion = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
    assert isinstance(completion, ChatCompletion)
    assert completion.text == completion.choices[0].message.content == TEXT
    assert completion.choices[0].finish_reason == "stop"
    assert completion.object == "chat.completion"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 7
    assert completion.time_info is not None


async def test_an_answer_and_a_stream_know_how_they_came(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        answer = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        )
        await stream.close()
    for known in (answer, stream):
        assert known.request_id == known.response_headers["Inference-Id"]
        minute = known.rate_limits.get("requests", "minute")
        assert minute is not None
        assert minute.limit == 5
        assert minute.reset is not None
    assert answer.request_id == answer.id
    assert pickle.loads(pickle.dumps(answer)).request_id == answer.id


async def test_a_stream_gives_typed_chunks_as_they_arrive(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        )
        chunks = [chunk async for chunk in stream]
    assert all(isinstance(chunk, ChatCompletionChunk) for chunk in chunks)
    assert len(chunks) > 3
    assert "".join(chunk.text for chunk in chunks) == TEXT
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None


async def test_the_text_stream_is_the_text_and_nothing_else(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        )
        pieces = [piece async for piece in stream.text_stream]
    assert len(pieces) > 1
    assert all(pieces)
    assert "".join(pieces) == TEXT


async def test_the_final_completion_is_whole_after_a_part_was_read(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        )
        await anext(stream)
        await anext(stream)
        completion = await stream.get_final_completion()
        assert await stream.get_final_completion() == completion
    assert completion.text == TEXT
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None


async def test_twenty_streams_one_after_another_open_one_connection(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        for _ in range(20):
            stream = await client.chat.completions.create(
                model="gpt-oss-120b", messages=MESSAGES, stream=True
            )
            assert "".join([piece async for piece in stream.text_stream]) == TEXT
    assert server.connections == 1


async def test_a_stream_left_early_is_never_used_half_read(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        for _ in range(3):
            async with await client.chat.completions.create(
                model="gpt-oss-120b", messages=MESSAGES, stream=True
            ) as stream:
                async for _chunk in stream:
                    break
            whole = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
            assert whole.text == TEXT


async def test_a_closed_stream_ends_and_has_no_final_completion(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        stream = await client.chat.completions.create(
            model="gpt-oss-120b", messages=MESSAGES, stream=True
        )
        await anext(stream)
        await stream.close()
        await stream.close()
        assert [chunk async for chunk in stream] == []
        with pytest.raises(StreamTruncatedError, match="closed before its end"):
            await stream.get_final_completion()


async def test_reasoning_is_kept_apart_from_the_text() -> None:
    with serve(EchoEngine(reasoning="The user greets me.")) as server:
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
            stream = await client.chat.completions.create(
                model="gpt-oss-120b", messages=MESSAGES, stream=True
            )
            completion = await stream.get_final_completion()
    assert completion.choices[0].message.reasoning == "The user greets me."
    assert completion.text == TEXT


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_base_urls_with_and_without_v1_work(server: LocalServer, suffix: str) -> None:
    async with AsyncCerebras("csk-test", base_url=server.base_url + suffix) as client:
        completion = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
    assert completion.text == TEXT
    assert server.requests[0].path == "/v1/chat/completions"


async def test_parameters_are_sent_as_they_are_and_none_is_left_out(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        await client.chat.completions.create(
            model="gpt-oss-120b",
            messages=MESSAGES,
            temperature=0.5,
            max_completion_tokens=3,
            seed=None,
            extra_body={"user": "me"},
            extra_headers={"X-Trace": "abc"},
            extra_query={"debug": 1},
        )
    sent = server.requests[0]
    assert sent.json() == {
        "model": "gpt-oss-120b",
        "messages": MESSAGES,
        "temperature": 0.5,
        "max_completion_tokens": 3,
        "user": "me",
    }
    assert sent.headers["x-trace"] == "abc"
    assert sent.headers["authorization"] == "Bearer csk-test"
    assert sent.query == "debug=1"


async def test_an_answer_can_be_sent_back_as_a_message(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        first = await client.chat.completions.create(model="gpt-oss-120b", messages=MESSAGES)
        history: list[Any] = [
            *MESSAGES,
            first.choices[0].message,
            {"role": "user", "content": "Bye"},
        ]
        second = await client.chat.completions.create(model="gpt-oss-120b", messages=history)
    assert second.text == "Bye"
    assert server.requests[1].json()["messages"][1] == {"role": "assistant", "content": TEXT}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"messages": []}, "messages is empty"),
        ({"messages": "Hello"}, "messages must be a list"),
        ({"messages": [{"content": "Hello"}]}, r"messages\[0\] has no role"),
        ({"messages": [{"role": "user", "content": "Hi"}, 7]}, r"messages\[1\] must be a dict"),
        ({"model": 7}, "model must be a str, not int"),
        ({"model": None}, "model is missing"),
        ({"model": " "}, "model is empty"),
        ({"stream": "yes"}, "stream must be True or False"),
        ({"timeout": -1}, "timeout must be more than 0"),
        ({"tools": object()}, "cannot be written as JSON"),
        ({"extra_headers": {"X-Bad": "a\r\nb"}}, "X-Bad"),
        ({"messages": [{"role": "user", "content": b"Hi"}]}, r"messages\[0\].content is bytes"),
        ({"temperature": float("nan")}, "temperature is nan"),
    ],
)
async def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    options: dict[str, Any], server: LocalServer, wrong: dict[str, Any], says: str
) -> None:
    call: dict[str, Any] = {"model": "gpt-oss-120b", "messages": MESSAGES} | wrong
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match=says):
            await client.chat.completions.create(**call)
    assert server.requests == []
    assert server.connections == 0


async def test_a_spelling_an_alias_and_the_default_become_the_canonical_id(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(
        **options, default_model="qwen3.8-27b", aliases={"fast": "gpt-oss"}
    ) as client:
        for model in ("openai/GPT-OSS-120B", "fast", None):
            await client.chat.completions.create(model=model, messages=MESSAGES)
    sent = [request.json()["model"] for request in server.requests]
    assert sent == ["gpt-oss-120b", "gpt-oss-120b", "qwen-3.8-27b"]


async def test_an_unknown_model_is_sent_untouched() -> None:
    with serve(models=["my-org-GPT.oss"]) as server:
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
            answer = await client.chat.completions.create(model="my-org-GPT.oss", messages=MESSAGES)
    assert answer.text == TEXT
    assert server.requests[0].json()["model"] == "my-org-GPT.oss"


async def test_a_retired_model_is_sent_as_asked_with_a_warning(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.warns(ModelRetiredWarning, match=r"2026-02-16.*'gpt-oss-120b'") as warned:
            await client.chat.completions.create(model="llama3.3-70b", messages=MESSAGES)
    assert server.requests[0].json()["model"] == "llama-3.3-70b"
    assert warned[0].filename == __file__


async def test_a_retired_model_is_replaced_or_refused_when_asked(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, retired_models="replace") as client:
        await client.chat.completions.create(model="zai-glm-4.6", messages=MESSAGES)
    assert server.requests[0].json()["model"] == "gpt-oss-120b"
    async with AsyncCerebras(**options, retired_models="error") as client:
        with pytest.raises(ModelRetiredError, match="2026-01-20"):
            await client.chat.completions.create(model="zai-glm-4.6", messages=MESSAGES)
    assert len(server.requests) == 1


async def test_model_not_found_says_what_to_use_instead() -> None:
    with serve(models=["gpt-oss-120b"]) as server:
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:
            with pytest.raises(ModelNotFoundError, match="Did you mean 'gpt-oss-120b'") as wrong:
                await client.chat.completions.create(model="gpt-os-120b", messages=MESSAGES)
            with (
                pytest.warns(ModelRetiredWarning),
                pytest.raises(ModelNotFoundError, match=r"2025-01-17; use 'gpt-oss-120b'"),
            ):
                await client.chat.completions.create(model="llama3.1-70b", messages=MESSAGES)
    assert (wrong.value.status_code, wrong.value.code) == (404, "model_not_found")
