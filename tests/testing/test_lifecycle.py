"""Starting, stopping, leaving early, and many clients at once."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from cerebras_sdk.testing import (
    Answer,
    Delta,
    EchoEngine,
    Finish,
    LocalServer,
    Pause,
    RawAnswer,
    serve,
)

from .local_client import Socket, chat, client_of, eventually

Connect = Callable[[LocalServer], Socket]


class Endless:
    """Speaks, or is silent, until nobody listens."""

    model = None

    def __init__(self, *, silent: bool = False) -> None:
        self.started = threading.Event()
        self.stopped = threading.Event()
        self._delta = Delta() if silent else Delta("and ")

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        self.started.set()
        while emit(self._delta):
            time.sleep(0.001)
        self.stopped.set()
        return Finish("stop", prompt_tokens=0, completion_tokens=0)


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("cerebras-local")]


def test_starting_and_stopping_is_cheap() -> None:
    start = time.perf_counter()
    for _ in range(20):
        with serve():
            pass
    assert (time.perf_counter() - start) / 20 < 0.02
    assert _threads() == []


def test_servers_can_be_nested(client: httpx.Client, server: LocalServer) -> None:
    with serve(api_keys=["csk-inner"]) as inner:
        assert inner.base_url != server.base_url
        assert client.get("/v1/models").status_code == 200
        assert client.get(f"{inner.base_url}/v1/models").status_code == 401
    assert client.get("/v1/models").status_code == 200


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_leaving_stops_an_engine_in_the_middle_of_its_answer(
    connect: Connect, stream: bool, silent: bool
) -> None:
    engine = Endless(silent=silent)
    with serve(engine) as server:
        client = connect(server)
        client.post("/v1/chat/completions", chat(stream=stream))
        assert engine.started.wait(2)
        start = time.monotonic()
    assert time.monotonic() - start < 1
    assert engine.stopped.is_set()
    assert _threads() == []
    assert server.open_connections == 0
    client.rest()


def test_leaving_does_not_wait_for_ever_for_an_engine_that_does_not_listen(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cerebras_sdk.testing.server._PATIENCE", 0.3)
    released = threading.Event()

    class Deaf:
        model = None

        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            released.wait(30)
            return Finish("stop", prompt_tokens=0, completion_tokens=0)

    with serve(Deaf()) as server:
        connect(server).post("/v1/chat/completions", chat())
        eventually(lambda: len(_threads()) == 2)
        start = time.monotonic()
    assert 0.2 < time.monotonic() - start < 2
    released.set()
    eventually(lambda: _threads() == [])


def test_leaving_refuses_new_connections_and_cuts_idle_ones(connect: Connect) -> None:
    with serve() as server:
        idle = connect(server)
        eventually(lambda: server.open_connections == 1)
    assert idle.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_leaving_by_an_exception_stops_the_server_too() -> None:
    def fail() -> None:
        with serve():
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert _threads() == []


def test_clients_that_come_while_the_server_goes_leave_no_socket_behind() -> None:
    for _ in range(20):
        with serve() as server:
            address = ("127.0.0.1", int(server.base_url.rpartition(":")[2]))
            sockets = [socket.create_connection(address) for _ in range(5)]
        for each in sockets:
            each.close()
    gc.collect()  # a ResourceWarning would be an error here


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_stops_the_engine(
    connect: Connect, stream: bool, silent: bool
) -> None:
    engine = Endless(silent=silent)
    with serve(engine) as server:
        client = connect(server)
        client.post("/v1/chat/completions", chat(stream=stream))
        assert engine.started.wait(2)
        client.close()
        assert engine.stopped.wait(2)
        eventually(lambda: server.open_connections == 0)
        assert server.connections == 1


def test_a_client_that_reads_nothing_holds_the_engine_and_not_the_memory(
    connect: Connect,
) -> None:
    said = 0

    class Flood:
        model = None

        def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
            nonlocal said
            while emit(Delta("x" * 10_000)):
                said += 1
            return Finish("stop", prompt_tokens=0, completion_tokens=0)

    with serve(Flood()) as server:
        connect(server).post("/v1/chat/completions", chat(stream=True))
        before = -1
        while before < said:  # until it says no more
            before = said
            time.sleep(0.1)
        assert 0 < said * 10_000 < 30_000_000  # what the kernel's two buffers hold, and the pipe
        with client_of(server) as other:
            assert other.get("/v1/models").status_code == 200


def test_a_client_that_leaves_stops_a_body_and_a_pause(
    server: LocalServer, connect: Connect
) -> None:
    ended = threading.Event()

    def body() -> Iterator[bytes]:
        try:
            while True:
                yield b"again "
        finally:
            ended.set()

    server.route("GET", "/body", lambda request: Answer(body=body()))
    server.route("GET", "/pause", RawAnswer([b"a", Pause(60)]))
    for path in ("/body", "/pause"):
        client = connect(server)
        client.get(path)
        client.receive()
        client.close()
    eventually(lambda: server.open_connections == 0)
    assert ended.wait(2)


def test_many_clients_are_served_at_once() -> None:
    with (
        serve(EchoEngine(delay=0.02)) as server,
        client_of(server) as client,
        ThreadPoolExecutor(30) as pool,
    ):

        def ask(number: int) -> str:
            answer = client.post("/v1/chat/completions", json=chat(f"a b c d e {number}"))
            return str(answer.json()["choices"][0]["message"]["content"])

        start = time.monotonic()
        assert list(pool.map(ask, range(30))) == [f"a b c d e {n}" for n in range(30)]
        assert time.monotonic() - start < 30 * 3 * 0.02  # one after another would take longer
    assert len(server.requests) == 30


def test_closing_twice_is_harmless() -> None:
    with serve() as server:
        server.close()
    server.close()


def test_importing_the_server_loads_no_client_library_and_no_model() -> None:
    import subprocess
    import sys

    code = (
        "import sys, cerebras_sdk.testing as t; t.EchoEngine;"
        "print(*{'xllamacpp', 'platformdirs', 'requests', 'httpx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
