"""Clients in forked and spawned processes, in many threads, and dropped without a word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from cerebras_sdk import AsyncCerebras, Cerebras
from cerebras_sdk.testing import Answer, LocalServer, Pause
from cerebras_sdk.testing import ReceivedRequest as Received

ROOT = Path(__file__).parent.parent
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
MODELS = b'{"data": [{"id": "m"}]}'


# Python 3.12 and later warn of every fork in a process with threads, which asyncio and trio have.
OF_FORKS = ("-W", "ignore:This process:DeprecationWarning")


def run(code: str, server: LocalServer, *arguments: str) -> str:
    """What a new interpreter prints; `url` is the server's address there. It fails on a warning."""
    script = f"url = {server.base_url!r}\n{textwrap.dedent(code)}"
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", *OF_FORKS, *arguments, "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CEREBRAS_API_KEY": "csk-test"},
    )  # fmt: skip
    # asyncio says which step took long: another word for a machine with more to do.
    said = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.returncode, said) == (0, []), done.stderr
    return done.stdout


CHAT = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "a b c d e f"}]}


class TestForks:
    """Each child asks on a connection of its own, while the parent goes on with its own."""

    pytestmark = forks

    START = """
        import os, sys, threading, time
        from cerebras_sdk import AsyncCerebras, Cerebras

        def child(function):
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                try:
                    function()
                    sys.stdout.flush()
                    os._exit(0)
                except BaseException:
                    import traceback
                    traceback.print_exc()
                    os._exit(1)
            return pid

        def ended(pid):
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    return print("child", os.waitstatus_to_exitcode(status))
                time.sleep(0.01)
            os.kill(pid, 9)
            print("child hangs")
    """

    def test_a_child_and_its_parent_do_not_share_a_connection(self, server: LocalServer) -> None:
        said = run(
            self.START
            + """
        client = Cerebras(base_url=url)
        client.models.list()
        def ask():
            for _ in range(3):
                assert client.models.list().data
        pid = child(ask)
        ask()
        ended(pid)
        ask()
        client.close()
        """,
            server,
        )
        assert said == "child 0\n"
        assert server.connections == 2
        assert len(server.requests) == 10

    def test_closing_it_in_the_child_closes_nothing_of_the_parent(
        self, server: LocalServer
    ) -> None:
        said = run(
            self.START
            + """
        client = Cerebras(base_url=url)
        stream = client.chat.completions.create(
            model="gpt-oss-120b", stream=True, messages=[{"role": "user", "content": "a b c d"}]
        )
        next(stream)
        def leave():
            stream.close()
            client.close()
        ended(child(leave))
        print(len(stream.get_final_completion().text) > 0)
        client.models.list()
        client.close()
        """,
            server,
        )
        assert said == "child 0\nTrue\n"
        assert server.connections == 1

    @pytest.mark.parametrize("given", ["requests.Session()", "httpx.Client()"])
    def test_a_client_of_the_users_takes_no_connection_of_the_parent(
        self, server: LocalServer, given: str
    ) -> None:
        said = run(
            self.START
            + f"""
        import {given.partition(".")[0]}
        own = {given}
        client = Cerebras(base_url=url, http_client=own)
        client.models.list()
        def ask():
            try:
                print(len(client.models.list().data) > 0)
            except Exception as error:
                print(type(error).__name__, "before the process was forked" in str(error))
        ended(child(ask))
        client.models.list()
        client.close()
        own.close()
        """,
            server,
        )
        refused = "CerebrasError True\nchild 0\n"
        assert said == (refused if "httpx" in given else "True\nchild 0\n")
        assert server.connections == (1 if "httpx" in given else 2)

    def test_a_lock_that_another_thread_holds_is_free_in_the_child(
        self, server: LocalServer
    ) -> None:
        # The parent's other thread waits for the key, and holds the lock, when the child begins.
        waiting, go = threading.Event(), threading.Event()

        def session(request: Received) -> Answer:
            if not waiting.is_set():
                waiting.set()
                go.wait(20)
            return Answer(200, {}, b'{"demoApiKey": "csk-test"}')

        def told(request: Received) -> Answer:
            (waiting.wait(20) if request.path.endswith("/wait") else go.set())
            return Answer(200, {}, MODELS)

        server.route("GET", "/api/auth/session", session)
        server.route("GET", "/v1/wait", told)
        server.route("GET", "/v1/go", told)
        said = run(
            self.START
            + """
        client = Cerebras(cookies={"t": "t"}, session_url=url + "/api/auth/session", base_url=url)
        thread = threading.Thread(target=client.models.list)
        thread.start()
        other = Cerebras("csk-test", base_url=url)
        other.get("/v1/wait")
        ended(child(client.models.list))
        other.get("/v1/go")
        thread.join()
        client.close(), other.close()
        """,
            server,
        )
        assert said == "child 0\n"

    @pytest.mark.parametrize("backend", ["asyncio", "trio"])
    def test_an_async_client_serves_a_new_loop_in_the_child(
        self, server: LocalServer, backend: str
    ) -> None:
        said = run(
            self.START
            + f"""
        import anyio
        client = AsyncCerebras(base_url=url)
        async def ask():
            for _ in range(3):
                assert (await client.models.list()).data
        async def main():
            await ask()
            # The child leaves this loop alone, as it must, and begins one of its own.
            pid = child(lambda: threading.Thread(target=in_a_thread).run())
            await ask()
            await anyio.to_thread.run_sync(ended, pid)
            await ask()
        def in_a_thread():
            thread = threading.Thread(target=lambda: anyio.run(ask, backend={backend!r}))
            thread.start()
            thread.join()
        anyio.run(main, backend={backend!r})
        """,
            server,
        )
        assert said == "child 0\n"
        assert server.connections == 2
        assert len(server.requests) == 12


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_multiprocessing_takes_a_client_along(
    server: LocalServer, way: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing, sys
            from concurrent.futures import ProcessPoolExecutor
            from cerebras_sdk import Cerebras

            def ask(client):
                return len(client.models.list().data) > 0

            if __name__ == "__main__":
                client = Cerebras(base_url=sys.argv[1], max_retries=5)
                assert ask(client)
                context = multiprocessing.get_context(sys.argv[2])
                with context.Pool(2) as pool:
                    print(pool.map(ask, [client] * 4))
                with ProcessPoolExecutor(2, mp_context=context) as pool:
                    print(list(pool.map(ask, [client] * 4)))
                    print(len(pool.submit(client.models.list).result().data) > 0)
                process = context.Process(target=ask, args=(client,))
                process.start()
                process.join()
                print(process.exitcode)
                assert ask(client)
                client.close()
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script), server.base_url, way],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CEREBRAS_API_KEY": "csk-test"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    four = "[True, True, True, True]\n"
    assert done.stdout == f"{four}{four}True\n0\n"


