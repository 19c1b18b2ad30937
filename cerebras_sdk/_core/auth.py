"""Where the key comes from, and how cookies become one.

The exchange is undocumented: `GET /api/auth/session` of the web app (an Auth.js endpoint) answers
a signed-in browser with a short-lived `demoApiKey`. Known from public clients such as gpt4free.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from ..errors import InvalidRequestError, KeyExchangeError
from ..types._decode import parse_json
from .cookies import Cookie, cookie_header
from .http import Request, http_date, is_header_safe
from .secret import Secret
from .timeout import Timeout

SESSION_URLS = tuple(
    f"https://{host}.cerebras.ai/api/auth/session" for host in ("inference", "cloud", "chat")
)
SIGN_IN = "https://cloud.cerebras.ai"
_MARGIN = 60.0  # renew this many seconds before expiry, or a tenth of the key's life
_PAUSE = 10.0  # seconds between tries while the old key is still good


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that was given, and where."""

    key: Secret
    source: str

    @classmethod
    def of(cls, given: Secret, source: str) -> ApiKey:
        key = Secret(given.reveal().strip())
        problem = _key_problem(key)
        if problem:
            raise InvalidRequestError(f"{source}: the key {problem}")
        return cls(key, source)


def _key_problem(key: Secret) -> str | None:
    text = key.reveal()
    if not text:
        return "is empty"
    if not text.isascii() or not is_header_safe(key) or any(c.isspace() for c in text):
        return "has characters that no key has; was it copied whole?"
    return None


class CookieAuth:
    """Cookies, and the key they were last exchanged for.

    `current(now)` is the key while it is good (`now` in unix seconds). When it is None, take an
    `exchange(now)`, send what that asks for, and give it to `settle`, which returns the key or
    raises KeyExchangeError. `invalidate(key)` drops a key that the service refused.
    """

    def __init__(
        self,
        cookies: Iterable[Cookie],
        *,
        source: str,
        session_urls: tuple[str, ...] = SESSION_URLS,
    ) -> None:
        self._cookies = tuple(cookies)
        self._source = source
        self._urls = session_urls
        self._grant: _Grant | None = None

    def current(self, now: float) -> Secret | None:
        grant = self._grant
        return grant.key if grant is not None and now < grant.renew_at else None

    def invalidate(self, key: Secret) -> None:
        if self._grant is not None and self._grant.key == key:
            self._grant = None

    def exchange(self, now: float, *, timeout: Timeout, user_agent: str) -> Exchange:
        return Exchange(self._cookies, self._urls, now, timeout=timeout, user_agent=user_agent)

    def settle(self, exchange: Exchange, now: float) -> Secret:
        if exchange.grant is not None:
            self._grant = exchange.grant
        elif self._grant is not None and now < self._grant.expires_at:
            # It was early: the old key is good a little longer. Ask again soon, not every time.
            later = min(self._grant.expires_at, now + _PAUSE)
            self._grant = replace(self._grant, renew_at=later)
        else:
            raise KeyExchangeError(exchange.explanation(self._source))
        return self._grant.key


@dataclass(frozen=True, slots=True)
class _Grant:
    key: Secret
    expires_at: float
    renew_at: float


@dataclass(slots=True)
class Exchange:
    """One try to turn cookies into a key: address after address until one gives it.

    Send what `next_request()` returns, without following redirects, and tell `accept` what came
    back or `fail` why nothing did, until it returns None.
    """

    cookies: tuple[Cookie, ...]
    urls: tuple[str, ...]
    now: float
    timeout: Timeout = field(kw_only=True)
    user_agent: str = field(kw_only=True)
    grant: _Grant | None = field(default=None, init=False)
    _reasons: list[str] = field(default_factory=list, init=False)

    def next_request(self) -> Request | None:
        while self.grant is None and len(self._reasons) < len(self.urls):
            url = self.urls[len(self._reasons)]
            cookies = cookie_header(self.cookies, url, now=self.now)
            if cookies is None:
                self._reasons.append("no cookie for it, or all expired")
                continue
            headers: dict[str, str | Secret] = {
                "Accept": "application/json",
                "User-Agent": self.user_agent,
                # A blank at the end is refused by the libraries, with the value in their message.
                "Cookie": cookies,
            }
            return Request(method="GET", url=url, headers=headers, timeout=self.timeout)
        return None

    def accept(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> None:
        if status == 200:
            result = _read_session(body, headers, now)
        elif 300 <= status < 400:
            result = "it redirects: not signed in, or the page has moved"
        else:
            html = "html" in headers.get("content-type", "")
            result = f"status {status}" + (", an HTML page (a firewall?)" if html else "")
        if isinstance(result, str):
            self._reasons.append(result)
        else:
            self.grant = result

    def fail(self, reason: Exception) -> None:
        self._reasons.append(str(reason))

    def explanation(self, source: str) -> str:
        tried = "; ".join(
            f"{url}: {reason}" for url, reason in zip(self.urls, self._reasons, strict=True)
        )
        nobody = all(reason.startswith("no answer") for reason in self._reasons)
        advice = (
            "Check the network and the proxy"
            if nobody
            else f"Sign in at {SIGN_IN} and give fresh cookies, or, better, make a key there and "
            "set CEREBRAS_API_KEY"
        )
        return f"the cookies from {source} gave no key ({tried}). {advice}"


def _read_session(body: bytes, headers: Mapping[str, str], now: float) -> _Grant | str:
    """The key in a session answer, or why there is none. Never raises: its locals hold the key."""
    try:
        session = parse_json(body)
    except msgspec.DecodeError:
        start = body[:256].lstrip().lower()
        if start.startswith((b"<!doctype", b"<html")):
            return "an HTML page instead of JSON (a firewall, or the page has moved)"
        return "not JSON"
    if not session:
        return f"{body.decode('ascii', 'replace').strip() or 'nothing'}: not signed in"
    if not isinstance(session, dict):
        return "JSON, but no session object"
    user = session.get("user")
    owner = user if isinstance(user, dict) and user.get("demoApiKey") else session
    value = owner.get("demoApiKey")
    if not isinstance(value, str) or not value.strip():
        return "signed in, but the session holds no demoApiKey"
    key = Secret(value.strip())
    problem = _key_problem(key)
    if problem:
        return f"its key {problem}"
    expiry = _unix(owner.get("demoApiKeyExpiry"))
    if expiry is None:
        expiry = _unix(session.get("expires"))
    if expiry is None:
        return _Grant(key, float("inf"), float("inf"))
    # What counts is the time left by the service's clock; this machine's may be wrong.
    life = expiry - (http_date(headers.get("date")) or now)
    return _Grant(key, now + life, now + life - min(_MARGIN, max(0.0, life / 10)))


def _unix(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    except ValueError:
        return _moment(str(value))
    if not math.isfinite(number):
        return None
    return number / 1000 if number > 1e11 else number  # milliseconds, or seconds


def _moment(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
