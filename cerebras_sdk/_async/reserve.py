"""`reserve="auto"`: no more is set aside for an answer than answers of that place are long."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from typing import TYPE_CHECKING

from .._core.accumulate import ChunkT, WholeT
from .._core.chunks import Kind
from .._core.endpoints.body import CompletionCall
from .._core.limits import ResponseInfo
from ..errors import ModelRetiredWarning
from ..types import Reserved
from .stream import AsyncStream, complete

if TYPE_CHECKING:
    from .base import AsyncBaseClient


async def answer_to(
    client: AsyncBaseClient, call: CompletionCall, kind: Kind[ChunkT, WholeT]
) -> WholeT | AsyncStream[ChunkT]:
    """The answer to `call` the way it was asked for; a whole one within a bound that was learned,
    if the client reserves so. One that this cuts is asked for again with more.

    The caller of the caller is who sees the warning that a model is retired.
    """
    if call.notice is not None:
        warnings.warn(call.notice, ModelRetiredWarning, stacklevel=3)
        call = dataclasses.replace(call, notice=None)
    if client._options.reserve is None or call.stream or client._wanted != "object":
        return await complete(client, call, kind)
    learner, own = client._state.reserve, call.bound()
    site = (call.model, _place())
    bound = learner.suggest(site, maximum=own)
    asks = 0
    while True:
        asks += 1
        asked = call if bound == own else call.bounded(bound)
        answer: WholeT = await complete(client, asked, kind)  # type: ignore[assignment]
        cut = any(choice.finish_reason == "length" for choice in answer.choices)
        if not cut or bound is None or bound == own:
            break
        bound = learner.more(site, bound, maximum=own)
    if answer.usage is not None:
        learner.record(site, answer.usage.completion_tokens)
    answer._response = ResponseInfo(
        answer.response_headers, Reserved(max_completion_tokens=bound, asks=asks)
    )
    return answer


def _place() -> tuple[str, int]:
    """The line of the user's code that waits for the answer."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OWN):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


_OWN = __name__.partition(".")[0] + "."
