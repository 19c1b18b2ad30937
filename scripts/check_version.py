"""Fails unless the newest entry of CHANGELOG.md is the version of the package."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cerebras_sdk import __version__

newest = re.search(
    r"^## \[?(\d[^\]\s]*)", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)
if newest is None or newest[1] != __version__:
    written = newest[1] if newest else "nothing"
    sys.exit(f"CHANGELOG.md begins with {written}, the package is {__version__}")
