"""Where the key comes from, and how cookies become one, on the local server."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk import (
    APITimeoutError,
    AsyncCerebras,
    AuthenticationError,
    CerebrasError,
    CookieError,
    InvalidRequestError,
    KeyExchangeError,
    MissingCredentialsError,
    Timeout,
)
from cerebras_sdk._transports._httpx import HttpClient as own_http_client
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer

pytestmark = pytest.mark.anyio

CALL: dict[str, Any] = {
    "model": "gpt-oss-120b",
    "messages": [{"role": "user", "content": "Hello!"}],
}
SESSION = "/api/auth/session"
CHAT = "/v1/chat/completions"
COOKIE = "tok-3f9a.session/value=="
COOKIES = {"__Secure-authjs.session-token": COOKIE}
NETSCAPE = f"#HttpOnly_.cerebras.ai\tTRUE\t/\tTRUE\t0\tauthjs.session-token\t{COOKIE}\n"


@pytest.fixture
def here(server: LocalServer) -> dict[str, Any]:
    return {"base_url": server.base_url, "session_url": server.session_url}


def session(key: str, *, seconds: float = 600) -> Answer:
    expiry = datetime.fromtimestamp(time.time() + seconds, UTC).isoformat().replace("+00:00", "Z")
    body = {"user": {"demoApiKey": key, "demoApiKeyExpiry": expiry}, "expires": expiry}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


def paths(server: LocalServer) -> list[str]:
    return [request.path for request in server.requests]


async def test_cookies_are_exchanged_once_and_the_key_is_used(
    server: LocalServer, here: dict[str, Any]
) -> None:
    server.route("GET", SESSION, session("csk-test"))
    async with AsyncCerebras(cookies=COOKIES, **here) as client:
        assert server.requests == []
        for _ in range(3):
            assert (await client.chat.completions.create(**CALL)).text == "Hello!"
    assert paths(server) == [SESSION, CHAT, CHAT, CHAT]
    exchange, call, *_ = server.requests
    assert exchange.headers["cookie"] == f"__Secure-authjs.session-token={COOKIE}"
    assert "authorization" not in exchange.headers
    assert call.headers["authorization"] == "Bearer csk-test"
    assert "cookie" not in call.headers


async def test_the_cookies_of_a_session_answer_are_not_sent_to_the_api(
    server: LocalServer, here: dict[str, Any]
) -> None:
    answer = session("csk-test")
    set_cookie = {"Set-Cookie": f"authjs.session-token={COOKIE}; Path=/"}
    server.route("GET", SESSION, Answer(200, {**answer.headers, **set_cookie}, answer.body))
    async with AsyncCerebras(cookies=COOKIES, **here) as client:
        await client.chat.completions.create(**CALL)
    assert "cookie" not in server.requests[1].headers


async def test_a_key_that_the_service_refuses_is_renewed_once(
    server: LocalServer, here: dict[str, Any]
) -> None:
    keys = iter(["csk-test-old", "csk-test"])
    server.route("GET", SESSION, lambda _: session(next(keys)))
    async with AsyncCerebras(cookies=COOKIES, max_retries=0, **here) as client:
        assert (await client.chat.completions.create(**CALL)).text == "Hello!"
    assert paths(server) == [SESSION, CHAT, SESSION, CHAT]


async def test_a_renewed_key_that_is_refused_too_is_an_error(
    server: LocalServer, here: dict[str, Any]
) -> None:
    server.route("GET", SESSION, session("csk-test-wrong"))
    async with AsyncCerebras(cookies=COOKIES, **here) as client:
        with pytest.raises(AuthenticationError):
            await client.chat.completions.create(**CALL)
    assert paths(server) == [SESSION, CHAT, SESSION, CHAT]


async def test_a_given_key_that_is_refused_is_not_sent_again(
    server: LocalServer, here: dict[str, Any]
) -> None:
    async with AsyncCerebras("csk-test-wrong", **here) as client:
        with pytest.raises(AuthenticationError):
            await client.chat.completions.create(**CALL)
    assert paths(server) == [CHAT]


async def test_a_key_is_renewed_before_it_expires(
    server: LocalServer, here: dict[str, Any]
) -> None:
    lives = iter([-1.0, 600.0])
    server.route("GET", SESSION, lambda _: session("csk-test", seconds=next(lives)))
    async with AsyncCerebras(cookies=COOKIES, **here) as client:
        await client.chat.completions.create(**CALL)
        await client.chat.completions.create(**CALL)
        await client.chat.completions.create(**CALL)
    assert paths(server) == [SESSION, CHAT, SESSION, CHAT, CHAT]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(200, {}, b"null"), "null: not signed in"),
        (Answer(200, {}, b"{}"), "{}: not signed in"),
        (Answer(200, {"Content-Type": "text/html"}, b"<!DOCTYPE html>"), "an HTML page"),
        (Answer(403, {"Content-Type": "text/html"}, b"<html>"), "status 403, an HTML page"),
        (Answer(302, {"Location": "https://example.com/login"}), "not signed in"),
        (Answer(200, {}, b'{"user": {"name": "me"}}'), "no demoApiKey"),
        (Answer(200, {}, b'{"user": null, "expires": ""}'), "no demoApiKey"),
        (Answer(200, {}, b"[1]"), "no session object"),
        (Answer(200, {}, b"what?"), "not JSON"),
        (RawAnswer([b""]), "no answer"),
    ],
)
async def test_an_exchange_without_a_key_says_which_and_what_to_do(
    server: LocalServer, here: dict[str, Any], answer: Answer | RawAnswer, says: str
) -> None:
    server.route("GET", SESSION, answer)
    async with AsyncCerebras(cookies=COOKIES, **here) as client:
        with pytest.raises(KeyExchangeError, match=says) as caught:
            await client.chat.completions.create(**CALL)
    assert server.session_url in str(caught.value)
    advice = "Check the network" if says == "no answer" else "https://cloud.cerebras.ai"
    assert advice in str(caught.value)
    assert COOKIE not in "".join(traceback.format_exception(caught.value))
    assert paths(server) in ([SESSION], [])


async def test_no_credentials_at_all_lists_every_place(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CEREBRAS_API_KEY", " ")
    async with AsyncCerebras(base_url=server.base_url) as client:
        with pytest.raises(MissingCredentialsError) as caught:
            await client.chat.completions.create(**CALL)
    said = str(caught.value)
    for place in (
        "api_key=",
        "cookies=",
        "CEREBRAS_API_KEY",
        "CEREBRAS_COOKIES",
        str(tmp_path / ".cerebras.ai"),
        "no-config",
        'cookies="browser"',
    ):
        assert place in said
    assert server.requests == []


async def test_the_places_are_looked_at_in_order(
    server: LocalServer,
    here: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.route(
        "GET", SESSION, lambda request: session("csk-test-" + request.headers["cookie"][-1])
    )
    server.api_keys.update(f"csk-test-{name}" for name in ("argument", "env", "1", "2", "3", "4"))
    cwd, config = tmp_path / "cwd", tmp_path / "config" / "cerebras"
    cwd.mkdir()
    config.mkdir(parents=True)
    monkeypatch.chdir(cwd)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config.parent))
    (config / ".cerebras.ai").write_text("authjs.session-token=4")
    (cwd / ".cerebras.ai").write_text("authjs.session-token=3")
    monkeypatch.setenv("CEREBRAS_COOKIES", "authjs.session-token=2")
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test-env")

    async def used(api_key: str | None = None, cookies: Any = None) -> str:
        async with AsyncCerebras(api_key, cookies=cookies, **here) as client:
            await client.chat.completions.create(**CALL)
        return server.requests[-1].headers["authorization"].removeprefix("Bearer csk-test-")

    assert await used("csk-test-argument", cookies="a=1") == "argument"
    assert await used(cookies="a=1") == "1"
    assert await used() == "env"
    monkeypatch.delenv("CEREBRAS_API_KEY")
    assert await used() == "2"
    monkeypatch.delenv("CEREBRAS_COOKIES")
    assert await used() == "3"
    (cwd / ".cerebras.ai").unlink()
    assert await used() == "4"


async def test_cookies_come_from_a_file(
    server: LocalServer, here: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.route("GET", SESSION, session("csk-test"))
    netscape = tmp_path / "cookies.txt"
    netscape.write_text(NETSCAPE)
    export = tmp_path / "cookies.json"
    cookie = {"domain": ".cerebras.ai", "name": "authjs.session-token", "value": COOKIE}
    export.write_text(json.dumps([cookie]))
    monkeypatch.setenv("CEREBRAS_COOKIES", str(netscape))
    for given in (netscape, str(export), None):
        async with AsyncCerebras(cookies=given, **here) as client:
            await client.chat.completions.create(**CALL)
        sent = server.requests[-2].headers["cookie"]
        assert sent == f"authjs.session-token={COOKIE}"


async def test_a_file_is_read_again_after_its_cookies_gave_no_key(
    here: dict[str, Any], tmp_path: Path, server: LocalServer
) -> None:
    server.route("GET", SESSION, lambda request: session_for(request.headers["cookie"]))
    file = tmp_path / "cookies.txt"
    file.write_text("authjs.session-token=stale")
    async with AsyncCerebras(cookies=file, **here) as client:
        with pytest.raises(KeyExchangeError, match=r"cookies\.txt"):
            await client.chat.completions.create(**CALL)
        file.write_text("authjs.session-token=fresh")
        assert (await client.chat.completions.create(**CALL)).text == "Hello!"


def session_for(cookie: str) -> Answer:
    return session("csk-test") if cookie.endswith("fresh") else Answer(200, {}, b"null")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no file"),
        ("", "is empty"),
        ("hello", "none of the formats"),
        ("[]", "without a cookie"),
        (NETSCAPE.replace("cerebras.ai", "example.com"), "without a cookie"),
    ],
)
async def test_a_file_without_cookies_of_cerebras_says_so(
    here: dict[str, Any], tmp_path: Path, content: str | None, says: str
) -> None:
    file = tmp_path / "cookies.txt"
    if content is not None:
        file.write_text(content)
    async with AsyncCerebras(cookies=str(file), **here) as client:
        with pytest.raises(CookieError, match=says) as caught:
            await client.chat.completions.create(**CALL)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("pasted", ["eyJhbGciOiJka3f9a", "eyJhbGciOi/3f9a.abc", "eyJ.3f9a.x"])
async def test_a_pasted_cookie_value_is_not_repeated(here: dict[str, Any], pasted: str) -> None:
    async with AsyncCerebras(cookies=pasted, **here) as client:
        with pytest.raises(CookieError, match="no Cookie header") as caught:
            await client.chat.completions.create(**CALL)
    assert_hidden(caught.value, "3f9a")


async def test_a_folder_in_the_place_of_a_file_says_so(
    here: dict[str, Any], tmp_path: Path
) -> None:
    async with AsyncCerebras(cookies=tmp_path, **here) as client:
        with pytest.raises(CookieError, match="is a folder"):
            await client.chat.completions.create(**CALL)


async def test_the_session_cookies_of_an_exchange_go_to_no_other_host(
    here: dict[str, Any], server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    answer = session("csk-test")
    rolled = {"Set-Cookie": "authjs.session-token=rolled-3f9a; Path=/"}
    server.route("GET", SESSION, Answer(200, {**answer.headers, **rolled}, answer.body))
    own: Any = own_http_client
    async with own() as mine:
        mine.cookies.set("theirs", "kept", domain="127.0.0.1", path="/")
        async with AsyncCerebras(cookies=COOKIES, http_client=mine, **here) as client:
            await client.chat.completions.create(**CALL)
    assert server.requests[1].headers["cookie"] == "theirs=kept"
    assert "rolled-3f9a" not in caplog.text


async def test_an_authorization_header_of_the_user_needs_no_key(
    server: LocalServer, here: dict[str, Any]
) -> None:
    headers = {"authorization": "Bearer csk-test"}
    async with AsyncCerebras(default_headers=headers, **here) as client:
        assert (await client.chat.completions.create(**CALL)).text == "Hello!"


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ({"api_key": "csk-3f9a secret"}, "3f9a"),
        ({"api_key": "csk-3f9a\u00e9"}, "3f9a"),
        ({"api_key": "csk-test-3f9a", "timeout": "x"}, "3f9a"),
        ({"cookies": {"a": "3f9a\n"}}, "3f9a"),
        ({"cookies": "a=3f9a\x00"}, "3f9a"),
        ({"cookies": COOKIES, "timeout": "x"}, COOKIE),
        ({"cookies": object()}, "3f9a"),
        ({"cookies": {}}, "3f9a"),
        ({"api_key": 12345}, "12345"),
        ({"api_key": b"csk-test-3f9a"}, "3f9a"),
        ({"api_key": ""}, "3f9a"),
        ({"default_headers": {"X-Key": "3f9a\n"}}, "3f9a"),
    ],
)
async def test_a_wrong_secret_is_refused_and_never_shown(
    given: dict[str, Any], secret: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        AsyncCerebras(**given)
    assert_hidden(caught.value, secret)


async def test_no_failure_shows_a_key_or_a_cookie(
    server: LocalServer, here: dict[str, Any], tmp_path: Path
) -> None:
    key = "csk-test-3f9a"
    server.route("POST", CHAT, Answer(401, {}, f'{{"message": "no {key}"}}'.encode()))
    server.route("GET", SESSION, session(key))
    file = tmp_path / "cookies.txt"
    file.write_text(f"\t{COOKIE}\n" + NETSCAPE.replace("\tTRUE\t/", ""))
    gateway = {"X-Gateway": "gw-77aa"}
    clients = [
        AsyncCerebras(key, default_headers=gateway, **here),
        AsyncCerebras(cookies=COOKIES, **here),
        AsyncCerebras(cookies=file, **here),
        AsyncCerebras(key, base_url=server.base_url + "/x", max_retries=0),
        AsyncCerebras(cookies=COOKIES, **here | {"session_url": server.base_url + "/x"}),
    ]
    for client in clients:
        with pytest.raises(CerebrasError) as caught:
            await client.chat.completions.create(**CALL, extra_headers={"X-More": "gw-77aa"})
        for secret in (key, COOKIE, "gw-77aa"):
            assert_hidden(caught.value, secret)
            assert secret not in repr(client) + repr(vars(client))
        await client.close()


def assert_hidden(error: BaseException, secret: str) -> None:
    """No text of the error, its causes, or the variables of our frames holds the secret."""
    seen: list[str] = []
    layer: BaseException | None = error
    while layer is not None:
        seen += [str(layer), repr(layer), repr(vars(layer))]
        for frame, _ in traceback.walk_tb(layer.__traceback__):
            if "/cerebras_sdk/" in frame.f_code.co_filename:
                seen += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
        layer = layer.__cause__ or layer.__context__
    assert not [text for text in seen if secret in text]


async def test_the_whole_time_of_a_call_holds_for_the_exchange_as_well(
    server: LocalServer, here: dict[str, Any]
) -> None:
    slow = session("csk-test")
    answers: Iterator[Answer | RawAnswer] = iter([RawAnswer([Pause(30)]), slow])
    server.route("GET", SESSION, lambda _: next(answers))
    async with AsyncCerebras(cookies=COOKIES, **here) as client:
        start = time.monotonic()
        with pytest.raises(APITimeoutError) as caught:
            await client.chat.completions.create(**CALL, timeout=Timeout(5, total=0.3))
        assert time.monotonic() - start < 1.5
        assert caught.value.phase == "total"
        assert (await client.chat.completions.create(**CALL)).text
