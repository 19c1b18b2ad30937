"""`reserve="auto"`: no more is set aside for an answer than answers of that place are long."""

from __future__ import annotations

import dataclasses
import logging
import sys
import time
from typing import TYPE_CHECKING

from .._core.accumulate import ChunkT, WholeT
from .._core.chunks import Kind
from .._core.endpoints.body import CompletionCall
from .._core.notices import warn_of
from .._core.reserve import RUNNERS
from .._core.retry import Course
from ..errors import CerebrasError
from ..types import ChatCompletion, Completion, Reserved
from .complete import complete
from .origin import AsyncOrigin
from .stream import AsyncStream

if TYPE_CHECKING:
    from .base import AsyncBaseClient

_LOG = logging.getLogger("cerebras_sdk")
_CAREFUL = 3  # attempts that double the bound, before it is left to the user's own


async def answer_to(
    client: AsyncBaseClient, call: CompletionCall, kind: Kind[ChunkT, WholeT]
) -> WholeT | AsyncStream[ChunkT]:
    """The answer to `call` the way it was asked for; a whole one within a bound that was learned,
    if the client reserves so. One that this cuts is asked for again with more.
    """
    if call.notice is not None or call.findings:
        warn_of(call)
        call = dataclasses.replace(call, notice=None, findings=())
    if client._options.reserve is None or call.stream or client._wanted != "object":
        return await complete(client, call, kind)
    place = _place()
    if place is None:
        return await complete(client, call, kind)
    learner, own = client._learned.reserve, call.bound()
    site = (call.model, place)
    bound = learner.suggest(site, maximum=own)
    course = client._course(call.request)  # of all asks: they are one call, and have one deadline
    asks = 1
    answer = await _ask(client, call, kind, bound, course)
    while bound is not None and bound != own and _is_cut(answer):
        # Twice as much, and then all: each answer is billed.
        more = learner.more(site, bound, maximum=own) if asks < _CAREFUL else own
        if course.left(time.monotonic()) == 0:
            _LOG.warning("an answer that was cut could not be asked for again: no time is left")
            break
        try:
            answer = await _ask(client, call, kind, more, course)
        except CerebrasError as error:
            _LOG.warning("an answer that was cut could not be asked for again: %s", error)
            break
        bound, asks = more, asks + 1
    is_whole = bound is None or bound == own or not _is_cut(answer)
    if answer.usage is not None and is_whole:
        learner.record(site, answer.usage.completion_tokens)
    reserved = Reserved(max_completion_tokens=bound, asks=asks)
    answer._response = dataclasses.replace(answer._response, reserved=reserved)
    return answer


async def _ask(
    client: AsyncBaseClient,
    call: CompletionCall,
    kind: Kind[ChunkT, WholeT],
    bound: int | None,
    course: Course,
) -> WholeT:
    asked = call if bound == call.bound() else call.bounded(bound)
    origin = AsyncOrigin(client, asked, kind, course=course)
    reply = await origin.ask()
    return client._give(reply, lambda body: origin.whole(reply, body))


def _is_cut(answer: ChatCompletion | Completion) -> bool:
    return any(choice.finish_reason == "length" for choice in answer.choices)


def _place() -> tuple[str, int] | None:
    """The line of the user's code that waits for the answer; None when a task or a thread of its
    own runs the call, which says nothing of where it was made."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OWN):
        frame = frame.f_back
    runs = frame.f_globals.get("__name__", "").partition(".")[0]
    if runs in RUNNERS:
        return None
    return frame.f_code.co_filename, frame.f_lineno


_OWN = __name__.partition(".")[0] + "."
