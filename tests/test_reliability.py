"""The page about faults: it tells what this package does today, and says so when it does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parent.parent
SCRIPT = TOP / "scripts" / "reliability.py"
PAGE = TOP / "docs" / "reliability.md"


def check(page: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), "--check", "--page", str(page)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_page_tells_what_the_clients_do() -> None:
    result = check(PAGE)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_page_that_tells_something_else_is_found_out(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    told = PAGE.read_text(encoding="utf-8")
    page.write_text(told.replace("`StreamTruncatedError`", "an error", 1), encoding="utf-8")
    result = check(page)
    assert result.returncode == 1, result.stderr
    changed = [line for line in result.stdout.splitlines() if line.startswith("-|")]
    assert len(changed) == 1
    assert "without a `finish_reason` | an error" in changed[0]
