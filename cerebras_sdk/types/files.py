"""Files on the service.

Source: inference-docs.cerebras.ai, "Files" and "Batch" (private preview).
"""

from __future__ import annotations

from ._base import Answer


class FileObject(Answer):
    """A file on the service: its size in `bytes`, its times as unix seconds."""

    id: str = ""
    object: str = "file"
    filename: str | None = None
    bytes: int | None = None
    purpose: str | None = None
    created_at: int | None = None
    expires_at: int | None = None


class FileDeleted(Answer):
    """That a file is gone."""

    id: str = ""
    object: str = "file"
    deleted: bool = False


class FileList(Answer):
    """One page of files; `client.files.list()` turns the pages by itself."""

    object: str = "list"
    data: list[FileObject] = []
    has_more: bool = False
