"""Cookies of cerebras.ai: read from whatever form the user has them in, written as a header.

A value is a Secret from the first moment. The functions that hold raw text never let an exception
out, because a traceback shows the variables of its frames: `shielded` turns every failure into its
reason, and the public function raises that reason when the raw text is out of reach.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..errors import CookieError
from .secret import Secret
from .urls import is_loopback

_Source = TypeVar("_Source")

_CEREBRAS_HOST = re.compile(r"(?:[a-z0-9_-]+\.)*cerebras\.ai")
_HEADER_FIELD = re.compile(r"cookie:\s*", re.IGNORECASE)
_FIRST_PAIR = re.compile(r"[^\x00-\x20\x7f/\\:;=,\"{}<>]+=")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f;]")
# Seconds reach this in the year 5138: a larger number is milliseconds.
_MILLISECONDS_FROM = 1e11


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie of cerebras.ai or a host below it.

    `domain` has no leading dot; with `host_only` the cookie goes to that host and to none below it.
    `expires` is in Unix seconds; None is a session cookie, which this package keeps.
    """

    name: str
    value: Secret
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float | None


def read_cookies(
    source: Mapping[str, str] | Mapping[str, Secret] | str | Secret | Iterable[object],
) -> tuple[Cookie, ...]:
    """The cookies of cerebras.ai in a mapping, a `Cookie:` header, a jar, or a list of cookies.

    A jar is one of `http.cookiejar`, `requests` or `httpx`; the items of a list are cookies of such
    a jar, of this module, or mappings as browser tools export them (`domain`, `name`, `value`).
    Names without a domain count as cookies of cerebras.ai and all hosts below it. Of two cookies
    with the same name, domain and path the later one wins. Raises CookieError, without any value.
    """
    outcome = shielded(_read, source)
    del source
    if isinstance(outcome, str):
        raise CookieError(outcome)
    return outcome


def cookie_header(cookies: Iterable[Cookie], url: str, *, now: float) -> Secret | None:
    """The value of the `Cookie` header for a request to `url` at `now` (Unix seconds), or None.

    The rules are those of RFC 6265, section 5.4. A host outside cerebras.ai is one that the user
    named for the session; it gets the cookies that inference.cerebras.ai would get.
    """
    target = urlsplit(url)
    host = (target.hostname or "").rstrip(".")
    safe = target.scheme == "https" or is_loopback(host)
    if not is_cerebras_host(host):
        host = "inference.cerebras.ai"
    fitting = [
        cookie
        for cookie in cookies
        if _goes_to_host(cookie, host)
        and _goes_to_path(cookie, target.path or "/")
        and (safe or not cookie.secure)
        and (cookie.expires is None or cookie.expires > now)
    ]
    if not fitting:
        return None
    fitting.sort(key=lambda cookie: len(cookie.path), reverse=True)
    pairs = (f"{cookie.name}={cookie.value.reveal()}" for cookie in fitting)
    return Secret("; ".join(pairs).strip())  # no library sends a value that ends in a blank


def looks_like_header(text: str) -> bool:
    """Whether `text` is a `Cookie:` header (`a=b; c=d`) rather than the path of a file."""
    text = text.strip()
    return bool(_HEADER_FIELD.match(text) or _FIRST_PAIR.match(text))


def is_cerebras_host(host: str) -> bool:
    """Whether `host`, in lower case, is cerebras.ai or below it."""
    return _CEREBRAS_HOST.fullmatch(host) is not None


def shielded(
    read: Callable[[_Source], Iterable[Cookie | None]], source: _Source
) -> tuple[Cookie, ...] | str:
    """What `read(source)` finds, or the reason why it cannot be read; never an exception."""
    found: dict[tuple[str, str, str], Cookie] = {}
    try:
        for cookie in read(source):
            if cookie is not None:
                found[cookie.name, cookie.domain, cookie.path] = cookie
    except CookieError as error:
        return str(error)
    except Exception as error:
        # A jar is foreign code, and what it raises may quote a cookie.
        return f"the cookies cannot be read ({type(error).__name__})"
    return tuple(found.values())


