"""The requests of the Files and Batch APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import InvalidRequestError
from ..http import Request, Upload
from ..multipart import around_file
from ..options import ClientOptions, NotGiven
from ..secret import Hidden
from ..timeout import TimeoutInput
from .body import given, segment
from .models import plain_request


@dataclass(frozen=True)
class Call:
    """What the calls of one resource share: the path of its list, and the caller's options."""

    options: ClientOptions
    path: str
    extra_headers: Hidden[Mapping[str, str | None] | None]
    timeout: TimeoutInput | NotGiven

    def request(
        self,
        method: str,
        *below: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
    ) -> Request:
        """A request for the list, or for what is `below` it: an id first, and more behind that."""
        segments = [segment(f"{self.path}: the id", part) for part in below]
        return plain_request(
            self.options,
            method,
            "/".join([self.path, *segments]),
            body=body,
            query=query,
            extra_headers=self.extra_headers,
            timeout=self.timeout,
        )

    def page(self, limit: int | None, after: str | None) -> Request:
        given = {"limit": limit, "after": after}
        query = {name: value for name, value in given.items() if value is not None}
        return self.request("GET", query=query or None)


def upload(
    call: Call,
    *,
    filename: str,
    media_type: str,
    size: int,
    pieces: Callable[[], Iterator[bytes]],
    purpose: str,
    expires_after: int | None,
    on_progress: Callable[[int, int], None] | None,
    boundary: str,
) -> Request:
    """POST /v1/files, as a form around the file."""
    fields = {"purpose": given(purpose) or "batch"}
    expires_after = given(expires_after)
    if expires_after is not None:
        if isinstance(expires_after, bool) or not isinstance(expires_after, int):
            raise InvalidRequestError(
                "expires_after must be a whole number of seconds, such as 86400"
            )
        fields["expires_after[anchor]"] = "created_at"
        fields["expires_after[seconds]"] = str(expires_after)
    head, tail = around_file(fields, filename, boundary, media_type=media_type)
    # After the caller's headers: without the boundary nobody could read the form.
    form = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return replace(
        call.request("POST").with_headers(form),
        upload=Upload(head=head, tail=tail, size=size, pieces=pieces, on_progress=on_progress),
    )
