"""Which key or which cookies a client uses: the places that are looked at, and their order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import (
    CerebrasError,
    CookieError,
    InvalidRequestError,
    MissingCredentialsError,
)
from .auth import SESSION_URLS, SIGN_IN, ApiKey, CookieAuth, Exchange
from .cookies import Cookie, looks_like_header, read_cookies
from .options import Environment
from .secret import Hidden, Secret
from .timeout import Timeout
from .urls import check_url

COOKIE_FILE = ".cerebras.ai"

CookieInput: TypeAlias = str | os.PathLike[str] | Mapping[str, str] | Iterable[Any]
"""What a `cookies` argument takes: a `Cookie:` header, a path, "browser", a mapping, a cookie jar
or another iterable of cookies."""


@dataclass(frozen=True, slots=True)
class CookieSource:
    """Cookies that have to be read first: `kind` is `file`, `config` (a file in the user's
    configuration folder) or `browser`; an `optional` one may be missing."""

    kind: str
    label: str
    path: str = field(default="", repr=False)  # what was taken for a path may be a pasted cookie
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a source gave: `where` it was, and the cookies, None if there was no file."""

    where: str
    cookies: tuple[Cookie, ...] | None


class Credentials:
    """The key of one client, found in this order: `api_key=`, `cookies=`, CEREBRAS_API_KEY,
    CEREBRAS_COOKIES, a file `.cerebras.ai` in the working folder, then in the user's configuration
    folder.

    Nothing is read from disk or network here. When `current` is None the caller, under a lock and
    after `recheck`, reads what `unread` names and gives it to `accept`, makes the `exchange` and
    has it `settle`d, and says at the end of it all how that `ended`.
    """

    def __init__(
        self,
        api_key: Secret | None,
        cookies: Hidden[Any] | None,
        environment: Environment,
        *,
        session_url: str | None = None,
    ) -> None:
        self.attempts = 0
        self._auth: ApiKey | CookieAuth | None = None
        self._failure: CerebrasError | None = None
        self._session_urls = _session_urls(session_url, environment)
        self._sources: tuple[CookieSource, ...] = ()
        if api_key is not None:
            self._auth = ApiKey.of(api_key, "api_key=")
        elif cookies is not None:
            self._take("cookies=", cookies)
        elif environment.api_key is not None:
            self._auth = ApiKey.of(environment.api_key, "CEREBRAS_API_KEY")
        elif environment.cookies is not None:
            self._take("CEREBRAS_COOKIES", Hidden(environment.cookies.reveal()))
        else:
            self._sources = (
                CookieSource("file", "the working folder", COOKIE_FILE, optional=True),
                CookieSource("config", "the configuration folder", COOKIE_FILE, optional=True),
            )

    def current(self, now: float) -> Secret | None:
        """The key, if one is at hand that is good at `now` (unix seconds)."""
        auth = self._auth
        if isinstance(auth, ApiKey):
            return auth.key
        return auth.current(now) if auth is not None else None

    def recheck(self, ticket: int) -> None:
        """Raises the failure of an attempt that ended after `ticket` (a value of `attempts`) was
        taken: whoever waited for that attempt does not make another one."""
        if self.attempts != ticket and self._failure is not None:
            raise type(self._failure)(str(self._failure))

    def unread(self) -> tuple[CookieSource, ...]:
        """The sources to read before an exchange; the first that has cookies is used."""
        return self._sources if self._auth is None else ()

    def accept(self, readings: Iterable[Reading]) -> None:
        """Takes what was read of `unread()`, in order.

        Raises MissingCredentialsError when there was nothing in any of them.
        """
        places = []
        for reading in readings:
            if reading.cookies is not None:
                self._use(reading.where, reading.cookies)
                return
            places.append(f"no file {reading.where}")
        raise MissingCredentialsError(
            "no Cerebras API key. Looked at: api_key= (not given); cookies= (not given); "
            "CEREBRAS_API_KEY (not set); CEREBRAS_COOKIES (not set); "
            f'{"; ".join(places)}; the browser only when asked with cookies="browser". '
            f"Make a key at {SIGN_IN} and set CEREBRAS_API_KEY"
        )

    def exchange(self, now: float, *, timeout: Timeout, user_agent: str) -> Exchange:
        assert isinstance(self._auth, CookieAuth), "a given key is never exchanged"
        return self._auth.exchange(now, timeout=timeout, user_agent=user_agent)

    def settle(self, exchange: Exchange, now: float) -> Secret:
        """The key that the exchange gave. Raises KeyExchangeError."""
        assert isinstance(self._auth, CookieAuth), "a given key is never exchanged"
        return self._auth.settle(exchange, now)

    def ended(self, failure: CerebrasError | None) -> None:
        """An attempt to get a key ended, well if `failure` is None."""
        self.attempts += 1
        self._failure = failure
        if failure is not None and self._sources:
            self._auth = None  # the user may save fresh cookies in that file: read it again

    def renew(self, key: Secret) -> bool:
        """Drops a key that the service refused; whether another one can be had."""
        if not isinstance(self._auth, CookieAuth):
            return False
        self._auth.invalidate(key)
        return True

    def _take(self, label: str, given: Hidden[Any]) -> None:
        source = _cookie_source(label, given)
        if source is not None:
            self._sources = (source,)
        else:
            self._use(label, read_cookies(given.value))

    def _use(self, label: str, cookies: tuple[Cookie, ...]) -> None:
        if not cookies:
            raise CookieError(f"{label} holds no cookies of cerebras.ai")
        self._auth = CookieAuth(cookies, source=label, session_urls=self._session_urls)


def given_key(key: Hidden[object], name: str = "api_key") -> Secret | None:
    """The argument `name`, checked."""
    if key.value is None:
        return None
    if not isinstance(key.value, (str, Secret)):
        raise InvalidRequestError(f"{name} must be a str, not {type(key.value).__name__}")
    return ApiKey.of(Secret(key.value), f"{name}=").key


def _cookie_source(label: str, given: Hidden[Any]) -> CookieSource | None:
    """What must be read first; None for cookies that are given as they are."""
    if isinstance(given.value, os.PathLike):
        return CookieSource("file", label, os.fsdecode(given.value))
    if not isinstance(given.value, str) or looks_like_header(given.value):
        return None
    text = given.value.strip()
    if text == "browser":
        return CookieSource("browser", label)
    return CookieSource("file", label, text) if text else None


def _session_urls(given: str | None, environment: Environment) -> tuple[str, ...]:
    if given is not None:
        return (check_url(given, "session_url"),)
    if environment.session_url is not None:
        return (check_url(environment.session_url, "CEREBRAS_SESSION_URL"),)
    return SESSION_URLS
