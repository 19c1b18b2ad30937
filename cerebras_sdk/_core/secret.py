"""A text that never shows itself: keys and cookies live in it from the moment they are read."""

from __future__ import annotations

import hmac
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")


class Secret:
    """A key or a cookie value.

    Its `repr` and `str` say only that something is there; `reveal()` gives the text, and is called
    where a header is written to the wire and nowhere else.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | Secret) -> None:
        self._value: str = value._value if isinstance(value, Secret) else value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # An error about a lone surrogate would carry the text.
        mine, theirs = (s._value.encode("utf-8", "surrogatepass") for s in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: give it to the new process by its environment")


class Hidden(Generic[T]):
    """An object that may hold secrets, such as a cookie jar, out of sight of every `repr`.

    A traceback shows the variables of its frames: what a user gave is wrapped before anything can
    fail.
    """

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Hidden('***')"

    def __reduce__(self) -> NoReturn:
        raise TypeError("what is hidden is not pickled: it may hold secrets")
