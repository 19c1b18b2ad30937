"""Addresses, headers, timeouts and redirects: nothing secret goes where it should not."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from cerebras_sdk._core.http import (
    Headers,
    Request,
    http_date,
    is_header_safe,
    merge_headers,
    reveal_headers,
)
from cerebras_sdk._core.secret import Secret
from cerebras_sdk._core.timeout import Timeout
from cerebras_sdk._core.urls import (
    check_url,
    is_loopback,
    normalize_base_url,
    origin,
    plain_http_notice,
    redirected,
)
from cerebras_sdk.errors import InvalidRequestError

BASE = "https://api.cerebras.ai"


class TestTheBaseUrl:
    @pytest.mark.parametrize(
        ("given", "base"),
        [
            (BASE, BASE),
            (BASE + "/", BASE),
            (BASE + "/v1", BASE),
            (BASE + "/v1/", BASE),
            (BASE + "/v1//", BASE),
            (BASE + "/v1/chat/completions", BASE),
            (BASE + "/v1/chat/completions/", BASE),
            (BASE + "/v1/completions", BASE),
            (BASE + "/v1/models", BASE),
            (BASE + "/v1?x=1#y", BASE),
            (f"  {BASE}/v1\n", BASE),
            ("https://gw.example/cerebras/v1", "https://gw.example/cerebras"),
            ("https://gw.example/v1/cerebras", "https://gw.example/v1/cerebras"),
            ("https://gw.example:8443/v1/", "https://gw.example:8443"),
            ("http://localhost:8000/v1", "http://localhost:8000"),
            ("http://dev.localhost:8000", "http://dev.localhost:8000"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://127.8.9.10", "http://127.8.9.10"),
            ("http://[::1]:8000/v1", "http://[::1]:8000"),
            ("https://[2001:db8::1]/v1", "https://[2001:db8::1]"),
        ],
    )
    def test_is_the_same_however_it_is_written(self, given: str, base: str) -> None:
        assert normalize_base_url(given) == base
        assert normalize_base_url(base) == base

    def test_may_be_written_in_upper_case(self) -> None:
        assert normalize_base_url("HTTPS://API.CEREBRAS.AI/v1").lower() == BASE
        assert normalize_base_url("HTTP://LOCALHOST:1").lower() == "http://localhost:1"

    @pytest.mark.parametrize(
        "url",
        ["http://api.cerebras.ai", "http://api.cerebras.ai:80/v1", "http://CEREBRAS.AI"],
    )
    def test_of_the_service_is_https(self, url: str) -> None:
        with pytest.raises(InvalidRequestError, match="https only"):
            normalize_base_url(url)

    @pytest.mark.parametrize(
        "url",
        ["http://api.cerebras.ai", "http://10.0.0.1", "http://0.0.0.0:80", "http://localhost.evil.example"],
    )  # fmt: skip
    def test_that_cookies_go_to_is_https_unless_it_is_this_machine(self, url: str) -> None:
        with pytest.raises(InvalidRequestError, match="https only"):
            check_url(url, "session_url")

    @pytest.mark.parametrize(
        "url", ["http://10.0.0.1", "http://gateway:80", "http://localhost.evil"]
    )
    def test_is_noticed_when_it_is_plain_http_to_another_machine(self, url: str) -> None:
        assert "can be read on the way" in (plain_http_notice(normalize_base_url(url)) or "")

    @pytest.mark.parametrize("url", ["https://10.0.0.1", "http://127.0.0.1:80", "http://localhost"])
    def test_is_not_noticed_when_nobody_can_read_it(self, url: str) -> None:
        assert plain_http_notice(normalize_base_url(url)) is None

    @pytest.mark.parametrize(
        "url",
        ["", "   ", "api.cerebras.ai", "//api.cerebras.ai", "ftp://api.cerebras.ai", "https://", "https:///v1"],
    )  # fmt: skip
    def test_names_a_host(self, url: str) -> None:
        with pytest.raises(InvalidRequestError, match="base_url must start with https://"):
            normalize_base_url(url)

    @pytest.mark.parametrize("url", ["https://[::1", "https://h:99999", "https://h:x/v1"])
    def test_is_a_url(self, url: str) -> None:
        with pytest.raises(InvalidRequestError, match="base_url is not a URL"):
            normalize_base_url(url)

    def test_may_be_a_url_of_httpx(self) -> None:
        assert normalize_base_url(httpx.URL(BASE + "/v1")) == BASE

    @pytest.mark.parametrize("url", [5, b"https://api.cerebras.ai"])
    def test_is_a_text(self, url: Any) -> None:
        with pytest.raises(InvalidRequestError, match="base_url must be a str"):
            normalize_base_url(url)

    @pytest.mark.parametrize(
        "url",
        [
            "https://me:hunter2@api.cerebras.ai/v1",
            "https://hunter2@api.cerebras.ai",
            "https://:hunter2@api.cerebras.ai",
            "https://me:hun/hunter2@api.cerebras.ai",
            "http://me:hunter2@10.0.0.1",
            "//me:hunter2@api.cerebras.ai",
            "me:hunter2@api.cerebras.ai",
            "https:/me:hunter2@api.cerebras.ai",
            "https://me:hunter2@",
            "https://me:hunter2@h:port",
            "https://h:hunter2/v1",
            "http://10.0.0.1/v1?key=hunter2",
            "ftp://h/v1?key=hunter2",
        ],
    )
    def test_is_refused_with_a_password_that_is_not_repeated(self, url: str) -> None:
        with pytest.raises(InvalidRequestError) as caught:
            check_url(url, "base_url")
        error = caught.value
        for shown in (error, error.__cause__, error.__context__):
            assert "hunter2" not in repr(shown)

    @pytest.mark.parametrize("url", ["https://a b/v1", "https://a\\b/v1", "https://a\tb"])
    def test_has_no_characters_that_others_read_differently(self, url: str) -> None:
        with pytest.raises(InvalidRequestError):
            normalize_base_url(url)


class TestLoopback:
    @pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.1.2.3", "::1"])
    def test_is_this_machine(self, host: str) -> None:
        assert is_loopback(host)

    @pytest.mark.parametrize(
        "host", [None, "", "127.0.0.1.example", "localhost.example", "0.0.0.0", "10.0.0.1", "::"]
    )
    def test_is_nothing_else(self, host: str | None) -> None:
        assert not is_loopback(host)


class TestResponseHeaders:
    HEADERS = Headers([("Content-Type", "a"), ("X-A", "1"), ("x-a", "2"), ("Set-Cookie", "s=1")])

    def test_are_found_in_any_case(self) -> None:
        assert self.HEADERS["content-TYPE"] == "a"
        assert self.HEADERS.get("X-NONE") is None
        assert "CONTENT-type" in self.HEADERS
        assert "x-none" not in self.HEADERS
        with pytest.raises(KeyError):
            self.HEADERS["x-none"]

    def test_of_one_name_are_joined(self) -> None:
        assert self.HEADERS["x-a"] == "1, 2"
        assert list(self.HEADERS) == ["content-type", "x-a", "set-cookie"]
        assert len(self.HEADERS) == 3

    def test_do_not_show_the_cookies_they_set(self) -> None:
        assert "s=1" not in repr(self.HEADERS)
        assert "s=1" not in f"{self.HEADERS}"

    def test_can_be_pickled(self) -> None:
        assert pickle.loads(pickle.dumps(self.HEADERS)) == self.HEADERS


class TestRequestHeaders:
    def test_of_later_layers_win_in_any_case(self) -> None:
        merged = merge_headers({"Accept": "a", "X-A": "1"}, None, {"ACCEPT": "b"}, {"x-b": "2"})
        assert merged == {"ACCEPT": "b", "X-A": "1", "x-b": "2"}

    def test_of_none_are_taken_away(self) -> None:
        assert merge_headers({"Accept": "a"}, {"accept": None, "x-none": None}) == {}
        assert merge_headers({"Accept": "a"}, {"accept": None}, {"ACCEPT": "b"}) == {"ACCEPT": "b"}

    def test_are_not_changed_in_the_request_they_come_from(self) -> None:
        request = Request(method="GET", url=BASE, headers={"Accept": "a"})
        assert request.with_headers({"accept": "b"}).headers == {"accept": "b"}
        assert request.headers == {"Accept": "a"}

    def test_are_revealed_for_the_wire_only(self) -> None:
        headers = merge_headers({"A": "x", "Authorization": Secret("Bearer csk-test")})
        assert reveal_headers(headers) == {"A": "x", "Authorization": "Bearer csk-test"}
        request = Request(method="POST", url=BASE, headers=headers, body=b"prompt")
        assert request.is_signed
        assert Secret("csk-test") in request.secrets()
        assert not Request(method="GET", url=BASE, headers={"A": "x"}).is_signed
        assert "csk-test" not in repr(request)
        assert "prompt" not in repr(request)

    @pytest.mark.parametrize(
        "value",
        ["a\r\nB: c", "a\nb", "a\rb", "a\0b", "a\x7f", "\x1b[0m", "a\u2028b", "€", "\ud800"],
    )
    def test_take_no_value_that_could_be_two_headers(self, value: str) -> None:
        for given in (value, Secret(value)):
            assert not is_header_safe(given)
            with pytest.raises(InvalidRequestError, match="'X-A'") as caught:
                merge_headers({"X-A": given})
            assert repr(value)[1:-1] not in str(caught.value)

    @pytest.mark.parametrize("value", [" a", "a ", "\ta", "a\t", "\xa0a", "\x85a", " "])
    def test_take_no_value_that_the_libraries_refuse_and_then_repeat(self, value: str) -> None:
        assert not is_header_safe(value)
        with pytest.raises(InvalidRequestError):
            merge_headers({"X-A": Secret(value)})

    @pytest.mark.parametrize("value", ["", "a", "a b\tc", "Bearer x=;,\"'", "é\xff"])
    def test_take_any_other_value(self, value: str) -> None:
        assert is_header_safe(value)
        assert merge_headers({"X-A": value}) == {"X-A": value}

    @pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "a\n", "é", "a\x7f", 5, None, b"a"])
    def test_take_no_name_that_is_none(self, name: Any) -> None:
        with pytest.raises(InvalidRequestError):
            merge_headers({name: "x"})

    @pytest.mark.parametrize("value", [5, b"x", ["x"]])
    def test_take_texts_only(self, value: Any) -> None:
        with pytest.raises(InvalidRequestError, match="names and values are str"):
            merge_headers({"X-A": value})


class TestTimeouts:
    def test_of_a_number_are_the_same_for_each(self) -> None:
        assert Timeout.of(5) == Timeout(connect=5, read=5, write=5, pool=5)
        assert Timeout.of(None) == Timeout(connect=None, read=None, write=None, pool=None)

    def test_may_come_from_httpx(self) -> None:
        assert Timeout.of(httpx.Timeout(5.0, read=None)) == Timeout(
            connect=5.0, read=None, write=5.0, pool=5.0
        )
        mine = Timeout(read=1.0)
        assert Timeout.of(mine) is mine

    @pytest.mark.parametrize("value", [0, -1, 0.0, float("nan")])
    def test_are_more_than_nothing(self, value: float) -> None:
        with pytest.raises(InvalidRequestError, match="more than 0 seconds"):
            Timeout.of(value)

    @pytest.mark.parametrize("value", [True, "5", (3, 5), SimpleNamespace(connect=1, read=2)])
    def test_are_no_other_thing(self, value: Any) -> None:
        with pytest.raises(InvalidRequestError, match="timeout takes a number of seconds"):
            Timeout.of(value)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
            (" Fri, 15 Jan 2027 08:00:00 GMT ", 1_800_000_000.0),
        ],
    )
    def test_of_headers_are_read(self, text: str, moment: float) -> None:
        assert http_date(text) == moment

    @pytest.mark.parametrize(
        "text",
        [
            None, "", "5", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        ],
    )  # fmt: skip
    def test_of_another_form_are_none(self, text: str | None) -> None:
        assert http_date(text) is None


class TestRedirects:
    POST = Request(
        method="POST",
        url=BASE + "/v1/chat/completions",
        headers={"Authorization": Secret("Bearer csk-test"), "Accept": "a", "X-Mine": Secret("x")},
        body=b"{}",
    )
    GET = Request(method="GET", url=BASE + "/v1/models", headers=POST.headers)

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    @pytest.mark.parametrize(
        ("location", "url"),
        [
            ("/v2/x?y=1", BASE + "/v2/x?y=1"),
            ("other", BASE + "/v1/chat/other"),
            (BASE + ":443/x", BASE + ":443/x"),
            ("HTTPS://API.cerebras.ai/x", "HTTPS://API.cerebras.ai/x"),
            ("//api.cerebras.ai/x", BASE + "/x"),
        ],
    )
    def test_to_the_same_origin_take_everything(self, status: int, location: str, url: str) -> None:
        target = redirected(self.POST, status, location)
        assert target is not None
        assert target.url.lower() == url.lower()
        assert (target.method, target.body) == ("POST", b"{}")
        assert target.headers == self.POST.headers

    def test_of_303_become_a_get(self) -> None:
        target = redirected(self.POST, 303, "/x")
        assert target is not None
        assert (target.method, target.body) == ("GET", b"")

    @pytest.mark.parametrize(
        "location",
        [
            "https://other.example/x",
            "https://cerebras.ai/x",
            "https://api.cerebras.ai:8443/x",
            "https://api.cerebras.ai./x",
            "//other.example/x",
            "http://api.cerebras.ai/x",
            "http://127.0.0.1/x",
        ],
    )
    def test_to_another_origin_take_no_prompt(self, location: str) -> None:
        for status in (301, 302, 307, 308):
            assert redirected(self.POST, status, location) is None

    def test_to_another_origin_take_nothing_secret(self) -> None:
        target = redirected(self.GET, 302, "https://other.example/x")
        assert target is not None
        assert target.headers == {"Accept": "a"}
        assert redirected(self.GET, 302, "http://other.example/x") is None

    @pytest.mark.parametrize(
        "location",
        [
            # To one reader the host is the first name, to the other the second.
            "https://other.example\\@api.cerebras.ai/x",
            "https://other.example\\.api.cerebras.ai/x",
            "//other.example\\@api.cerebras.ai/x",
            "/\\other.example/x",
            # A user name would become an Authorization header of its own.
            "https://me:pw@api.cerebras.ai/x",
            "https://me@api.cerebras.ai/x",
            "https://@api.cerebras.ai/x",
            "https://api.cerebras.ai/\r\nX: y",
            "https://api.\tcerebras.ai/x",
            "https://api.cerebras.ai /x",
        ],
    )
    @pytest.mark.parametrize("request_", [POST, GET])
    def test_to_an_address_that_can_be_read_in_two_ways_are_not_followed(
        self, location: str, request_: Request
    ) -> None:
        assert redirected(request_, 302, location) is None

    @pytest.mark.parametrize(
        "location", [None, "", "http://[", "https://h:99999/", "mailto:a@b", "file:///etc/passwd"]
    )
    def test_to_nowhere_are_not_followed(self, location: str | None) -> None:
        assert redirected(self.POST, 302, location) is None
        assert redirected(self.GET, 302, location) is None

    @pytest.mark.parametrize("status", [200, 300, 304, 305, 400])
    def test_are_of_five_kinds(self, status: int) -> None:
        assert redirected(self.POST, status, "/x") is None


def test_an_origin_has_its_port() -> None:
    assert origin("HTTPS://A.example/x") == ("https", "a.example", 443)
    assert origin("http://[::1]:80") == origin("http://[::1]/y") == ("http", "::1", 80)
