"""How long a conversation is for its model, and what to leave out when it is too long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

from ..errors import ContextLengthExceededError, InvalidRequestError
from ..types import Usage
from ..types.models import PublicModel
from .catalog import MODELS
from .tokens import estimate_tokens

TrimPolicy: TypeAlias = Literal["oldest", "error"]
Trimmer: TypeAlias = Callable[[list[dict[str, Any]], int], Any]
"""Is given the messages before this turn, as dicts, and about how many tokens of them have to go;
gives the messages to keep in their place."""
Trim: TypeAlias = TrimPolicy | Trimmer

# Each trimming makes the beginning of the prompt another one, which no cache has: a rare big step
# costs less than many small ones. Source: https://inference-docs.cerebras.ai/capabilities/prompt-caching
_KEPT = 0.7
_ANSWER = (
    8  # a part of the context that is left to the answer, if nothing bounds it: one in so many
)
# Of the estimate; it is a quarter too high for prose, and the first answer tells more.
_FIRST_RATIO = 0.8
_RATIOS = (0.2, 3.0)
_TELLING = 512  # tokens: in a shorter prompt the template around the messages counts for too much
# No model's context is as short as this: until then nobody need be asked how long it is.
_SHORT = 4096
_PINNED = ("system", "developer")


def trim_of(value: object) -> Trim:
    """Raises InvalidRequestError for what is no policy."""
    if value in get_args(TrimPolicy) or callable(value):
        return value  # type: ignore[return-value]
    raise InvalidRequestError(f'trim must be "oldest", "error" or a function, not {value!r}')


class Gauge:
    """How many tokens a model has room for, and how many a request has: both get more exact with
    each answer.

    `listed` is its entry in the public catalogue, once that was asked (`is_asked`).
    """

    def __init__(self, model: str, *, known: bool) -> None:
        """`known`: whether the id is one of the catalogue of this package."""
        self.model = model
        self.listed: PublicModel | None = None
        self.is_asked = False
        self.gave_up = False  # the public catalogue could not be asked
        limits = (entry.context_length for entry in MODELS if known and entry.id == model)
        self._limit = next(limits, None)
        self._ratio = _FIRST_RATIO

    def tell(self, listed: PublicModel | None) -> None:
        """What the public catalogue says; None if it does not have the model."""
        self.listed, self.is_asked = listed, True
        if self._limit is None and listed is not None:
            self._limit = listed.limits.max_context_length or None

    def wants_limit(self, body: Mapping[str, Any]) -> bool:
        """Whether the public catalogue should be asked before this request is sent."""
        unknown = self._limit is None and not self.is_asked and not self.gave_up
        return unknown and self.tokens(body) > _SHORT

    def tokens(self, body: Mapping[str, Any]) -> int:
        return int(estimate_tokens(body) * self._ratio)

    def room(self, body: Mapping[str, Any], *, to_the_brim: bool = False) -> int | None:
        """How many tokens the prompt may have beside the answer; None if nobody knows.

        `to_the_brim`: an answer that nothing bounds takes what is left.
        """
        if self._limit is None:
            return None
        unbound = 0 if to_the_brim else self._limit // _ANSWER
        return self._limit - (bound_of(body) or unbound)

    def excess(self, body: Mapping[str, Any]) -> int:
        """How many tokens should go: none before there is no room left, and then so many that the
        next trimming is far away; none either if the bound of the answer leaves no room at all."""
        room, tokens = self.room(body), self.tokens(body)
        if room is None or room <= 0 or tokens <= room:
            return 0
        return tokens - int(room * _KEPT)

    def learn(self, body: Mapping[str, Any], usage: Usage | None) -> None:
        """From the tokens that the service has counted in this request."""
        if usage is not None and usage.prompt_tokens >= _TELLING:
            self._set_ratio(usage.prompt_tokens / estimate_tokens(body))

    def refused(self, body: Mapping[str, Any], error: ContextLengthExceededError) -> int:
        """As `excess`, once the service has said that the request is too long.

        The accounts of a trial have less room than the catalogue names.
        """
        if error.limit:
            self._limit = error.limit
        if error.current:
            self._set_ratio(max(self._ratio, error.current / estimate_tokens(body)))
        tokens, room = self.tokens(body), self.room(body)
        return tokens - int(min(tokens, tokens if room is None else max(room, 0)) * _KEPT)

    def _set_ratio(self, ratio: float) -> None:
        least, most = _RATIOS
        self._ratio = min(max(ratio, least), most)

    def without_oldest(
        self, messages: Sequence[dict[str, Any]], excess: int
    ) -> list[dict[str, Any]]:
        """`messages` without so many of the oldest turns that `excess` tokens are gone.

        A turn begins with a message of the user and goes as a whole, so that no tool call is parted
        from its answer. What the system or the developer says stays.
        """
        kept: list[dict[str, Any]] = []
        nothing = estimate_tokens({})
        for turn in _turns(messages):
            if excess <= 0:
                kept += turn
                continue
            pinned = [message for message in turn if message.get("role") in _PINNED]
            gone = [message for message in turn if message.get("role") not in _PINNED]
            excess -= int((estimate_tokens({"messages": gone}) - nothing) * self._ratio)
            kept += pinned
        return kept


def _turns(messages: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    turn: list[dict[str, Any]] = []
    for message in messages:
        if message.get("role") == "user" and turn:
            yield turn
            turn = []
        turn.append(message)
    if turn:
        yield turn


def bound_of(options: Mapping[str, Any]) -> int:
    """How many tokens the answer may have, as the options of a call say it; 0 if they do not."""
    for given in (options.get("extra_body"), options):
        for name in ("max_completion_tokens", "max_tokens"):
            bound = given.get(name) if isinstance(given, Mapping) else None
            if isinstance(bound, int) and bound > 0:
                return bound
    return 0
