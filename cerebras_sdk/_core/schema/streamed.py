"""What an answer is asked to be, while it arrives."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar, cast

from ..partial_json import Field, PartialJSON
from .completions import held_back
from .output import WRAPPER, OutputSchema
from .problems import OutputProblems

T = TypeVar("T")


class _Seen(NamedTuple):
    """What a copy or a pickle of a StreamedOutput has."""

    partial: Any


class StreamedOutput(Generic[T]):
    """Reads one choice of a stream as what it was asked to be.

        output = StreamedOutput(schema)
        for path, value in output.feed(delta.content): ...   # parts that are whole
        output.partial                                       # what is there so far
        output.end("stop")                                   # the value, or OutputProblems

    Paths and `partial` are those of what was asked for, without the object around a list or text.
    The parts are plain dicts, lists and texts, and nothing was checked in them; `end` checks.
    """

    __slots__ = ("_ended", "_json", "_pieces", "_read", "_schema", "_value", "_wrong")

    def __init__(self, schema: OutputSchema[T]) -> None:
        self._schema = schema
        self._json = PartialJSON()
        self._pieces: list[str] = []
        self._ended = False
        self._read: str | None = None  # the text that `end` has read, and what it was
        self._value: T | None = None
        self._wrong: OutputProblems | None = None

    @property
    def partial(self) -> Any:
        """What is there so far, None before anything is; it is no copy, and grows."""
        value = self._json.value
        if not self._schema.wrapped:
            return value
        return value.get(WRAPPER) if isinstance(value, dict) else None

    @property
    def text(self) -> str:
        """All that was fed."""
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def feed(self, text: str) -> list[Field]:
        """The parts that became whole by this piece, each of them once; not the whole value."""
        if self._ended:
            return []
        self._pieces.append(text)
        fields = self._json.feed(text)
        if not fields:
            return fields
        skipped = int(self._schema.wrapped)
        return [(path[skipped:], value) for path, value in fields if len(path) > skipped]

    def end(self, finish_reason: str | None, *, refusal: str | None = None, calls: Any = ()) -> Any:
        """The value, checked; None where the text is none, as `held_back` has it.

        Raises OutputProblems for an answer that is not what was asked for.
        """
        self._ended = True
        if held_back(finish_reason, refusal, calls):
            return None
        self._read = self.text
        try:
            self._value = self._schema.parse(self._read)
        except OutputProblems as error:
            self._wrong = error.with_traceback(None)  # whose frames have this object
            raise
        return self._value

    def parse(self, text: str) -> T:
        """As of an OutputSchema; what `end` has read is not read again."""
        if text != self._read:
            return self._schema.parse(text)
        if self._wrong is not None:
            raise OutputProblems(list(self._wrong.problems)) from self._wrong.__cause__
        return cast(T, self._value)

    def __reduce__(self) -> tuple[type[_Seen], tuple[Any]]:
        return _Seen, (self.partial,)
