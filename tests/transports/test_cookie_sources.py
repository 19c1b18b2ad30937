"""Cookies from the user's browser, with a Firefox profile made for the test."""

from __future__ import annotations

import builtins
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk import Cerebras, CookieError
from cerebras_sdk.testing import serve

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def firefox(home: Path, *cookies: tuple[str, str, str]) -> None:
    profile = home / ".mozilla" / "firefox" / "me.default"
    profile.mkdir(parents=True)
    (profile.parent / "profiles.ini").write_text(
        "[Profile0]\nName=default\nIsRelative=1\nPath=me.default\nDefault=1\n"
    )
    with sqlite3.connect(profile / "cookies.sqlite") as database:
        database.execute(
            "CREATE TABLE moz_cookies (host, path, isSecure, expiry, name, value, isHttpOnly)"
        )
        database.executemany(
            "INSERT INTO moz_cookies VALUES (?, '/', 1, ?, ?, ?, 1)",
            [(host, int(time.time()) + 999, name, value) for host, name, value in cookies],
        )
    database.close()


def test_the_browser_is_asked_when_told_so(home: Path) -> None:
    firefox(
        home,
        (".cerebras.ai", "authjs.session-token", "mine"),
        (".example.com", "authjs.session-token", "foreign"),
    )
    with serve(sessions={"mine": "csk-test"}) as server:
        way: dict[str, Any] = {"base_url": server.base_url, "session_url": server.session_url}
        with Cerebras(cookies="browser", **way) as client:
            assert client.chat.completions.create(**CALL).text == "Hi!"
    assert server.requests[0].headers["cookie"] == "authjs.session-token=mine"


def test_no_browser_with_cookies_says_what_to_do(home: Path) -> None:
    with (
        Cerebras(cookies="browser") as client,
        pytest.raises(CookieError, match=r"https://cloud\.cerebras\.ai"),
    ):
        client.chat.completions.create(**CALL)


def test_without_the_extra_it_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "browser_cookie3":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with (
        Cerebras(cookies="browser") as client,
        pytest.raises(CookieError, match=r"cerebras-inference-sdk\[browser\]"),
    ):
        client.chat.completions.create(**CALL)
