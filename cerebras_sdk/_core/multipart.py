"""What stands around a file in a body of multipart/form-data (RFC 7578)."""

from __future__ import annotations

from collections.abc import Mapping

# As browsers write names (HTML, "multipart form data"): nothing else is escaped.
_QUOTED = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


def around_file(
    fields: Mapping[str, str],
    filename: str,
    boundary: str,
    *,
    media_type: str = "application/octet-stream",
) -> tuple[bytes, bytes]:
    """The bytes before and after the content of a file, in the field `file` behind `fields`.

    boundary: a text in ASCII that does not occur in the content. media_type: safe for a header.
    """
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{_quoted(filename)}"\r\nContent-Type: {media_type}\r\n\r\n'
    )
    return head.encode("utf-8", "replace"), f"\r\n--{boundary}--\r\n".encode("ascii")


def _quoted(name: str) -> str:
    return name.translate(_QUOTED)
