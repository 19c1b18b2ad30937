"""How long a call waits: for each step, for the events of a stream, and altogether."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from ..errors import InvalidRequestError, Phase

# Seconds in which who looks late may read what had come in time; keep-alives may come faster than
# they are read.
_GRACE = 0.1
_FOREVER = 1e8  # seconds; what is longer is no limit, and more than some sockets can count


class _FourTimeouts(Protocol):
    """What an httpx.Timeout has."""

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None


class Same(enum.Enum):
    """The type of SAME."""

    SAME = "same"


SAME = Same.SAME  # for a step of a Timeout that takes the time of all
_STEPS = ("connect", "read", "write", "pool")


@dataclass(frozen=True, slots=True, init=False)
class Timeout:
    """How long to wait, in seconds; None waits for ever.

    `connect`: for the connection; `read`: for the next bytes; `write`: for room to send;
    `pool`: for a free connection. With requests there is no `pool`, and with a requests.Session of
    yours no `write`: `connect` is in its place. `Timeout(60, connect=5)` is 60 for the others;
    without an argument all are 60.
    `first_token`: of a stream, from the sending of the request until the first event that says
    something; `gap`: from one event to the next. Comments and empty events, which some proxies send
    to keep a connection alive, count for neither. "read" is as long as `read`, for `first_token`
    from the headers of the answer on.
    `total`: for the whole call: all attempts, the waits between them, and the stream.
    """

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    first_token: float | Literal["read"] | None
    gap: float | Literal["read"] | None
    total: float | None

    def __init__(
        self,
        timeout: TimeoutInput = 60.0,
        *,
        connect: float | Same | None = SAME,
        read: float | Same | None = SAME,
        write: float | Same | None = SAME,
        pool: float | Same | None = SAME,
        first_token: float | Literal["read"] | None = "read",
        gap: float | Literal["read"] | None = "read",
        total: float | None = None,
    ) -> None:
        given: dict[str, object] = {
            "connect": connect, "read": read, "write": write, "pool": pool,
            "first_token": first_token, "gap": gap, "total": total,
        }  # fmt: skip
        for name in given:
            object.__setattr__(self, name, None)  # a debugger may look at one that is refused
        for name, seconds in given.items():
            seconds = _step(timeout, name) if isinstance(seconds, Same) else seconds
            as_read = seconds == "read" and name in ("first_token", "gap")
            object.__setattr__(self, name, seconds if as_read else _checked(name, seconds))

    @classmethod
    def of(cls, value: TimeoutInput) -> Timeout:
        """A number is each of the first four; an object with these attributes is taken over."""
        return value if isinstance(value, cls) else cls(value)

    def within(self, seconds: float) -> Timeout:
        """The same, for a call that takes no longer than that altogether."""
        total = seconds if self.total is None else min(self.total, seconds)
        return dataclasses.replace(self, total=total)

    def as_dict(self) -> dict[str, float | None]:
        """As httpx.Timeout has it."""
        return {name: getattr(self, name) for name in _STEPS}


def _step(timeout: TimeoutInput, name: str) -> object:
    if timeout is None or (isinstance(timeout, (int, float)) and not isinstance(timeout, bool)):
        return timeout
    try:
        return getattr(timeout, name)
    except AttributeError:
        raise InvalidRequestError(
            "timeout takes a number of seconds, a Timeout, an httpx.Timeout or None, "
            f"not {type(timeout).__name__}"
        ) from None


def _checked(name: str, seconds: object) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise InvalidRequestError(f"timeout: {name} must be a number or None")
    if not seconds > 0:
        raise InvalidRequestError(f"timeout must be more than 0 seconds, not {seconds!r}")
    return None if seconds > _FOREVER else seconds


TimeoutInput: TypeAlias = float | Timeout | _FourTimeouts | None
"""What a `timeout` argument takes: seconds, a Timeout, an httpx.Timeout, or None for no limit."""


class Deadline(NamedTuple):
    """The moment, on the monotonic clock, at which a wait ends, and the clock that ends it."""

    at: float
    phase: Phase


def end_of_headers(
    timeout: Timeout, started: float, deadline: float | None, *, is_stream: bool
) -> Deadline | None:
    """How long the headers of an answer may take, beside the timeout of each step.

    `started`: when the request was sent; `deadline`: the end of the whole call.
    """
    ends = [] if deadline is None else [Deadline(deadline, "total")]
    first = timeout.first_token
    if is_stream and first is not None and first != "read":
        ends.append(Deadline(started + first, "first_token"))
    return min(ends, key=lambda end: end.at, default=None)


class StreamClocks:
    """Which clock of a stream runs out next, while it is waited for.

    `started`: when the request was sent; `answered`: when the headers of its answer were there;
    `deadline`: the end of the whole call, if it has one. All on the monotonic clock.

    A clock that is as long as the read timeout is called "read" while nothing at all comes, and by
    its own name once there were bytes.
    """

    __slots__ = ("_event", "_gap", "_late", "_name", "_plain", "_quiet", "_read", "_total")

    def __init__(
        self, timeout: Timeout, *, started: float, answered: float, deadline: float | None
    ) -> None:
        self._gap = timeout.read if timeout.gap == "read" else timeout.gap
        self._total = None if deadline is None else Deadline(deadline, "total")
        self._read = timeout.read
        self._quiet: Phase = "read" if self._gap == self._read else "gap"
        self._plain = deadline is None and self._quiet == "read"  # one clock for all
        first = timeout.first_token
        begin = answered if first == "read" else started
        seconds = timeout.read if first == "read" else first
        self._name: Phase = "first_token"  # of the clock that runs, once there were bytes
        phase: Phase = "read" if first == "read" else "first_token"
        self._event = None if seconds is None else Deadline(begin + seconds, phase)
        self._late: float | None = None  # since when an event is overdue

    def heard(self) -> None:
        """An event came: the gap begins when the next one is waited for."""
        self._event = self._late = None
        self._name = "gap"

    def silent(self) -> None:
        """Bytes came, and no event: keep-alives, which the read timeout takes for news."""
        if self._event is not None:
            self._event = Deadline(self._event.at, self._name)

    def next(self, now: float) -> Deadline | None:
        """The wait begins at `now`, or goes on."""
        if self._event is None and self._gap is not None:
            self._event = Deadline(now + self._gap, self._quiet)
            if self._plain:
                return self._event
        ends = [end for end in (self._event, self._total) if end is not None]
        if ends and self._read is not None:
            # The transport has this clock as well: two that run out at about the same time would
            # take turns in being the first.
            ends.append(Deadline(now + self._read, "read"))
        return min(ends, key=lambda end: end.at, default=None)  # of equals, the first

    def after(self, moment: float, seconds: float) -> Deadline:
        """The end of a wait that began at `moment`, and is shorter than the gap and the call."""
        end = Deadline(moment + (seconds if self._gap is None else min(self._gap, seconds)), "gap")
        return end if self._total is None or end.at <= self._total.at else self._total

    def over(self, now: float) -> Phase | None:
        """The clock that has run out: that of the whole call, or that of an event which is not
        among what had come by then either."""
        if self._total is not None and now >= self._total.at:
            return "total"
        if self._event is None or now < self._event.at:
            return None
        if self._late is None:
            self._late = now
        return self._event.phase if now - self._late > _GRACE else None