DROPPED = {
    "a client": "client.models.list()",
    "a stream, half read": "stream = ask(client); next(stream)",
    "a stream, and before it its client": "stream = ask(client); del client; next(stream)",
    "a raw answer": "answer = client.chat.completions.with_raw_response.create(**chat)",
    "a cycle": "client.me = client; client.models.list(); client.it = list(ask(client))",
    "a client that is global": "global kept; kept = client; kept.it = ask(client); next(kept.it)",
    "an answer that is an error": "refused(client)",
}


# Of a stream that nobody closes trio says so: it ends nothing of what is only dropped.
OF_TRIO = ("-W", "ignore:Async generator 'cerebras_sdk")


class TestDropped:
    """Nothing is closed, everything is left to the end: no word of it on stderr."""

    @pytest.mark.parametrize("what", DROPPED.values(), ids=DROPPED)
    def test_a_blocking_client_ends_quietly(self, server: LocalServer, what: str) -> None:
        run(
            f"""
            import gc
            from cerebras_sdk import Cerebras, NotFoundError
            chat = {CHAT!r}
            def ask(client):
                return client.chat.completions.create(**chat, stream=True)
            def refused(client):
                try:
                    client.get("/v1/nothing")
                except NotFoundError:
                    pass
            def main():
                client = Cerebras(base_url=url)
                {what}
            main()
            gc.collect()
            """,
            server,
        )

    @pytest.mark.parametrize("loop", ["asyncio.run(main())", "trio.run(main)"])
    @pytest.mark.parametrize("what", DROPPED.values(), ids=DROPPED)
    def test_an_async_client_ends_quietly(self, server: LocalServer, what: str, loop: str) -> None:
        what = what.replace("next(", "await anext(").replace("= ask(", "= await ask(")
        for call in ("client.models", "client.chat", "refused(", "list(ask"):
            what = what.replace(call, f"await {call}")
        what = what.replace(
            "await list(ask(client))", "[chunk async for chunk in await ask(client)]"
        )
        run(
            f"""
            import asyncio, gc, trio
            from cerebras_sdk import AsyncCerebras, NotFoundError
            chat = {CHAT!r}
            async def ask(client):
                return await client.chat.completions.create(**chat, stream=True)
            async def refused(client):
                try:
                    await client.get("/v1/nothing")
                except NotFoundError:
                    pass
            async def main():
                client = AsyncCerebras(base_url=url)
                {what}
            {loop}
            gc.collect()
            """,
            server,
            *(OF_TRIO if "trio" in loop and "stream" in what else ()),
        )

    @pytest.mark.parametrize("first", ["asyncio", "trio"])
    @pytest.mark.parametrize("second", ["asyncio", "trio"])
    def test_a_client_and_a_stream_outlive_their_loop(
        self, server: LocalServer, first: str, second: str
    ) -> None:
        run(
            f"""
            import anyio, gc
            from cerebras_sdk import AsyncCerebras
            chat = {CHAT!r}
            client = AsyncCerebras(base_url=url)
            async def main():
                await client.models.list()
                stream = await client.chat.completions.create(**chat, stream=True)
                await anext(stream)
                return stream
            streams = [anyio.run(main, backend={first!r})]
            gc.collect()
            streams += [anyio.run(main, backend={second!r})]
            streams.clear()
            gc.collect()
            async def whole():
                stream = await client.chat.completions.create(**chat, stream=True)
                assert (await stream.get_final_completion()).text
                await client.close()
            anyio.run(whole, backend={first!r})
            """,
            server,
        )


