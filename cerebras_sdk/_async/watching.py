"""Calls that are no completions, as hooks see them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._core.http import Request
from .._core.retry import Course
from ..types.timing import Timing

if TYPE_CHECKING:
    from .._core.hooks import Hooks
    from .base import AsyncBaseClient
    from .reply import AsyncReply


async def watched(
    client: AsyncBaseClient,
    hooks: Hooks,
    request: Request,
    stream: bool,
    model: str | None,
    course: Course,
) -> AsyncReply:
    """Sends `request`, the only one of its call, and tells the hooks how it ends."""
    from .._core.hooks import request_watch

    watch = course.watch = request_watch(hooks, request, model, now=course.began)
    try:
        reply = await client._send(request, stream=stream, model=model, course=course)
    except BaseException as error:
        watch.failed(error, time.monotonic())
        raise
    watch.whole(None, Timing.of(None, None, reply.moments().times()), time.monotonic())
    return reply
