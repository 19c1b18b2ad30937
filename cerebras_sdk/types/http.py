"""What an error tells of the request and of the answer, under the names of HTTP libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True)
class RequestInfo:
    """What was asked, and where; its `repr` leaves out the query, in which some gateways want a
    key."""

    method: str
    url: str

    def __repr__(self) -> str:
        return f"RequestInfo(method={self.method!r}, url={self.url.partition('?')[0]!r})"


@dataclass(frozen=True)
class ErrorResponse:
    """An answer that is an error; a value, without a connection, and without secrets."""

    status_code: int
    headers: Mapping[str, str]
    body: object = field(repr=False)
    request: RequestInfo

    @property
    def text(self) -> str:
        """The body as text; of JSON the same document, not the same bytes."""
        if self.body is None:
            return ""
        if isinstance(self.body, str):
            return self.body
        return msgspec.json.encode(self.body).decode()

    @property
    def content(self) -> bytes:
        return self.text.encode()

    def json(self) -> Any:
        """The body as plain dicts and lists. Raises ValueError when it is not JSON."""
        return msgspec.json.decode(self.text) if isinstance(self.body, str | None) else self.body

    @property
    def url(self) -> str:
        return self.request.url
