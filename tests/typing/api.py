"""What a type checker must see of the package; checked by mypy and pyright, never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack, assert_type

import httpx
import requests
import requests.cookies

from cerebras_sdk import (
    APIStatusError,
    AsyncCerebras,
    AsyncStream,
    Cerebras,
    ChatCompletion,
    ChatCompletionChunk,
    Stream,
    StreamTruncatedError,
    Timeout,
)
from cerebras_sdk.images import image_part
from cerebras_sdk.types import Completion, Usage
from cerebras_sdk.types.params import ChatParams, MessageParam, Tool

MESSAGES = [{"role": "user", "content": "Hi"}]


def blocking(streaming: bool) -> None:
    client = Cerebras("csk-test", timeout=Timeout(read=5), http_client=requests.Session())
    create = client.chat.completions.create
    assert_type(create(model="m", messages=MESSAGES), ChatCompletion)
    assert_type(create(model="m", messages=MESSAGES, stream=False), ChatCompletion)
    stream = create(model="m", messages=MESSAGES, stream=True, temperature=0.5)
    assert_type(stream, Stream[ChatCompletionChunk])
    either = create(model="m", messages=MESSAGES, stream=streaming)
    assert_type(either, ChatCompletion | Stream[ChatCompletionChunk])
    with stream as same:
        assert_type(same, Stream[ChatCompletionChunk])
        for chunk in stream:
            assert_type(chunk, ChatCompletionChunk)
            assert_type(chunk.choices[0].delta.content, str | None)
        for text in stream.text_stream:
            assert_type(text, str)
        assert_type(stream.get_final_completion(), ChatCompletion)
        stream.close()
    with client as opened:
        assert_type(opened, Cerebras)


async def asynchronous(streaming: bool) -> None:
    AsyncCerebras(cookies=requests.cookies.RequestsCookieJar(), timeout=httpx.Timeout(5))
    AsyncCerebras(cookies={"name": "value"})
    AsyncCerebras(cookies=httpx.Cookies())
    AsyncCerebras(cookies=Path("cookies.txt"))
    client = AsyncCerebras("csk-test", timeout=None, http_client=httpx.AsyncClient())
    create = client.chat.completions.create
    assert_type(await create(model="m", messages=MESSAGES), ChatCompletion)
    stream = await create(model="m", messages=MESSAGES, stream=True)
    assert_type(stream, AsyncStream[ChatCompletionChunk])
    either = await create(model="m", messages=MESSAGES, stream=streaming)
    assert_type(either, ChatCompletion | AsyncStream[ChatCompletionChunk])
    async with stream as same:
        assert_type(same, AsyncStream[ChatCompletionChunk])
        async for chunk in stream:
            assert_type(chunk, ChatCompletionChunk)
        async for text in stream.text_stream:
            assert_type(text, str)
        assert_type(await stream.get_final_completion(), ChatCompletion)
        await stream.close()
    async with client as opened:
        assert_type(opened, AsyncCerebras)


def parameters(client: Cerebras, given: dict[str, Any], **params: Unpack[ChatParams]) -> None:
    create = client.chat.completions.create
    tool: Tool = {"type": "function", "function": {"name": "add", "parameters": {}}}
    messages: list[MessageParam] = [{"role": "system", "content": "Be short."}]
    answer = create(
        messages=messages,
        temperature=1,
        stop=["a"],
        tools=[tool],
        tool_choice="auto",
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
        reasoning_effort="low",
        stream_options={"include_usage": True},
        queue_threshold=50,
        extra_body={"new": 1},
        timeout=5,
    )
    assert_type(answer, ChatCompletion)
    wrapped: ChatCompletion = create(messages=MESSAGES, **params)
    assert_type(wrapped, ChatCompletion)
    message = answer.choices[0].message
    create(messages=[*MESSAGES, message], tools=[given], prediction=given)
    create(messages=[given, message, message.to_dict()], response_format=given)
    part = image_part("photo.jpg")
    create(messages=[{"role": "user", "content": [{"type": "text", "text": "What?"}, part]}])


def wrapper(client: Cerebras, **params: Unpack[ChatParams]) -> str:
    assert_type(client.chat.completions.create(messages=MESSAGES, **params), ChatCompletion)
    return client.chat.completions.create(model="m", messages=MESSAGES, **params).text


def texts(client: Cerebras, streaming: bool) -> None:
    create = client.completions.create
    assert_type(create(model="m", prompt="a"), Completion)
    assert_type(create(model="m", prompt=["a", "b"], logprobs=5, echo=True), Completion)
    assert_type(create(model="m", prompt=[1, 2]), Completion)
    assert_type(create(model="m", prompt=[[1], [2]]), Completion)
    assert_type(create(prompt="a", stream=streaming), Completion | Stream[Completion])
    stream = create(prompt="a", stream=True)
    assert_type(stream, Stream[Completion])
    for chunk in stream:
        assert_type(chunk, Completion)
        assert_type(chunk.choices[0].text, str | None)
    for text in stream.text_stream:
        assert_type(text, str)
    assert_type(stream.get_final_completion(), Completion)


async def asynchronous_texts(client: AsyncCerebras, streaming: bool) -> None:
    create = client.completions.create
    assert_type(await create(model="m", prompt="a"), Completion)
    stream = await create(prompt="a", stream=True)
    assert_type(stream, AsyncStream[Completion])
    assert_type(await stream.get_final_completion(), Completion)
    assert_type(await create(prompt="a", stream=streaming), Completion | AsyncStream[Completion])


def failures(error: APIStatusError, truncated: StreamTruncatedError) -> None:
    assert_type(error.status_code, int)
    assert_type(error.code, str | None)
    assert_type(error.request_id, str | None)
    assert_type(truncated.partial, ChatCompletion | None)
    if truncated.partial is not None:
        assert_type(truncated.partial.usage, Usage | None)


def wrong(client: Cerebras) -> None:
    client.chat.completions.create(messages=MESSAGES, stream="yes")  # type: ignore[call-overload]  # pyright: ignore
    client.chat.completions.create(messages=MESSAGES, temprature=1)  # type: ignore[call-overload]  # pyright: ignore
    client.chat.completions.create(messages=MESSAGES, seed="1")  # type: ignore[call-overload]  # pyright: ignore
    client.completions.create(prompt=5)  # type: ignore[call-overload]  # pyright: ignore
    Cerebras(http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # pyright: ignore
    Cerebras(retired_models="never")  # type: ignore[arg-type]  # pyright: ignore
