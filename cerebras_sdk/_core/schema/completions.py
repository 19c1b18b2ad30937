"""Whole completions as what they were asked to be, or as the error that says why they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from ...errors import OutputFilteredError, OutputLengthError, OutputProblem, ParsedOutputError
from ...errors.parsed import listed, path_text
from ...types import ChatCompletion, Choice
from ...types.chat.parsed import ParsedChatCompletion, ParsedChoice, ParsedMessage
from .output import NAMELESS, OutputSchema
from .problems import OutputProblems

T = TypeVar("T")
_SHOWN_TO_MODEL = 20  # problems


class Reading(Protocol):
    """What makes a value of the text of a choice."""

    def parse(self, text: str) -> Any: ...


def parsed_completion(
    completion: ChatCompletion,
    schema: OutputSchema[T],
    *,
    attempts: tuple[ChatCompletion, ...] = (),
    streamed: Callable[[int], Reading | None] | None = None,
) -> ParsedChatCompletion[T]:
    """`completion` with what is in each of its choices; `attempts` are the answers before it, and
    `streamed` gives what has read a choice while it came.

    Raises OutputLengthError, OutputFilteredError or ParsedOutputError.
    """
    choices = []
    for choice in completion.choices:
        reading = streamed(choice.index) if streamed is not None else None
        value = parsed_choice(completion, choice, schema, attempts=attempts, reading=reading)
        message: ParsedMessage[T] = ParsedMessage(**_fields(choice.message), _parsed=value)
        choices.append(ParsedChoice(**_fields(choice) | {"message": message}))
    fields = _fields(completion) | {"choices": choices}
    return ParsedChatCompletion(**fields, _attempts=attempts)


def parsed_choice(
    completion: ChatCompletion,
    choice: Choice,
    schema: OutputSchema[T],
    *,
    attempts: tuple[ChatCompletion, ...] = (),
    reading: Reading | None = None,
) -> T | None:
    """What is in one choice of `completion`; None when the model called tools instead. `reading`
    may know it already.

    Raises as `parsed_completion`.
    """
    known: dict[str, Any] = {"completion": completion, "index": choice.index, "attempts": attempts}
    message = choice.message
    refusal = message.refusal
    held = held_back(choice.finish_reason, refusal, message.tool_calls)
    if held == "length":
        raise OutputLengthError(_cut(completion, choice), **known)
    if held == "content_filter":
        said = f": {refusal}" if refusal else " (finish_reason 'content_filter')"
        raise OutputFilteredError(f"the answer was refused or held back{said}", **known)
    if held:
        return None
    try:
        value: T = (reading or schema).parse(message.content or "")
        return value
    except OutputProblems as error:
        problems, cause = error.problems, error.__cause__
    wanted = "what" if schema.name == NAMELESS else f"the {schema.name} that"
    text = f"the answer is not {wanted} was asked for: {listed(problems)}"
    if attempts:
        text += f" [asked {len(attempts) + 1} times]"
    raise ParsedOutputError(text, problems=problems, **known) from cause


def held_back(finish_reason: str | None, refusal: str | None, calls: object) -> str:
    """Why the text of a choice, streamed or not, is not read as what was asked for: "length",
    "content_filter" or "tool_calls"; empty where it is, also for a reason that is newer."""
    if finish_reason == "length":
        return finish_reason
    if finish_reason == "content_filter" or refusal:
        return "content_filter"
    return "tool_calls" if calls else ""


def corrections(error: ParsedOutputError, schema: OutputSchema[Any]) -> list[dict[str, str]]:
    """The messages that show the model what was wrong with its answer, and ask again."""
    lines = [_line(problem, schema) for problem in error.problems[:_SHOWN_TO_MODEL]]
    asked = "\n".join(
        [
            "This answer cannot be used:",
            *lines,
            "Answer again with the whole JSON, corrected, and nothing else.",
        ]
    )
    # An answer without a text is no message that the service takes.
    said = [{"role": "assistant", "content": error.text}] if error.text else []
    return [*said, {"role": "user", "content": asked}]


def _line(problem: OutputProblem, schema: OutputSchema[Any]) -> str:
    return f"- {path_text(schema.sent_path(problem.path))}: {problem.message}"


def _cut(completion: ChatCompletion, choice: Choice) -> str:
    tokens = completion.usage.completion_tokens if completion.usage else 0
    after = f" after {tokens} tokens" if tokens else ""
    thought = choice.message.reasoning and not choice.message.content
    where = ", all of them for its reasoning" if thought else ""
    return (
        f"the answer was cut{after}{where} (finish_reason 'length'), so nothing of it was parsed: "
        "raise max_completion_tokens, or ask for less"
    )


def _fields(model: Any) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.__struct_fields__}
