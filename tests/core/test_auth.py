"""Where the key comes from, and how cookies become one, renewed in time and asked for once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk._core.auth import SESSION_URLS, ApiKey, CookieAuth, Exchange
from cerebras_sdk._core.cookies import Cookie, read_cookies
from cerebras_sdk._core.credentials import COOKIE_FILE, Credentials, Reading
from cerebras_sdk._core.http import Headers
from cerebras_sdk._core.options import Environment
from cerebras_sdk._core.secret import Hidden, Secret
from cerebras_sdk._core.timeout import Timeout
from cerebras_sdk.errors import (
    APIConnectionError,
    CerebrasError,
    CookieError,
    InvalidRequestError,
    KeyExchangeError,
    MissingCredentialsError,
)

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
INFERENCE, CLOUD, CHAT = SESSION_URLS
COOKIES = "authjs.session-token=cookie-test"
JSON = {"content-type": "application/json"}


def session(key: object = "csk-test", **fields: object) -> bytes:
    return json.dumps({"user": {"email": "a@b", "demoApiKey": key, **fields}}).encode()


def auth(cookies: str = COOKIES, **options: Any) -> CookieAuth:
    return CookieAuth(read_cookies(cookies), source="cookies=", **options)


def begin(source: CookieAuth | Credentials, now: float = NOW) -> Exchange:
    return source.exchange(now, timeout=Timeout(), user_agent="test/1")


def exchanged(
    source: CookieAuth | Credentials,
    body: bytes | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] = JSON,
    now: float = NOW,
) -> Secret:
    """One exchange in which each address answers the same."""
    exchange = begin(source, now)
    while exchange.next_request() is not None:
        exchange.accept(status, Headers(headers.items()), session() if body is None else body, now)
    return source.settle(exchange, now)


class TestAGivenKey:
    def test_is_taken_without_the_blanks_around_it(self) -> None:
        assert ApiKey.of(Secret(" csk-test\n"), "api_key=").key == Secret("csk-test")

    @pytest.mark.parametrize("text", ["", "  \n"])
    def test_is_not_empty(self, text: str) -> None:
        with pytest.raises(InvalidRequestError, match="api_key=: the key is empty"):
            ApiKey.of(Secret(text), "api_key=")

    @pytest.mark.parametrize("text", ["csk test", "csk\ntest", "csk-é", "csk-\x00", "csk-\ud800"])
    def test_is_one_word_of_ascii(self, text: str) -> None:
        with pytest.raises(InvalidRequestError, match="characters that no key has"):
            ApiKey.of(Secret(text), "CEREBRAS_API_KEY")


class TestTheExchange:
    def test_asks_with_the_cookies_and_for_json(self) -> None:
        request = begin(auth()).next_request()
        assert request is not None
        assert (request.method, request.url, request.body) == ("GET", INFERENCE, b"")
        assert request.headers == {
            "Accept": "application/json",
            "User-Agent": "test/1",
            "Cookie": Secret(COOKIES),
        }

    def test_tries_one_address_after_the_other_until_one_gives_a_key(self) -> None:
        source = auth()
        exchange = begin(source)
        tried = []
        for body in (b"null", session(), b"not asked"):
            request = exchange.next_request()
            if request is None:
                break
            tried.append(request.url)
            exchange.accept(200, Headers(), body, NOW)
        assert tried == [INFERENCE, CLOUD]
        assert source.settle(exchange, NOW) == Secret("csk-test")

    def test_asks_the_one_address_that_was_named(self) -> None:
        url = "http://127.0.0.1:8000/session"
        exchange = begin(auth(session_urls=(url,)))
        request = exchange.next_request()
        assert request is not None
        assert request.url == url
        exchange.accept(401, Headers(), b"", NOW)
        assert exchange.next_request() is None

    def test_sends_each_address_its_own_cookies_only(self) -> None:
        cookies = [
            Cookie(
                name=name,
                value=Secret("x"),
                domain=domain,
                host_only=host_only,
                path="/",
                secure=True,
                expires=expires,
            )
            for name, domain, host_only, expires in [
                ("all", "cerebras.ai", False, None),
                ("inference", "inference.cerebras.ai", True, None),
                ("chat", "chat.cerebras.ai", True, None),
                ("old", "cerebras.ai", False, NOW - 1),
            ]
        ]
        exchange = begin(CookieAuth(cookies, source="cookies="))
        sent = {}
        while (request := exchange.next_request()) is not None:
            header = request.headers["Cookie"]
            assert isinstance(header, Secret)
            sent[request.url] = header.reveal()
            exchange.accept(200, Headers(), b"{}", NOW)
        assert sent == {
            INFERENCE: "all=x; inference=x",
            CLOUD: "all=x",
            CHAT: "all=x; chat=x",
        }

    def test_skips_an_address_without_a_cookie(self) -> None:
        cookie = Cookie("a", Secret("x"), "chat.cerebras.ai", True, "/", True, None)
        exchange = begin(CookieAuth([cookie], source="cookies="))
        request = exchange.next_request()
        assert request is not None
        assert request.url == CHAT
        exchange.accept(200, Headers(), b"null", NOW)
        text = exchange.explanation("cookies=")
        assert f"{INFERENCE}: no cookie for it, or all expired; {CLOUD}: no cookie" in text

    def test_sends_no_header_that_the_libraries_refuse_and_then_repeat(self) -> None:
        request = begin(CookieAuth(read_cookies({"a": "x ", "b": "y "}), source="")).next_request()
        assert request is not None
        header = request.headers["Cookie"]
        assert isinstance(header, Secret)
        assert header.reveal() == "a=x ; b=y"

    @pytest.mark.parametrize(
        ("status", "headers", "body", "reason"),
        [
            (200, JSON, b"null", "null: not signed in"),
            (200, JSON, b" {} \n", "{}: not signed in"),
            (200, JSON, b"[]", "[]: not signed in"),
            (200, JSON, b'""', '"": not signed in'),
            (200, {}, b"", "not JSON"),
            (200, {}, b'"text"', "JSON, but no session object"),
            (200, {}, b"[1]", "JSON, but no session object"),
            (200, {"content-type": "text/html"}, b"\n<!DOCTYPE html>...", "an HTML page instead"),
            (200, {}, b"<html>", "an HTML page instead"),
            (200, {}, b'{"user": {"demoApiKey": "csk-test"', "not JSON"),
            (200, {}, b'{"user": {"demoApiKey": "csk-test", "name": "\xff"}}', "not JSON"),
            (200, {}, b"[" * 100_000, "not JSON"),
            (200, {}, b'{"user": {"demoApiKey": "csk-test", "a": 1e999}}', "not JSON"),
            (200, JSON, session(None), "the session holds no demoApiKey"),
            (200, JSON, session(""), "the session holds no demoApiKey"),
            (200, JSON, session(" "), "the session holds no demoApiKey"),
            (200, JSON, session(5), "the session holds no demoApiKey"),
            (200, JSON, session(["csk-test"]), "the session holds no demoApiKey"),
            (200, JSON, b'{"user": null}', "the session holds no demoApiKey"),
            (200, JSON, b'{"user": {}}', "the session holds no demoApiKey"),
            (200, JSON, b'{"expires": "2030-01-01T00:00:00Z"}', "the session holds no demoApiKey"),
            (200, JSON, session("csk\ntest"), "its key has characters that no key has"),
            (200, JSON, session("csk-é"), "its key has characters that no key has"),
            (302, {"location": "/login"}, b"", "it redirects: not signed in"),
            (307, {}, b"", "it redirects: not signed in"),
            (403, {"content-type": "text/html"}, b"<html>", "status 403, an HTML page (a fire"),
            (401, JSON, b"{}", "status 401"),
            (500, {}, b"", "status 500"),
            (204, {}, b"", "status 204"),
        ],
    )  # fmt: skip
    def test_without_a_key_says_what_each_address_answered(
        self, status: int, headers: dict[str, str], body: bytes, reason: str
    ) -> None:
        with pytest.raises(KeyExchangeError) as caught:
            exchanged(auth(), body, status=status, headers=headers)
        text = str(caught.value)
        for url in SESSION_URLS:
            assert f"{url}: {reason}" in text or f"{url}: signed in, but {reason}" in text
        assert text.startswith("the cookies from cookies= gave no key (")
        assert "Sign in at https://cloud.cerebras.ai" in text
        assert "CEREBRAS_API_KEY" in text
        assert "csk" not in text
        assert "cookie-test" not in text

    def test_without_an_answer_says_why_once(self) -> None:
        source = auth()
        exchange = begin(source)
        while (request := exchange.next_request()) is not None:
            exchange.fail(APIConnectionError(f"no answer: refused [GET {request.url}]"))
        with pytest.raises(KeyExchangeError) as caught:
            source.settle(exchange, NOW)
        text = str(caught.value)
        assert f"{CLOUD}: no answer: refused" in text
        assert text.count("no answer") == 3

    @pytest.mark.parametrize(
        "body",
        [
            session(),
            session(" csk-test\n"),
            b'{"demoApiKey": "csk-test"}',
            b'{"user": {"email": "a"}, "demoApiKey": "csk-test"}',
            b'{"user": {"demoApiKey": null}, "demoApiKey": "csk-test"}',
            b'{"user": "me", "demoApiKey": "csk-test"}',
        ],
    )
    def test_finds_the_key_of_the_user_or_at_the_top(self, body: bytes) -> None:
        assert exchanged(auth(), body) == Secret("csk-test")


class TestTheLifeOfAKey:
    def end(self, body: bytes, headers: Mapping[str, str] = JSON, now: float = NOW) -> float:
        """The moment from which `current` gives the key no more; inf for never."""
        source = auth()
        exchanged(source, body, headers=headers, now=now)
        if source.current(now + 1e9) is not None:
            return float("inf")
        low, high = now - 1e9, now + 1e9
        while high - low > 0.01:
            middle = (low + high) / 2
            low, high = (middle, high) if source.current(middle) is not None else (low, middle)
        return round(low)

    @pytest.mark.parametrize(
        "expiry",
        [
            "2027-01-15T08:20:00Z",
            "2027-01-15T08:20:00.000Z",
            "2027-01-15T09:20:00+01:00",
            "2027-01-15T08:20:00",
            " 2027-01-15T08:20:00Z ",
            NOW + 1200,
            int(NOW + 1200) * 1000,
            str(int(NOW + 1200)),
            str(int(NOW + 1200) * 1000),
        ],
    )
    def test_ends_a_minute_before_its_expiry_in_any_form(self, expiry: object) -> None:
        assert self.end(session(demoApiKeyExpiry=expiry)) == NOW + 1200 - 60

    def test_ends_a_tenth_before_when_it_is_short(self) -> None:
        assert self.end(session(demoApiKeyExpiry=NOW + 100)) == NOW + 90

    def test_is_that_of_the_key_before_that_of_the_session(self) -> None:
        user = {"demoApiKey": "csk-test"}
        expiry = {"demoApiKeyExpiry": NOW + 1200}
        for document in (
            {"user": {**user, **expiry}, "expires": "2099-01-01T00:00:00Z"},
            {**user, **expiry, "expires": "2099-01-01T00:00:00Z"},
            {"user": user, "expires": NOW + 1200},
            {"user": {**user, "demoApiKeyExpiry": None}, "expires": NOW + 1200},
            {"user": {**user, "demoApiKeyExpiry": "soon"}, "expires": NOW + 1200},
        ):
            assert self.end(json.dumps(document).encode()) == NOW + 1140

    @pytest.mark.parametrize("expiry", [None, "", "soon", "2027-13-01", True, [], {}])
    def test_is_endless_when_nothing_can_be_read(self, expiry: object) -> None:
        assert self.end(session(demoApiKeyExpiry=expiry)) == float("inf")

    @pytest.mark.parametrize(
        "expiry",
        ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 10**400, -(10**400), 1e308, -1],
    )  # fmt: skip
    def test_may_end_at_an_odd_moment(self, expiry: object) -> None:
        assert exchanged(auth(), session(demoApiKeyExpiry=expiry)) == Secret("csk-test")

    def test_is_measured_by_the_clock_of_the_service(self) -> None:
        body = session(demoApiKeyExpiry=NOW + 1200)
        for skew in (-86_400.0, 3_600.0):
            mine = NOW + skew
            assert self.end(body, {"date": DATE}, now=mine) == mine + 1140
            assert self.end(body, {"date": "no date"}, now=NOW) == NOW + 1140

    def test_in_the_past_is_for_one_call(self) -> None:
        source = auth()
        assert exchanged(source, session(demoApiKeyExpiry=NOW - 5)) == Secret("csk-test")
        assert source.current(NOW) is None


class TestRenewal:
    def fresh(self, life: float = 1200) -> CookieAuth:
        source = auth()
        exchanged(source, session(demoApiKeyExpiry=NOW + life))
        return source

    def test_takes_the_new_key(self) -> None:
        source = self.fresh()
        later = NOW + 1150
        assert source.current(later) is None
        body = session("csk-test-2", demoApiKeyExpiry=later + 1200)
        assert exchanged(source, body, now=later) == Secret("csk-test-2")
        assert source.current(later) == Secret("csk-test-2")

    def test_that_fails_keeps_the_old_key_while_it_is_good(self) -> None:
        source = self.fresh()
        for later in (NOW + 1150, NOW + 1165, NOW + 1195):
            assert source.current(later) is None
            assert exchanged(source, b"null", now=later) == Secret("csk-test")
            assert source.current(later + 4) == Secret("csk-test")
        assert source.current(NOW + 1200) is None
        with pytest.raises(KeyExchangeError):
            exchanged(source, b"null", now=NOW + 1200)

    def test_is_not_asked_for_at_every_call_while_it_fails(self) -> None:
        source = self.fresh()
        exchanged(source, b"null", now=NOW + 1145)
        assert source.current(NOW + 1154) == Secret("csk-test")
        assert source.current(NOW + 1156) is None

    def test_follows_a_refusal_of_that_very_key(self) -> None:
        source = self.fresh()
        source.invalidate(Secret("csk-another"))
        assert source.current(NOW) == Secret("csk-test")
        source.invalidate(Secret("csk-test"))
        assert source.current(NOW) is None
        with pytest.raises(KeyExchangeError):
            exchanged(source, b"null")


def environment(**variables: str) -> Environment:
    return Environment.read({f"CEREBRAS_{name}": value for name, value in variables.items()})


def credentials(
    api_key: str | None = None,
    cookies: Any = None,
    *,
    session_url: str | None = None,
    **variables: str,
) -> Credentials:
    return Credentials(
        None if api_key is None else Secret(api_key),
        None if cookies is None else Hidden(cookies),
        environment(**variables),
        session_url=session_url,
    )


class TestThePlaces:
    ALL: Mapping[str, str] = {"API_KEY": "csk-env", "COOKIES": "e=1"}

    def test_begin_with_the_key_of_the_constructor(self) -> None:
        found = credentials("csk-arg", "c=1", **self.ALL)
        assert found.current(NOW) == Secret("csk-arg")
        assert found.unread() == ()
        assert found.renew(Secret("csk-arg")) is False

    def test_go_on_with_its_cookies(self) -> None:
        found = credentials(None, "c=1", **self.ALL)
        assert found.current(NOW) is None
        assert self.cookie(found) == "c=1"

    def test_then_the_key_of_the_environment(self) -> None:
        assert credentials(**self.ALL).current(NOW) == Secret("csk-env")

    def test_then_its_cookies(self) -> None:
        assert self.cookie(credentials(COOKIES="e=1")) == "e=1"

    def test_then_the_files(self) -> None:
        places = [(s.kind, s.path, s.optional) for s in credentials().unread()]
        assert places == [("file", COOKIE_FILE, True), ("config", COOKIE_FILE, True)]

    def cookie(self, found: Credentials) -> str:
        assert found.unread() == ()
        request = begin(found).next_request()
        assert request is not None
        header = request.headers["Cookie"]
        assert isinstance(header, Secret)
        return header.reveal()

    @pytest.mark.parametrize("empty", ["", " ", "\n"])
    def test_pass_over_variables_that_are_empty(self, empty: str) -> None:
        found = credentials(API_KEY=empty, COOKIES=empty, BASE_URL=empty, SESSION_URL=empty)
        assert len(found.unread()) == 2
        assert environment(API_KEY=empty, BASE_URL=empty) == Environment()

    def test_do_not_pass_over_an_empty_argument(self) -> None:
        with pytest.raises(InvalidRequestError, match="api_key=: the key is empty"):
            credentials("", **self.ALL)
        nothing: list[Any] = ["", {}, []]
        for empty in nothing:
            with pytest.raises(CookieError):
                credentials(None, empty, **self.ALL)

    @pytest.mark.parametrize(
        ("given", "kind", "path"),
        [
            ("browser", "browser", ""),
            ("cookies.txt", "file", "cookies.txt"),
            (" /home/me/c.json\n", "file", "/home/me/c.json"),
            (Path("c.har"), "file", "c.har"),
        ],
    )
    def test_may_have_to_be_read_first(self, given: Any, kind: str, path: str) -> None:
        for found in (credentials(None, given), credentials(COOKIES=os.fspath(given))):
            (source,) = found.unread()
            assert (source.kind, source.path, source.optional) == (kind, path, False)
            assert path == "" or path not in repr(source)

    def test_may_be_any_form_of_cookies(self) -> None:
        for given in ({"c": "1"}, {"c": Secret("1")}, Secret("c=1"), read_cookies("c=1")):
            assert self.cookie(credentials(None, given)) == "c=1"

    def test_name_another_address_for_the_exchange(self) -> None:
        mine, other = "http://127.0.0.1:1/s", "http://127.0.0.1:2/s"
        for found, url in [
            (credentials(None, "c=1", session_url=mine, SESSION_URL=other), mine),
            (credentials(None, "c=1", SESSION_URL=other), other),
            (credentials(None, "c=1"), INFERENCE),
        ]:
            request = begin(found).next_request()
            assert request is not None
            assert request.url == url

    def test_name_no_address_without_tls(self) -> None:
        with pytest.raises(InvalidRequestError, match="CEREBRAS_SESSION_URL"):
            credentials(SESSION_URL="http://cerebras.ai/x")
        with pytest.raises(InvalidRequestError, match="session_url"):
            credentials(session_url="http://cerebras.ai/x")

    def test_are_all_listed_when_there_is_nothing_in_them(self) -> None:
        found = credentials()
        with pytest.raises(MissingCredentialsError) as caught:
            found.accept([Reading("/here/.cerebras.ai", None), Reading("/config/x", None)])
        for place in (
            "api_key=", "cookies=", "CEREBRAS_API_KEY", "CEREBRAS_COOKIES",
            "/here/.cerebras.ai", "/config/x", 'cookies="browser"', "https://cloud.cerebras.ai",
        ):  # fmt: skip
            assert place in str(caught.value)

    def test_the_first_file_with_cookies_is_used(self) -> None:
        found = credentials()
        found.accept([Reading("/a", None), Reading("/b", read_cookies("b=1"))])
        assert self.cookie(found) == "b=1"
        with pytest.raises(KeyExchangeError, match="the cookies from /b gave no key"):
            exchanged(found, b"null")

    def test_a_file_without_cookies_is_said_so(self) -> None:
        with pytest.raises(CookieError, match="/a holds no cookies"):
            credentials().accept([Reading("/a", ())])


class TestAskingOnce:
    def failure(self, found: Credentials) -> CerebrasError:
        with pytest.raises(CerebrasError) as caught:
            exchanged(found, b"null")
        found.ended(caught.value)
        return caught.value

    def test_who_waited_gets_the_key_of_the_one_who_asked(self) -> None:
        found = credentials(None, "c=1")
        ticket = found.attempts
        exchanged(found)
        found.ended(None)
        found.recheck(ticket)
        assert found.current(NOW) == Secret("csk-test")

    def test_who_waited_gets_the_failure_of_the_one_who_asked(self) -> None:
        found = credentials(None, "c=1")
        ticket = found.attempts
        first = self.failure(found)
        with pytest.raises(KeyExchangeError) as caught:
            found.recheck(ticket)
        assert str(caught.value) == str(first)
        assert caught.value is not first

    def test_who_comes_later_asks_again(self) -> None:
        found = credentials(None, "c=1")
        self.failure(found)
        found.recheck(found.attempts)
        assert exchanged(found) == Secret("csk-test")

    def test_a_key_that_was_refused_is_renewed(self) -> None:
        found = credentials(None, "c=1")
        key = exchanged(found)
        assert found.renew(key) is True
        assert found.current(NOW) is None
        assert exchanged(found, session("csk-test-2")) == Secret("csk-test-2")
        assert found.renew(Secret("csk-test")) is True
        assert found.current(NOW) == Secret("csk-test-2")

    def test_a_file_is_read_again_after_a_failure(self) -> None:
        found = credentials(None, "cookies.txt")
        found.accept([Reading("cookies.txt", read_cookies("old=1"))])
        assert found.unread() == ()
        self.failure(found)
        assert len(found.unread()) == 1
        assert found.current(NOW) is None
        found.accept([Reading("cookies.txt", read_cookies("new=1"))])
        assert exchanged(found) == Secret("csk-test")
        found.ended(None)
        assert found.unread() == ()

    def test_what_was_given_is_kept_after_a_failure(self) -> None:
        found = credentials(None, "c=1")
        self.failure(found)
        assert exchanged(found) == Secret("csk-test")
