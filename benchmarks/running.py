"""Runs what is to be measured: fresh processes, in an order that is shuffled in each repeat."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from . import scripts
from .cases import PEERS, Case, Kind

TOP = Path(__file__).parent.parent
# (case, kind, peer): one value for each repeat.
Values = dict[tuple[str, Kind, str], list[float]]


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a server on a processor of its own, if there is more than one."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
        cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def leave_the_last_processor() -> None:
    """This process and the clients that it starts keep away from the server's processor."""
    if hasattr(os, "sched_setaffinity"):
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, mine - {max(mine)} or mine)


def measure(case: Case, kind: Kind, peer: str, url: str) -> float:
    asked = {**asdict(case), "kind": kind, "peer": peer, "url": url}
    if case.work == "cold":
        return scripts.cold(asked)
    if case.work == "begin":
        return scripts.begin(asked)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.client", json.dumps(asked)],
        cwd=TOP, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{case.name}, {peer} ({kind}):\n{done.stderr[-3000:]}")
    return float(done.stdout)


def run(
    cases: Sequence[Case],
    peers: Sequence[str],
    *,
    repeats: int,
    told: Callable[[str], None],
    seed: int = 1,
) -> Values:
    """Each repeat measures everything once; `told` hears how far it is."""
    chance = random.Random(seed)
    whole = [
        (case, kind, peer)
        for case in cases
        for peer in peers
        for kind in case.kinds
        if kind in PEERS[peer][1] and peer in case.peers
    ]
    values: Values = {(case.name, kind, peer): [] for case, kind, peer in whole}
    leave_the_last_processor()
    with server() as url:
        for case, kind, peer in whole:
            if case.work in ("cold", "begin"):
                measure(case, kind, peer, url)  # the first start writes the bytecode
        for repeat in range(repeats):
            chance.shuffle(whole)
            for number, (case, kind, peer) in enumerate(whole):
                told(f"repeat {repeat + 1} of {repeats}: {number + 1} of {len(whole)}")
                values[case.name, kind, peer].append(measure(case, kind, peer, url))
    return values
