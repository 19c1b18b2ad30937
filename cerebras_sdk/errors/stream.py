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

    Once every choice has its finish_reason the answer is whole: a reset, an error or bad JSON
    behind it is none of these.
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
    """The stream fell silent, or took too long: `phase` says which clock of `Timeout` ran out."""


class StreamDecodeError(StreamError):
    """The stream holds bytes that are no events, or events that are no chunks, or it is a document
    that is no completion."""


class StreamResumeError(StreamError):
    """The model was asked to go on, and began anew, or there was nothing to go on from.

    What it said instead is the end of `partial`.
    """
