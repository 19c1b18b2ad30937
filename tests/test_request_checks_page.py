"""docs/request-checks.md shows what its example and its blocks really give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cerebras_sdk.testing import LocalServer, serve
from tests.pages import TOP, blocks_on, example_on

PAGE = "request-checks.md"
LINT = TOP / "cerebras_sdk" / "_core" / "lint"


@pytest.fixture(autouse=True)
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with serve(models=["gpt-oss-120b", "my-org-gpt-oss-120b"]) as server:
        monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
        monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
        yield server


def test_the_example_gives_what_the_page_shows(echo: LocalServer) -> None:
    shown, given = example_on(PAGE, "request_checks.py")
    assert shown == given
    assert len(echo.requests) == 1


def test_the_blocks_give_what_the_page_shows() -> None:
    pairs = blocks_on(PAGE)
    assert len(pairs) == 2
    assert [shown for shown, _ in pairs] == [given for _, given in pairs]


def test_every_code_is_on_the_page() -> None:
    page = (TOP / "docs" / PAGE).read_text(encoding="utf-8")
    codes = {code for path in Path(LINT).glob("*.py") for code in _codes(path)}
    assert len(codes) > 15
    assert not [code for code in sorted(codes) if f"`{code}`" not in page]


def _codes(path: Path) -> list[str]:
    return re.findall(r'code="(\w+)"', path.read_text(encoding="utf-8"))
