"""Chat completions as objects: events, values of a type, and tools that are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, Unpack, overload

from .._core.endpoints.chat import BareChatOptions, check_keywords
from .._core.events import EventReader
from .._core.options import NotGiven
from .._core.schema import OutputSchema, StreamedOutput, parsed_completion
from .._core.secret import Hidden
from .._core.tool_loop import ToolErrorHandler
from ..types import ChatCompletion
from ..types.chat.parsed import ParsedChatCompletion
from ..types.params import MessageParam, ResponseFormat, ToolParam
from .events import AsyncChatStreamManager
from .parsing import parsed_answer
from .resource import AsyncResource
from .tools import AsyncToolRunner

T = TypeVar("T")


class AsyncChatObjects(AsyncResource):
    """What `client.chat.completions` makes of `create`."""

    _without_response = frozenset({"parse", "run_tools", "stream"})

    create: Any  # of the class that has it

    @overload
    def stream(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: type[T],
        **options: Unpack[BareChatOptions],
    ) -> AsyncChatStreamManager[ParsedChatCompletion[T]]: ...

    @overload
    def stream(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: ResponseFormat | None = None,
        tools: Sequence[ToolParam] | None = None,
        **options: Unpack[BareChatOptions],
    ) -> AsyncChatStreamManager[ChatCompletion]: ...

    @overload
    def stream(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: Any,  # a Literal, a union, a TypeAdapter: what is no class
        **options: Unpack[BareChatOptions],
    ) -> AsyncChatStreamManager[ParsedChatCompletion[Any]]: ...

    def stream(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: Any = None,
        tools: Sequence[ToolParam] | None = None,
        **options: Unpack[BareChatOptions],
    ) -> AsyncChatStreamManager[Any]:
        """Asks as `create` does, and tells what happens while the answer comes.

            async with client.chat.completions.stream(messages=[...]) as stream:
                async for event in stream:
                    if event.type == "content.delta":
                        print(event.delta, end="")
                completion = await stream.get_final_completion()

        The events are those of `types.chat.events`; `event.snapshot` is the completion so far.
        The request is sent when the stream is entered.

        messages, options: as in `create`.
        response_format: a type, as in `parse`, or a dict as in `create`. With a type the events
            tell of its fields too (`field.done`, `parsed_partial`), and the final completion is
            what `parse` gives.
        tools: as in `create`.

        Raises what `create` and its stream raise, and, at the end of the stream, the
        ParsedOutputError of an answer that is not of the type; InvalidRequestError for a type that
        the service would refuse; TypeError, at once, for a keyword that `create` does not have.
        """
        given: Hidden[dict[str, Any]] = Hidden({**options})
        del options  # a traceback shows a frame's variables, and these may hold a key
        check_keywords("stream", given)
        given.value.update(messages=messages, tools=tools)
        if response_format is None or isinstance(response_format, (Mapping, NotGiven)):
            given.value["response_format"] = response_format
            return AsyncChatStreamManager(self, given, EventReader(), _as_it_is)
        schema = OutputSchema.of(response_format)
        given.value["response_format"] = schema.response_format
        reader = EventReader(output=lambda: StreamedOutput(schema))
        return AsyncChatStreamManager(
            self,
            given,
            reader,
            lambda completion: parsed_completion(completion, schema, streamed=reader.output),
        )

    @overload
    async def parse(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: type[T],
        retries: int = 0,
        **options: Unpack[BareChatOptions],
    ) -> ParsedChatCompletion[T]: ...

    @overload
    async def parse(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: Any,  # a Literal, a union, a TypeAdapter, a dict: what is no class
        retries: int = 0,
        **options: Unpack[BareChatOptions],
    ) -> ParsedChatCompletion[Any]: ...

    async def parse(
        self,
        *,
        messages: Iterable[MessageParam],
        response_format: Any,
        retries: int = 0,
        **options: Unpack[BareChatOptions],
    ) -> ParsedChatCompletion[Any]:
        """Asks as `create` does, for an answer that is an object of yours.

            completion = await client.chat.completions.parse(messages=[...], response_format=Person)
            completion.choices[0].message.parsed  # a Person; or completion.parsed

        messages: as in `create`.
        response_format: a pydantic model, a msgspec Struct, a dataclass, a TypedDict, or a type
            such as `list[Person]`, `Literal["yes", "no"]` or an Enum. Its schema is made strict:
            what the service has no keyword for is told to the model in descriptions, and checked
            in the answer. A dict is a `response_format` as the service takes it; `parsed` is the
            plain JSON then. Source: https://inference-docs.cerebras.ai/capabilities/structured-outputs
        retries: an answer that is not what was asked for is shown to the model with what is wrong
            with it, up to so many times. `Timeout.total` is for all the asks together; the answers
            before the last one are in `completion.attempts`, or in those of the error.
        options: those of `create`. With `n` every choice is parsed.

        `parsed` is None where the model called tools. Raises InvalidRequestError, before anything
        is sent, with the path in the type that the service would refuse; OutputLengthError for an
        answer that was cut, OutputFilteredError for one that was held back; ParsedOutputError for
        one that is not what was asked for, also where a check of your own raises; TypeError for a
        keyword that `create` does not have; and what `create` raises.
        """
        given: Hidden[dict[str, Any]] = Hidden({**options})
        del options  # a traceback shows a frame's variables, and these may hold a key
        check_keywords("parse", given, "tools")  # which the checks of a request tell about
        schema = OutputSchema.of(response_format)
        return await parsed_answer(self, schema, messages, given, retries=retries)

    def run_tools(
        self,
        *,
        messages: Iterable[MessageParam],
        tools: Iterable[Callable[..., object] | ToolParam],
        max_rounds: int = 8,
        on_tool_error: ToolErrorHandler | None = None,
        **options: Unpack[BareChatOptions],
    ) -> AsyncToolRunner:
        """Asks the model, runs the tools that it calls, and asks again until it has an answer.

            runner = client.chat.completions.run_tools(messages=[...], tools=[get_weather])
            completion = await runner.until_done()

        Iterate the runner for each message. The calls of one answer run together, in threads but
        for coroutine functions; one after another with `parallel_tool_calls=False`. What cannot be
        run is told to the model in its place: arguments that were cut (`finish_reason` "length"),
        are no JSON or of the wrong types, and tools that there are not. So is what a tool raises.

        messages: as in `create`; the list is not changed, `runner.messages` has the whole.
        tools: functions, made with `cerebras_sdk.tool` or plain; their results are sent as they are
            if they are text, else as JSON. A dict, as in `create`, declares a tool that you run:
            its call ends the run, and is in `runner.pending`. All are sent as strict, or none.
        max_rounds: at most this many answers of the model, 1 or more.
        on_tool_error: is called with a ToolCall and the exception that its tool raised, and gives
            the text that the model gets; None gives it the exception's name and text. What it
            raises ends the run.
        options: those of `create`; not `n` above 1, `stream` and `response_format`. A `tool_choice`
            that demands a call holds for the first round.

        Raises InvalidRequestError for what cannot be a tool. The runner raises ToolRoundsError when
        the model asks for tools in the last round too, and what `create` raises.
        """
        hidden: Hidden[Any] = Hidden(options)
        del options  # a traceback shows a frame's variables, and these may hold a key
        runner = AsyncToolRunner.of(
            self,
            hidden,
            messages=messages,
            tools=tools,
            max_rounds=max_rounds,
            on_tool_error=on_tool_error,
        )
        check_keywords("run_tools", hidden)  # after those that are refused with advice
        return runner


def _as_it_is(completion: ChatCompletion) -> ChatCompletion:
    return completion
