"""What is wrong with an answer, as an exception of the inside."""

from __future__ import annotations

from ...errors import OutputProblem


class OutputProblems(ValueError):
    """An answer that is not what was asked for; `problems` says where and why.

    Its `__cause__` is what a check of the user's own raised, if one did.
    """

    def __init__(self, problems: list[OutputProblem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


def problem_of(error: Exception) -> OutputProblem:
    """What a check of the user's own raised, as a problem of the whole."""
    return OutputProblem((), " ".join(told(error).split()))  # in one line


def told(error: Exception) -> str:
    """An exception as a text: its class, and what it says, unless it fails to say it."""
    name = type(error).__name__
    try:
        said = str(error)
    except Exception:  # of a class of the user's
        return name
    return f"{name}: {said}" if said else name
