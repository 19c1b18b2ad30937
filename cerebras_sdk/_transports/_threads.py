"""Functions of the user's, for the blocking client: one at a time, or together in threads."""

from __future__ import annotations

import contextvars
import inspect
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

_TOGETHER = 32  # threads at a time


def call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    result = function(*args, **kwargs)
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError("it gave a coroutine, which only AsyncCerebras can await")
    return result


def gather(jobs: Sequence[Callable[[], None]]) -> None:
    """Runs all `jobs`, together if they are several; each sees the caller's context variables.

    The first that raises keeps those from running that have not begun, and so does a
    KeyboardInterrupt of the caller. A thread cannot be stopped: nobody waits for it any longer.
    """
    if len(jobs) < 2:
        for job in jobs:
            contextvars.copy_context().run(job)
        return
    waiting = deque((contextvars.copy_context(), job) for job in jobs)
    failures: list[BaseException] = []
    over = threading.Event()
    ended: list[None] = []

    def work() -> None:
        while True:
            try:
                context, job = waiting.popleft()
            except IndexError:
                return
            try:
                context.run(job)
            except BaseException as error:
                failures.append(error)
                waiting.clear()
                over.set()
            ended.append(None)
            if len(ended) >= len(jobs):
                over.set()

    try:
        for _ in range(min(len(jobs), _TOGETHER)):
            threading.Thread(target=work, name="cerebras-sdk-tool", daemon=True).start()
        over.wait()
    finally:
        waiting.clear()
    if failures:
        raise failures[0]
