"""The error of a conversation that has grown too long."""

from __future__ import annotations

from .base import InvalidRequestError


class ConversationLengthError(InvalidRequestError):
    """The conversation does not fit into the model's context any more; nothing was sent.

    `tokens`: how long it is, by an estimate. `limit`: how many tokens there is room for, beside the
    answer.
    """

    def __init__(self, message: str = "", *, tokens: int = 0, limit: int = 0) -> None:
        super().__init__(message)
        self.tokens = tokens
        self.limit = limit
