"""Requests, headers, timeouts and addresses as plain values, the same for both transports."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ..errors import InvalidRequestError
from .secret import Secret
from .timeout import Timeout

_FRAMING = frozenset({"content-length", "transfer-encoding"})


_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})


class Headers(Mapping[str, str]):
    """Headers by name, in any case; values of a repeated name are joined as RFC 9110 says.

    The values of credentials are left out of the `repr`.
    """

    __slots__ = ("_values",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in items:
            name = name.lower()
            known = self._values.get(name)
            glue = "; " if name == "cookie" else ", "
            self._values[name] = value if known is None else f"{known}{glue}{value}"

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        shown = {k: "***" if k in _CREDENTIALS else v for k, v in self._values.items()}
        return f"Headers({shown!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A body around a file of `size` bytes, which `pieces()` reads from the start each time."""

    head: bytes = field(repr=False)
    tail: bytes = field(repr=False)
    size: int
    pieces: Callable[[], Iterator[bytes]] = field(repr=False)
    on_progress: Callable[[int, int], None] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.head) + self.size + len(self.tail)

    def parts(self) -> Generator[bytes, None, None]:
        """The whole body, once."""
        yield self.head
        yield from self.pieces()
        yield self.tail

    def progress(self, sent: int) -> None:
        if self.on_progress is not None:
            self.on_progress(sent, len(self))

    def __iter__(self) -> Generator[bytes, None, None]:
        """The whole body, once; tells the progress as it is taken."""
        sent = 0
        for part in self.parts():
            yield part
            sent += len(part)
            self.progress(sent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. Secrets stay `Secret` in `headers` until the wire."""

    method: str
    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    upload: Upload | None = None  # in the place of `body`
    timeout: Timeout = field(default_factory=Timeout)
    public: bool = False  # answered without a key: none is looked for, and none sent
    paced: bool = False  # it waited for room in the rate limits
    shown: str | None = None  # `where`, for an address that repeats a secret

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.place}>"

    @property
    def where(self) -> str:
        """The address without its query, in which some gateways want a key."""
        return self.url.partition("?")[0] if self.shown is None else self.shown

    @property
    def place(self) -> str:
        """What messages and logs call the request."""
        return f"{self.method} {self.where}"

    def with_headers(self, headers: Mapping[str, str | Secret | None]) -> Request:
        return dataclasses.replace(self, headers=merge_headers(self.headers, headers))

    def signed(self, key: Secret) -> Request:
        return self.with_headers({"Authorization": Secret(f"Bearer {key.reveal()}")})

    @property
    def is_signed(self) -> bool:
        return any(name.lower() == "authorization" for name in self.headers)

    def secrets(self) -> list[Secret]:
        """What no error may repeat: the values of the secret headers, a key without its scheme."""
        values = [Secret(value) for value in self.headers.values() if isinstance(value, Secret)]
        return [Secret(value.reveal().rpartition(" ")[2]) for value in values] + values


def merge_headers(*layers: Mapping[str, str | Secret | None] | None) -> dict[str, str | Secret]:
    """Later layers win, whatever the case of the name; None takes a header away."""
    merged: dict[str, tuple[str, str | Secret]] = {}
    for layer in layers:
        for name, value in (layer or {}).items():
            _check_header(name, value)
            if value is None:
                merged.pop(name.lower(), None)
            else:
                merged[name.lower()] = (name, value)
    return dict(merged.values())


def _check_header(name: object, value: object) -> None:
    if not isinstance(name, str) or not (value is None or isinstance(value, (str, Secret))):
        raise InvalidRequestError(f"header {name!r}: names and values are str")
    if name.lower() in _FRAMING:
        raise InvalidRequestError(f"header {name!r}: it follows from the body and cannot be given")
    if not name or not name.isascii() or any(c <= " " or c in ":\x7f" for c in name):
        raise InvalidRequestError(f"header {name!r}: not a header name")
    if value is not None and not is_header_safe(value):
        raise InvalidRequestError(f"header {name!r}: its value has characters no header may have")


def is_header_safe(value: str | Secret) -> bool:
    """Whether `value` can be a header's value: latin-1, no control characters but tab, no blanks
    at its ends. The libraries refuse the same, with the value in their message."""
    text = value.reveal() if isinstance(value, Secret) else value
    return text == text.strip() and all(
        c == "\t" or (" " <= c <= "\xff" and c != "\x7f") for c in text
    )


def reveal_headers(headers: Mapping[str, str | Secret]) -> dict[str, str]:
    """The headers as the wire takes them. Pass the result on at once: keep it in no variable."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in headers.items()
    }


_HTTP_DATE = re.compile(r"\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def http_date(text: str | None) -> float | None:
    """The unix time of an HTTP date (RFC 9110, the form that servers send), None for another text.

    The standard library's own reader comes with sockets, or depends on the locale.
    """
    match = _HTTP_DATE.fullmatch((text or "").strip())
    if match is None or match[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second = match.groups()
    month = _MONTHS.index(match[2]) + 1
    try:
        moment = datetime(
            int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    return moment.timestamp()
