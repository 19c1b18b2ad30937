"""How long an answer took, and where the time went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from .chat import TimeInfo, Usage

_TINY = 0.001  # seconds; the service rounds, and what is divided by less says nothing


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """What the client measured of one answer, in seconds; see Timing."""

    waited: float | None = None
    time_to_headers: float | None = None
    time_to_first_token: float | None = None
    total: float | None = None


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How long an answer took, in seconds; what is not known is None.

    At the service, by its `time_info`: `queue_time` before it began, `prompt_time` to read the
    prompt, `completion_time` to write the answer, `service_time` for everything (its `total_time`).

    At the client, from the moment at which the request was sent: `time_to_headers` and
    `time_to_first_token` of a stream (the first chunk that says something), `total` until the
    answer was whole. A stream that is read slowly takes as long as its reader. Of several attempts
    these are the times of the one that was answered; `waited` is what came before it: failed
    attempts, waits, room in the rate limits, the key.
    """

    queue_time: float | None = None
    prompt_time: float | None = None
    completion_time: float | None = None
    service_time: float | None = None
    waited: float | None = None
    time_to_headers: float | None = None
    time_to_first_token: float | None = None
    total: float | None = None
    completion_tokens: int | None = None

    @classmethod
    def of(cls, info: TimeInfo | None, usage: Usage | None, times: Times | None) -> Timing:
        """What an answer tells of itself, with what was measured when it came."""
        here = times or Times()
        return cls(
            queue_time=None if info is None else info.queue_time,
            prompt_time=None if info is None else info.prompt_time,
            completion_time=None if info is None else info.completion_time,
            service_time=None if info is None else info.total_time,
            waited=here.waited,
            time_to_headers=here.time_to_headers,
            time_to_first_token=here.time_to_first_token,
            total=here.total,
            completion_tokens=None if usage is None else usage.completion_tokens,
        )

    @property
    def tokens_per_second(self) -> float | None:
        """How fast the model wrote: tokens by the service's `completion_time`; None when that is
        below a millisecond, as that of a few tokens is."""
        return _rate(self.completion_tokens, self.completion_time)

    @property
    def client_tokens_per_second(self) -> float | None:
        """How fast the answer was, all in all: its tokens by `total`."""
        return _rate(self.completion_tokens, self.total)

    @property
    def network_time(self) -> float | None:
        """What of `total` was not spent at the service: on the way, and in a slow reader."""
        if self.total is None or self.service_time is None:
            return None
        return max(0.0, self.total - self.service_time)  # two clocks: they may differ a little

    @property
    def network_share(self) -> float | None:
        """`network_time` as a part of `total`, from 0 to 1."""
        network = self.network_time
        if network is None or not self.total:
            return None
        return network / self.total

    def __str__(self) -> str:
        steps = {
            "queue": self.queue_time,
            "prompt": self.prompt_time,
            "completion": self.completion_time,
        }
        inside = ", ".join(f"{name} {_s(value)}" for name, value in steps.items() if value)
        parts = []
        if self.total is not None:
            parts.append(f"total {_s(self.total)}")
        if self.service_time is not None:
            parts.append(f"service {_s(self.service_time)}" + (f" ({inside})" if inside else ""))
        elif inside:
            parts.append(inside)
        if self.network_time is not None and self.network_share is not None:
            parts.append(f"network {_s(self.network_time)} ({self.network_share:.0%})")
        if self.time_to_first_token is not None:
            parts.append(f"first token after {_s(self.time_to_first_token)}")
        if self.tokens_per_second is not None:
            parts.append(f"{self.tokens_per_second:,.0f} tokens/s")
        elif self.client_tokens_per_second is not None:
            parts.append(f"{self.client_tokens_per_second:,.0f} tokens/s in all")
        if self.waited is not None and self.waited >= _TINY:
            parts.append(f"waited {_s(self.waited)} before")
        return "; ".join(parts) or "no times are known"


def _rate(tokens: int | None, seconds: float | None) -> float | None:
    return None if tokens is None or seconds is None or seconds < _TINY else tokens / seconds


def _s(seconds: float) -> str:
    return f"{seconds:.3f} s"
