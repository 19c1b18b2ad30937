"""What an answer is asked to be: the schema that is sent, and the text that comes as a value."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, Generic, NoReturn, TypeVar, cast

import msgspec

from ...errors import InvalidRequestError, OutputProblem
from ...types._decode import parse_json
from ..options import NotGiven
from .check import problems_of, shown
from .problems import OutputProblems, problem_of
from .pydantic_types import ReadByPydantic
from .python_types import NeedsPydantic, describe, is_pydantic, plain_name
from .strict import strict
from .vocabulary import endless_reference, target
from .whole import whole_numbers

T = TypeVar("T")

WRAPPER = "value"  # the field around what is no object
NAMELESS = "answer"  # the name of a type that has none of its own
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PLACE = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<position>\d+)\]")


class OutputSchema(Generic[T]):
    """What an answer is asked to be; `OutputSchema.of` makes one of a type.

    `response_format` is what is sent, and `name` what it is called there. `wrapped`: what was asked
    for is no object, and comes as the only field of one. `parse` reads an answer.
    """

    __slots__ = ("_read", "_schema", "name", "response_format", "wrapped")

    def __init__(
        self,
        name: str,
        response_format: Mapping[str, Any],
        *,
        schema: Mapping[str, Any] | None,
        read: Callable[[Any], T] | None,
        wrapped: bool = False,
    ) -> None:
        self.name = name
        self.response_format = response_format
        self.wrapped = wrapped
        self._schema = schema  # as the type has it, not strict; None: `read` checks it all
        self._read = read  # None: texts are not read

    @staticmethod
    def of(kind: Any) -> OutputSchema[Any]:
        """Of a pydantic model, a msgspec Struct, a dataclass, a TypedDict, a type such as
        `list[int]`, `Literal` or an `Enum`; or of a dict, a `response_format` as it is sent.

        Raises InvalidRequestError, with the path, for what the service does not take.
        """
        if kind is None or isinstance(kind, NotGiven):
            raise InvalidRequestError(
                "response_format: parse needs the type of the answer, or a dict as create takes "
                "it; for a plain text use create"
            )
        if isinstance(kind, Mapping):
            return _as_given(kind)
        try:
            return _of_type(kind)
        except TypeError as error:
            if "unhashable" not in str(error):
                raise
            return _of_type.__wrapped__(kind)

    def parse(self, text: str) -> T:
        """The value in the text of an answer.

        Raises OutputProblems for what is none, also where a check of the user's own raises: the
        answer was paid for, and is not to be lost.
        """
        if self._read is None:
            return cast(T, None)
        value = self.unwrapped(_json(text))
        problems = problems_of(value, self._schema or {})
        if problems:
            raise OutputProblems(problems)
        try:
            return self._read(value)
        except OutputProblems:
            raise
        except Exception as error:
            raise OutputProblems([problem_of(error)]) from error

    def unwrapped(self, value: Any) -> Any:
        """What was asked for, out of the object around it."""
        if not self.wrapped:
            return value
        if not isinstance(value, dict) or WRAPPER not in value:
            wanted = f'must be an object with the field "{WRAPPER}", not {shown(value)}'
            raise OutputProblems([OutputProblem((), wanted)])
        return value[WRAPPER]

    def sent_path(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """Where a part of the value is in what the model writes."""
        return (WRAPPER, *path) if self.wrapped else path


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a type as it is, not strict yet. Raises InvalidRequestError."""
    return reading(kind)[0]


def _as_given(given: Mapping[str, Any]) -> OutputSchema[Any]:
    kind = given.get("type")
    if kind not in ("json_schema", "json_object", "text"):
        raise InvalidRequestError(
            "response_format: a dict must be one that the service takes, such as {'type': "
            "'json_schema', 'json_schema': {...}}; a type makes the schema for you"
        )
    described = given.get("json_schema") if kind == "json_schema" else {"name": kind}
    name = described.get("name") if isinstance(described, Mapping) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidRequestError(
            f"response_format: json_schema needs a name of 1 to 64 of A-Z a-z 0-9 _ -, not {name!r}"
        )
    schema = described.get("schema") if isinstance(described, Mapping) else None
    endless = endless_reference(schema)
    if endless is not None:
        raise InvalidRequestError(f"response_format: the reference {endless!r} leads to itself")
    read = None if kind == "text" else _same
    return OutputSchema(name, given, schema=schema, read=read)


