"""Processes share one budget through a file, whoever of them is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk import CerebrasError, InvalidRequestError
from cerebras_sdk._transports import _shared_pacing
from cerebras_sdk._transports._shared_pacing import SharedPacer, SharedPacing
from cerebras_sdk.types import RateLimits, RateLimitWindow

ROOT = Path(__file__).parent.parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes of POSIX")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here asks again when the lock is not had in a moment."""
    monkeypatch.setattr(_shared_pacing, "_TRY_SECONDS", 10)


def limits(count: int, *, remaining: int | None = None, window: str = "second") -> RateLimits:
    left = count if remaining is None else remaining
    return RateLimits(
        (RateLimitWindow(kind="requests", window=window, limit=count, remaining=left),)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pacing.json"


def budget(path: Path) -> SharedPacer:
    return SharedPacing(path).get("fingerprint", "gpt-oss-120b")


def teach(path: Path, known: RateLimits, *, now: float) -> None:
    pacer = budget(path)
    ticket = pacer.join(0)
    assert pacer.delay(ticket, now) == 0
    pacer.settle(ticket, now, tokens=0, limits=known)
    told()


def told() -> None:
    """Waits until what ended is written down, which is done in the background."""
    for thread in threading.enumerate():
        if thread.name == "cerebras-sdk-pacing":
            thread.join()


PROLOGUE = """
import json, os, sys, time
from cerebras_sdk._transports import _shared_pacing
from cerebras_sdk._transports._shared_pacing import SharedPacing
_shared_pacing._TRY_SECONDS = 10
shared = SharedPacing(sys.argv[1])
pacer = shared.get("fingerprint", "gpt-oss-120b")
"""
WORKER = """
for _ in range(int(sys.argv[2])):
    ticket = pacer.join(10)
    while (wait := pacer.delay(ticket, now := time.time())) > 0:
        time.sleep(min(wait, 0.05))
    print(now, flush=True)
    pacer.settle(ticket, time.time(), tokens=10)
"""
HOLDING_A_RESERVATION = """
ticket = pacer.join(10)
assert pacer.delay(ticket, time.time()) == 0
print("ready", flush=True)
time.sleep(60)
"""
WAITING = """
ticket = pacer.join(10)
assert pacer.delay(ticket, time.time()) > 0
print("ready", flush=True)
time.sleep(60)
"""
HOLDING_THE_LOCK = """
with shared._file._locked():
    print("ready", flush=True)
    time.sleep(60)
"""


LEAVING = """
ticket = pacer.join(10)
assert pacer.delay(ticket, time.time()) == 0
pacer.leave(ticket, time.time())
"""
FORKING = """
ticket = pacer.join(10)
assert pacer.delay(ticket, time.time()) == 0
if (pid := os.fork()) == 0:
    pacer.leave(ticket, time.time())
    sys.exit()
os.waitpid(pid, 0)
print(pacer.delay(pacer.join(10), time.time()))
"""


def started(code: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROLOGUE + code, str(path), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def ask(path: Path) -> float:
    pacer = budget(path)
    return pacer.delay(pacer.join(10), 1000)


def killed(code: str, path: Path) -> None:
    """Runs the code until it is ready, and kills it there."""
    with started(code, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)


def test_what_one_takes_the_others_miss(path: Path) -> None:
    teach(path, limits(2, window="minute"), now=1000)
    one, two = budget(path), budget(path)
    assert one.delay(one.join(10), 1000) == 0
    waits = two.join(10)
    assert 0 < two.delay(waits, 1000) < 1  # the bucket of the service was full until it got there
    assert two.delay(waits, 1001) == 0
    assert one.delay(one.join(10), 1001) == pytest.approx(30, abs=1)


def test_the_first_in_the_queue_goes_first_whose_ever_it_is(path: Path) -> None:
    teach(path, limits(1, remaining=0, window="minute"), now=1000)
    one, two = budget(path), budget(path)
    first, second = one.join(10), two.join(10)
    for now in range(1000, 1056, 5):
        assert one.delay(first, now) > 0
        assert two.delay(second, now) > 0
    assert two.delay(second, 1061) > 0
    assert one.delay(first, 1061) == 0
    assert two.shortage(second, 1061).seconds > 50
    two.leave(second, 1061)
    told()
    assert two.shortage(second, 1061).seconds == 0
    with pytest.raises(KeyError):
        two.delay(second, 1061)


def test_all_that_a_pacer_does_is_shared(path: Path) -> None:
    one, two = budget(path), budget(path)
    first = one.join(10)
    assert one.delay(first, 1000) == 0
    second = two.join(10)
    assert two.delay(second, 1000) == 10  # the first goes alone
    one.observe(first, 1001, limits(5, window="minute"))
    told()
    assert two.delay(second, 1001) == 0
    two.refuse(second, 1002, retry_after=20, limits=limits(5, window="minute"))
    told()
    assert one.delay(one.join(10), 1002) == 20


def test_keys_and_models_have_budgets_of_their_own(path: Path) -> None:
    teach(path, limits(1, remaining=0, window="day"), now=1000)
    shared = SharedPacing(path)
    for key, model in (("other", "gpt-oss-120b"), ("fingerprint", "qwen-3.8-27b")):
        pacer = shared.get(key, model)
        assert pacer.delay(pacer.join(10), 1000) == 0


def most_at_once(times: list[float], *, limit: int, seconds: float) -> float:
    """How many were admitted beyond what the limit allows, over the worst stretch of time."""
    times = sorted(times)
    return max(
        last - first + 1 - limit - (times[last] - times[first]) * limit / seconds
        for first in range(len(times))
        for last in range(first, len(times))
    )


def test_three_processes_together_stay_below_the_limit(path: Path) -> None:
    teach(path, limits(10), now=time.time() - 1)
    processes = [started(WORKER, path, "12") for _ in range(3)]
    times = [
        float(line) for process in processes for line in process.communicate(timeout=60)[0].split()
    ]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(times) == 36
    assert most_at_once(times, limit=10, seconds=1) <= 0.01
    # Starting takes its time; all else went as fast as the limit allows.
    assert max(times) - min(times) < 36 / 10 + 3


def test_threads_share_it_as_well(path: Path) -> None:
    teach(path, limits(20), now=time.time() - 1)
    times: list[float] = []

    def work() -> None:
        pacer = budget(path)
        for _ in range(5):
            ticket = pacer.join(10)
            while (wait := pacer.delay(ticket, now := time.time())) > 0:
                time.sleep(min(wait, 0.02))
            times.append(now)
            pacer.settle(ticket, time.time(), tokens=10)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 30
    assert most_at_once(times, limit=20, seconds=1) <= 0.01


@posix
def test_a_killed_process_lets_go_of_the_lock(path: Path) -> None:
    killed(HOLDING_THE_LOCK, path)
    before = time.monotonic()
    teach(path, limits(5), now=1000)
    assert time.monotonic() - before < 5


@posix
def test_a_killed_process_leaves_the_queue(path: Path) -> None:
    now = time.time()
    teach(path, limits(1, remaining=0, window="minute"), now=now)
    killed(WAITING, path)
    pacer = budget(path)
    assert pacer.delay(pacer.join(10), now + 61) == 0


@posix
def test_what_a_killed_process_reserved_counts_as_used(path: Path) -> None:
    window = RateLimitWindow(kind="tokens", window="minute", limit=10, remaining=10)
    now = time.time()
    teach(path, RateLimits((window,)), now=now)
    killed(HOLDING_A_RESERVATION, path)
    pacer = budget(path)
    ticket = pacer.join(10)
    assert pacer.delay(ticket, now) > 0
    # Nothing more can come back from it: to wait less is out of the question.
    assert pacer.shortage(ticket, now).seconds == pytest.approx(60, abs=5)
    assert pacer.delay(ticket, now + 70) == 0


def test_who_is_not_heard_of_leaves_the_queue(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(path, limits(1, remaining=0, window="minute"), now=1000)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("platform.node", lambda: "another machine")
        lost = budget(path).join(10)
        assert budget(path).delay(lost, 1000) > 0
    pacer = budget(path)
    ticket = pacer.join(10)
    pacer.delay(ticket, 1009)
    assert pacer.delay(ticket, 1061) == 0
    # It comes back, and is the last.
    assert pacer.delay(lost, 1062) == pytest.approx(59, abs=1)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"version": 1}', b'{"version": 2, "pacers": {}}',
        b'{"version": 1, "pacers": []}', b"[" * 100_000,
        b'{"version": 1, "pacers": {"fingerprint/gpt-oss-120b": 3}}',
    ],
    ids=range(10),
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_started_anew(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    teach(path, limits(1, remaining=0, window="minute"), now=1000)
    pacer = budget(path)
    assert pacer.delay(pacer.join(10), 1000) == pytest.approx(60, abs=0.01)


def test_a_file_that_was_cut_anywhere_is_started_anew(path: Path) -> None:
    teach(path, limits(1, window="minute"), now=1000)
    budget(path).delay(budget(path).join(10), 1000)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        assert budget(path).delay(budget(path).join(10), 1000) == 0


def changes(state: object) -> Iterator[object]:
    """The state with one value in it, at any depth, replaced by another."""
    if isinstance(state, dict):
        for name, value in state.items():
            for other in changes(value):
                yield {**state, name: other}
    yield from (None, -1, 5, "x", [], {}, 1e300)


def test_a_file_with_a_wrong_value_anywhere_is_repaired(path: Path) -> None:
    teach(path, limits(1, window="minute"), now=1000)
    budget(path).delay(budget(path).join(10), 1000)
    state = json.loads(path.read_bytes())
    for changed in changes(state):
        path.write_text(json.dumps(changed))
        pacer = budget(path)
        ticket = pacer.join(10)
        assert pacer.delay(ticket, 1000) >= 0
        pacer.settle(ticket, 1000, tokens=5)
        told()


def test_a_ticket_survives_the_loss_of_the_file(path: Path) -> None:
    teach(path, limits(1, remaining=0, window="minute"), now=1000)
    pacer = budget(path)
    ticket = pacer.join(10)
    assert pacer.delay(ticket, 1000) > 0
    path.unlink()
    assert pacer.delay(ticket, 1000) == 0
    path.unlink()
    pacer.settle(ticket, 1000, tokens=5)
    told()
    assert pacer.delay(pacer.join(10), 1000) == 0


def test_budgets_of_old_keys_are_forgotten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teach(path, limits(1), now=1000)
    late = time.time() + 3 * 86_400
    monkeypatch.setattr("time.time", lambda: late)
    pacer = SharedPacing(path).get("other", "gpt-oss-120b")
    pacer.delay(pacer.join(10), late)
    assert list(json.loads(path.read_bytes())["pacers"]) == ["other/gpt-oss-120b"]


@pytest.mark.parametrize("where", ["missing/pacing.json", "."])
def test_a_path_that_cannot_be_written_is_told(tmp_path: Path, where: str) -> None:
    pacer = budget(tmp_path / where)
    with pytest.raises(InvalidRequestError, match="SharedPacing takes the path of a file") as info:
        pacer.delay(pacer.join(10), 1000)
    assert isinstance(info.value.__cause__, OSError)


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InvalidRequestError, match="Permission denied"):
            ask(tmp_path / "pacing.json")
    finally:
        tmp_path.chmod(0o700)


def test_a_folder_that_becomes_read_only_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(path, limits(5), now=1000)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(InvalidRequestError, match="Permission denied"):
        ask(path)


def test_a_lock_that_nobody_lets_go_of_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shared_pacing, "_TRY_SECONDS", 0.05)
    with SharedPacing(path)._file._locked(), pytest.raises(CerebrasError, match="and keeps it"):
        ask(path)


