"""Cookie files: Netscape cookies.txt, JSON exports, HAR recordings, or one bare header line.

As in `cookies`, functions that hold the text of a file let no exception out of the module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import CookieError
from .cookies import (
    Cookie,
    cookie_from,
    cookie_from_export,
    cookies_from_header,
    is_cerebras_host,
    looks_like_header,
    shielded,
)
from .secret import Secret

_LINE_END = re.compile(r"\r\n|\r|\n")
_NETSCAPE_TITLE = re.compile(r"#\s*(?:Netscape )?HTTP Cookie File", re.IGNORECASE)
_SIGN_IN = "Sign in at https://cloud.cerebras.ai in the browser, then export again"


def parse_cookie_file(text: str | Secret) -> tuple[Cookie, ...]:
    """The cookies of cerebras.ai in the text of a file, whatever its format; at least one.

    Of two cookies with the same name, domain and path the later one wins; expired ones are still
    there, `cookie_header` drops them. Raises CookieError that says which format the file seems to
    have and what to do, and nothing of what is in it.
    """
    outcome = shielded(_parse, text)
    del text
    if isinstance(outcome, str):
        raise CookieError(outcome)
    return outcome


def _parse(source: str | Secret) -> Iterable[Cookie]:
    text = Secret(source).reveal().removeprefix("\ufeff").strip()
    if not text:
        raise CookieError("the cookie file is empty")
    if text.startswith(("[", "{")):
        return _parse_json(text)
    lines = [line for line in _LINE_END.split(text) if line.strip()]
    if _NETSCAPE_TITLE.match(text) or any(line.count("\t") >= 5 for line in lines):
        return _some(_netscape(lines), "a Netscape cookies.txt", _SIGN_IN)
    content = [line for line in lines if not line.startswith("#")]
    if len(content) == 1 and looks_like_header(content[0]):
        return _some(
            cookies_from_header(content[0]), "a Cookie header", "It reads name=value; name=value"
        )
    raise CookieError(
        "the cookie file has none of the formats that are read: Netscape cookies.txt, a JSON "
        "export (a list of objects with domain, name and value), a HAR recording, or one line "
        "with a Cookie header"
    )


def _some(cookies: Iterable[Cookie | None], kind: str, advice: str) -> list[Cookie]:
    found = [cookie for cookie in cookies if cookie is not None]
    if not found:
        raise CookieError(f"the file looks like {kind}, without a cookie of cerebras.ai. {advice}")
    return found


def _netscape(lines: Iterable[str]) -> Iterator[Cookie | None]:
    # Mozilla's format: domain, whether hosts below it are meant, path, secure, expiry, name, value.
    for line in lines:
        if line.startswith("#") and not line.startswith("#HttpOnly_"):
            continue
        fields = line.removeprefix("#HttpOnly_").split("\t")
        if len(fields) == 6:
            # Editors cut the tab at the end of a line whose value is empty.
            fields.append("")
        if len(fields) != 7:
            raise CookieError(
                "the file looks like a Netscape cookies.txt, but a line has not the 7 fields with "
                "tabs between them. Copying from a terminal turns tabs into blanks: export again"
            )
        domain, below, path, secure, expires, name, value = fields
        yield cookie_from(
            name,
            value,
            domain=domain,
            host_only=below.upper() != "TRUE" and not domain.startswith("."),
            path=path,
            secure=secure.upper() == "TRUE",
            expires=expires,
        )


def _parse_json(text: str) -> Iterable[Cookie]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise CookieError(
            "the file looks like JSON, but is broken or cut short: export again"
        ) from None
    if isinstance(data, dict) and isinstance(data.get("log"), dict):
        return _some(
            _har(_objects(data["log"].get("entries"))),
            "a HAR recording",
            "Browsers leave cookies out unless asked: while signed in, export it with sensitive "
            'data (Chrome: DevTools settings, "Allow to generate HAR with sensitive data")',
        )
    # Playwright's storage_state and some extensions wrap the list.
    exported = data.get("cookies") if isinstance(data, dict) else data
    if not isinstance(exported, list):
        raise CookieError(
            "the file is JSON, but neither a list of cookies (objects with domain, name and "
            'value), nor {"cookies": [...]}, nor a HAR recording'
        )
    return _some(map(cookie_from_export, _objects(exported)), "a JSON export", _SIGN_IN)


def _har(entries: list[Mapping[str, Any]]) -> Iterator[Cookie | None]:
    """The cookies that a recording shows, in the order of its entries.

    Requests show cookies without their domain, Chrome's aside. It is then the one that the
    recording gives for that name in another place, or else the host of the request alone.
    """
    shown = [cookie for entry in entries for cookie in _shown_by(entry)]
    domains = {cookie.get("name"): cookie["domain"] for cookie in shown if cookie.get("domain")}
    for cookie in shown:
        domain = str(cookie.get("domain") or domains.get(cookie.get("name")) or "")
        host = cookie["host"]
        if not ("." + host).endswith("." + domain.lower().removeprefix(".")):
            domain = host
        yield cookie_from_export({**cookie, "domain": domain or host})


def _shown_by(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    request, response = _object(entry.get("request")), _object(entry.get("response"))
    host = _host(request.get("url"))
    if not is_cerebras_host(host):
        return
    for cookie in _objects(request.get("cookies")) or _header_cookies(request):
        yield {**cookie, "host": host}
    for cookie in _objects(response.get("cookies")):
        yield {**cookie, "host": host, "domain": cookie.get("domain") or host}


def _host(url: object) -> str:
    try:
        return urlsplit(str(url)).hostname or ""
    except ValueError:
        return ""


def _header_cookies(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    headers = _objects(request.get("headers"))
    texts = [h.get("value") for h in headers if str(h.get("name")).lower() == "cookie"]
    # A recording without sensitive data keeps the header and empties it.
    told = [text for text in texts if isinstance(text, str) and "=" in text]
    cookies = [cookie for text in told for cookie in cookies_from_header(text)]
    return [{"name": cookie.name, "value": cookie.value} for cookie in cookies if cookie]


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
