"""The command `cerebras`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; exit status 0, 1 for an error, 2 for a wrong call, 130 for Ctrl-C."""
    try:
        try:
            from .app import app
        except ModuleNotFoundError as error:
            if error.name not in ("click", "rich"):
                raise
            sys.stderr.write(
                "cerebras: the command line needs an extra: "
                'pip install "cerebras-inference-sdk[cli]"\n'
            )
            sys.exit(2)
        app(prog_name="cerebras")
    except KeyboardInterrupt:
        sys.exit(130)