def test_what_ends_while_the_lock_is_held_is_told_later_and_in_order(path: Path) -> None:
    teach(path, limits(1, window="day"), now=1000)
    pacer = budget(path)
    first = pacer.join(10)
    assert pacer.delay(first, 1000) == 0
    before = time.monotonic()
    with SharedPacing(path)._file._locked():
        pacer.leave(first, 1001)
        assert time.monotonic() - before < 0.1
    assert pacer.delay(pacer.join(10), 1001) == 0


def test_what_cannot_be_told_is_logged_and_told_with_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    teach(path, limits(1, window="day"), now=1000)
    pacer = budget(path)
    first = pacer.join(10)
    assert pacer.delay(first, 1000) == 0
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", mock_of(PermissionError(13, "Permission denied")))
        pacer.leave(first, 1001)
        told()
    assert "Permission denied" in caplog.text
    assert pacer.delay(pacer.join(10), 1001) == 0


def test_what_ended_at_the_end_of_a_process_is_told(path: Path) -> None:
    teach(path, limits(1, window="day"), now=time.time())
    with started(LEAVING, path) as process:
        assert process.wait(timeout=30) == 0
    assert budget(path).delay(budget(path).join(10), time.time()) < 1  # and not a day


@posix
def test_a_forked_process_gives_nothing_of_its_parents_back(path: Path) -> None:
    teach(path, limits(1, window="day"), now=time.time())
    with started(FORKING, path) as process:
        assert process.wait(timeout=30) == 0
        assert process.stdout is not None
        assert float(process.stdout.read()) > 1000


