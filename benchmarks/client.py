"""One measurement, in this process: python -m benchmarks.client '{"peer": ..., "work": ...}'.

Prints one number. It is CPU time of this process alone, user and system, but for `first`, which is
time on the clock, and for the memory of `constructed`, `kept` and `opened`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import async_peers, peers


class Measurement:
    """What was asked for; its methods are named as the `work` of a case."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.name: str = asked["peer"]
        self.url: str = f"{asked['url']}/{asked['shape']}/{asked['events']}"
        self.events: int = asked["events"]
        self.rounds: int = asked["rounds"]
        self.at_once: int = asked["at_once"]
        self.size: int = asked["size"]

    def run(self, work: str) -> float:
        answer: float = getattr(self, work)()
        return answer

    def check(self, count: int) -> None:
        if count != self.events:
            raise SystemExit(f"{self.name}: {count} chunks instead of {self.events}")


class Blocking(Measurement):
    def peer(self) -> peers.Peer:
        return peers.peer(self.name, self.url, size=self.size)

    def _cpu(self, work: Callable[[], None]) -> float:
        """Microseconds for one round of one thread, after a round that warms up."""

        def repeat() -> None:
            for _ in range(self.rounds):
                work()

        self._together(work)
        start = time.process_time()
        self._together(repeat)
        return (time.process_time() - start) * 1e6 / self.rounds / self.at_once

    def _together(self, work: Callable[[], None]) -> None:
        if self.at_once == 1:
            work()
            return
        threads = [threading.Thread(target=work) for _ in range(self.at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stream(self) -> float:
        peer = self.peer()

        def work() -> None:
            count = 0
            for _ in peer.events():
                count += 1
            self.check(count)

        return self._cpu(work) / self.events

    def request(self) -> float:
        peer = self.peer()

        def work() -> None:
            peer.whole()

        return self._cpu(work)

    def first(self) -> float:
        peer, took = self.peer(), []
        for _ in range(self.rounds + 10):
            start = time.perf_counter()
            events = iter(peer.events())
            next(events)
            took.append(time.perf_counter() - start)
            for _ in events:
                pass
        return statistics.median(took[10:]) * 1e6

    def construct(self) -> float:
        sdk = self._sdk()
        kept = [sdk(self.name, self.url)]
        start = time.process_time()
        kept += [sdk(self.name, self.url) for _ in range(self.rounds)]
        return (time.process_time() - start) * 1e6 / self.rounds

    def constructed(self) -> float:
        sdk = self._sdk()
        kept = [sdk(self.name, self.url)]
        before = resident()
        kept += [sdk(self.name, self.url) for _ in range(self.rounds)]
        return (resident() - before) / 1024 / self.rounds

    def _sdk(self) -> Callable[[str, str], Any]:
        return peers.sdk

    def kept(self) -> float:
        peer = self.peer()
        for _ in peer.events():
            pass
        before = traced()
        chunks = list(peer.events())
        grown = traced() - before
        self.check(len(chunks))
        return grown / self.events

    def opened(self) -> float:
        peer, streams = self.peer(), []

        def opened() -> None:
            streams.append(iter(peer.events()))
            next(streams[-1])

        opened()  # brings what all of them share
        before, more = traced(), max(self.at_once - 1, 1)
        for _ in range(more):
            opened()
        return (traced() - before) / 1024 / more


class Async(Measurement):
    def run(self, work: str) -> float:
        async def main() -> float:
            answer: float = await getattr(self, work)()
            return answer

        return asyncio.run(main())

    def peer(self) -> async_peers.AsyncPeer:
        return async_peers.peer(self.name, self.url, size=self.size)

    async def _cpu(self, work: Callable[[], Any]) -> float:
        async def repeat() -> None:
            for _ in range(self.rounds):
                await work()

        await asyncio.gather(*(work() for _ in range(self.at_once)))
        start = time.process_time()
        await asyncio.gather(*(repeat() for _ in range(self.at_once)))
        return (time.process_time() - start) * 1e6 / self.rounds / self.at_once

    async def stream(self) -> float:
        peer = self.peer()

        async def work() -> None:
            count = 0
            async for _ in await peer.events():
                count += 1
            self.check(count)

        return await self._cpu(work) / self.events

    async def request(self) -> float:
        return await self._cpu(self.peer().whole)

    async def first(self) -> float:
        peer, took = self.peer(), []
        for _ in range(self.rounds + 10):
            start = time.perf_counter()
            events = await peer.events()
            await anext(events)
            took.append(time.perf_counter() - start)
            async for _ in events:
                pass
        return statistics.median(took[10:]) * 1e6

    async def construct(self) -> float:
        return Blocking.construct(self)  # type: ignore[arg-type]

    async def constructed(self) -> float:
        return Blocking.constructed(self)  # type: ignore[arg-type]

    def _sdk(self) -> Callable[[str, str], Any]:
        return async_peers.sdk

    async def kept(self) -> float:
        peer = self.peer()
        async for _ in await peer.events():
            pass
        before = traced()
        chunks = [chunk async for chunk in await peer.events()]
        grown = traced() - before
        self.check(len(chunks))
        return grown / self.events

    async def opened(self) -> float:
        peer, streams = self.peer(), []

        async def opened() -> None:
            streams.append(await peer.events())
            await anext(streams[-1])

        await opened()  # brings what all of them share
        before, more = traced(), max(self.at_once - 1, 1)
        for _ in range(more):
            await opened()
        return (traced() - before) / 1024 / more


def traced() -> int:
    """Bytes that Python has allocated since the first call."""
    if not tracemalloc.is_tracing():
        tracemalloc.start()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def resident() -> int:
    """Bytes of this process that are in memory: what OpenSSL allocates is not traced."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


def main() -> None:
    asked = json.loads(sys.argv[1])
    kind = Blocking if asked["kind"] == "sync" else Async
    print(kind(asked).run(asked["work"]), flush=True)
    # What is still open need not be closed tidily.
    os._exit(0)


if __name__ == "__main__":
    main()
