"""Starts and stops the local Cerebras server: a loop in a thread, on a port the system chooses."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Literal

from .clock import Clock, VirtualClock
from .connection import Connection
from .engines import EchoEngine, Engine
from .exchange import Answer, Handler, RawAnswer, ReceivedRequest
from .limiter import LimitedQuota
from .limits import Limits, limits_of_models
from .quota import CalendarQuota, Quota, QuotaCounts
from .service import CerebrasService
from .threads import Workers
from .wire import Wire

log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
# How long leaving the `with` waits for an engine or a handler to notice.
_PATIENCE = 2.0


class LocalServer:
    """A running server; `serve` makes it.

    `base_url` has no `/v1`; `session_url` is where cookies are exchanged for a key. `requests` are
    those that arrived whole, in order; `connections` and `open_connections` count TCP connections.
    `api_keys` may be changed while the server runs, `sessions` is the mapping that was given.
    """

    def __init__(self, service: CerebrasService) -> None:
        self.requests: list[ReceivedRequest] = []
        self.connections = 0
        self._service = service
        self._routes: list[tuple[str, str, Handler]] = []
        self._open: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._workers = service.workers
        self._loop = asyncio.SelectorEventLoop()  # the default one of Windows has no add_reader
        self._stopping = asyncio.Event()
        self._accepting: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server((_HOST, 0), backlog=512)
        self._listener.setblocking(False)
        self.base_url = f"http://{_HOST}:{self._listener.getsockname()[1]}"
        self.session_url = f"{self.base_url}/api/auth/session"
        self._thread = threading.Thread(target=self._run, name="cerebras-local", daemon=True)
        self._thread.start()

    @property
    def open_connections(self) -> int:
        return len(self._open)

    @property
    def api_keys(self) -> set[str]:
        return self._service.api_keys

    @property
    def sessions(self) -> Mapping[str, str]:
        return self._service.sessions

    def quota(self, model: str | None = None) -> QuotaCounts:
        """What was admitted, rejected and used so far, of one model or of all, with every key."""
        return self._service.quota.counts(model)

    def route(self, method: str, path: str, handler: Handler | Answer | RawAnswer) -> None:
        """Answer `method path` (without the query) with `handler`, before anything built in.

        The newest route wins. A handler that returns None leaves the built-in answer; it runs in a
        thread of its own, so it may block.
        """
        # A new list, as the server's thread may be walking through the old one.
        self._routes = [(method.upper(), path, _as_handler(handler)), *self._routes]

    def close(self) -> None:
        """Close the listener and all connections, stop the engines, wait for the threads."""
        deadline = time.monotonic() + _PATIENCE
        with contextlib.suppress(RuntimeError):  # closed before
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_PATIENCE)
        self._workers.join(deadline=deadline)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        # Not asyncio's Server: one that is closed while it accepts loses the socket (3.11).
        self._loop.add_reader(self._listener, self._accept)
        await self._stopping.wait()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        for wire in self._open:
            wire.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the round of the loop in which aborted sockets are closed

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the client has left already
            accepted, _ = self._listener.accept()
            accepted.setblocking(False)
            task = self._loop.create_task(self._connect(accepted))
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        await self._loop.connect_accepted_socket(lambda: Wire(self._opened, self._closed), accepted)

    def _opened(self, wire: Wire) -> None:
        self.connections += 1
        connection = Connection(wire, self.connections, service=self._answer, workers=self._workers)
        self._open.add(wire)
        task = self._loop.create_task(connection.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _closed(self, wire: Wire) -> None:
        self._open.discard(wire)

    async def _answer(self, request: ReceivedRequest, stack: ExitStack) -> Answer | RawAnswer:
        self.requests.append(request)
        for method, path, handler in self._routes:
            if (method, path) == (request.method, request.path):
                try:
                    answer = await self._workers.call(lambda: handler(request))  # noqa: B023
                except Exception:
                    log.exception("the handler of %s %s failed", method, path)
                    return Answer(
                        500, {"Content-Type": "text/plain"}, b"the route's handler failed"
                    )
                if answer is not None:
                    return answer
                break
        return await self._service.answer(request, stack)


def _as_handler(handler: Handler | Answer | RawAnswer) -> Handler:
    if isinstance(handler, Answer | RawAnswer):
        fixed = handler
        return lambda _: fixed
    return handler


@contextlib.contextmanager
def serve(
    engine: Engine | None = None,
    *,
    api_keys: Iterable[str] = ("csk-test",),
    models: Iterable[str] | None = None,
    sessions: Mapping[str, str] | None = None,
    compression: bool = True,
    batch_cancel: Literal["delete", "post"] = "delete",
    management_keys: Iterable[str] = ("csk-management-test",),
    limits: Limits | Literal["trial", "developer"] | None = None,
    clock: VirtualClock | None = None,
) -> Iterator[LocalServer]:
    """Run a local Cerebras server for the length of a `with`.

    `engine` writes the answers, by default an `EchoEngine`. `models` are the ids it knows, by
    default the whole catalog with the retired ones. `sessions` maps the value of a session cookie
    to the key that `session_url` gives for it. Without `compression` a body in gzip or msgpack is
    answered with 415. `batch_cancel` is the one way to cancel a batch that exists: DELETE on the
    batch, or POST to its `/cancel`. `management_keys` open `/management/v1`, and `api_keys` all
    the rest. `limits` are enforced, for each key and model, as the service does it; by default the
    headers of a trial account are counted down and nothing is refused. `clock` tells the time of
    limits, dates and sessions in place of the real one. The server listens on the loopback address
    only.
    """
    ticking: Clock = time if clock is None else clock
    service = CerebrasService(
        EchoEngine() if engine is None else engine,
        api_keys=set(api_keys),
        models=None if models is None else tuple(models),
        sessions={} if sessions is None else sessions,
        workers=Workers(),
        compression=compression,
        batch_cancel=batch_cancel,
        management_keys=frozenset(management_keys),
        quota=_quota(limits, ticking),
        clock=ticking,
    )
    server = LocalServer(service)
    try:
        yield server
    finally:
        server.close()


def _quota(limits: Limits | Literal["trial", "developer"] | None, clock: Clock) -> Quota:
    if limits is None:
        return CalendarQuota(clock)
    return LimitedQuota(limits_of_models(limits), clock=clock)
