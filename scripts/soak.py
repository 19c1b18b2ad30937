"""Thousands of mixed requests, one in twenty of which goes wrong, and what they leave behind.

python scripts/soak.py [sync] [async] [--requests 20000] [--at-once 16]

The server runs in a process of its own. Printed are the outcomes and, along the way, the file
descriptors, threads, memory (Linux only) and open connections of this process. Exit 1 if an answer
was not the one that was asked for, an error not one of the package, or if, after close,
descriptors, threads or connections are left, or if from the first tenth of the requests to the
last one the memory grew by more than 10%, or more connections came to be than callers use.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import gc
import json
import os
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cerebras_sdk import AsyncCerebras, Cerebras, RetryPolicy, Timeout
from cerebras_sdk.errors import CerebrasError
from cerebras_sdk.testing import Answer, Pause, RawAnswer, ReceivedRequest, serve
from cerebras_sdk.types.params import MessageParam

KEY = "csk-test"
COUNTS = "/soak/counts"
SHARE = 0.05  # of the answers that go wrong
OPTIONS: dict[str, Any] = {
    "api_key": KEY,
    "default_model": "gpt-oss-120b",
    "timeout": Timeout(20, gap=1),
    "retry": RetryPolicy(initial_delay=0.05, budget=None),
}

# What a caller does: "left" is left after the first chunk, by an error in the loop.
KINDS = ["whole"] * 6 + ["stream"] * 6 + ["left"] * 3 + ["cancelled", "text", "models"]

CHUNK = b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"lost "}}]}\n\n'
FAILED = b'data: {"status_code":500,"error":{"message":"no","type":"server_error"}}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
ONE = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK)
EVENTS = {"Content-Type": "text/event-stream"}
ANY_FAULT: list[Answer | RawAnswer] = [
    RawAnswer([]),
    RawAnswer([], then="reset"),
    RawAnswer([b"\x00\xff garbage\r\n\r\n"]),
    RawAnswer([b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}"]),
    Answer(500, {}, b"{}"),
    Answer(429, {"retry-after-ms": "50"}, b'{"code":"queue_exceeded","message":"full"}'),
    Answer(200, {"Content-Type": "application/json"}, b"garbage"),
]
STREAM_FAULTS: list[Answer | RawAnswer] = [
    RawAnswer([HEAD, ONE]),
    RawAnswer([HEAD, ONE, Pause(0.01)], then="reset"),
    RawAnswer([HEAD, ONE[:40]], then="reset"),
    Answer(200, EVENTS, [CHUNK]),
    Answer(200, EVENTS, [CHUNK, FAILED]),
    Answer(200, EVENTS, [CHUNK, b"data: garbage\n\n"]),
    Answer(200, EVENTS, [CHUNK, Pause(3)]),
]


def run_server() -> None:
    """Serves until stdin ends; the first line of stdout is the base URL."""
    chance = random.Random(1)

    def answer(request: ReceivedRequest) -> Answer | RawAnswer | None:
        faults = ANY_FAULT + STREAM_FAULTS * (b'"stream":true' in request.body)
        return chance.choice(faults) if chance.random() < SHARE else None

    with serve(api_keys=[KEY]) as server:

        def counts(_: ReceivedRequest) -> Answer:
            server.requests.clear()
            # Without the connection that asks.
            made = {"made": server.connections, "open": server.open_connections - 1}
            return Answer(200, {"Connection": "close"}, json.dumps(made).encode())

        for path in ("/v1/chat/completions", "/v1/completions"):
            server.route("POST", path, answer)
        server.route("GET", "/v1/models", answer)
        server.route("GET", COUNTS, counts)
        print(server.base_url, flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def server_process() -> Iterator[str]:
    command, pipe = [sys.executable, __file__, "--serve"], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


@dataclass(frozen=True)
class Reading:
    """What the process holds at one moment; `open`: connections to the server."""

    descriptors: int
    threads: int
    memory: float  # MiB
    made: int  # connections since the server began
    open: int

    @classmethod
    def take(cls, base_url: str) -> Reading:
        gc.collect()
        with urllib.request.urlopen(base_url + COUNTS) as answer:
            counts = json.load(answer)
        memory = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        descriptors, threads = (len(os.listdir(f"/proc/self/{kind}")) for kind in ("fd", "task"))
        return cls(descriptors, threads, memory / 2**20, **counts)


@dataclass
class Soak:
    """The requests of one client, and what became of them."""

    base_url: str
    requests: int
    outcomes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    readings: dict[str, Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = iter(range(self.requests))
        self._chance = random.Random(2)
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self.readings["before"] = Reading.take(self.base_url)

    def jobs(self, kinds: list[str]) -> Iterator[tuple[str, str]]:
        """What is to be done next, and the prompt; many may ask at once."""
        while True:
            with self._lock:
                number = next(self._numbers, None)
                kind = self._chance.choice(kinds)
            if number is None:
                return
            yield kind, f"request {number} wants its own words back " + "and more " * 5

    def ended(self, kind: str, prompt: str, text: str) -> None:
        if text.strip() != prompt.strip():
            self.wrong.append(f"{kind}: {prompt!r} was answered {text!r}")
        self.outcomes.append(kind)

    def failed(self, error: Exception) -> None:
        if not isinstance(error, CerebrasError):
            self.wrong.append(f"not an error of the package: {error!r}")
        self.outcomes.append(type(error).__name__)

    def watch(self) -> None:
        """Called now and then: says how far it is, and reads at 10%, 50% and 100%."""
        done, seconds = len(self.outcomes), time.monotonic() - self._start
        print(f"  {done} of {self.requests} after {seconds:.0f} s", flush=True)
        for name, part in (("warm", 0.1), ("middle", 0.5), ("end", 1.0)):
            if name not in self.readings and done >= part * self.requests:
                self.readings[name] = Reading.take(self.base_url)

    def report(self, at_once: int) -> list[str]:
        """Prints it all; returns what is not as it should be."""
        for outcome, number in collections.Counter(self.outcomes).most_common():
            print(f"  {number:6}  {outcome}")
        print(f"  {'':8} {'fds':>5} {'threads':>8} {'MiB':>7} {'open':>5} {'made':>6}")
        for name, at in self.readings.items():
            line = f"{at.descriptors:5} {at.threads:8} {at.memory:7.1f} {at.open:5} {at.made:6}"
            print(f"  {name:8} {line}")
        before, warm, end, closed = (self.readings[n] for n in ("before", "warm", "end", "closed"))
        problems = self.wrong[:10]
        if (closed.descriptors, closed.threads) != (before.descriptors, before.threads):
            problems.append("file descriptors or threads are left")
        if closed.open:
            problems.append(f"{closed.open} connections are left")
        if end.open > 2 * at_once:  # some are idle
            problems.append(f"{end.open} connections are open for {at_once} callers")
        if end.memory > 1.1 * warm.memory:
            problems.append(f"the memory grew from {warm.memory:.1f} to {end.memory:.1f} MiB")
        return problems


def soak_sync(soak: Soak, at_once: int) -> None:
    def work(client: Cerebras) -> None:
        for kind, prompt in soak.jobs([kind for kind in KINDS if kind != "cancelled"]):
            try:
                soak.ended(kind, prompt, ask(client, kind, prompt))
            except Exception as error:
                soak.failed(error)

    with Cerebras(base_url=soak.base_url, **OPTIONS) as client:
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(2)
            soak.watch()


def ask(client: Cerebras, kind: str, prompt: str) -> str:
    messages: list[MessageParam] = [{"role": "user", "content": prompt}]
    if kind == "models":
        return prompt if client.models.list().data else ""
    if kind == "text":
        return client.completions.create(prompt=prompt).text
    if kind == "whole":
        return client.chat.completions.create(messages=messages).text
    stream = client.chat.completions.create(messages=messages, stream=True)
    if kind == "stream":
        return "".join(stream.text_stream)
    with contextlib.suppress(KeyError), stream:
        for chunk in stream:
            raise KeyError(chunk.text)
    return prompt


async def soak_async(soak: Soak, at_once: int) -> None:
    async def work(client: AsyncCerebras) -> None:
        for kind, prompt in soak.jobs(KINDS):
            try:
                soak.ended(kind, prompt, await ask_async(client, kind, prompt))
            except Exception as error:
                soak.failed(error)

    async with AsyncCerebras(base_url=soak.base_url, **OPTIONS) as client, asyncio.TaskGroup() as g:
        tasks = [g.create_task(work(client)) for _ in range(at_once)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(2)
            soak.watch()


async def ask_async(client: AsyncCerebras, kind: str, prompt: str) -> str:
    messages: list[MessageParam] = [{"role": "user", "content": prompt}]
    if kind == "models":
        return prompt if (await client.models.list()).data else ""
    if kind == "text":
        return (await client.completions.create(prompt=prompt)).text
    if kind == "whole":
        return (await client.chat.completions.create(messages=messages)).text
    if kind == "cancelled":
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.random() * 0.02):
                return await ask_async(client, "stream", prompt)
        return prompt
    stream = await client.chat.completions.create(messages=messages, stream=True)
    if kind == "stream":
        return "".join([text async for text in stream.text_stream])
    with contextlib.suppress(KeyError):
        async with stream:
            async for chunk in stream:
                raise KeyError(chunk.text)
    return prompt


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("clients", nargs="*", default=["sync", "async"])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        run_server()
        return 0
    problems: list[str] = []
    for name in given.clients:
        print(f"{name}: {given.requests} requests, {given.at_once} at once", flush=True)
        with server_process() as base_url:
            soak = Soak(base_url, given.requests)
            if name == "sync":
                soak_sync(soak, given.at_once)
            else:
                asyncio.run(soak_async(soak, given.at_once))
            soak.watch()
            time.sleep(0.5)  # for the server to see that the connections are closed
            soak.readings["closed"] = Reading.take(base_url)
            problems += soak.report(given.at_once)
    for problem in problems:
        print(f"PROBLEM: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
