"""What the command line shows: answers on standard output, everything else on standard error."""

from __future__ import annotations

import io
import os
import sys

from rich.console import Console
from rich.text import Text


class Screen:
    """Writes answers as they come, and notes and errors in one line each.

    Colours are rich's affair: none without a terminal or with NO_COLOR.
    """

    def __init__(self) -> None:
        self._aside = Console(stderr=True, highlight=False, soft_wrap=True)
        self._open_line = False
        if sys.stdout is None:  # it was closed
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal may not know every character

    def write(self, text: str) -> None:
        """A piece of an answer, shown at once."""
        self._open_line = True  # before it is written: Ctrl-C may come in the middle
        sys.stdout.write(text)
        sys.stdout.flush()
        self._open_line = not text.endswith("\n")

    def end_line(self) -> None:
        """Ends the line of an answer, if one is open."""
        if self._open_line:
            self.write("\n")

    def abandon(self) -> None:
        """Gives up on standard output, which would fail again when it is closed at the end."""
        self._open_line = False
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def note(self, text: str) -> None:
        self.end_line()
        self._aside.print(Text(" ".join(text.split()), style="dim"))

    def error(self, text: str) -> None:
        self.end_line()
        self._aside.print(Text("cerebras: ", style="bold red") + Text(" ".join(text.split())))

    def ask(self) -> str | None:
        """A line that the user types, None when there will be no more."""
        self._open_line = True  # until the line is typed, and for ever if it never is
        try:
            line = input("> ")
        except EOFError:
            return None
        self._open_line = False
        return line
