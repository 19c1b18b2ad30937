"""`python -m cerebras_sdk.cli`, the same as the command `cerebras`."""

from __future__ import annotations

from . import main

main()