def mock_of(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


@posix
def test_others_on_the_machine_cannot_read_it(path: Path) -> None:
    teach(path, limits(5), now=1000)
    assert [file.stat().st_mode & 0o077 for file in path.parent.iterdir()] == [0, 0]


def test_its_repr_names_the_file(path: Path) -> None:
    assert repr(SharedPacing(path)) == f"SharedPacing({str(path)!r})"


def test_who_waits_behind_others_of_this_process_leaves_the_file_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(path, limits(100, remaining=0, window="minute"), now=1000)
    shared = budget(path)
    tickets = [shared.join(10) for _ in range(50)]
    for ticket in tickets:  # each of them is in the queue of all processes
        assert shared.delay(ticket, 1000) > 0
    changed = []
    change = shared._file.change

    def counted(*given: Any, **options: Any) -> None:
        changed.append(given)
        change(*given, **options)

    monkeypatch.setattr(shared._file, "change", counted)
    waits = [shared.delay(ticket, 1000.1) for ticket in tickets]
    assert len(changed) == 1
    assert waits[1:] == sorted(waits[1:])
    assert 0 < waits[1] < 0.01  # it is next, and there as soon as the first has gone
    assert shared.delay(tickets[49], 1006) > 0  # it asks often enough to be remembered
    assert len(changed) == 2


def test_the_next_of_this_process_goes_when_the_first_has_gone(path: Path) -> None:
    teach(path, limits(100, window="minute"), now=1000)
    shared = budget(path)
    first, second = shared.join(10), shared.join(10)
    third = shared.join(10)
    teach(path, limits(100, remaining=0, window="minute"), now=1001)
    assert [shared.delay(ticket, 1001) > 0 for ticket in (first, second, third)] == [True] * 3
    shared.leave(second, 1002)
    assert shared.delay(first, 1005) == 0
    assert shared.delay(third, 1005.7) == 0