@functools.lru_cache(maxsize=128)
def _of_type(kind: Any) -> OutputSchema[Any]:
    schema, read = reading(kind)
    name = getattr(kind, "__name__", None)
    name = NAMELESS if name is None or name in _FORMS else plain_name(name)
    wrapped = not _is_object(schema)
    sent = schema
    if wrapped:
        inner = {keyword: part for keyword, part in schema.items() if keyword not in _DEFINITIONS}
        sent = {"type": "object", "properties": {WRAPPER: inner}, "required": [WRAPPER]}
        sent |= {keyword: schema[keyword] for keyword in _DEFINITIONS if keyword in schema}
    try:
        described = {"name": name, "schema": strict(sent), "strict": True}
    except InvalidRequestError as error:
        message = str(error)
        if wrapped:  # the path is that of the type, which knows nothing of the field around it
            message = message.replace(f"$.{WRAPPER}", "$", 1)
        raise InvalidRequestError(f"response_format: {message}") from None
    response_format = {"type": "json_schema", "json_schema": described}
    # Pydantic may accept what its schema does not tell of: it cuts spaces, and rounds.
    checked = None if isinstance(read, ReadByPydantic) else schema
    return OutputSchema(name, response_format, schema=checked, read=read, wrapped=wrapped)


_DEFINITIONS = ("$defs", "definitions")
_FORMS = ("Annotated", "Literal", "Optional", "Union")  # of which a type is made, not its name


def _is_object(schema: Mapping[str, Any]) -> bool:
    found: Any = schema
    for _ in range(32):  # a reference to itself is refused later
        if not isinstance(found, Mapping):
            return False
        if "$ref" in found:
            found = target(schema, found["$ref"])
        elif len(found.get("allOf", ())) == 1 and "type" not in found:
            found = found["allOf"][0]
        else:
            break
    return isinstance(found, Mapping) and (found.get("type") == "object" or "properties" in found)


def reading(kind: Any) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    """The schema of a type, and what makes one of plain dicts and lists."""
    try:
        if hasattr(kind, "model_json_schema") and hasattr(kind, "model_validate_json"):
            return kind.model_json_schema(), ReadByPydantic(kind.model_validate_json)
        if hasattr(kind, "json_schema") and hasattr(kind, "validate_json"):  # a TypeAdapter
            return kind.json_schema(), ReadByPydantic(kind.validate_json)
        try:
            if is_pydantic(kind):
                raise NeedsPydantic
            schema = describe(kind)
        except NeedsPydantic:
            adapter = sys.modules["pydantic"].TypeAdapter(kind)
            return adapter.json_schema(), ReadByPydantic(adapter.validate_json)
        msgspec.json.Decoder(kind)  # says what it cannot read
    except InvalidRequestError as error:
        raise InvalidRequestError(f"response_format: {error}") from None
    except Exception as error:  # whatever the library of the type says to it
        name = getattr(kind, "__name__", repr(kind))
        reason = " ".join(str(error).split())
        if reason.startswith("Type unions may not contain more than one"):
            reason += (
                ": tell them apart by a tag, as msgspec Structs (class Cat(msgspec.Struct, "
                "tag=True)) or as pydantic models"
            )
        raise InvalidRequestError(f"response_format: {name} makes no schema: {reason}") from error
    return schema, functools.partial(_converted, kind=kind, schema=schema)


def _same(value: Any) -> Any:
    return value


def _converted(value: Any, kind: Any, schema: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(whole_numbers(value, schema, schema), kind)
    except msgspec.ValidationError as error:
        _refuse(str(error), error.__cause__)


def _refuse(message: str, cause: BaseException | None) -> NoReturn:
    """Raises what msgspec says, with the path that it says it with."""
    found = _PLACE.search(message)
    path: tuple[str | int, ...] = ()
    if found is not None:
        path = tuple(
            step["name"] or int(step["position"]) for step in _STEP.finditer(found["path"])
        )
        message = message[: found.start()]
    raise OutputProblems([OutputProblem(path, message)]) from cause


def _json(text: str) -> Any:
    if not text.strip():
        raise OutputProblems([OutputProblem((), "the answer is empty")])
    try:
        return parse_json(text.encode("utf-8", "replace"))
    except msgspec.DecodeError as error:
        reason = str(error)
    try:
        # Control characters in a text, as a model writes them, are understood.
        return json.loads(text, strict=False, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise OutputProblems([OutputProblem((), f"is no JSON: {reason}")]) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
