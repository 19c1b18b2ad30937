"""docs/tools.md and examples/tools.py: the code runs, and gives the output that the page shows."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk.testing import LocalServer
from tests._sync.test_tools import CHAT, called, said

TOP = Path(__file__).parent.parent
PAGE = (TOP / "docs" / "tools.md").read_text(encoding="utf-8")
EXAMPLE = (TOP / "examples" / "tools.py").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```)?", PAGE, re.DOTALL)

# What a model says to the example, and to the blocks of the page.
ROUNDS = [
    said(called("in_stock", {"item": "tea"}, "a"), called("in_stock", {"item": "cofee"}, "b")),
    said(called("in_stock", {"item": "coffee"}, "c")),
    said(called("order", {"item": "coffee"}, "d")),
    said(text="There are 12 packets of tea. Coffee had run out: 10 packets are ordered."),
]


@pytest.fixture
def model(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    rounds = itertools.cycle(ROUNDS)
    server.route("POST", CHAT, lambda request: next(rounds))
    return server


def run(code: str, capsys: pytest.CaptureFixture[str], names: dict[str, Any]) -> str:
    exec(compile(code, "page", "exec"), names)
    return capsys.readouterr().out


def test_the_example_gives_what_the_page_shows(
    model: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    output = run(EXAMPLE, capsys, {"__name__": "__main__"})
    assert f"```text\n$ python examples/tools.py\n{output}```" in PAGE
    assert len(model.requests) == len(ROUNDS)


def test_the_blocks_of_the_page_give_what_it_shows(
    model: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    run(EXAMPLE, capsys, names)
    assert len([output for _, output in BLOCKS if output]) >= 4
    for code, output in BLOCKS:
        assert run(code, capsys, names) == output


def test_what_the_page_says_is_sent_is_sent(model: LocalServer) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(EXAMPLE, "page", "exec"), names)
    [shown] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(shown) == names["in_stock"]
