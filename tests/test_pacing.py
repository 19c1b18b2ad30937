"""Pacing, proved on the local server: trial limits, a virtual clock, many callers, no refusal.

The same 200 requests are sent by 8 threads and by 8 tasks; the official client sends them as well,
on a server of its own, for comparison.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cerebras.cloud import sdk as official

import cerebras_sdk._async.pacing
import cerebras_sdk._sync.base
import cerebras_sdk._sync.pacing
from cerebras_sdk import (
    APITimeoutError,
    AsyncCerebras,
    Cerebras,
    InvalidRequestError,
    RateLimitError,
    SharedPacing,
    Timeout,
)
from cerebras_sdk._transports import _httpx, _pacing, _requests, _shared_file, _shared_pacing
from cerebras_sdk.testing import EchoEngine, Limits, LocalServer, VirtualClock, serve

WORKERS = 8
REQUESTS = 200
TRIAL = Limits.trial(hour=False, day=False)  # 5 requests and 30K tokens a minute


def mixed(seed: int) -> list[dict[str, Any]]:
    """Requests of several sizes, whole and streamed."""
    chance = random.Random(seed)
    return [
        {
            "model": "gpt-oss-120b",
            "messages": [{"role": "user", "content": "word " * chance.randint(1, 400)}],
            "max_completion_tokens": chance.choice([50, 500, 2000, 8000]),
            "stream": chance.random() < 0.5,
        }
        for _ in range(REQUESTS)
    ]


@contextmanager
def limited(
    monkeypatch: pytest.MonkeyPatch, limits: Any = TRIAL
) -> Iterator[tuple[LocalServer, VirtualClock]]:
    clock = VirtualClock()
    for module in (
        _pacing, _shared_pacing, cerebras_sdk._async.pacing, cerebras_sdk._sync.pacing
    ):  # fmt: skip
        monkeypatch.setattr(module, "time", clock)
    # The lock of a file is a true one, whatever the clock says.
    real = SimpleNamespace(time=clock.time, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(_shared_file, "time", real)
    monkeypatch.setattr(_requests.RequestsTransport, "sleep", lambda _, s: clock.sleep(s))
    monkeypatch.setattr(_httpx.HttpxTransport, "sleep", lambda _, s: clock.asleep(s))
    with serve(EchoEngine(), limits=limits, clock=clock) as server:
        yield server, clock


def most_requests(limits: Limits, seconds: float) -> float:
    """How many requests the limits let through in that time, whatever the client does."""
    assert limits.requests_minute is not None
    return limits.requests_minute * (1 + seconds / 60)


def verdict(server: LocalServer, done: int) -> None:
    counts = server.quota()
    assert done == counts.admitted == REQUESTS
    assert dict(counts.rejected) == {}, "a request was refused"
    assert counts.first is not None
    assert counts.last is not None
    lasted = counts.last - counts.first
    assert 0.95 * most_requests(TRIAL, lasted) <= REQUESTS


def test_8_threads_are_never_refused_and_waste_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        limited(monkeypatch) as (server, clock),
        Cerebras("csk-test", base_url=server.base_url, pacing=True, max_retries=0) as client,
    ):
        left = iter(mixed(1))
        guard = threading.Lock()
        done: list[str] = []

        def run(worker: Any) -> None:
            with worker:
                while True:
                    with guard:
                        request = next(left, None)
                    if request is None:
                        return
                    answer = client.chat.completions.create(**request)
                    whole = answer if isinstance(answer, cerebras_sdk.ChatCompletion) else None
                    if whole is None:
                        whole = answer.get_final_completion()
                    done.append(whole.text)

        workers = [clock.worker() for _ in range(WORKERS)]
        threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        verdict(server, len(done))


def test_8_tasks_are_never_refused_and_waste_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(server: LocalServer, clock: VirtualClock) -> int:
        left = iter(mixed(2))
        done: list[str] = []

        async def run(worker: Any, client: AsyncCerebras) -> None:
            with worker:
                for request in left:
                    answer = await client.chat.completions.create(**request)
                    if not isinstance(answer, cerebras_sdk.ChatCompletion):
                        answer = await answer.get_final_completion()
                    done.append(answer.text)

        async with AsyncCerebras(
            "csk-test", base_url=server.base_url, pacing=True, max_retries=0
        ) as client:
            workers = [clock.worker() for _ in range(WORKERS)]
            await asyncio.gather(*(run(worker, client) for worker in workers))
        return len(done)

    with limited(monkeypatch) as (server, clock):
        verdict(server, asyncio.run(main(server, clock)))


def test_without_pacing_they_are_refused_as_those_of_the_official_client_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The comparison: a burst of the same requests, which gives up where it is refused."""

    def burst(server: LocalServer, make: Callable[[], Any], error: type[Exception]) -> int:
        client, refused = make(), 0
        for request in mixed(3)[:40]:
            try:
                client.chat.completions.create(**{**request, "stream": False})
            except error:
                refused += 1
        client.close()
        return refused

    with limited(monkeypatch) as (server, _):
        theirs = burst(
            server,
            lambda: official.Cerebras(
                api_key="csk-test",
                base_url=server.base_url,
                max_retries=0,
                warm_tcp_connection=False,
            ),
            official.RateLimitError,
        )
    with limited(monkeypatch) as (server, _):
        ours = burst(
            server,
            lambda: Cerebras("csk-test", base_url=server.base_url, max_retries=0),
            RateLimitError,
        )
    assert theirs >= 35
    assert ours >= 35


