"""The rate limits of an account: a public value, and the figures of the service's tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}

Tier: TypeAlias = Literal["trial", "developer"]


@dataclass(frozen=True)
class Window:
    """One limit: `limit` requests or tokens in a `window`.

    `kind` is "requests", "tokens" (those not read from the prompt cache) or "total_tokens".
    """

    kind: str
    window: str
    limit: int

    @property
    def seconds(self) -> int:
        return SECONDS[self.window]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one key may use of one model, by window; None is no such window.

        serve(limits=Limits(requests_minute=5, tokens_minute=30_000))

    `tokens_*` count what is not read from the prompt cache, `total_tokens_minute` everything
    (inference-docs.cerebras.ai, "Rate Limits"). `dataclasses.replace` changes single windows.
    """

    requests_second: int | None = None
    requests_minute: int | None = None
    requests_hour: int | None = None
    requests_day: int | None = None
    tokens_minute: int | None = None
    tokens_hour: int | None = None
    tokens_day: int | None = None
    total_tokens_minute: int | None = None

    def __post_init__(self) -> None:
        for window in self.windows():
            if window.limit < 1:
                raise ValueError(f"{window.kind}_{window.window} must be at least 1")

    @classmethod
    def trial(cls, *, hour: bool = True, day: bool = True) -> Limits:
        """A trial account in autumn 2026; the same for every model."""
        return cls(
            requests_minute=5,
            requests_hour=150 if hour else None,
            requests_day=2400 if day else None,
            tokens_minute=30_000,
            tokens_hour=1_000_000 if hour else None,
            tokens_day=1_000_000 if day else None,
            total_tokens_minute=90_000,
        )

    @classmethod
    def developer(cls, model: str = "gpt-oss-120b") -> Limits:
        """A paid account in 2026, which has windows of a minute only.

        A model without published figures has those of gpt-oss-120b.
        """
        return _DEVELOPER.get(model, _DEVELOPER["gpt-oss-120b"])

    def windows(self) -> Iterator[Window]:
        """Those that exist."""
        for field in fields(self):
            limit: int | None = getattr(self, field.name)
            if limit is not None:
                kind, _, window = field.name.rpartition("_")
                yield Window(kind, window, limit)


def _minute(requests: int, tokens: int, total: int) -> Limits:
    return Limits(requests_minute=requests, tokens_minute=tokens, total_tokens_minute=total)


# The first two in autumn 2026, the next two in July, the last two early in the year. The page
# gives a total for the first two only; it is normally three times the uncached tokens.
_DEVELOPER = {
    "gpt-oss-120b": _minute(1000, 1_000_000, 3_000_000),
    "qwen-3.8-27b": _minute(300, 150_000, 750_000),
    "zai-glm-4.7": _minute(500, 500_000, 1_500_000),
    "gemma-4-31b": _minute(300, 500_000, 1_500_000),
    "llama3.1-8b": _minute(2000, 2_000_000, 6_000_000),
    "qwen-3-235b-a22b-instruct-2507": _minute(250, 250_000, 750_000),
}


def limits_of_models(limits: Limits | Tier) -> Callable[[str], Limits]:
    """The limits of each model, by its id."""
    match limits:
        case Limits():
            return lambda _: limits
        case "trial":
            return lambda _: Limits.trial()
        case "developer":
            return Limits.developer
    raise ValueError(f"limits must be 'trial', 'developer' or a Limits, not {limits!r}")
