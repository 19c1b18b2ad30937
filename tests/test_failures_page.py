"""docs/failures.md: its program runs, and says what stands there."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

from cerebras_sdk.testing import LocalServer

PAGE = Path(__file__).parent.parent / "docs" / "failures.md"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n+```text\n(?P<output>.*?)```)?", re.DOTALL)


def test_the_program_of_the_page_says_what_stands_there(server: LocalServer) -> None:
    names: dict[str, Any] = {"__name__": "__main__", "server": server}
    shown, said = [], []
    try:
        for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(compile(block["code"], str(PAGE), "exec"), names)
            shown.append(block["output"] or "")
            said.append(output.getvalue())
    finally:
        names["client"].close()
    assert len(said) == 5
    assert said == shown
