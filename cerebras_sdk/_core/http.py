"""Requests, headers, timeouts and addresses as plain values, the same for both transports."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from ..errors import InvalidRequestError
from .secret import Secret

_ENDPOINTS = ("/chat/completions", "/completions", "/models")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_SAFE_EVERYWHERE = frozenset({"accept", "user-agent"})


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


_FOREVER = 1e8  # seconds; what is longer is no limit, and more than some sockets can count


class _FourTimeouts(Protocol):
    """What an httpx.Timeout has."""

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeout:
    """How long to wait, in seconds; None waits for ever.

    `connect`: for the connection; `read`: for the next bytes; `write`: for room to send;
    `pool`: for a free connection. requests knows the first two only.
    """

    connect: float | None = 60.0
    read: float | None = 60.0
    write: float | None = 60.0
    pool: float | None = 60.0

    @classmethod
    def of(cls, value: TimeoutInput) -> Timeout:
        """A number is each of the four; an object with the four attributes is taken over."""
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return cls(connect=value, read=value, write=value, pool=value)
        if isinstance(value, cls):
            return value
        try:
            parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(cls)}
        except AttributeError:
            raise InvalidRequestError(
                "timeout takes a number of seconds, a Timeout, an httpx.Timeout or None, "
                f"not {type(value).__name__}"
            ) from None
        return cls(**parts)

    def __post_init__(self) -> None:
        for phase in dataclasses.fields(self):
            seconds = getattr(self, phase.name)
            if seconds is None:
                continue
            if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
                raise InvalidRequestError(f"timeout: {phase.name} must be a number or None")
            if not seconds > 0:
                raise InvalidRequestError(f"timeout must be more than 0 seconds, not {seconds!r}")
            if seconds > _FOREVER:
                object.__setattr__(self, phase.name, None)


TimeoutInput: TypeAlias = float | Timeout | _FourTimeouts | None
"""What a `timeout` argument takes: seconds, a Timeout, an httpx.Timeout, or None for no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. Secrets stay `Secret` in `headers` until the wire."""

    method: str
    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    timeout: Timeout = field(default_factory=Timeout)
    public: bool = False  # answered without a key: none is looked for, and none sent

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


def is_loopback(host: str | None) -> bool:
    if host is None:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult | None:
    """The parts of `url`; None for what is no URL, or one that the libraries read in another way
    than `urlsplit`: to them the host of `https://a\\@b` is `a`."""
    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError:
        return None
    return None if any(c <= " " or c in "\\\x7f" for c in url) else parts


def check_url(url: object, what: str) -> str:
    """`url` when a key may be sent to it: https, or http to this machine.

    Raises InvalidRequestError, which never repeats a password that stands in the address.
    """
    if not isinstance(url, str):
        raise InvalidRequestError(f"{what} must be a str, not {type(url).__name__}")
    parts = _split(url.strip())
    if parts is None:
        raise InvalidRequestError(f"{what} is not a URL")
    if "@" in parts.netloc:
        raise InvalidRequestError(f"{what} holds a user name or password: use default_headers")
    host = parts.hostname
    if not host or parts.scheme not in ("http", "https"):
        shown = "" if set("@?#") & set(url) else f", not {url!r}"
        raise InvalidRequestError(f"{what} must start with https:// and name a host{shown}")
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidRequestError(
            f"{what} is at 'http://{host}': keys and cookies are sent over https only "
            "(http to this machine aside)"
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def normalize_base_url(url: str, what: str = "base_url") -> str:
    """The base URL without `/v1`, however it was written; a whole endpoint's URL is cut back.

    The official SDK wants `https://api.cerebras.ai`, OpenAI's `https://api.cerebras.ai/v1`.
    """
    url = check_url(url, what)
    for endpoint in _ENDPOINTS:
        if url.endswith("/v1" + endpoint):
            url = url.removesuffix(endpoint)
            break
    return url.removesuffix("/v1").rstrip("/")


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


def origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(scheme, 0)


def same_origin(url: str, other: str) -> bool:
    try:
        return origin(url) == origin(other)
    except ValueError:
        return False


def redirected(request: Request, status: int, location: str | None) -> Request | None:
    """The request that follows a redirect, or None when it is not to be followed.

    To the same origin everything goes again, the method and the body kept (303 means GET). To
    another one only a request without a body goes, and without anything secret: not a key, not a
    cookie, none of the user's own headers. Down from https to http nothing goes.
    """
    if status not in (301, 302, 303, 307, 308) or not location or _split(location) is None:
        return None
    target = urljoin(request.url, location)
    before, after = origin(request.url), origin(target)
    # A user name would make the libraries put an Authorization of their own in the place of ours.
    if after[0] not in ("http", "https") or not after[1] or "@" in urlsplit(target).netloc:
        return None
    method, body = request.method, request.body
    if status == 303 and method != "HEAD":
        method, body = "GET", b""
    if before == after:
        return dataclasses.replace(request, url=target, method=method, body=body)
    if body or method not in ("GET", "HEAD") or (before[0], after[0]) == ("https", "http"):
        return None
    headers = {
        name: value for name, value in request.headers.items() if name.lower() in _SAFE_EVERYWHERE
    }
    return dataclasses.replace(request, url=target, method=method, headers=headers)
