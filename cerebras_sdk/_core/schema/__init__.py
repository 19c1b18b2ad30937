"""Python types as JSON Schemas that the service takes, and answers as values of those types."""

from __future__ import annotations

from .check import problems_of
from .completions import corrections, parsed_choice, parsed_completion
from .output import OutputSchema, schema_of
from .problems import OutputProblems
from .streamed import StreamedOutput
from .strict import strict

__all__ = [
    "OutputProblems",
    "OutputSchema",
    "StreamedOutput",
    "corrections",
    "parsed_choice",
    "parsed_completion",
    "problems_of",
    "schema_of",
    "strict",
]
