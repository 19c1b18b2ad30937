"""The errors of streams that did not end well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import APIConnectionError, APIError, APITimeoutError

if TYPE_CHECKING:
    from ..types import ChatCompletion


class StreamError(APIError):
    """A stream that did not end well.

    `partial` is the completion as far as it arrived: nothing that was delivered is lost. (Of a text
    completion it is a `Completion`.) `raw_tail` is the end of what came over the wire, at most 2
    KiB, without secrets.
    """

    def __init__(
        self,
        message: str = "",
        *,
        partial: ChatCompletion | None = None,
        raw_tail: bytes = b"",
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.partial = partial
        self.raw_tail = raw_tail


class StreamTruncatedError(StreamError):
    """The stream ended without a `finish_reason`: the answer is not whole."""


class StreamInterruptedError(StreamError, APIConnectionError):
    """The connection broke in the middle of the stream."""


class StreamTimeoutError(StreamInterruptedError, APITimeoutError):
    """The stream fell silent for longer than the read timeout."""


class StreamDecodeError(StreamError):
    """The stream holds bytes that are no events, or events that are no chunks."""


class StreamResumeError(StreamError):
    """The model was asked to go on, and began anew, or there was nothing to go on from."""
