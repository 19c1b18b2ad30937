"""How far a download has come, shown to whoever waits for it."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that have arrived and the bytes that are expected."""


@contextlib.contextmanager
def shown_progress(size: int, folder: Path) -> Iterator[Progress]:
    """A bar on stderr if that is a terminal, else one line; stdout is for the answer."""
    text = f"{size / 1e6:.0f} MB"
    if sys.stderr.isatty():
        bar = _Bar("Fetching the local model", text)
        try:
            yield bar
        finally:
            bar.end_line()
    else:
        print(f"Fetching the local model ({text}) into {folder}", file=sys.stderr, flush=True)  # noqa: T201
        yield lambda arrived, expected: None


class _Bar:
    """A progress bar on one line of stderr."""

    def __init__(self, label: str, size: str) -> None:
        self._label = label
        self._size = size
        self._drawn = ""

    def __call__(self, arrived: int, expected: int) -> None:
        share = arrived / expected
        # One column is left free: a full line would wrap, and the next one not replace it.
        room = (
            shutil.get_terminal_size().columns - len(f"{self._label} [] 100% of {self._size}") - 1
        )
        width = max(3, min(30, room))
        filled = int(share * width)
        bar = "#" * filled + "-" * (width - filled)
        line = f"\r{self._label} [{bar}] {share:4.0%} of {self._size}"
        if line != self._drawn:
            sys.stderr.write(line)
            sys.stderr.flush()
            self._drawn = line

    def end_line(self) -> None:
        if self._drawn:
            sys.stderr.write("\n")
            sys.stderr.flush()
