"""One completion, whole or streamed, as the client that asks for it gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.accumulate import ChunkT, WholeT
from .._core.chunks import Kind
from .._core.endpoints.body import CompletionCall
from .._core.notices import warn_of
from .._core.secret import Hidden
from .._transports import is_stream
from .origin import AsyncOrigin
from .stream import AsyncStream

if TYPE_CHECKING:
    from .base import AsyncBaseClient


async def complete(
    client: AsyncBaseClient,
    call: CompletionCall,
    kind: Kind[ChunkT, WholeT],
    *,
    goes_on: bool = False,
) -> WholeT | AsyncStream[ChunkT]:
    """Sends `call`, and gives its answer the way it was asked for; `goes_on` as in AsyncOrigin."""
    warn_of(call)
    origin = AsyncOrigin(client, call, kind, goes_on=goes_on)
    reply = await origin.ask()
    response = reply.response

    def read(body: Hidden[bytes]) -> WholeT | AsyncStream[ChunkT]:
        return AsyncStream(origin, reply, body) if call.stream else origin.whole(reply, body)

    is_events = call.stream and is_stream(response.status, response.headers)
    return client._give(reply, read, is_stream=is_events)
