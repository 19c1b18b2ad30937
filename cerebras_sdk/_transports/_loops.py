"""What an event loop has of its own, for clients that are used in several."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

from . import _forks

T = TypeVar("T")

_STEP = 0.01  # seconds between two looks at a lock that another event loop holds


class OfLoops(Generic[T]):
    """One thing for each event loop; those of loops that have ended are forgotten."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._things: dict[anyio.lowlevel.EventLoopToken, T] = {}
        self._guard = _forks.Lock()
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        _forks.leave_alone(self._things)
        self._things = {}

    def here(self) -> T:
        """That of the running loop, made at the first use."""
        token = anyio.lowlevel.current_token()
        with self._guard:
            if token not in self._things:
                for other in [other for other in self._things if _has_ended(other)]:
                    del self._things[other]
                self._things[token] = self._make()
            return self._things[token]

    def take(self) -> tuple[T | None, list[tuple[anyio.lowlevel.EventLoopToken, T]]]:
        """Forgets all: that of the running loop, and those of others that have not ended."""
        token = anyio.lowlevel.current_token()
        with self._guard:
            things, self._things = self._things, {}
        mine = things.pop(token, None)
        return mine, [(other, thing) for other, thing in things.items() if not _has_ended(other)]


def _has_ended(token: anyio.lowlevel.EventLoopToken) -> bool:
    loop: Any = token.native_token
    if isinstance(loop, asyncio.AbstractEventLoop):
        return loop.is_closed()
    try:
        loop.run_sync_soon(int)
    except RuntimeError:
        return True
    return False


def spawn(function: Callable[[], Coroutine[Any, Any, None]], tasks: set[Any]) -> None:
    """Runs `function` in the background of the running event loop; asyncio needs `tasks` to keep
    hold of it."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # the other one that anyio runs on
        with contextlib.suppress(RuntimeError):  # the run is ending: nothing can begin any more
            sys.modules["trio"].lowlevel.spawn_system_task(function)
        return
    task = loop.create_task(function())
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def spawn_in(
    token: anyio.lowlevel.EventLoopToken,
    function: Callable[[], Coroutine[Any, Any, None]],
    tasks: set[Any],
) -> None:
    """The same in another event loop; nothing happens where it has ended."""
    loop: Any = token.native_token
    with contextlib.suppress(RuntimeError):
        if isinstance(loop, asyncio.AbstractEventLoop):
            # The context of this loop says which of the two libraries runs it.
            loop.call_soon_threadsafe(spawn, function, tasks, context=contextvars.Context())
        else:
            loop.run_sync_soon(spawn, function, tasks)


async def begin(generator: AsyncIterator[None]) -> None:
    """Its first step. Whoever forgets it gives back what it holds, which is what it is for: trio
    would warn of that."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        token = anyio.lowlevel.current_token()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=None, finalizer=lambda forgotten: _end(forgotten, token))
        try:
            step = generator.__anext__()
        finally:
            sys.set_asyncgen_hooks(*hooks)
        await step
    else:
        await anext(generator)


def _end(generator: Any, token: anyio.lowlevel.EventLoopToken) -> None:
    async def close() -> None:
        with contextlib.suppress(Exception):  # what is wrong with a connection nobody wants
            await generator.aclose()

    spawn_in(token, close, set())


class Lock:
    """For `async with`, among the tasks of one event loop and of several."""

    def __init__(self) -> None:
        self._tasks = OfLoops(anyio.Lock)
        self._loops = _forks.Lock()

    async def __aenter__(self) -> None:
        tasks = self._tasks.here()
        await tasks.acquire()
        try:
            # No event of one loop wakes a task of another.
            while not self._loops.acquire(blocking=False):  # noqa: ASYNC110
                await anyio.sleep(_STEP)
        except BaseException:
            tasks.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._loops.release()
        self._tasks.here().release()


async def call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What a function of the user's gives: a coroutine function runs here, any other in a thread,
    which is left to itself when the call is cancelled."""
    try:
        if inspect.iscoroutinefunction(function):
            return await function(*args, **kwargs)

        def work() -> tuple[Any]:  # trio takes no coroutine from a thread, but what is in a tuple
            return (function(*args, **kwargs),)

        [result] = await anyio.to_thread.run_sync(work, abandon_on_cancel=True)
        return await result if inspect.isawaitable(result) else result
    except anyio.get_cancelled_exc_class() as error:
        await anyio.lowlevel.checkpoint_if_cancelled()
        # Nobody cancelled the call: the function waited for something that was.
        raise RuntimeError("what it waited for was cancelled") from error


async def gather(jobs: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Runs all `jobs` together; the first that raises stops the others, and that is raised."""
    failures: list[BaseException] = []
    async with anyio.create_task_group() as group:

        async def run(job: Callable[[], Coroutine[Any, Any, None]]) -> None:
            try:
                await job()
            except anyio.get_cancelled_exc_class():
                raise
            except BaseException as error:
                # Raised from here it would come in a group of exceptions.
                failures.append(error)
                group.cancel_scope.cancel()

        for job in jobs:
            group.start_soon(run, job)
    if failures:
        raise failures[0]
