"""Hooks where the twins differ, and what a client without one is spared."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, Cerebras, InvalidRequestError
from cerebras_sdk.testing import LocalServer, Pause, RawAnswer
from tests._sync.test_hooks import CALL, CHAT, HEAD, Recorder, event
from tests.test_layers import loaded

ONE_CALL = """
from cerebras_sdk import Cerebras
from cerebras_sdk.testing import serve
with serve() as server, Cerebras("csk-test", base_url=server.base_url) as client:
    question = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}
    client.chat.completions.create(**question)
    client.chat.completions.create(**question, stream=True).get_final_completion()
    client.models.list()
"""


def test_without_a_hook_nothing_of_hooks_is_loaded() -> None:
    names = loaded(ONE_CALL)
    assert "cerebras_sdk._sync.client" in names
    assert not [name for name in names if name.startswith("opentelemetry")]
    assert names & {"cerebras_sdk._core.hooks", "cerebras_sdk.types.hooks"} == set()


def test_a_hook_loads_nothing_of_opentelemetry() -> None:
    names = loaded(
        "from cerebras_sdk import Cerebras\n"
        "class Hook:\n    def on_end(self, event): ...\n"
        "Cerebras('csk-test').add_hook(Hook())"
    )
    assert "cerebras_sdk._core.hooks" in names
    assert not [name for name in names if name.startswith("opentelemetry")]


@pytest.mark.parametrize("kind", [Cerebras, AsyncCerebras])
def test_a_coroutine_function_is_no_hook(kind: Any) -> None:
    class Late:
        async def on_end(self, event: Any) -> None: ...

    client = kind("csk-test")
    with pytest.raises(InvalidRequestError, match=r"Late\.on_end takes a plain function"):
        client.add_hook(Late())
    assert client._hooks is None


@pytest.mark.parametrize("streaming", [False, True])
def test_a_call_that_is_cancelled_has_failed(
    options: dict[str, Any], server: LocalServer, streaming: bool
) -> None:
    begun: list[bytes | Pause] = [HEAD, event(content="Ho")] if streaming else []
    server.route("POST", CHAT, RawAnswer([*begun, Pause(30)]))
    hook = Recorder()

    async def ask() -> None:
        async with AsyncCerebras(**options) as client:
            client.add_hook(hook)
            if streaming:
                stream = await client.chat.completions.create(**CALL, stream=True)
                await stream.get_final_completion()
            else:
                await client.chat.completions.create(**CALL)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(), 0.3)

    asyncio.run(main())
    assert hook.names[:2] == ["on_request", "on_response"]
    assert hook.names[2:] == ["on_first_token", "on_error"] if streaming else ["on_error"]
    assert isinstance(hook.last.error, asyncio.CancelledError)
