"""What an event and a request cost, in calls and objects: the same on every machine.

The ceilings are a little above what is needed today. Lower them with what becomes faster; a change
that must raise one has to be worth it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, Cerebras
from cerebras_sdk.testing import Answer, LocalServer, RawAnswer
from tests.test_layers import loaded

CHAT = "/v1/chat/completions"
CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHUNK: dict[str, Any] = {
    "id": "chatcmpl-1",
    "created": 1785156344,
    "model": "gpt-oss-120b",
    "system_fingerprint": "fp_1",
    "object": "chat.completion.chunk",
}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
FEW, MANY = 40, 168
PER_CHUNK = 8
BLOCKS = 14  # of memory, for each chunk that is kept


def event(text: str | None) -> bytes:
    choice: dict[str, Any] = {"index": 0, "delta": {"content": text} if text else {}}
    if text is None:
        choice["finish_reason"] = "stop"
    return b"data: " + json.dumps({**CHUNK, "choices": [choice]}).encode() + b"\n\n"


def http_chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def stream_of(events: int, *, in_each: int) -> RawAnswer:
    """All in one write, which the client finds whole: it always reads in the same steps."""
    lines = [*(event(f" token{number:05d}") for number in range(events - 1)), event(None)]
    chunks = [b"".join(lines[at : at + in_each]) for at in range(0, events, in_each)]
    body = b"".join(map(http_chunk, chunks)) + http_chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    assert len(HEAD + body) < 65_000  # more would be several segments on the loopback
    return RawAnswer([HEAD + body])


def counted(work: Callable[[], Any]) -> Counter[str]:
    """How many functions of Python (`call`) and of C (`c_call`) this thread calls for `work`."""
    counts: Counter[str] = Counter()

    def profile(frame: object, what: str, argument: object) -> None:
        counts[what] += 1

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counts


def least(work: Callable[[], Any]) -> Counter[str]:
    """Of several times: now and then a selector is asked once more, or garbage is collected."""
    work()
    gc.disable()
    try:
        times = [counted(work) for _ in range(12)]
    finally:
        gc.enable()
    return Counter({what: min(time[what] for time in times) for what in ("call", "c_call")})


class Blocking:
    def __init__(self, options: dict[str, Any]) -> None:
        self._client = Cerebras(**options)

    def stream(self) -> list[Any]:
        return list(self._client.chat.completions.create(**CALL, stream=True))

    def whole(self) -> Any:
        return self._client.chat.completions.create(**CALL)

    def close(self) -> None:
        self._client.close()


class Async:
    def __init__(self, options: dict[str, Any]) -> None:
        self._client = AsyncCerebras(**options)
        self._runner = asyncio.Runner()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def stream(self) -> list[Any]:
        async def chunks() -> list[Any]:
            stream = await self._client.chat.completions.create(**CALL, stream=True)
            return [chunk async for chunk in stream]

        return list(self._run(chunks()))

    def whole(self) -> Any:
        async def answer() -> Any:
            return await self._client.chat.completions.create(**CALL)

        return self._run(answer())

    def close(self) -> None:
        self._run(self._client.close())
        self._runner.close()


@pytest.fixture(params=[Blocking, Async], ids=["sync", "async"])
def client(request: pytest.FixtureRequest, options: dict[str, Any]) -> Iterator[Blocking | Async]:
    client: Blocking | Async = request.param(options)
    yield client
    client.close()


def per_event(client: Blocking | Async, server: LocalServer, in_each: int) -> dict[str, float]:
    """What each further event of a stream takes; `in_each` of them are in one HTTP chunk."""
    totals = []
    for events in (FEW, MANY):
        server.route("POST", CHAT, stream_of(events, in_each=in_each))
        assert len(client.stream()) == events
        totals.append(least(client.stream))
    few, many = totals
    return {what: (many[what] - few[what]) / (MANY - FEW) for what in few}


# Functions of Python and of C for each event, by the twin and by the events in an HTTP chunk.
EVENT_CEILINGS: dict[tuple[type, int], dict[str, float]] = {
    (Blocking, 1): {"call": 7.5, "c_call": 13},
    (Blocking, PER_CHUNK): {"call": 7.5, "c_call": 8.5},
    (Async, 1): {"call": 75, "c_call": 40},
    (Async, PER_CHUNK): {"call": 17, "c_call": 13},
}
WHOLE_CEILINGS: dict[type, dict[str, float]] = {
    Blocking: {"call": 2200, "c_call": 2700},
    Async: {"call": 3450, "c_call": 3300},
}


def over(counts: Mapping[str, float], ceilings: dict[str, float]) -> dict[str, str]:
    return {
        what: f"{counts[what]:g} calls, and not {most:g}"
        for what, most in ceilings.items()
        if counts[what] > most
    }


@pytest.mark.parametrize("in_each", [1, PER_CHUNK])
def test_an_event_takes_no_more_calls_than_it_did(
    client: Blocking | Async, server: LocalServer, in_each: int
) -> None:
    counts = per_event(client, server, in_each)
    assert over(counts, EVENT_CEILINGS[type(client), in_each]) == {}
    assert counts["call"] >= 1  # or nothing was counted


def test_a_whole_answer_takes_no_more_calls_than_it_did(
    client: Blocking | Async, server: LocalServer
) -> None:
    message = {"role": "assistant", "content": "Because nobody likes to wait."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps({**CHUNK, "object": "chat.completion", "choices": [choice]}).encode()
    server.route("POST", CHAT, Answer(200, {"Content-Type": "application/json"}, body))
    counts = least(client.whole)
    assert server.connections == 1
    assert over(counts, WHOLE_CEILINGS[type(client)]) == {}


def test_a_kept_chunk_is_few_objects(client: Blocking | Async, server: LocalServer) -> None:
    blocks = []
    for events in (FEW, MANY):
        server.route("POST", CHAT, stream_of(events, in_each=1))
        client.stream()
        gc.collect()
        before = sys.getallocatedblocks()
        kept = client.stream()
        gc.collect()
        blocks.append(sys.getallocatedblocks() - before)
        assert len(kept) == events
        del kept
    assert (blocks[1] - blocks[0]) / (MANY - FEW) <= BLOCKS


# What httpx and httpcore load too, where it is installed.
OPTIONAL = ("click", "h2", "pygments", "rich", "socksio", "trio")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({OPTIONAL}))"
BOTH = {"certifi", "cerebras_sdk", "idna", "msgspec", "typing_extensions"}
LOADED = {
    "Cerebras": (BOTH | {"charset_normalizer", "chardet", "requests", "urllib3"}, 430),
    "AsyncCerebras": (BOTH | {"anyio", "h11", "httpcore", "httpx", "sniffio"}, 460),
}


def test_the_package_alone_loads_two_of_its_modules() -> None:
    ours = {name for name in loaded("import cerebras_sdk") if name.startswith("cerebras_sdk")}
    assert ours == {"cerebras_sdk", "cerebras_sdk._version"}


@pytest.mark.parametrize("name", LOADED)
def test_a_client_loads_no_more_than_it_did(name: str) -> None:
    names = loaded(f"{WITHOUT}\nfrom cerebras_sdk import {name}; {name}('csk-test')")
    names -= set(OPTIONAL)
    libraries, most = LOADED[name]
    others = {module.split(".")[0] for module in names} - libraries - sys.stdlib_module_names
    # What is compiled with mypyc or Cython brings a module of its own.
    assert {other for other in others if "cython" not in other and "mypyc" not in other} == set()
    assert len(names) <= most
    assert len([module for module in names if module.startswith("cerebras_sdk")]) <= 170
