"""Blocking code beside the server's loop: worker threads, and bounded pipes to the loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A fast engine may run ahead of the socket by this much; then a slow reader holds it.
_PIPE_LENGTH = 64


class Pipe(Generic[T, R]):
    """A bounded queue from a worker thread to the loop, which ends with a result or an error.

    The thread calls `put` until it returns False. The loop awaits `get`, which returns None at
    the end; `result` is there then. `close` tells the thread that nobody listens any more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._wake = asyncio.Event()
        self._woken = False
        self._closed = False
        self._result: R | None = None
        self._error: Exception | None = None
        self._ended = False

    def put(self, item: T) -> bool:
        with self._changed:
            while len(self._items) >= _PIPE_LENGTH and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._items.append(item)
            return self._notify()

    def end(self, *, result: R | None = None, error: Exception | None = None) -> None:
        with self._changed:
            self._ended, self._result, self._error = True, result, error
            self._notify()

    def _notify(self) -> bool:
        # One wake-up serves all items put before the loop comes round to look.
        if not self._woken:
            try:
                self._loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:  # the loop is closed: the server has gone
                self._closed = True
                return False
            self._woken = True
        return True

    async def get(self) -> T | None:
        while True:
            with self._changed:
                if self._items:
                    self._changed.notify()
                    return self._items.popleft()
                if self._ended:
                    if self._error is not None:
                        raise self._error
                    return None
                self._wake.clear()
                self._woken = False
            await self._wake.wait()

    @property
    def result(self) -> R:
        if self._result is None:
            raise RuntimeError("the pipe has not ended with a result")
        return self._result

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


class Workers:
    """The threads of one server.

    They are daemons: code of a test that blocks for ever must not keep the process alive. Work
    that has no pipe looks at `stopped` to know when nobody wants it any more.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._alive: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def start(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._alive.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="cerebras-local-worker", daemon=True)
        with self._lock:
            self._alive.add(thread)
        thread.start()

    def pipe(self, work: Callable[[Callable[[T], bool]], R]) -> Pipe[T, R]:
        """Run `work(put)` in a thread; what it puts and returns comes out of the pipe."""
        pipe: Pipe[T, R] = Pipe(asyncio.get_running_loop())

        def run() -> None:
            try:
                pipe.end(result=work(pipe.put))
            except Exception as error:
                pipe.end(error=error)
            except BaseException as error:  # SystemExit, pytest.fail: they would end the loop
                pipe.end(error=RuntimeError(f"a worker ended with {error!r}"))

        self.start(run)
        return pipe

    async def call(self, work: Callable[[], R]) -> R:
        """Run `work()` in a thread and hand its result over."""
        # In a tuple, as a bare None would read as the end of the pipe.
        pipe: Pipe[tuple[R], bool] = self.pipe(lambda put: put((work(),)))
        value = await pipe.get()
        assert value is not None
        return value[0]

    def join(self, *, deadline: float) -> None:
        """Wait for the threads until `deadline` (monotonic seconds) and leave the rest behind."""
        self.stopped = True
        with self._lock:
            alive = list(self._alive)
        for thread in alive:
            thread.join(max(0.0, deadline - time.monotonic()))
