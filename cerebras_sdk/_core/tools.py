"""A function as a tool: what is sent of it, and what its arguments must be."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from ..errors import InvalidRequestError
from .docstrings import read_docstring
from .tool_input import ToolInput, check_parameters

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
Rest = ParamSpec("Rest")
Function = TypeVar("Function", bound=Callable[..., Any])
# Covariant, and without a bound, so that a list of several tools is one of FunctionTool to mypy,
# and not one of object.
F = TypeVar("F", covariant=True)

# Source: https://inference-docs.cerebras.ai/capabilities/tool-use
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class FunctionTool(Mapping[str, Any], Generic[F]):
    """A function that the model may call; `tool` makes it.

    It is called as the function was, and it is the dict that is sent of it, so that it may stand
    in `create(tools=[...])` too. Of a method, it is bound when it is taken from an object. Its
    schema is made when it is first asked for, with what the annotations mean then. `F` is the type
    of the function, as in `FunctionTool[Callable[[str], int]]`.
    """

    def __init__(
        self,
        function: F,
        *,
        name: str | None = None,
        description: str | None = None,
        strict: bool | None = None,
    ) -> None:
        called: Any = function
        functools.update_wrapper(self, called)
        self._function = called
        self._given = {"name": name, "description": description, "strict": strict}
        self.name = _name(function, name)
        check_parameters(function, self.name)

    def __call__(self: FunctionTool[Callable[P, R]], *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = self._function(*args, **kwargs)
        return result

    @overload  # of a classmethod
    def __get__(
        self: FunctionTool[Callable[Concatenate[type[S], Rest], R]],
        instance: S | None,
        owner: type[S],
        /,
    ) -> FunctionTool[Callable[Rest, R]]: ...

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...

    @overload
    def __get__(
        self: FunctionTool[Callable[Concatenate[S, Rest], R]],
        instance: S,
        owner: type | None = None,
        /,
    ) -> FunctionTool[Callable[Rest, R]]: ...

    @overload  # of a staticmethod
    def __get__(self, instance: object, owner: type | None = None, /) -> Self: ...

    def __get__(self, instance: Any, owner: type | None = None, /) -> Any:
        bind = getattr(self._function, "__get__", None)  # a functools.partial has none
        bound = self._function if bind is None else bind(instance, owner)
        given: Any = self._given
        return self if bound is self._function else FunctionTool(bound, **given)

    @property
    def function(self) -> F:
        """The function itself."""
        function: F = self._function
        return function

    @property
    def is_coroutine(self) -> bool:
        """Whether only the asynchronous client can run it."""
        call = getattr(self._function, "__call__", None)  # noqa: B004 - what it is, not if
        return inspect.iscoroutinefunction(self._function) or inspect.iscoroutinefunction(call)

    @property
    def description(self) -> str:
        """What the model reads of it: what was given, or the docstring without its sections."""
        given = self._given["description"]
        return self._doc[0] if given is None else str(given)

    @property
    def parameters(self) -> dict[str, Any]:
        """The JSON Schema of its arguments."""
        return self._input.schema

    @property
    def strict(self) -> bool:
        """Whether the service makes sure that the arguments follow the schema."""
        return self._input.strict

    @property
    def must_be_strict(self) -> bool:
        return self._given["strict"] is True

    @functools.cached_property
    def _doc(self) -> tuple[str, dict[str, str]]:
        return read_docstring(inspect.getdoc(self._function))

    @functools.cached_property
    def _input(self) -> ToolInput:
        strict: Any = self._given["strict"]
        return ToolInput.of(self._function, self.name, said=self._doc[1], strict=strict)

    @functools.cached_property
    def _sent(self) -> dict[str, Any]:
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
            "strict": self.strict,
        }
        return {
            "type": "function",
            "function": {name: value for name, value in function.items() if value},
        }

    def read(self, arguments: str) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call, as the function takes them: by position, and by name.

        Raises ArgumentsRefused, which says to the model what is wrong.
        """
        return self._input.read(arguments)

    def __getitem__(self, key: str) -> Any:
        return self._sent[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sent)

    def __len__(self) -> int:
        return len(self._sent)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


@overload
def tool(
    function: Function,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> FunctionTool[Function]: ...


@overload
def tool(
    *, name: str | None = None, description: str | None = None, strict: bool | None = None
) -> Callable[[Function], FunctionTool[Function]]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool | None = None,
) -> Any:
    """Makes a function a tool, whose schema is read from its signature, types and docstring:

        @tool
        def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> str:
            '''The weather in a city.

            Args:
                city: its name, without the country
            '''

    Every parameter needs a type. What is said of it comes from `Annotated[str, "..."]`, or from the
    docstring's section of parameters (Google, NumPy or reST). One with a default may be left out
    by the model. `*args` and `**kwargs` are refused: no schema tells what they take.

    name: up to 64 of `A-Z a-z 0-9 _ -`; default: that of the function.
    description: default: the docstring, without its sections.
    strict: the service makes sure that the arguments follow the schema. None: where the schema
        keeps to the service's limits; True: an error where it does not; False: never. Source:
        https://inference-docs.cerebras.ai/capabilities/tool-use

    Raises InvalidRequestError for what cannot be a tool; for types that cannot be told, when the
    tool is first used.
    """
    given: Any = {"name": name, "description": description, "strict": strict}
    return functools.partial(as_tool, **given) if function is None else as_tool(function, **given)


def as_tool(function: object, **given: Any) -> FunctionTool[Any]:
    """A function, a method, or what is a tool already, as a tool."""
    if isinstance(function, FunctionTool):
        if all(value is None for value in given.values()):
            return function
        function = function.function
    if isinstance(function, MethodType) and isinstance(function.__func__, FunctionTool):
        # A classmethod around a tool, from Python 3.13 on.
        bound: FunctionTool[Any] = function.__func__.__get__(function.__self__)
        return bound
    if isinstance(function, type) or not (
        callable(function) or isinstance(function, (classmethod, staticmethod))
    ):
        raise InvalidRequestError(f"a tool must be a function, not {_described(function)}")
    return FunctionTool(function, **given)


def _described(thing: object) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else type(thing).__name__


def _name(function: Any, given: str | None) -> str:
    innermost = function.func if isinstance(function, functools.partial) else function
    name = getattr(innermost, "__name__", type(innermost).__name__) if given is None else given
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidRequestError(
            f"{name!r} cannot be the name of a tool: give it one of up to 64 letters, digits, _ "
            "and -, as in @tool(name='get_weather')"
        )
    return name
