"""The parameters of a function: their schema, and the arguments of a call made fit for it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

import msgspec

from ..errors import InvalidRequestError
from .schema import OutputProblems, OutputSchema
from .schema import strict as make_strict
from .schema.output import reading


def arguments_of(text: str) -> str:
    """The arguments of a call as JSON: for none at all some models send nothing, or null."""
    return "{}" if text.strip() in ("", "null") else text


class ArgumentsRefused(ValueError):
    """The arguments of a call are not what the function takes; the text is for the model."""


def check_parameters(function: Any, name: str) -> None:
    """Raises InvalidRequestError for parameters that no schema can tell."""
    for parameter in _parameters(function, name).values():
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            raise InvalidRequestError(
                f"the tool {name!r} has the parameter {parameter}, and no schema tells what it "
                "takes: name each one"
            )


@dataclass(frozen=True, slots=True)
class ToolInput:
    """What a function takes, as one object with a field for each parameter."""

    schema: dict[str, Any]
    strict: bool
    _output: OutputSchema[Any]
    _parameters: Mapping[str, Parameter]

    @classmethod
    def of(
        cls, function: Any, name: str, *, said: Mapping[str, str], strict: bool | None
    ) -> ToolInput:
        """`said`: what the docstring says of the parameters.

        Raises InvalidRequestError for types that no schema can tell, or no strict one.
        """
        parameters = _parameters(function, name)
        hints = _hints(function, name, parameters)
        fields = [(field, hint, _default(parameters[field])) for field, hint in hints.items()]
        try:
            kind = dataclasses.make_dataclass(name.replace("-", "_"), fields, kw_only=True)
            schema, read = reading(kind)
        except (InvalidRequestError, TypeError) as error:
            reason = str(error).removeprefix("response_format: ")
            raise InvalidRequestError(f"the tool {name!r}: {reason}") from None
        schema = _as_object(schema)
        for field, property_ in schema["properties"].items():
            _describe(property_, parameters[field].default, _noted(hints[field]) or said.get(field))
        output = OutputSchema(name, {}, schema=schema, read=read)
        if strict is not False:
            try:
                # What has a default may be left out, in strict mode too since version 2. Source:
                # https://inference-docs.cerebras.ai/support/versions
                sent = {**make_strict(schema), "required": schema["required"]}
                return cls(sent, True, output, parameters)
            except InvalidRequestError as error:
                if strict:
                    raise InvalidRequestError(
                        f"the tool {name!r} cannot be strict: {error}"
                    ) from None
        return cls(schema, False, output, parameters)

    def read(self, arguments: str) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call, by position and by name.

        Raises ArgumentsRefused, which says to the model what is wrong.
        """
        try:
            read = self._output.parse(arguments_of(arguments))
        except OutputProblems as error:
            raise ArgumentsRefused(f"the arguments are wrong: {error}") from error
        positional, named = [], {}
        for name, parameter in self._parameters.items():
            if parameter.kind is Parameter.POSITIONAL_ONLY:
                positional.append(getattr(read, name))
            else:
                named[name] = getattr(read, name)
        return positional, named


def _default(parameter: Parameter) -> Any:
    if parameter.default is Parameter.empty:
        return dataclasses.field()
    # A factory, since a dataclass takes no list for a default.
    return dataclasses.field(default_factory=lambda: parameter.default)


def _as_object(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of the dataclass, which is only ours: its name and docstring say nothing."""
    definitions = dict(schema.get("$defs", {}))
    found = dict(schema)
    if "$ref" in schema:
        found = definitions.pop(schema["$ref"].rpartition("/")[2])
    made = {
        "type": "object",
        "properties": {field: dict(part) for field, part in found.get("properties", {}).items()},
        "required": list(found.get("required", ())),
        "additionalProperties": False,
    }
    return {**made, "$defs": definitions} if definitions else made


def _noted(hint: Any) -> str | None:
    """The text in an Annotated, which not every library reads."""
    notes = [getattr(note, "documentation", note) for note in getattr(hint, "__metadata__", ())]
    return next((note for note in notes if isinstance(note, str)), None)


def _describe(schema: dict[str, Any], default: Any, said: str | None) -> None:
    if said:
        schema.setdefault("description", said)
    if default is not Parameter.empty and default is not None:
        # What JSON does not know, such as a sentinel, is no news for the model.
        with contextlib.suppress(TypeError, ValueError):
            schema["default"] = msgspec.to_builtins(default)
            if schema.get("description", "")[-1:].isalnum():
                schema["description"] += "."  # in strict mode the default is told behind it


def _parameters(function: Any, name: str) -> Mapping[str, Parameter]:
    """Those that the model gives: not the ones that a functools.partial has given."""
    if isinstance(function, (classmethod, staticmethod)):
        function = function.__func__
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise InvalidRequestError(
            f"the tool {name!r} has no signature: write a function around it"
        ) from None
    given = function.keywords if isinstance(function, functools.partial) else {}
    return {name: one for name, one in parameters.items() if name not in given}


def _hints(function: Any, name: str, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """What the annotations mean."""
    hints: dict[str, Any] = {}
    for parameter in parameters.values():
        where = f"the parameter {parameter.name!r} of the tool {name!r}"
        if parameter.annotation is Parameter.empty:
            raise InvalidRequestError(f"{where} has no type: annotate it")
        holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
        try:
            hints |= typing.get_type_hints(holder, _globals(function), include_extras=True)
        except Exception as error:  # whatever an annotation that is a text may be
            raise InvalidRequestError(
                f"{where} is a {parameter.annotation!r}, which cannot be read: {error}; the names "
                "must be those of the module"
            ) from None
    return hints


def _globals(function: Any) -> dict[str, Any]:
    """The names of the module that the function was written in."""
    while not hasattr(function, "__globals__"):
        inside = [getattr(function, name, None) for name in ("func", "__func__", "__wrapped__")]
        function = next((one for one in inside if one is not None), type(function).__call__)
        if isinstance(function, types.WrapperDescriptorType):
            return {}  # of a builtin
    found: dict[str, Any] = inspect.unwrap(function).__globals__
    return found
