"""Batches, and the lines of their results.

Source: inference-docs.cerebras.ai, "Files" and "Batch" (private preview).
"""

from __future__ import annotations

from typing import Any

from msgspec import field

from ._base import Answer, Model
from .chat import ChatCompletion

_OVER = ("completed", "failed", "expired", "cancelled", "canceled")


class BatchRequestCounts(Model):
    """How many lines of a batch there are, how many are done, and how many have failed."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class Batch(Answer):
    """A batch; times are unix seconds.

    `status`: `queued`, `validating`, `in_progress`, `finalizing`, `completed`, `failed`, `expired`,
    `cancelling`, `cancelled`, or newer.
    """

    id: str = ""
    object: str = "batch"
    endpoint: str | None = None
    errors: Any = None
    input_file_id: str | None = None
    completion_window: str | None = None
    status: str = ""
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int | None = None
    in_progress_at: int | None = None
    expires_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    request_counts: BatchRequestCounts = field(default_factory=BatchRequestCounts)
    metadata: dict[str, Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it: completed, failed, expired or cancelled."""
        return self.status in _OVER


class BatchList(Answer):
    """One page of batches; `client.batches.list()` turns the pages by itself."""

    object: str = "list"
    data: list[Batch] = []
    has_more: bool = False


class BatchResultError(Model):
    """Why a line of a batch has no answer."""

    code: str | None = None
    message: str | None = None


class BatchResult(Model):
    """What became of one line of a batch: a `response`, or an `error`.

    `status`: `succeeded`, `failed`, `expired`, or newer. The results are in no order: `custom_id`
    says which line it was.
    """

    custom_id: str = ""
    status: str | None = None
    response: ChatCompletion | None = None
    error: BatchResultError | None = None
