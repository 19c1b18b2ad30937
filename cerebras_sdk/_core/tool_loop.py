"""A conversation with tools, round by round: what to ask, what to run, what to answer."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from ..errors import InvalidRequestError, ToolRoundsError
from ..types import ChatCompletion, Message, Model, ToolCall
from ..types._base import plain
from ..types.params import MessageParam, ToolMessage
from .schema.problems import told
from .tool_input import ArgumentsRefused, arguments_of
from .tool_set import ToolSet
from .tools import FunctionTool
from .usage import total_usage

ToolErrorHandler: TypeAlias = Callable[[ToolCall, Exception], str | None]
"""Is told of a call and what its tool raised; gives the text that the model gets, None for ours."""

# Ways of ending that leave the last call incomplete, and nobody knows whether also the first.
_CUT = {
    "length": "the answer was cut at its limit of tokens",
    "content_filter": "the answer was cut by a filter",
}
_INTERRUPTED = "Error: it was interrupted, and has no result."


class PlannedCall:
    """One call of the round at hand: to be run, unless it has an `answer` already."""

    def __init__(self, call: ToolCall) -> None:
        self.call = call
        self.is_pending = False  # the user has to answer it
        self.function: Callable[..., Any] = _nothing
        self.arguments: tuple[list[Any], dict[str, Any]] = ([], {})
        self.answer: str | None = None
        self.failure: Exception | None = None

    def refuse(self, reason: str) -> None:
        self.answer = f"Error: {reason}"

    def give(self, result: object) -> None:
        """Takes the result; raises TypeError for what JSON cannot say."""
        self.answer = text_of(result)

    def fail(self, error: Exception) -> None:
        cause = error.__cause__
        if isinstance(cause, StopIteration) and str(error) == "coroutine raised StopIteration":
            error = cause  # Python's wrapping, where the tool was run by a coroutine
        self.failure = error
        self.refuse(told(error))

    def explain(self, handler: ToolErrorHandler) -> None:
        """Asks what the model shall be told of the failure; None leaves it as it is."""
        assert self.failure is not None
        try:
            text: object = handler(self.call, self.failure)
        except (StopIteration, StopAsyncIteration) as error:
            # Out of the runner, which is an iterator, it would say that the run is over.
            raise RuntimeError(f"on_tool_error raised {type(error).__name__}") from error
        if text is not None:
            self.give(text)

    def message(self) -> ToolMessage:
        content = _INTERRUPTED if self.answer is None else self.answer
        return {"role": "tool", "tool_call_id": self.call.id, "content": content}


class ToolLoop:
    """The state of a run: `request()` is what to send, `take()` its answer; then the calls of
    `to_run` are run, and `end_round()` puts their answers into the history. `ready` has the
    messages that the user has not seen yet."""

    def __init__(self, messages: object, tools: ToolSet, *, max_rounds: int) -> None:
        self.history = _history(messages)
        self.completions: list[ChatCompletion] = []
        self.ready: deque[Message | ToolMessage] = deque()
        self.pending: list[ToolCall] = []
        self.is_over = False
        self._tools = tools
        self._max_rounds = max_rounds
        self._message: Message | None = None  # with calls that have no answer yet
        self._round: list[PlannedCall] = []
        self._ids = {ident for message in self.history for ident in _ids(message)}

    def request(self, tool_choice: object) -> dict[str, Any]:
        """The messages and tools to send. A tool that has to be called is so in the first round
        only: there would be no end."""
        sent: dict[str, Any] = {"messages": list(self.history)}
        if self._tools.sent:
            sent["tools"] = self._tools.sent
        if self.completions and tool_choice != "none":
            sent["tool_choice"] = None
        return sent

    def take(self, completion: ChatCompletion) -> None:
        self.completions.append(completion)
        choice = completion.choices[0]
        calls = choice.message.tool_calls
        if not calls:
            self.history.append(choice.message)
            self.ready.append(choice.message)
            self.is_over = True
            return
        named = [self._named(call, position) for position, call in enumerate(calls)]
        message = choice.message
        if any(new is not old for new, old in zip(named, calls, strict=True)):
            message = message.model_copy(update={"tool_calls": named})
        self._message = message
        self._round = [self._planned(call, choice.finish_reason) for call in named]
        self.ready.append(message)

    def _named(self, call: ToolCall, position: int) -> ToolCall:
        """The call, with an id of its own: the service refuses a history where one is twice.
        No arguments at all become those of a function without parameters, which are JSON.

        Source: https://inference-docs.cerebras.ai/support/versions
        """
        ident, number = call.id, position
        while not ident or ident in self._ids:
            ident = f"call_{len(self.completions)}_{number}"
            number += 1
        self._ids.add(ident)
        changed: dict[str, Any] = {} if ident == call.id else {"id": ident}
        function, arguments = call.function, arguments_of(call.function.arguments)
        if arguments != function.arguments:
            changed["function"] = function.model_copy(update={"arguments": arguments})
        return call.model_copy(update=changed) if changed else call

    def _planned(self, call: ToolCall, finish_reason: str | None) -> PlannedCall:
        name = call.function.name
        tool = self._tools.by_name.get(name)
        planned = PlannedCall(call)
        if finish_reason in _CUT:
            cut = _CUT[finish_reason or ""]
            planned.refuse(f"{cut}, so {name} was not run. Call it again, and be shorter.")
        elif tool is None:
            declared = ", ".join(self._tools.by_name) or "none"
            planned.refuse(f"there is no tool {name!r}; the tools are: {declared}.")
        elif isinstance(tool, FunctionTool):
            planned.function = tool.function
            try:
                planned.arguments = tool.read(call.function.arguments)
            except ArgumentsRefused as refused:
                planned.refuse(
                    f"{refused}. {name} was not run: call it again with arguments that follow its "
                    "schema."
                )
        else:
            planned.is_pending = True
        return planned

    @property
    def has_round(self) -> bool:
        """Whether calls wait to be run or answered."""
        return self._message is not None

    def to_run(self) -> list[PlannedCall]:
        """The calls to run. Raises ToolRoundsError when there is no further round for their
        answers; those that the user has to answer end the run in any case."""
        is_last = len(self.completions) >= self._max_rounds
        if is_last and not any(planned.is_pending for planned in self._round):
            raise ToolRoundsError(
                f"the model still asks for tools after {self._max_rounds} rounds: raise "
                "max_rounds, or go on from .messages",
                messages=self.history,
                completion=self.completions[-1],
                usage=total_usage(self.completions),
            )
        return [p for p in self._round if p.answer is None and not p.is_pending]

    def failed(self) -> Iterator[PlannedCall]:
        return (planned for planned in self._round if planned.failure is not None)

    def end_round(self) -> None:
        """Puts the round into the history; a call that has no answer is answered with that."""
        assert self._message is not None
        answers = [planned.message() for planned in self._round if not planned.is_pending]
        self.history += [self._message, *answers]
        self.ready += answers
        self.pending = [planned.call for planned in self._round if planned.is_pending]
        self.is_over = bool(self.pending)
        self._message, self._round = None, []


def _nothing() -> None:
    """In the place of a function that there is not."""


def text_of(result: object) -> str:
    """A result as the model reads it: a text as it is, anything else as JSON.

    Raises TypeError for what JSON cannot say.
    """
    if isinstance(result, str):
        return result
    value = plain(result)
    try:
        try:
            return msgspec.json.encode(value, enc_hook=_builtin).decode()
        except UnicodeEncodeError:  # half a character, as in the name of a file
            return json.dumps(msgspec.to_builtins(value, enc_hook=_builtin, str_keys=True))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise TypeError(f"the result cannot be written as JSON: {error}") from error


def _builtin(value: Any) -> Any:
    if isinstance(value, Model):
        return plain(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "model_dump"):  # pydantic's
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _history(messages: object) -> list[MessageParam]:
    if isinstance(messages, (str, bytes, Mapping, Model)) or not isinstance(messages, Iterable):
        raise InvalidRequestError(
            "messages must be a list such as [{'role': 'user', 'content': 'Hello'}], "
            f"not {type(messages).__name__}"
        )
    return list(messages)


def _ids(message: object) -> Iterator[str]:
    """The ids of the calls in a message."""
    if isinstance(message, Mapping):
        calls = message.get("tool_calls")
    else:
        calls = getattr(message, "tool_calls", None)
    for call in plain(calls) if isinstance(calls, (list, tuple)) else ():
        if isinstance(call, Mapping) and isinstance(call.get("id"), str):
            yield call["id"]
