"""Those who wait for room: interrupted, cancelled, closed, many at a time, and in a loop that
nothing may block."""

from __future__ import annotations

import _thread
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from cerebras_sdk import (
    APITimeoutError,
    AsyncCerebras,
    Cerebras,
    CerebrasError,
    SharedPacing,
    Timeout,
)
from cerebras_sdk._transports import _pacing
from cerebras_sdk._transports._pacing import LocalPacer, LocalPacing
from cerebras_sdk._transports._shared_file import SharedFile
from cerebras_sdk.testing import EchoEngine, Limits, LocalServer, serve
from cerebras_sdk.types import RateLimits, RateLimitWindow

CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "one two three"}],
    "max_completion_tokens": 50,
}
MANY = Limits(requests_minute=6000, tokens_minute=1_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pacing.json"


@pytest.fixture
def roomy() -> Iterator[LocalServer]:
    with serve(EchoEngine(), limits=MANY) as server:
        yield server


@pytest.fixture
def full() -> Iterator[LocalServer]:
    """A server whose one request of a minute is used up by the first."""
    with serve(EchoEngine(), limits=Limits(requests_minute=1)) as server:
        yield server


class TestInALoop:
    pytestmark = pytest.mark.anyio

    async def test_the_end_of_a_call_does_not_wait_for_the_file(
        self, path: Path, roomy: LocalServer
    ) -> None:
        async with AsyncCerebras(
            "csk-test", base_url=roomy.base_url, pacing=SharedPacing(path)
        ) as client:
            await client.chat.completions.create(**CALL)
            stream = await client.chat.completions.create(**CALL, stream=True)
            with SharedFile(path)._locked():
                before = time.monotonic()
                await stream.close()
                assert time.monotonic() - before < 0.5
            # What was not said then is said before the next is asked.
            before = time.monotonic()
            await client.chat.completions.create(**CALL)
            assert time.monotonic() - before < 2

    async def test_a_call_that_is_cancelled_while_it_waits_for_the_file_leaves_no_ghost(
        self, path: Path, roomy: LocalServer
    ) -> None:
        async with AsyncCerebras(
            "csk-test", base_url=roomy.base_url, pacing=SharedPacing(path)
        ) as client:
            await client.chat.completions.create(**CALL)
            with SharedFile(path)._locked():
                before = time.monotonic()
                with anyio.move_on_after(0.3):
                    await client.chat.completions.create(**CALL)
                assert time.monotonic() - before < 0.9
            before = time.monotonic()
            await client.chat.completions.create(**CALL)
            assert time.monotonic() - before < 2

    async def test_a_call_that_is_cancelled_while_it_waits_gives_its_place_back(
        self, path: Path, full: LocalServer
    ) -> None:
        async with AsyncCerebras(
            "csk-test", base_url=full.base_url, pacing=SharedPacing(path)
        ) as client:
            await client.chat.completions.create(**CALL)
            for _ in range(10):
                with anyio.move_on_after(0.05):
                    await client.chat.completions.create(**CALL)
            await anyio.sleep(0.3)
            assert client._pacing is not None
            [state] = SharedFile(path)._read().values()
            assert state["owners"] == {}

    async def test_the_wait_for_the_file_is_bounded_by_the_total_timeout(
        self, path: Path, roomy: LocalServer
    ) -> None:
        async with AsyncCerebras(
            "csk-test",
            base_url=roomy.base_url,
            pacing=SharedPacing(path),
            timeout=Timeout(5, total=0.5),
        ) as client:
            with SharedFile(path)._locked():
                before = time.monotonic()
                with pytest.raises(APITimeoutError, match="SharedPacing") as caught:
                    await client.chat.completions.create(**CALL)
                assert time.monotonic() - before < 1.5
        assert caught.value.phase == "total"
        assert "keeps it" in str(caught.value.__cause__)

    async def test_closing_the_client_ends_the_wait(self, full: LocalServer) -> None:
        client = AsyncCerebras("csk-test", base_url=full.base_url, pacing=True)
        await client.chat.completions.create(**CALL)
        failures: list[str] = []

        async def wait() -> None:
            try:
                await client.chat.completions.create(**CALL)
            except CerebrasError as error:
                failures.append(str(error))

        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(wait)
                await anyio.sleep(0.2)
                await client.close()
        assert failures == ["the client is closed"]


def test_closing_the_client_ends_the_wait_of_a_thread(full: LocalServer) -> None:
    client = Cerebras("csk-test", base_url=full.base_url, pacing=True)
    client.chat.completions.create(**CALL)
    failures: list[str] = []

    def wait() -> None:
        try:
            client.chat.completions.create(**CALL)
        except CerebrasError as error:
            failures.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    client.close()
    thread.join(5)
    assert failures == ["the client is closed"]


@pytest.mark.parametrize("shared", [False, True])
def test_a_keyboard_interrupt_leaves_nobody_in_the_queue(
    full: LocalServer, path: Path, shared: bool
) -> None:
    pacing = SharedPacing(path) if shared else True
    with Cerebras("csk-test", base_url=full.base_url, pacing=pacing) as client:
        client.chat.completions.create(**CALL)
        timer = threading.Timer(0.3, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            client.chat.completions.create(**CALL)
        timer.join()
        if isinstance(pacing, SharedPacing):
            pacing._file.change("nothing", lambda state: {})
            owners = [state.get("owners") for state in SharedFile(path)._read().values()]
            assert owners == [{}, None]
        else:
            used = [pacer for pacer in _pacing.PROCESS._kept.values() if pacer._pacer.waiting]
            assert used == []


@pytest.mark.parametrize("shared", [False, True])
def test_32_threads_are_never_refused(roomy: LocalServer, path: Path, shared: bool) -> None:
    pacing = SharedPacing(path) if shared else True
    failures: list[BaseException] = []
    with Cerebras("csk-test", base_url=roomy.base_url, pacing=pacing, max_retries=0) as client:

        def work() -> None:
            try:
                for _ in range(3):
                    client.chat.completions.create(**CALL)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    counts = roomy.quota()
    assert (failures, counts.admitted, dict(counts.rejected)) == ([], 96, {})


def spend(pacer: LocalPacer, now: float, seconds: str = "minute") -> None:
    window = RateLimitWindow(kind="requests", window=seconds, limit=5, remaining=4)
    ticket = pacer.join(10)
    assert pacer.delay(ticket, now) == 0
    pacer.settle(ticket, now, tokens=5, limits=RateLimits((window,)))


def test_budgets_that_are_full_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    pacing = LocalPacing()
    now = 1000.0
    monkeypatch.setattr(pacing, "now", lambda: now)
    for number in range(500):
        spend(pacing.get(str(number), "m"), now)
    assert len(pacing._kept) == 500  # each is still missing something
    now = 1100.0
    pacing.get("another", "m")
    assert list(pacing._kept) == [("another", "m")]


def test_the_number_of_budgets_is_bounded_and_none_in_use_is_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pacing = LocalPacing()
    monkeypatch.setattr(pacing, "now", lambda: 1000.0)
    used = pacing.get("in use", "m")
    for number in range(2 * _pacing._MANY):
        spend(pacing.get(str(number), "m"), 1000.0, "day")
    assert len(pacing._kept) == _pacing._MANY
    assert pacing.get("in use", "m") is used


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_what_a_forked_process_took_over_gives_nothing_of_its_own_back() -> None:
    pacer = LocalPacer()
    old = pacer.join(10)
    assert pacer.delay(old, 0) == 0
    pacer.forked()
    own = pacer.join(10)
    assert pacer.delay(own, 0) == 0
    pacer.settle(old, 0, tokens=None)
    assert list(pacer._pacer.sent) == [own.number]
