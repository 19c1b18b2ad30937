"""Documents of the user's on disk, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile


def write_document(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` so that a reader, or a crash, finds the old file or the new one; only its owner
    may read a new one. Raises OSError, which names `path`."""
    target = os.path.realpath(path)  # what a link leads to is written, and the link stays
    try:
        _replace(target, text.encode())
    except OSError as error:  # of a name that the user has never seen
        raise OSError(error.errno, error.strerror, os.fspath(path)) from None


def _replace(target: str, content: bytes) -> None:
    folder, name = os.path.split(target)
    handle, scratch = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            with contextlib.suppress(OSError):  # there is no file yet
                os.chmod(scratch, os.stat(target).st_mode & 0o777)
        os.replace(scratch, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(scratch)
        raise


def read_document(path: str | os.PathLike[str]) -> bytes:
    """Raises OSError, such as FileNotFoundError."""
    with open(path, "rb") as file:
        return file.read()