def test_the_wait_is_bounded_by_the_total_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        limited(monkeypatch) as (server, clock),
        Cerebras("csk-test", base_url=server.base_url, pacing=True) as client,
    ):
        monkeypatch.setattr(cerebras_sdk._sync.base, "time", clock)
        call = {**mixed(1)[0], "stream": False, "max_completion_tokens": 5}
        for _ in range(5):
            client.chat.completions.create(**call)
            clock.advance(0.5)
        sent = len(server.requests)
        with pytest.raises(APITimeoutError, match="no room for gpt-oss-120b") as caught:
            client.chat.completions.create(**call, timeout=Timeout(5, total=5))
        assert caught.value.phase == "total"
        assert len(server.requests) == sent


def test_a_daily_quota_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        limited(monkeypatch, Limits(requests_day=2)) as (server, clock),
        Cerebras("csk-test", base_url=server.base_url, pacing=True) as client,
    ):
        call = {**mixed(1)[0], "stream": False}
        for _ in range(2):
            client.chat.completions.create(**call)
            clock.advance(1)
        with pytest.raises(RateLimitError, match=r"it reopens in \d+ h.*nothing was sent"):
            client.chat.completions.create(**call)
        assert len(server.requests) == 2


def test_two_clients_and_both_twins_have_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    with limited(monkeypatch) as (server, clock):
        call = {**mixed(1)[0], "stream": False, "max_completion_tokens": 5}
        with Cerebras("csk-test", base_url=server.base_url, pacing=True) as one:
            for _ in range(5):
                one.chat.completions.create(**call)

        async def other() -> None:
            async with AsyncCerebras("csk-test", base_url=server.base_url, pacing=True) as client:
                await client.chat.completions.create(**call)

        before = clock.monotonic()
        asyncio.run(other())
        assert clock.monotonic() - before > 5
        assert dict(server.quota().rejected) == {}


def test_a_stream_that_is_left_early_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        limited(monkeypatch) as (server, _),
        Cerebras("csk-test", base_url=server.base_url, pacing=True, max_retries=0) as client,
    ):
        for request in mixed(4)[:12]:
            with client.chat.completions.create(**{**request, "stream": True}) as stream:
                next(iter(stream))
        assert dict(server.quota().rejected) == {}


def test_processes_share_a_budget_by_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two clients that know nothing of each other but the file, as two processes would."""
    with limited(monkeypatch) as (server, clock):
        call = {**mixed(1)[0], "stream": False, "max_completion_tokens": 5}

        async def other() -> None:
            async with AsyncCerebras(
                "csk-test", base_url=server.base_url, pacing=SharedPacing(tmp_path / "pacing.json")
            ) as client:
                await client.chat.completions.create(**call)

        with Cerebras(
            "csk-test", base_url=server.base_url, pacing=SharedPacing(tmp_path / "pacing.json")
        ) as client:
            for _ in range(5):
                client.chat.completions.create(**call)
        before = clock.monotonic()
        asyncio.run(other())
        assert clock.monotonic() - before > 5
        assert dict(server.quota().rejected) == {}
        assert "csk-test" not in (tmp_path / "pacing.json").read_text()


def test_another_kind_of_pacing_is_refused() -> None:
    wrong: Any = "yes"
    with pytest.raises(InvalidRequestError, match="SharedPacing"):
        Cerebras("csk-test", pacing=wrong)
