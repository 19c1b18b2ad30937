"""What is open in one event loop: the connections of the client, and its background."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import httpx

from . import DRAIN_SECONDS
from ._ways import new_client


class OpenedHere:
    """What was opened and started in one event loop."""

    def __init__(self) -> None:
        self.background: dict[anyio.CancelScope, anyio.Event] = {}
        self.tasks: set[Any] = set()
        self._client: httpx.AsyncClient | None = None
        self._open: AsyncGenerator[None, None] | None = None

    async def client(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = new_client()
            self._open = _until_the_end(self._client)
            await anext(self._open)
        return self._client

    async def close(self) -> None:
        background = list(self.background.items())
        for scope, _ in background:
            scope.cancel()
        with anyio.move_on_after(DRAIN_SECONDS, shield=True):
            for _, ended in background:
                await ended.wait()
        if self._open is not None:
            await self._open.aclose()


async def _until_the_end(client: httpx.AsyncClient) -> AsyncGenerator[None, None]:
    """Closes the client when it is closed itself, which every event loop does before it ends: a
    script may call asyncio.run twice, and the connections of the first belong to the first."""
    try:
        yield
    finally:
        await client.aclose()
