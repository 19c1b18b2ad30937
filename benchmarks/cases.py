"""What is measured: the work, how much of it, and what the project promises of it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import partial
from typing import Literal

from .peers import OFFICIAL, OURS

Kind = Literal["sync", "async"]
KINDS: tuple[Kind, ...] = ("sync", "async")

# The module that each peer needs, and the kinds that there are of it; None needs only ours.
PEERS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    OURS: ("cerebras_sdk", KINDS),
    OFFICIAL: ("cerebras.cloud.sdk", KINDS),
    "openai": ("openai", KINDS),
    "requests": ("requests", ("sync",)),
    "httpx": ("httpx", KINDS),
    "httpx-sse": ("httpx_sse", KINDS),
    "aiohttp": ("aiohttp", ("async",)),
    "floor": ("msgspec", KINDS),
}
SDKS = (OURS, OFFICIAL, "openai")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table.

    `work` names a function of client.py or a script of scripts.py, `unit` what it gives. `events`
    are those of one stream, `rounds` how often the work is done, `at_once` how many tasks (async)
    or threads (sync) do it. `target` is how many times less than the official SDK it shall be,
    by kind; `below` a value that it shall stay under.
    """

    name: str
    work: str
    unit: str
    shape: str = "one"
    events: int = 0
    rounds: int = 1
    at_once: int = 1
    size: int = 300
    kinds: tuple[Kind, ...] = KINDS
    peers: tuple[str, ...] = tuple(PEERS)
    target: tuple[float, float] | None = None
    below: float | None = None
    above_floor: bool = False

    def promise(self, kind: Kind) -> float | None:
        return self.target[KINDS.index(kind)] if self.target else None


stream = partial(Case, work="stream", unit="us/event")
request = partial(Case, work="request", unit="us/request", shape="whole")


def cases(*, quick: bool) -> list[Case]:
    """All of them; `quick` does less of each."""
    less = 5 if quick else 1
    long = 20_000 // less // 16 * 16
    return [
        stream(name="stream, one HTTP chunk per event", events=long, rounds=3, target=(7, 12)),
        stream(
            name="stream, 16 events per HTTP chunk",
            shape="sixteen",
            events=long,
            rounds=3,
            target=(10, 10),
        ),
        stream(
            name="50 streams at once",
            events=960 // less // 16 * 16,
            rounds=2,
            at_once=50,
            kinds=("async",),
            target=(6, 6),
        ),
        stream(
            name="20 threads that stream",
            events=2000 // less // 16 * 16,
            rounds=2,
            at_once=20,
            kinds=("sync",),
            target=(4.5, 4.5),
        ),
        Case(
            name="first event, above the floor",
            work="first",
            unit="us",
            events=16,
            rounds=300 // less,
            target=(3, 7),
            above_floor=True,
        ),
        request(name="one whole POST", rounds=500 // less),
        request(
            name="50 requests at once",
            rounds=20 // less,
            at_once=50,
            kinds=("async",),
            target=(9, 9),
        ),
        request(
            name="16 threads that POST",
            rounds=50 // less,
            at_once=16,
            kinds=("sync",),
            target=(2, 2),
        ),
        request(name="a prompt of 200 KB", rounds=50 // less, size=200_000, target=(4, 4)),
        Case(
            name="cold start to the first token",
            work="cold",
            unit="ms",
            events=16,
            target=(2, 2),
            peers=tuple(name for name in PEERS if name != "floor"),
        ),
        Case(
            name="import and constructor",
            work="begin",
            unit="ms",
            peers=tuple(name for name in PEERS if name != "floor"),
        ),
        Case(
            name="each further client",
            work="construct",
            unit="us",
            rounds=20,
            peers=SDKS,
            below=1000,
        ),
        Case(
            name="memory of each further client",
            work="constructed",
            unit="KB",
            rounds=20,
            peers=SDKS,
            below=50,
        ),
        Case(
            name="memory of a kept chunk", work="kept", unit="bytes", events=4000, target=(3.5, 3.5)
        ),
    ]


def growth(*, million: bool) -> list[Case]:
    """The same work at every size: a column of equal numbers is what one hopes for."""
    sizes = {1_024: 20, 10_000: 4, 100_000: 1} | ({1_000_000: 1} if million else {})
    crowds = {1: 400, 10: 40, 100: 5}
    return [
        *(
            stream(name=f"stream of {events:,} events", events=events, rounds=rounds)
            for events, rounds in sizes.items()
        ),
        *(
            request(name=f"{at_once} requests at once", rounds=rounds, at_once=at_once)
            for at_once, rounds in crowds.items()
        ),
        *(
            Case(
                name=f"memory of each of {at_once} open streams",
                work="opened",
                unit="KB",
                at_once=at_once,
            )
            for at_once in (1, 100)
        ),
    ]


def installed() -> list[str]:
    """The peers that can be measured here, in the order of the table."""
    return [name for name, (module, _) in PEERS.items() if found(module)]


def found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
