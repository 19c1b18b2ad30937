"""Turns the values of a run into tables: medians, ratios within a repeat, and their spread."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cerebras_sdk

from .cases import KINDS, PEERS, Case, Kind
from .peers import OFFICIAL, OURS
from .running import Values

ALSO = ("urllib3", "httpcore", "h11", "anyio", "msgspec", "pydantic")


class Results:
    """What was measured, by (case, kind, peer)."""

    def __init__(self, cases: Sequence[Case], values: Values) -> None:
        self.cases = cases
        self.values = values
        self.peers = [name for name in PEERS if any(peer == name for _, _, peer in values)]

    def measured(self, case: Case, kind: Kind, peer: str) -> list[float]:
        """What the case gives of it, for each repeat."""
        values = self.values.get((case.name, kind, peer), [])
        floor = self.values.get((case.name, kind, "floor"), [])
        if not case.above_floor:
            return values
        return [value - least for value, least in zip(values, floor, strict=False)]

    def median(self, case: Case, kind: Kind, peer: str) -> float | None:
        values = self.measured(case, kind, peer)
        return statistics.median(values) if values else None

    def ratios(self, case: Case, kind: Kind, peer: str) -> list[float]:
        """How many times less than the official SDK of the same kind, in each repeat."""
        official, values = (self.measured(case, kind, name) for name in (OFFICIAL, peer))
        pairs = zip(official, values, strict=False)
        return [most / value for most, value in pairs if value > 0]

    def verdict(self, case: Case, kind: Kind) -> str:
        """Whether the project keeps what it promises of this case, or by how much it does not."""
        promise, median = case.promise(kind), self.median(case, kind, OURS)
        if case.below is not None and median is not None:
            return f"< {case.below:g} {case.unit}: {'met' if median < case.below else 'missed'}"
        ratios = self.ratios(case, kind, OURS)
        if promise is None or not ratios:
            return ""
        share = statistics.median(ratios) / promise
        return f"{promise:g}x: " + ("met" if share >= 1 else f"{share:.0%} of it")

    def rows(self) -> list[tuple[Case, Kind]]:
        return [(case, kind) for kind in KINDS for case in self.cases if kind in case.kinds]

    def as_json(self, machine: dict[str, Any]) -> dict[str, Any]:
        return {
            "machine": machine,
            "results": [
                {
                    "case": case.name, "kind": kind, "peer": peer, "unit": case.unit,
                    "values": self.values[case.name, kind, peer],
                    "median": self.median(case, kind, peer),
                    "ratios_to_official": self.ratios(case, kind, peer),
                }
                for case, kind in self.rows()
                for peer in self.peers
                if (case.name, kind, peer) in self.values
            ],
        }  # fmt: skip


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Sequence[float]) -> str:
    return f"{(max(values) - min(values)) / statistics.median(values):.0%}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, with its columns lined up."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def of_ours(results: Results) -> str:
    """The project beside the official SDK, with the spread and the target."""
    lines = []
    for case, kind in results.rows():
        ours, official = (results.measured(case, kind, name) for name in (OURS, OFFICIAL))
        ratios = results.ratios(case, kind, OURS)
        if not ours or not ratios:
            continue
        medians = [f"{number(statistics.median(values))}" for values in (ours, official)]
        lines.append(
            [f"{kind}: {case.name}", case.unit, medians[0], spread(ours), medians[1],
             spread(official), f"{statistics.median(ratios):.1f}x",
             f"{min(ratios):.1f}-{max(ratios):.1f}", results.verdict(case, kind)]
        )  # fmt: skip
    header = ["work", "unit", OURS, "spread", OFFICIAL, "spread", "less", "min-max", "target"]
    return table(header, lines)


def of_all(results: Results, kind: Kind) -> str:
    """Every peer: its median, and how many times less than the official SDK that is."""
    peers = [name for name in results.peers if kind in PEERS[name][1]]
    lines = []
    for case, its_kind in results.rows():
        if its_kind != kind:
            continue
        cells = []
        for peer in peers:
            median, ratios = results.median(case, kind, peer), results.ratios(case, kind, peer)
            if median is None or (case.above_floor and peer == "floor"):
                cells.append("")
            elif not ratios or peer == OFFICIAL:
                cells.append(number(median))
            else:
                cells.append(f"{number(median)} ({statistics.median(ratios):.1f}x)")
        lines.append([f"{case.name}, {case.unit}", *cells])
    return table([kind, *peers], lines)


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    versions = {OURS: cerebras_sdk.__version__}
    for name in (*PEERS, *ALSO):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "processors": os.cpu_count(),
        "versions": versions,
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def heading(known: dict[str, Any], *, repeats: int) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in known["versions"].items())
    return (
        f"{known['processors']} processors ({known['processor']}), {known['system']}, "
        f"Python {known['python']}; medians of {repeats} interleaved repeats.\n{versions}."
    )
