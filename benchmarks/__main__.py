"""Measures this SDK and every peer that is installed, on a local server: scripts/bench.

Each client runs in a fresh process, the order is shuffled in every repeat, and what counts is the
CPU time of the client's process alone. `--quick` takes less than two minutes: less work, three
repeats, and beside this SDK only the official one and the floor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from . import chart, report
from .cases import KINDS, PEERS, cases, growth, installed
from .peers import OFFICIAL, OURS
from .running import run

HERE = Path(__file__).parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--growth", action="store_true", help="the same work at several sizes")
    parser.add_argument("--million", action="store_true", help="with --growth: 1M events too")
    parser.add_argument("--repeats", type=int, help="5, and 3 with --quick")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), metavar="PEER")
    parser.add_argument("--only", default="", help="the cases whose name has this in it")
    parser.add_argument("--json", type=Path, help="where to write every value")
    parser.add_argument("--svg", type=Path, help="where to draw (benchmarks/results.svg)")
    return parser.parse_args()


def say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)


def main() -> None:
    asked = arguments()
    few = asked.quick or asked.growth
    peers = asked.peers or ([OURS, OFFICIAL, "floor"] if few else list(PEERS))
    here = installed()
    missing = [name for name in peers if name not in here]
    if missing:
        print(f"not installed: {', '.join(missing)} (extra [bench])", file=sys.stderr)
    chosen = growth(million=asked.million) if asked.growth else cases(quick=asked.quick)
    chosen = [case for case in chosen if asked.only in case.name]
    repeats = asked.repeats or (3 if few else 5)
    start = time.monotonic()
    values = run(chosen, [name for name in peers if name in here], repeats=repeats, told=say)
    say("")
    results, machine = report.Results(chosen, values), report.machine()
    print(report.heading(machine, repeats=repeats))
    if not asked.growth:
        print("\n" + report.of_ours(results))
    for kind in KINDS:
        print("\n" + report.of_all(results, kind))
    print(f"\n{time.monotonic() - start:.0f} seconds")
    if asked.json:
        asked.json.write_text(json.dumps(results.as_json(machine), indent=1), encoding="utf-8")
    # What is committed is the picture of a whole run.
    partial = few or asked.only or asked.peers
    if svg := asked.svg or (None if partial else HERE / "results.svg"):
        svg.write_text(chart.draw(results), encoding="utf-8")


if __name__ == "__main__":
    main()
