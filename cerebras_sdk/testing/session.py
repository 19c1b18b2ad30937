"""The session endpoint of the website: a cookie in, a key out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from .answers import json_answer
from .exchange import Answer, ReceivedRequest

# Auth.js names its cookie so; the second form is for https.
_COOKIES = ("authjs.session-token", "__Secure-authjs.session-token")
_KEY_LIFETIME = timedelta(minutes=10)
_SESSION_LIFETIME = timedelta(days=30)


def session(
    request: ReceivedRequest, *, sessions: Mapping[str, str], api_keys: set[str], now: float
) -> Answer:
    """The session of the cookie, whose key is valid from now on; null to a stranger.

    `now` is Unix time in seconds.
    """
    cookies = dict(
        pair.strip().partition("=")[::2] for pair in request.headers.get("cookie", "").split(";")
    )
    for name in _COOKIES:
        if key := sessions.get(cookies.get(name, "")):
            api_keys.add(key)
            moment = datetime.fromtimestamp(now, UTC)
            user = {
                "name": "Local",
                "demoApiKey": key,
                "demoApiKeyExpiry": _iso(moment + _KEY_LIFETIME),
            }
            return json_answer({"user": user, "expires": _iso(moment + _SESSION_LIFETIME)})
    return json_answer(None)  # what Auth.js 5 answers to a stranger


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
