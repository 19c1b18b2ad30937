"""Addresses: which may be sent a key, which are the same, and where a redirect may lead."""

from __future__ import annotations

import dataclasses
import ipaddress
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from ..errors import InvalidRequestError
from .http import Request
from .redaction import cleaned

_ENDPOINTS = ("/chat/completions", "/completions", "/models")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE_EVERYWHERE = frozenset({"accept", "user-agent"})


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


def check_url(url: object, what: str, *, plain_http: bool = False) -> str:
    """`url` when a secret may be sent to it: https, or http to this machine; with `plain_http` to
    another too, which the user is to be warned of, but not to the service itself.

    Raises InvalidRequestError, which never repeats a password that stands in the address.
    """
    if hasattr(url, "scheme") and hasattr(url, "host"):
        url = str(url)  # an httpx.URL
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
    own = not host.endswith("cerebras.ai")
    if parts.scheme == "http" and not is_loopback(host) and not (plain_http and own):
        raise InvalidRequestError(
            f"{what} is at 'http://{host}': keys and cookies are sent over https only "
            "(http to this machine aside)"
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def normalize_base_url(url: object, what: str = "base_url") -> str:
    """The base URL without `/v1`, however it was written; a whole endpoint's URL is cut back.

    The official SDK wants `https://api.cerebras.ai`, OpenAI's `https://api.cerebras.ai/v1`.
    """
    url = check_url(url, what, plain_http=True)
    for endpoint in _ENDPOINTS:
        if url.endswith("/v1" + endpoint):
            url = url.removesuffix(endpoint)
            break
    return url.removesuffix("/v1").rstrip("/")


def plain_http_notice(base_url: str) -> str | None:
    """What to say of an address where the key and the prompts can be read on the way."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or is_loopback(parts.hostname or ""):
        return None
    return (
        f"base_url is at 'http://{parts.hostname}': the key and the prompts can be read on the way "
        "there. Use https, or ignore InsecureURLWarning where the network is your own"
    )


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
    method, body, upload = request.method, request.body, request.upload
    if status == 303 and method != "HEAD":
        method, body, upload = "GET", b"", None
    # Some servers put into the path what they were sent.
    shown = cleaned(target.partition("?")[0], request)
    request = dataclasses.replace(request, url=target, shown=shown)
    if before == after:
        return dataclasses.replace(request, method=method, body=body, upload=upload)
    if (
        body
        or upload
        or method not in ("GET", "HEAD")
        or (before[0], after[0]) == ("https", "http")
    ):
        return None
    headers = {
        name: value for name, value in request.headers.items() if name.lower() in _SAFE_EVERYWHERE
    }
    return dataclasses.replace(request, method=method, headers=headers)
