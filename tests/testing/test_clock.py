"""A clock that stands still until everybody is asleep, and then jumps to the earliest wake-up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from cerebras_sdk.testing import Limits, VirtualClock, serve

from .local_client import chat, client_of, eventually


def test_time_starts_at_a_fixed_moment_and_passes_only_in_sleep() -> None:
    clock = VirtualClock()
    assert datetime.fromtimestamp(clock.time(), UTC).isoformat() == "2026-11-01T00:00:00+00:00"
    assert clock.monotonic() == 0
    clock.sleep(86_400)
    asyncio.run(clock.asleep(0.5))
    clock.advance(0.25)
    clock.sleep(0)
    assert clock.monotonic() == 86_400.75
    assert clock.time() == VirtualClock().time() + 86_400.75
    assert VirtualClock(start=5).time() == 5


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_sleep_is_not_negative_and_ends(seconds: float) -> None:
    clock = VirtualClock()
    for sleep in (clock.sleep, clock.advance, lambda s: asyncio.run(clock.asleep(s))):
        with pytest.raises(ValueError, match="a sleep is not negative"):
            sleep(seconds)
    assert clock.monotonic() == 0


def test_eight_threads_wake_up_in_the_order_of_their_times() -> None:
    clock = VirtualClock()
    seen: list[tuple[float, int]] = []
    workers = [clock.worker() for _ in range(8)]

    def run(number: int) -> None:
        with workers[number]:
            for _ in range(20):
                clock.sleep(number + 1)
                seen.append((clock.monotonic(), number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert [moment for moment, _ in seen] == sorted(moment for moment, _ in seen)
    expected = {((n + 1) * turn, n) for n in range(8) for turn in range(1, 21)}
    assert set(seen) == expected
    assert clock.monotonic() == 160


def test_eight_tasks_wake_up_in_the_order_of_their_times() -> None:
    clock = VirtualClock()
    seen: list[tuple[float, int]] = []

    async def run(number: int) -> None:
        with workers[number]:
            for _ in range(20):
                await clock.asleep(number + 1)
                seen.append((clock.monotonic(), number))
                await asyncio.sleep(0.0001)  # something else to wait for: the clock stands still

    async def main() -> None:
        await asyncio.gather(*(run(number) for number in range(8)))

    workers = [clock.worker() for _ in range(8)]
    asyncio.run(main())
    assert [moment for moment, _ in seen] == sorted(moment for moment, _ in seen)
    assert set(seen) == {((n + 1) * turn, n) for n in range(8) for turn in range(1, 21)}


def test_threads_and_tasks_share_a_clock() -> None:
    clock = VirtualClock()
    seen: list[tuple[float, str]] = []
    thread, task = clock.worker(), clock.worker()

    def in_thread() -> None:
        with thread:
            for _ in range(3):
                clock.sleep(2)
                seen.append((clock.monotonic(), "thread"))

    async def in_task() -> None:
        with task:
            for _ in range(2):
                await clock.asleep(3.5)
                seen.append((clock.monotonic(), "task"))

    running = threading.Thread(target=in_thread)
    running.start()
    asyncio.run(in_task())
    running.join()
    assert seen == [
        (2.0, "thread"), (3.5, "task"), (4.0, "thread"), (6.0, "thread"), (7.0, "task"),
    ]  # fmt: skip


def _asleep(clock: VirtualClock, seconds: float, *, registered: bool = True) -> threading.Thread:
    worker = clock.worker() if registered else None

    def run() -> None:
        if worker is None:
            clock.sleep(seconds)
        else:
            with worker:
                clock.sleep(seconds)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    eventually(lambda: len(clock._sleepers) or not thread.is_alive())
    return thread


def test_the_clock_waits_for_a_worker_that_is_awake() -> None:
    clock = VirtualClock()
    with clock.worker():
        sleeper = _asleep(clock, 10)
        assert clock.monotonic() == 0
        clock.sleep(3)
        assert clock.monotonic() == 3
        sleeper.join(0.02)
        assert sleeper.is_alive()
    sleeper.join(5)
    assert clock.monotonic() == 10


def test_the_clock_waits_for_a_worker_that_has_not_started() -> None:
    clock = VirtualClock()
    late = clock.worker()
    sleeper = _asleep(clock, 10)
    sleeper.join(0.02)
    assert clock.monotonic() == 0
    with late:
        clock.sleep(1)
        assert clock.monotonic() == 1
    sleeper.join(5)
    assert clock.monotonic() == 10


def test_a_sleeper_that_is_no_worker_is_woken_in_time() -> None:
    clock = VirtualClock()
    with clock.worker():
        stranger = _asleep(clock, 2, registered=False)
        clock.sleep(2)
        stranger.join(5)
        assert not stranger.is_alive()
        assert clock.monotonic() == 2


def test_the_clock_is_not_moved_past_a_sleeper_by_hand() -> None:
    clock = VirtualClock()
    with clock.worker():
        sleeper = _asleep(clock, 10)
        with pytest.raises(RuntimeError, match="past the wake-up of a sleeper"):
            clock.advance(10.5)
        clock.advance(10)
        sleeper.join(5)
        assert not sleeper.is_alive()
        assert clock.monotonic() == 10


def test_a_worker_whose_sleep_was_cancelled_is_awake() -> None:
    clock = VirtualClock()
    late = clock.worker()

    async def main() -> None:
        with clock.worker():
            task = asyncio.create_task(clock.asleep(5))
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            sleeper = asyncio.create_task(other())
            await asyncio.sleep(0.001)
            assert clock.monotonic() == 0
            await clock.asleep(7)
            assert clock.monotonic() == 7
        await sleeper

    async def other() -> None:
        with late:
            await clock.asleep(10)

    asyncio.run(main())
    assert clock.monotonic() == 10


def test_a_task_of_a_worker_sleeps_in_its_name() -> None:
    clock = VirtualClock()

    async def main() -> None:
        with clock.worker():
            await asyncio.create_task(clock.asleep(5))

    asyncio.run(main())
    assert clock.monotonic() == 5


@pytest.mark.parametrize("sleep", [VirtualClock.sleep, lambda c, s: asyncio.run(c.asleep(s))])
def test_a_clock_that_nobody_can_move_says_so(sleep: Callable[[VirtualClock, float], None]) -> None:
    clock = VirtualClock(patience=0.02)
    clock.worker()
    with clock.worker(), pytest.raises(RuntimeError, match="1 of 2 workers are asleep"):
        sleep(clock, 1)


def test_eight_threads_share_the_limits_to_the_second() -> None:
    """Each comes back when it is told to; the time that 40 requests take is known exactly."""
    clock = VirtualClock()
    workers = [clock.worker() for _ in range(8)]

    with serve(limits=Limits(requests_minute=5), clock=clock) as server:

        def run(number: int) -> list[int]:
            statuses: list[int] = []
            with workers[number], client_of(server) as client:
                while statuses.count(200) < 5:
                    answer = client.post("/v1/chat/completions", json=chat("one"))
                    statuses.append(answer.status_code)
                    if answer.status_code != 200:
                        clock.sleep(float(answer.headers["retry-after"]))
            return statuses

        with ThreadPoolExecutor(8) as pool:
            statuses = [status for answers in pool.map(run, range(8)) for status in answers]
        counts = server.quota()
    # A full bucket of 5, then one every 12 seconds.
    assert clock.monotonic() == (40 - 5) * 12
    assert (counts.admitted, counts.first, counts.last) == (40, 0, 420)
    assert statuses.count(200) == 40
    assert counts.rejected == {("requests", "minute"): statuses.count(429)}


def test_eight_tasks_share_the_limits_to_the_second() -> None:
    clock = VirtualClock()
    workers = [clock.worker() for _ in range(8)]

    async def run(number: int, client: httpx.AsyncClient) -> None:
        with workers[number]:
            done = 0
            while done < 5:
                answer = await client.post("/v1/chat/completions", json=chat("one"))
                if answer.status_code == 200:
                    done += 1
                else:
                    await clock.asleep(float(answer.headers["retry-after"]))

    async def main(base_url: str) -> None:
        headers = {"Authorization": "Bearer csk-test"}
        async with httpx.AsyncClient(base_url=base_url, headers=headers, trust_env=False) as client:
            await asyncio.gather(*(run(number, client) for number in range(8)))

    with serve(limits=Limits(requests_minute=5), clock=clock) as server:
        asyncio.run(main(server.base_url))
        assert server.quota().admitted == 40
    assert clock.monotonic() == (40 - 5) * 12
