"""The errors of answers that are not what their `response_format` asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import CerebrasError

if TYPE_CHECKING:
    from ..types import ChatCompletion, Usage

_SHOWN = 5  # problems in a message; the error has all of them


@dataclass(frozen=True, slots=True)
class OutputProblem:
    """One thing that is wrong with an answer, and where: `path` holds names and positions."""

    path: tuple[str | int, ...]
    message: str

    @property
    def where(self) -> str:
        """The path as `$.people[0].name`; `$` is the whole answer."""
        return path_text(self.path)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def path_text(path: tuple[str | int, ...]) -> str:
    """`("people", 0, "name")` as `$.people[0].name`."""
    text = "$"
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if step.isidentifier() else f'["{step}"]'
    return text


class ParsedOutputError(CerebrasError):
    """The answer came, and is not what its `response_format` asked for.

    Nothing that was paid for is lost: `completion` is the answer as it came, `usage` its tokens,
    `index` the number of the choice, and `text` what the model wrote there. `problems` says what is
    wrong, each with its path. `attempts` are the answers before the last one, if `retries` asked
    again; each has its own usage.
    """

    def __init__(
        self,
        message: str = "",
        *,
        completion: ChatCompletion | None = None,
        index: int = 0,
        problems: tuple[OutputProblem, ...] = (),
        attempts: tuple[ChatCompletion, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.completion = completion
        self.index = index
        self.problems = problems
        self.attempts = attempts

    @property
    def usage(self) -> Usage | None:
        """The tokens of `completion`; those of the asks before it are in `attempts`."""
        return None if self.completion is None else self.completion.usage

    @property
    def text(self) -> str:
        """What the model wrote, as it came; empty when it wrote nothing."""
        for choice in self.completion.choices if self.completion else ():
            if choice.index == self.index:
                return choice.message.content or ""
        return ""


class OutputLengthError(ParsedOutputError):
    """The answer was cut (`finish_reason` "length"): no part of it was parsed."""


class OutputFilteredError(ParsedOutputError):
    """The answer was held back by a filter, or the model refused to give it."""


def listed(problems: tuple[OutputProblem, ...]) -> str:
    """The first problems in one sentence."""
    shown = "; ".join(str(problem) for problem in problems[:_SHOWN])
    left = len(problems) - _SHOWN
    return f"{shown}; and {left} more" if left > 0 else shown
