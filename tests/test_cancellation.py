"""Tasks that are cancelled at any moment leave hardly a connection behind."""

from __future__ import annotations

import asyncio
import random

import pytest

from cerebras_sdk import AsyncCerebras
from cerebras_sdk.testing import EchoEngine, serve


@pytest.mark.parametrize("stream", [False, True])
def test_cancelled_tasks_leave_hardly_a_connection_behind(stream: bool) -> None:
    async def main(base_url: str) -> int:
        chance = random.Random(7)
        async with AsyncCerebras("csk-test", base_url=base_url) as client:

            async def caller() -> None:
                for _ in range(60):
                    try:
                        async with asyncio.timeout(chance.random() * 0.01):
                            answer = await client.chat.completions.create(
                                model="gpt-oss-120b",
                                messages=[{"role": "user", "content": "one two three four"}],
                                stream=stream,
                            )
                            async for _chunk in answer:  # type: ignore[union-attr]
                                pass
                    except (TimeoutError, TypeError):
                        pass

            await asyncio.gather(*(caller() for _ in range(4)))
            await asyncio.sleep(0.3)
            return server.open_connections

    with serve(EchoEngine(delay=0.001)) as server:
        left = asyncio.run(main(server.base_url))
    assert left <= 9  # of 240 calls; httpcore by itself leaves more
