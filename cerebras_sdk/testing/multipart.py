"""A body of `multipart/form-data` (RFC 7578), read by the parser of the standard library."""

from __future__ import annotations

import email.policy
from dataclasses import dataclass
from email.parser import BytesParser

from .engines import RequestRefused
from .exchange import ReceivedRequest


@dataclass(frozen=True)
class Part:
    """One field of a form: its bytes, and the name of the file if it is one."""

    content: bytes
    filename: str | None


def parse_form(request: ReceivedRequest) -> dict[str, Part]:
    """The fields by name; `RequestRefused` for what is no form, or names a field twice."""
    try:
        form = _form(request.headers.get("content-type", ""), request.body)
    except Exception:  # odd headers, such as a charset with a NUL, make the parser fail in any way
        form = None
    if form is None:
        raise RequestRefused("body: Invalid multipart/form-data")
    return form


def _form(content_type: str, body: bytes) -> dict[str, Part] | None:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    # The policy for HTTP takes UTF-8 in a file's name, as browsers and httpx send it.
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if message.get_content_type() != "multipart/form-data" or message.defects:
        return None
    form: dict[str, Part] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes) or name in form:
            return None
        form[name] = Part(content, part.get_filename())
    return form
