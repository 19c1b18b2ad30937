"""What an attempt gave that was answered."""

from __future__ import annotations

from dataclasses import dataclass

from .._core.http import Request
from .._core.retry import Course
from .._core.timing import Moments
from .._transports._httpx import HttpxResponse
from .pacing import AsyncTurn


@dataclass(frozen=True, slots=True)
class AsyncReply:
    """An answer below 300, and how it was got."""

    response: HttpxResponse
    request: Request  # as it was sent last
    course: Course
    start: float  # of the last attempt, on the monotonic clock
    seconds: float  # until it was there; of a stream, its headers
    turn: AsyncTurn | None = None  # to be told when the stream is over

    @property
    def retries(self) -> int:
        return self.course.failed

    def moments(self) -> Moments:
        """What is known now of when it came."""
        there, is_read = self.start + self.seconds, self.response.is_read
        return Moments(
            self.course.began,
            self.start,
            headers=None if is_read else there,
            whole=there if is_read else None,
            watch=self.course.watch,
        )
