"""Draws the ratios of a run as bars, in an SVG file that needs nothing."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from xml.sax.saxutils import escape

from .cases import PEERS
from .peers import OFFICIAL, OURS
from .report import Results

WIDTH, LEFT, BAR, GAP = 860, 150, 13, 30
COLOURS = {OURS: "#e4572e", OFFICIAL: "#4a4a4a", "floor": "#b9b9b9"}
OTHER = "#7fa6c9"


def draw(results: Results) -> str:
    """One group of bars for each promise; the line in a group stands where the promise does."""
    lines, at = [], 56
    for title, promise, values in groups(results):
        most = max([*values.values(), promise])
        scale = (WIDTH - LEFT - 80) / most
        lines.append(f'<text x="12" y="{at}" font-weight="bold">{escape(title)}</text>')
        at += 8
        top = at
        for peer, ratio in values.items():
            width = max(ratio * scale, 1)
            colour = COLOURS.get(peer, OTHER)
            lines.append(
                f'<text x="{LEFT - 8}" y="{at + 10}" text-anchor="end">{escape(peer)}</text>'
                f'<rect x="{LEFT}" y="{at}" width="{width:.1f}" height="{BAR - 2}" '
                f'fill="{colour}"/>'
                f'<text x="{LEFT + width + 5:.1f}" y="{at + 10}">{ratio:.1f}x</text>'
            )
            at += BAR
        x = LEFT + promise * scale
        lines.append(f'<path d="M{x:.1f} {top - 2}V{at}" stroke="#2a9d4e" stroke-dasharray="3 2"/>')
        at += GAP
    height = at
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<text x="12" y="24" font-size="15">How many times less than {OFFICIAL} '
        f"(longer is better; the dashed line is the target)</text>"
    )
    return "\n".join([head, *lines, "</svg>", ""])


def groups(results: Results) -> Iterator[tuple[str, float, dict[str, float]]]:
    for case, kind in results.rows():
        promise = case.promise(kind)
        if promise is None:
            continue
        peers = [name for name in results.peers if kind in PEERS[name][1]]
        ratios = {name: results.ratios(case, kind, name) for name in peers}
        medians = {name: statistics.median(found) for name, found in ratios.items() if found}
        if OURS in medians:
            yield f"{kind}: {case.name}", promise, medians
