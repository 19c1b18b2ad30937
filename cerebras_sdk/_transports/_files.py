"""Files to upload, read from disk piece by piece, as often as they are sent."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import BinaryIO, TypeAlias

from ..errors import InvalidRequestError

FileContent: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a binary file that can be read from its start again."""
FileInput: TypeAlias = FileContent | tuple[str, FileContent]
"""What an upload takes: a file's content, or a pair of its name and that."""

_PIECE = 65536
_UNNAMED = "upload.jsonl"


@dataclass(frozen=True)
class FileSource:
    """A file as it was found: its name, its size in bytes, and its bytes by `pieces()`, which
    reads it from the start each time."""

    name: str
    size: int
    _content: FileContent = field(repr=False)

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


def find_file(file: FileInput, filename: str | None) -> FileSource:
    """Looks at a file before anything is sent; `filename` is stronger than a name of its own.

    Raises FileNotFoundError and other OSErrors, and InvalidRequestError for what is no file.
    """
    name, content = file if isinstance(file, tuple) else (None, file)
    if isinstance(content, (bytearray, memoryview)):
        content = bytes(content)
    if isinstance(content, bytes):
        return FileSource(filename or name or _UNNAMED, len(content), content)
    if isinstance(content, (str, os.PathLike)):
        name = filename or name or os.path.basename(os.fspath(content))
        with open(content, "rb") as opened:
            return FileSource(name, opened.seek(0, os.SEEK_END), content)
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
    return FileSource(filename or name or own or _UNNAMED, size, content)


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
