"""Pages of the documentation, whose Python runs and gives the output that stands behind it."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path
from typing import Any

TOP = Path(__file__).parent.parent
_BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n+```text\n(?P<output>.*?)```", re.DOTALL)


def example_on(page: str, name: str) -> tuple[str, str]:
    """The output of an example that `docs/<page>` shows, and the one that it gives now."""
    text = (TOP / "docs" / page).read_text(encoding="utf-8")
    shown = re.search(rf"```text\n\$ python examples/{name}\n(.*?)```", text, re.DOTALL)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        runpy.run_path(str(TOP / "examples" / name), run_name="__main__")
    return shown[1] if shown else "", output.getvalue()


def blocks_on(page: str, **given: Any) -> list[tuple[str, str]]:
    """The same for each block of Python on the page, run one after another; `given` are names that
    they may use."""
    text = (TOP / "docs" / page).read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "__main__", **given}
    pairs = []
    for block in _BLOCK.finditer(text):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(block["code"], page, "exec"), names)
        pairs.append((block["output"], output.getvalue()))
    if "client" in names and "client" not in given:
        names["client"].close()
    return pairs
