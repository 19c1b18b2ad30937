"""A cookie file is read in every format that browsers and tools write, and never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cerebras_sdk._core.cookie_files import parse_cookie_file
from cerebras_sdk._core.cookies import Cookie, cookie_header
from cerebras_sdk._core.secret import Secret
from cerebras_sdk.errors import CookieError

NOW = 1_800_000_000.0
TOKEN = "__Secure-authjs.session-token"
INFERENCE = "https://inference.cerebras.ai/api/auth/session"
CLOUD = "https://cloud.cerebras.ai/api/auth/session"
HIDDEN = "s3cr3t-c00kie"


def sent(cookies: tuple[Cookie, ...], url: str = INFERENCE, *, now: float = NOW) -> str | None:
    header = cookie_header(cookies, url, now=now)
    return None if header is None else header.reveal()


def netscape(*fields: str) -> str:
    return "# Netscape HTTP Cookie File\n" + "\t".join(fields) + "\n"


def exported(**changes: Any) -> dict[str, Any]:
    return {"domain": ".cerebras.ai", "name": TOKEN, "value": "abc"} | changes


def har(*entries: dict[str, Any]) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def entry(url: Any = INFERENCE, **sides: Any) -> dict[str, Any]:
    return {
        "request": {
            "url": url,
            "headers": sides.get("headers", []),
            "cookies": sides.get("request", []),
        },
        "response": {"cookies": sides.get("response", [])},
    }


class TestNetscapeFiles:
    def test_the_seven_fields_are_read(self) -> None:
        (cookie,) = parse_cookie_file(
            netscape(".cerebras.ai", "TRUE", "/api", "TRUE", "1900000000", TOKEN, "abc")
        )
        assert cookie == Cookie(
            TOKEN, Secret("abc"), "cerebras.ai", False, "/api", True, 1_900_000_000.0
        )

    def test_http_only_lines_are_cookies_and_other_comments_are_not(self) -> None:
        text = (
            "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n"
            "#HttpOnly_cloud.cerebras.ai\tFALSE\t/\tTRUE\t0\ta\t1\n"
            "#.cerebras.ai\tTRUE\t/\tTRUE\t0\tb\t2\n"
        )
        (cookie,) = parse_cookie_file(text)
        assert (cookie.name, cookie.host_only, cookie.expires) == ("a", True, None)

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_a_byte_order_mark_and_any_line_end_are_fine(self, end: str) -> None:
        lines = [
            "\ufeff# HTTP Cookie File",
            ".cerebras.ai\tTRUE\t/\tTRUE\t0\ta\t1",
            ".example.com\tTRUE\t/\tTRUE\t0\tb\t2",
            "",
        ]
        assert sent(parse_cookie_file(end.join(lines))) == "a=1"

    def test_no_title_line_is_needed_and_a_value_may_be_empty(self) -> None:
        assert sent(parse_cookie_file(".cerebras.ai\tTRUE\t/\tTRUE\t0\ta\t\n")) == "a="

    def test_the_flag_for_hosts_below_counts(self) -> None:
        assert sent(parse_cookie_file(netscape("cerebras.ai", "TRUE", "/", "TRUE", "0", "a", "1")))
        text = netscape("cerebras.ai", "FALSE", "/", "TRUE", "0", "a", "1")
        assert sent(parse_cookie_file(text)) is None

    def test_an_insecure_cookie_stays_one(self) -> None:
        (cookie,) = parse_cookie_file(netscape(".cerebras.ai", "TRUE", "/", "FALSE", "0", "a", "1"))
        assert cookie.secure is False

    def test_the_later_of_two_lines_wins(self) -> None:
        line = ".cerebras.ai\tTRUE\t/\tTRUE\t0\ta\t"
        assert sent(parse_cookie_file(f"{line}1\n{line}2\n")) == "a=2"

    def test_blanks_instead_of_tabs_are_explained(self) -> None:
        with pytest.raises(CookieError, match=r"Netscape.*tabs"):
            parse_cookie_file("# Netscape HTTP Cookie File\n.cerebras.ai TRUE / TRUE 0 a 1\n")

    def test_a_file_of_other_sites_says_so(self) -> None:
        with pytest.raises(CookieError, match=r"without a cookie of cerebras\.ai.*Sign in"):
            parse_cookie_file(netscape(".example.com", "TRUE", "/", "TRUE", "0", "a", "1"))


class TestJsonFiles:
    def test_a_list_of_objects_is_read(self) -> None:
        text = json.dumps([exported(), exported(domain="example.com")])
        assert sent(parse_cookie_file("\ufeff" + text)) == f"{TOKEN}=abc"

    def test_a_playwright_state_is_read(self) -> None:
        text = json.dumps({"cookies": [exported(expires=-1)], "origins": []})
        assert parse_cookie_file(text)[0].expires is None

    @pytest.mark.parametrize(
        ("told", "expires"),
        [
            ({"expirationDate": 1900000000.25}, 1_900_000_000.25),
            ({"expires": 1900000000}, 1_900_000_000.0),
            ({"expiry": 1900000000}, 1_900_000_000.0),
            ({"expires": 1900000000123}, 1_900_000_000.123),
            ({"expires": "1900000000"}, 1_900_000_000.0),
            ({"expires": "2030-03-17T17:46:40.000Z"}, 1_900_000_000.0),
            ({"expires": "2030-03-17T17:46:40"}, 1_900_000_000.0),
            ({"expires": "1970-01-01T00:00:00Z"}, 0.0),
            ({"expires": -1}, None),
            ({"expires": 0}, None),
            ({"expires": None}, None),
            ({"expires": "Session"}, None),
            ({"expires": True}, None),
            ({"expires": float("nan")}, None),
            ({"expires": float("inf")}, None),
            ({"expires": 10**400}, None),
            ({"session": True, "expirationDate": 1900000000}, None),
            ({}, None),
        ],
    )
    def test_expiry_is_read_in_every_form(
        self, told: dict[str, Any], expires: float | None
    ) -> None:
        assert parse_cookie_file(json.dumps([exported(**told)]))[0].expires == expires

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("[{", "looks like JSON, but is broken"),
            ("[" * 100_000, "looks like JSON, but is broken"),
            ("[" + "9" * 10_000 + "]", "looks like JSON, but is broken"),
            ("{}", "neither a list of cookies"),
            ('{"a": "b"}', "neither a list of cookies"),
            ("[]", r"JSON export, without a cookie of cerebras\.ai"),
            ("[1, null, {}]", r"JSON export, without a cookie of cerebras\.ai"),
            ('[{"name": "a", "value": "b"}]', r"JSON export, without a cookie of cerebras\.ai"),
            ('[{"domain": ".cerebras.ai", "name": "a", "value": 5}]', "not a text"),
        ],
    )
    def test_what_is_wrong_is_said(self, text: str, reason: str) -> None:
        with pytest.raises(CookieError, match=reason):
            parse_cookie_file(text)


class TestHarFiles:
    def test_request_cookies_belong_to_the_host_of_the_request(self) -> None:
        cookies = parse_cookie_file(har(entry(CLOUD, request=[{"name": "a", "value": "1"}])))
        assert sent(cookies, CLOUD) == "a=1"
        assert sent(cookies, INFERENCE) is None

    def test_a_domain_that_is_told_counts(self) -> None:
        shown = {"name": "a", "value": "1", "domain": ".cerebras.ai"}
        assert sent(parse_cookie_file(har(entry(CLOUD, request=[shown]))), INFERENCE) == "a=1"

    def test_a_domain_told_by_an_answer_counts_for_requests_too(self) -> None:
        text = har(
            entry(CLOUD, request=[{"name": "a", "value": "old"}]),
            entry(CLOUD, response=[{"name": "a", "value": "new", "domain": "cerebras.ai"}]),
            entry(CLOUD, request=[{"name": "a", "value": "newest"}]),
        )
        assert sent(parse_cookie_file(text), CLOUD) == "a=newest"
        assert sent(parse_cookie_file(text), INFERENCE) == "a=newest"

    def test_later_entries_win(self) -> None:
        text = har(
            entry(request=[{"name": "a", "value": "1"}], response=[{"name": "a", "value": "2"}]),
            entry(request=[{"name": "a", "value": "3"}]),
        )
        assert sent(parse_cookie_file(text)) == "a=3"

    def test_an_answer_can_delete_a_cookie(self) -> None:
        gone = {"name": "a", "value": "", "expires": "1970-01-01T00:00:00.000Z"}
        text = har(
            entry(request=[{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]),
            entry(response=[gone]),
        )
        assert sent(parse_cookie_file(text)) == "b=2"

    def test_the_cookie_header_is_read_where_the_list_is_empty(self) -> None:
        headers = [{"name": "cookie", "value": "a=1; b=2"}, {"name": "Accept", "value": "*/*"}]
        assert sent(parse_cookie_file(har(entry(headers=headers)))) == "a=1; b=2"

    def test_requests_to_other_sites_and_broken_addresses_are_passed_over(self) -> None:
        evil = {"name": "a", "value": "1", "domain": ".cerebras.ai"}
        good = entry(request=[{"name": "b", "value": "2"}])
        for url in ("https://evil.com/", "https://inference.cerebras.ai.evil.com/", "http://[", 5):
            unreadable = entry(url, headers=[{"name": "Cookie", "value": "a=\x01"}])
            text = har(entry(url, request=[evil]), unreadable, good)
            assert sent(parse_cookie_file(text)) == "b=2"

    @pytest.mark.parametrize(
        "text",
        [
            har(),
            har(entry()),
            har(entry(headers=[{"name": "Cookie", "value": ""}])),
            '{"log": {}}',
            '{"log": {"entries": 5}}',
        ],
    )
    def test_a_recording_without_cookies_says_how_to_export_it(self, text: str) -> None:
        with pytest.raises(CookieError, match=r"HAR recording.*with sensitive data"):
            parse_cookie_file(text)


class TestOtherFiles:
    @pytest.mark.parametrize("text", ["a=1; b=2", "Cookie: a=1; b=2\n", "# mine\r\na=1; b=2\r\n"])
    def test_a_bare_header_line_is_read(self, text: str) -> None:
        assert sent(parse_cookie_file(text)) == "a=1; b=2"

    def test_the_text_may_be_a_secret(self) -> None:
        assert sent(parse_cookie_file(Secret("a=1"))) == "a=1"

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "empty"),
            ("\ufeff\r\n", "empty"),
            ("hello", "none of the formats"),
            ("a=1\nb=2", "none of the formats"),
            ('<!DOCTYPE html><html lang="en">', "none of the formats"),
            ("Cookie:", "no Cookie header"),
        ],
    )
    def test_anything_else_is_told_what_can_be_read(self, text: str, reason: str) -> None:
        with pytest.raises(CookieError, match=reason):
            parse_cookie_file(text)

    @given(
        st.one_of(
            st.text(),
            st.text('\t\n.=;#{}[]":,0a'),
            st.lists(st.text("\t.a0")).map(lambda f: "\t".join([".cerebras.ai", *f])),
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.text(),
                lambda inner: (
                    st.lists(inner)
                    | st.dictionaries(
                        st.sampled_from(
                            [
                                "log",
                                "entries",
                                "request",
                                "response",
                                "cookies",
                                "headers",
                                "url",
                                "domain",
                                "name",
                                "value",
                                "path",
                                "expires",
                                "hostOnly",
                                "secure",
                            ]
                        ),
                        inner | st.sampled_from([".cerebras.ai", INFERENCE, "cookie", "a=1"]),
                    )
                ),
            ).map(json.dumps),
        )
    )
    def test_any_text_gives_cookies_or_a_cookie_error(self, text: str) -> None:
        try:
            cookies = parse_cookie_file(text)
        except CookieError:
            return
        assert cookies
        sent(cookies)


def frames(error: BaseException | None) -> Iterator[TracebackType]:
    """Every frame of the package in the traceback of an error and of all errors behind it."""
    if error is None:
        return
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals.get("__name__", "").startswith("cerebras_sdk"):
            yield step
        step = step.tb_next
    yield from frames(error.__context__)
    yield from frames(error.__cause__)


@pytest.mark.parametrize(
    "text",
    [
        HIDDEN,
        f"a={HIDDEN}\n{HIDDEN}",
        f'[{{"domain": ".cerebras.ai", "value": "{HIDDEN}"',
        json.dumps([exported(value=HIDDEN + "\n")]),
        json.dumps([exported(value=HIDDEN, domain="example.com")]),
        json.dumps({TOKEN: HIDDEN}),
        netscape(".cerebras.ai", "TRUE", HIDDEN),
        netscape(".cerebras.ai", "TRUE", "/", "TRUE", "0", "a", HIDDEN + ";"),
        har(entry(headers=[{"name": "Cookie", "value": HIDDEN}])),
        har(entry(request=[{"name": [HIDDEN], "value": HIDDEN}])),
    ],
)
def test_an_error_shows_no_value_nor_do_the_variables_in_its_traceback(
    text: str,
) -> None:
    with pytest.raises(CookieError) as caught:
        parse_cookie_file(text)
    assert HIDDEN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    seen = list(frames(caught.value))
    assert seen, "the walk must see the frames of the package"
    for step in seen:
        assert HIDDEN not in repr(step.tb_frame.f_locals), step.tb_frame.f_code.co_name