def together(functions: list[Callable[[], None]]) -> None:
    errors: list[BaseException] = []

    def guarded(function: Callable[[], None]) -> None:
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert errors == []


def echoed(request: Received) -> Answer:
    """What was asked, as a stream of small events or as a whole."""
    asked = json.loads(request.body)
    text = asked["messages"][0]["content"]

    def pieces() -> Iterator[bytes | Pause]:
        for number, piece in enumerate([*text, None]):
            end = "stop" if piece is None else None
            choice = {"index": 0, "delta": {"content": piece or ""}, "finish_reason": end}
            event: dict[str, Any] = {"id": "i", "choices": [choice], "model": "m", "created": 1}
            yield b"data: " + json.dumps(event).encode() + b"\n\n"
            if number == 1:
                yield Pause(0.01)

    return Answer(200, {"Content-Type": "text/event-stream"}, pieces())


def test_the_answers_to_32_threads_are_not_mixed_up(server: LocalServer) -> None:
    server.route("POST", "/v1/chat/completions", echoed)
    client = Cerebras("csk-test", base_url=server.base_url)

    def ask(name: str) -> None:
        for number in range(5):
            text = f"{name}-{number}"
            stream = client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": text}], stream=True
            )
            if number == 2:
                next(stream)
                stream.close()  # half read: nobody may get the rest
                continue
            assert "".join(stream.text_stream) == text

    together([lambda n=n: ask(f"thread {n}") for n in range(32)])  # type: ignore[misc]
    client.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_answers_to_32_tasks_are_not_mixed_up(server: LocalServer, backend: str) -> None:
    server.route("POST", "/v1/chat/completions", echoed)

    async def main() -> None:
        async with AsyncCerebras("csk-test", base_url=server.base_url) as client:

            async def ask(name: str) -> None:
                for number in range(5):
                    text = f"{name}-{number}"
                    stream = await client.chat.completions.create(
                        model="m", messages=[{"role": "user", "content": text}], stream=True
                    )
                    if number == 2:
                        await anext(stream)
                        await stream.close()
                        continue
                    assert "".join([piece async for piece in stream.text_stream]) == text

            async with anyio.create_task_group() as group:
                for number in range(32):
                    group.start_soon(ask, f"task {number}")

    anyio.run(main, backend=backend)
