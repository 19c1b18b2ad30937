"""The error of a run of tools that does not come to an end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..types import ChatCompletion, Usage
from .base import CerebrasError


class ToolRoundsError(CerebrasError):
    """The model asked for tools in each of the `max_rounds` rounds; the calls of the last were not
    run.

    `messages`: the history up to the last answer, which can be sent again as it is. `completion`:
    the last answer. `usage`: of all rounds.
    """

    def __init__(
        self,
        message: str = "",
        *,
        messages: Sequence[Any] = (),
        completion: ChatCompletion | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message)
        self.messages = list(messages)
        self.completion = completion
        self.usage = usage
