"""The moments of an answer, and the times between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..types.timing import Times

if TYPE_CHECKING:
    from .hooks import Watch


class Moments:
    """When one answer was asked for, when it came and when it was whole, on the monotonic clock.

    began: the call, with its waits and all its attempts; sent: the attempt that was answered;
    headers: of a stream, None for what was read at once; first: of a stream, the first chunk that
    says something; whole: the end. What is not known is None. watch: who tells the hooks.
    """

    __slots__ = ("began", "first", "headers", "sent", "watch", "whole")

    def __init__(
        self,
        began: float,
        sent: float,
        *,
        headers: float | None = None,
        whole: float | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.began = began
        self.sent = sent
        self.headers = headers
        self.first: float | None = None
        self.whole = whole
        self.watch = watch

    def heard(self, now: float, *, says: bool, count: int, is_whole: bool) -> None:
        """`count` chunks came; whether they say anything, and whether they are the last."""
        watch = self.watch
        if says and self.first is None:
            self.first = now
            if watch is not None:
                watch.first_token(now)
        if watch is not None and watch.follows and count:
            watch.chunks(count, now)
        if is_whole and self.whole is None:
            self.whole = now

    def times(self) -> Times:
        return Times(
            waited=self.sent - self.began,
            time_to_headers=self._since(self.headers),
            time_to_first_token=self._since(self.first),
            total=self._since(self.whole),
        )

    def _since(self, moment: float | None) -> float | None:
        return None if moment is None else moment - self.sent