def cookie_from(
    name: object,
    value: object,
    *,
    domain: object = "cerebras.ai",
    host_only: bool | None = None,
    path: object = "/",
    secure: bool = True,
    expires: object = None,
) -> Cookie | None:
    """A checked cookie; None for one without a name or a value, or of another site.

    `host_only=None` reads it from `domain`: without a leading dot a host stands for itself, except
    that cerebras.ai, where no session is served, stands for the hosts below it.
    """
    if not isinstance(domain, str):
        return None
    host = domain.strip().lower().removeprefix(".")
    if not is_cerebras_host(host) or not name or value is None:
        return None
    if not isinstance(name, str) or not isinstance(value, str | Secret):
        raise CookieError("a cookie whose name or value is not a text")
    secret = Secret(value)
    if "=" in name or _UNSENDABLE.search(name) or _UNSENDABLE.search(secret.reveal()):
        raise CookieError(
            "a cookie holds a character that cannot be sent: a line break, another control "
            "character, ';', or '=' in its name. Copy it again, without the line's end"
        )
    if not _is_latin1(name) or not _is_latin1(secret.reveal()):
        raise CookieError("a cookie holds a character outside Latin-1, which no header can carry")
    if host_only is None:
        host_only = host != "cerebras.ai" and not domain.strip().startswith(".")
    if not isinstance(path, str) or not path.startswith("/"):
        path = "/"
    return Cookie(name, secret, host, host_only, path, secure, _expiry(expires))


def cookies_from_header(text: str) -> Iterator[Cookie | None]:
    """The cookies of a `Cookie:` header, whose parts without `=` are no cookies."""
    pairs = [part.partition("=") for part in _HEADER_FIELD.sub("", text.strip(), 1).split(";")]
    named = [(name.strip(), value.strip(" \t")) for name, equals, value in pairs if equals]
    if not any(name for name, _ in named):
        raise CookieError("this is no Cookie header, which reads name=value; name=value")
    for name, value in named:
        yield cookie_from(name, value)


def cookie_from_export(cookie: Mapping[Any, Any]) -> Cookie | None:
    """A cookie as extensions, Playwright and Selenium export it; one without a domain is dropped.

    The moment of expiry is called `expirationDate`, `expires` or `expiry`.
    """
    host_only = cookie.get("hostOnly")
    expires = next(
        (cookie[key] for key in ("expirationDate", "expires", "expiry") if key in cookie), None
    )
    return cookie_from(
        cookie.get("name"),
        cookie.get("value"),
        domain=cookie.get("domain"),
        host_only=host_only if isinstance(host_only, bool) else None,
        path=cookie.get("path"),
        secure=bool(cookie.get("secure", True)),
        expires=None if cookie.get("session") is True else expires,
    )


def _read(source: object) -> Iterator[Cookie | None]:
    # httpx.Cookies and the jar of requests are mappings too, which forget the domains.
    jar = getattr(source, "jar", source)
    if isinstance(source, str | Secret):
        yield from cookies_from_header(Secret(source).reveal())
    elif isinstance(source, Mapping) and not hasattr(jar, "set_cookie"):
        for name, value in source.items():
            yield cookie_from(name, value)
    elif isinstance(jar, Iterable):
        for cookie in jar:
            yield _cookie_from_item(cookie)
    else:
        raise CookieError(f"cookies cannot be read from {_article(source)}")


def _cookie_from_item(item: object) -> Cookie | None:
    if isinstance(item, Cookie):
        return item
    if isinstance(item, Mapping):
        return cookie_from_export(item)
    if not hasattr(item, "name") or not hasattr(item, "value"):
        raise CookieError(f"a cookie cannot be read from {_article(item)}")
    domain = getattr(item, "domain", "")
    specified = getattr(item, "domain_specified", None)
    return cookie_from(
        item.name,
        item.value,
        domain=domain or "cerebras.ai",
        host_only=not specified if domain and isinstance(specified, bool) else None,
        path=getattr(item, "path", "/"),
        secure=bool(getattr(item, "secure", True)),
        expires=getattr(item, "expires", None),
    )


def _article(thing: object) -> str:
    return (
        f"an object of type {type(thing).__name__}: give a mapping of names to values, a Cookie "
        "header, or a cookie jar"
    )


def _expiry(value: object) -> float | None:
    """Unix seconds from seconds, milliseconds or an ISO 8601 date; None when none can be read."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    except ValueError:
        return _moment(str(value))
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    return seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds


def _moment(text: str) -> float | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    # A date in the past stays one: that is how an answer deletes a cookie.
    return moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp()


def _is_latin1(text: str) -> bool:
    return not any(character > "\xff" for character in text)


def _goes_to_host(cookie: Cookie, host: str) -> bool:
    below = not cookie.host_only and host.endswith("." + cookie.domain)
    return host == cookie.domain or below


def _goes_to_path(cookie: Cookie, path: str) -> bool:
    folder = cookie.path if cookie.path.endswith("/") else cookie.path + "/"
    return path == cookie.path or path.startswith(folder)
