"""Files to upload, read from disk piece by piece, as often as they are sent."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from .._core.http import is_header_safe
from ..errors import InvalidRequestError

FileContent: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a binary file that can be read from its start again."""
FileInput: TypeAlias = (
    FileContent | tuple[str | None, FileContent] | tuple[str | None, FileContent, str | None]
)
"""What an upload takes: a file's content, or `(name, content)`, or `(name, content, media type)`;
None for a name or a type stands for the file's own."""

_PIECE = 65536
_UNNAMED = "upload.jsonl"
_UNTYPED = "application/octet-stream"


@dataclass(frozen=True)
class FileSource:
    """A file as it was found: its name, its size in bytes, its media type, and its bytes by
    `pieces()`, which reads it from the start each time."""

    name: str
    size: int
    _content: FileContent = field(repr=False)
    media_type: str = _UNTYPED

    def pieces(self) -> Generator[bytes, None, None]:
        """Raises InvalidRequestError when the file is no longer what it was."""
        left = self.size
        try:
            with _opened(self._content) as file:
                while left and (piece := file.read(min(left, _PIECE))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            # Not an error of the network, which would be tried again.
            raise InvalidRequestError(f"file: {self.name!r} cannot be read: {error}") from error
        if left:
            raise InvalidRequestError(f"file: {self.name!r} became shorter while it was sent")


def file_from_path(path: str | os.PathLike[str]) -> tuple[str, str | os.PathLike[str]]:
    """`(name, path)`: an upload of the file under its own name; it is read when it is sent."""
    return os.path.basename(os.fspath(path)), path


def find_file(file: FileInput, filename: str | None) -> FileSource:
    """Looks at a file before anything is sent; `filename` is stronger than a name of its own.

    Raises FileNotFoundError and other OSErrors, and InvalidRequestError for what is no file.
    """
    name, content, media_type = _parts(file)
    if isinstance(content, (bytearray, memoryview)):
        content = bytes(content)
    if isinstance(content, bytes):
        return FileSource(filename or name or _UNNAMED, len(content), content, media_type)
    if isinstance(content, (str, os.PathLike)):
        name = filename or name or os.path.basename(os.fspath(content))
        with open(content, "rb") as opened:
            return FileSource(name, opened.seek(0, os.SEEK_END), content, media_type)
    try:
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
        binary = isinstance(content.read(0), bytes)
    except (AttributeError, TypeError, io.UnsupportedOperation):
        binary = False
    if not binary:
        raise InvalidRequestError(
            "file takes a path, bytes, or a binary file that can be read again (open(path, 'rb')), "
            f"not {type(content).__name__}"
        )
    own = getattr(content, "name", None)  # a number for a file that was opened by its descriptor
    own = os.path.basename(own) if isinstance(own, str) else None
    return FileSource(filename or name or own or _UNNAMED, size, content, media_type)


def _parts(file: FileInput) -> tuple[str | None, FileContent, str]:
    if not isinstance(file, tuple):
        return None, file, _UNTYPED
    name, content, media_type = None, None, None
    if len(file) == 2:
        name, content = file
    elif len(file) == 3:
        name, content, media_type = file
    else:
        raise InvalidRequestError(
            "file takes (name, content) or (name, content, media type); a part has no headers of "
            f"its own here, and a tuple of {len(file)} cannot be read"
        )
    if not (name is None or isinstance(name, str)):
        raise InvalidRequestError(
            f"file: the first of (name, content) is the name, a str, not {type(name).__name__}"
        )
    media_type = media_type or _UNTYPED
    if not (isinstance(media_type, str) and media_type.isascii() and is_header_safe(media_type)):
        raise InvalidRequestError("file: the third of (name, content, media type) is no media type")
    return name, content, media_type


class CallbackError(Exception):
    """Carries an error of the caller's callback past libraries that would take it for their own."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def carried(callback: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """The callback, whose errors come as CallbackError."""

    def call(sent: int, total: int) -> None:
        try:
            callback(sent, total)
        except Exception as error:
            raise CallbackError(error) from None

    return call


@contextlib.contextmanager
def _opened(content: FileContent) -> Generator[BinaryIO, None, None]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
    elif isinstance(content, (str, os.PathLike)):
        with open(content, "rb") as file:
            yield file
    else:
        content.seek(0)
        yield content
