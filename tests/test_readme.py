"""The README's Python runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cerebras_sdk.testing import LocalServer

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_readme_has_its_examples() -> None:
    assert len(BLOCKS) >= 3
    for command in ('scripts/run "Why is fast inference important?"', "scripts/test"):
        assert command in README


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_the_readme_runs(
    block: str,
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})
    asked = [request.json()["messages"][-1]["content"] for request in server.requests]
    assert capsys.readouterr().out == "".join(asked)


def test_the_files_that_the_readme_names_exist() -> None:
    top = Path(__file__).parent.parent
    named = re.findall(r"`((?:cerebras_sdk|scripts|cassettes)/[\w./]*)`", README)
    assert named
    assert not [path for path in named if not (top / path).exists()]
