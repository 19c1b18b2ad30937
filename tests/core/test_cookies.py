"""Cookies go only where they belong, whatever they were given as, and are never shown."""

from __future__ import annotations

import http.cookiejar
import io
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import pytest
import requests

from cerebras_sdk._core.cookies import Cookie, cookie_header, looks_like_header, read_cookies
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


def exported(**changes: Any) -> dict[str, Any]:
    return {"domain": ".cerebras.ai", "name": TOKEN, "value": "abc"} | changes


class TestWhatIsInMemory:
    def test_a_mapping_goes_to_every_host_of_cerebras(self) -> None:
        cookies = read_cookies({TOKEN: "abc", "theme": "dark"})
        for host in ("inference.", "cloud.", "chat.", ""):
            assert sent(cookies, f"https://{host}cerebras.ai/") == f"{TOKEN}=abc; theme=dark"

    def test_a_mapping_may_hold_secrets(self) -> None:
        assert sent(read_cookies({TOKEN: Secret("abc")})) == f"{TOKEN}=abc"

    @pytest.mark.parametrize(
        "header", ["a=1; b=2", "Cookie: a=1; b=2", "cookie:a=1;b=2", " a=1; ; b=2;\r\n"]
    )
    def test_a_header_is_read_with_and_without_its_name(self, header: str) -> None:
        assert sent(read_cookies(header)) == "a=1; b=2"

    def test_a_header_may_be_a_secret(self) -> None:
        assert sent(read_cookies(Secret("a=1"))) == "a=1"

    def test_a_value_may_hold_equals_signs_and_quotes(self) -> None:
        assert sent(read_cookies('a=b64==; c="x y"')) == 'a=b64==; c="x y"'

    def test_the_later_of_two_equal_names_wins(self) -> None:
        assert sent(read_cookies("a=1; b=2; a=3")) == "a=3; b=2"

    def test_latin_1_is_kept(self) -> None:
        assert sent(read_cookies({"a": "caf\xe9"})) == "a=caf\xe9"

    def test_nothing_in_nothing_out(self) -> None:
        assert read_cookies({}) == ()
        assert read_cookies([]) == ()

    def test_a_list_of_exported_cookies_is_read(self) -> None:
        cookies = read_cookies([exported(), exported(domain=".example.com", name="other")])
        assert sent(cookies) == f"{TOKEN}=abc"

    def test_cookies_that_were_read_once_can_be_read_again(self) -> None:
        cookies = read_cookies({"a": "1"})
        assert read_cookies(cookies) == cookies

    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("", "no Cookie header"),
            ("just-a-token", "no Cookie header"),
            ("=value", "no Cookie header"),
            ({"a": "x\n"}, "line break"),
            ({"a": "x\ty"}, "control character"),
            ({"a": "x;y"}, "';'"),
            ({"a\r\nHost": "x"}, "line break"),
            ({"a=b": "x"}, "'=' in its name"),
            ({"a": "\u20ac"}, "Latin-1"),
            ({"a": "\ud800"}, "Latin-1"),
            ({"a": 5}, "not a text"),
            (7, "type int"),
            (["a=1"], "type str"),
        ],
    )
    def test_what_cannot_be_sent_is_refused_with_the_reason(self, source: Any, reason: str) -> None:
        with pytest.raises(CookieError, match=reason):
            read_cookies(source)


class TestJars:
    def test_a_stdlib_jar_keeps_domains_paths_and_expiry(self) -> None:
        jar = http.cookiejar.CookieJar()
        answer = httpx.Response(
            200,
            headers=[
                ("set-cookie", f"{TOKEN}=abc; Path=/; Secure; HttpOnly"),
                ("set-cookie", "wide=1; Domain=cerebras.ai; Path=/api; Max-Age=60"),
            ],
            request=httpx.Request("GET", INFERENCE),
        )
        httpx.Cookies(jar).extract_cookies(answer)
        cookies = {cookie.name: cookie for cookie in read_cookies(jar)}
        assert (cookies[TOKEN].domain, cookies[TOKEN].host_only) == ("inference.cerebras.ai", True)
        assert (cookies[TOKEN].secure, cookies[TOKEN].expires) == (True, None)
        assert (cookies["wide"].domain, cookies["wide"].host_only) == ("cerebras.ai", False)
        assert cookies["wide"].path == "/api"
        assert cookies["wide"].expires is not None

    def test_a_jar_tells_a_cookie_of_the_bare_domain_from_one_of_all_hosts(self) -> None:
        jar = httpx.Cookies()
        request = httpx.Request("GET", "https://cerebras.ai/")
        for line in ("bare=1", "wide=2; Domain=cerebras.ai"):
            jar.extract_cookies(httpx.Response(200, headers={"set-cookie": line}, request=request))
        assert sent(read_cookies(jar)) == "wide=2"

    def test_a_mozilla_jar_is_read(self, tmp_path: Path) -> None:
        file = tmp_path / "cookies.txt"
        file.write_text(
            f"# Netscape HTTP Cookie File\n.cerebras.ai\tTRUE\t/\tTRUE\t0\t{TOKEN}\tabc\n"
            "cloud.cerebras.ai\tFALSE\t/\tTRUE\t1900000000\tonly\there\n"
        )
        jar = http.cookiejar.MozillaCookieJar(str(file))
        jar.load(ignore_discard=True, ignore_expires=True)
        assert sent(read_cookies(jar)) == f"{TOKEN}=abc"
        assert "only=here" in str(sent(read_cookies(jar), CLOUD))

    def test_a_requests_jar_is_read(self) -> None:
        jar = requests.Session().cookies
        jar.set(TOKEN, "abc", domain=".cerebras.ai")
        jar.set("bare", "1")
        jar.set("other", "2", domain="example.com")
        assert set(str(sent(read_cookies(jar))).split("; ")) == {f"{TOKEN}=abc", "bare=1"}

    def test_an_httpx_jar_is_read(self) -> None:
        jar = httpx.Cookies({"bare": "1"})
        jar.set(TOKEN, "abc", domain=".cerebras.ai")
        jar.set("other", "2", domain="example.com")
        assert set(str(sent(read_cookies(jar))).split("; ")) == {f"{TOKEN}=abc", "bare=1"}

    def test_a_jar_that_fails_gives_a_cookie_error(self) -> None:
        def cookies() -> Iterator[object]:
            yield exported()
            raise OSError(HIDDEN)

        with pytest.raises(CookieError, match="OSError") as caught:
            read_cookies(cookies())
        assert HIDDEN not in str(caught.value)


class TestWhereCookiesGo:
    @pytest.mark.parametrize(
        "domain",
        [
            "evilcerebras.ai",
            "cerebras.ai.evil.com",
            "cerebras.com",
            "ai",
            "",
            "evil.com/.cerebras.ai",
            "a@b.cerebras.ai",
        ],
    )
    def test_cookies_of_other_sites_are_not_read(self, domain: str) -> None:
        assert read_cookies([exported(domain=domain)]) == ()

    @pytest.mark.parametrize("domain", ["cerebras.ai", ".cerebras.ai", ".Cerebras.AI"])
    def test_a_cookie_of_the_domain_goes_to_the_hosts_below_it(self, domain: str) -> None:
        cookies = read_cookies([exported(domain=domain)])
        assert sent(cookies) == f"{TOKEN}=abc"
        assert cookies[0].domain == "cerebras.ai"

    def test_a_host_only_cookie_goes_to_its_host_alone(self) -> None:
        cookies = read_cookies([exported(domain="cloud.cerebras.ai")])
        assert sent(cookies, CLOUD) == f"{TOKEN}=abc"
        assert sent(cookies, "https://a.cloud.cerebras.ai/") is None
        assert sent(cookies, INFERENCE) is None
        assert sent(read_cookies([exported(domain="cerebras.ai", hostOnly=True)])) is None

    def test_a_domain_cookie_of_a_subdomain_goes_below_that_only(self) -> None:
        cookies = read_cookies([exported(domain=".cloud.cerebras.ai")])
        assert sent(cookies, "https://a.cloud.cerebras.ai/") == f"{TOKEN}=abc"
        assert sent(cookies, "https://notcloud.cerebras.ai/") is None
        assert sent(cookies, INFERENCE) is None

    def test_an_expired_cookie_is_dropped_at_its_second(self) -> None:
        cookies = read_cookies([exported(expirationDate=NOW)])
        assert sent(cookies, now=NOW - 1) == f"{TOKEN}=abc"
        assert sent(cookies, now=NOW) is None

    def test_longer_paths_come_first_and_foreign_paths_not_at_all(self) -> None:
        cookies = read_cookies(
            [
                exported(name="root"),
                exported(name="other", path="/docs"),
                exported(name="part", path="/api/au"),
                exported(name="folder", path="/api/"),
                exported(name="exact", path="/api/auth/session"),
            ]
        )
        assert sent(cookies) == "exact=abc; folder=abc; root=abc"

    def test_a_secure_cookie_goes_over_http_to_this_machine_only(self) -> None:
        cookies = read_cookies([exported(secure=True)])
        assert sent(cookies, "http://inference.cerebras.ai/") is None
        for host in ("127.0.0.1:8080", "localhost:1", "[::1]:80"):
            assert sent(cookies, f"http://{host}/api/auth/session") == f"{TOKEN}=abc"
        assert sent(cookies, "http://127.0.0.1.example.com/") is None

    def test_a_cookie_without_a_word_on_safety_is_taken_for_a_secure_one(self) -> None:
        for cookies in (read_cookies({"a": "1"}), read_cookies([exported()])):
            assert sent(cookies, "http://inference.cerebras.ai/") is None

    def test_a_session_url_of_the_user_gets_what_inference_would_get(self) -> None:
        cookies = read_cookies([exported(), exported(name="cloud", domain="cloud.cerebras.ai")])
        assert sent(cookies, "https://proxy.example.com/api/auth/session") == f"{TOKEN}=abc"

    def test_an_url_without_a_path_is_the_root(self) -> None:
        assert sent(read_cookies({"a": "1"}), "https://inference.cerebras.ai") == "a=1"

    def test_no_cookie_is_no_header(self) -> None:
        assert sent(()) is None


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("authjs.session-token=abc; x=y", True),
        ("__Secure-authjs.session-token=eyJ/+=.a:b", True),
        ("Cookie: a=b", True),
        ("  cookie:a=b\n", True),
        ("weird[name]=1", True),
        ("/home/a=b/cookies.txt", False),
        ("./a=b.txt", False),
        ("~/a=b.txt", False),
        ("cookies.txt", False),
        ("C:\\x\\cookies.txt", False),
        ("C:\\a=b\\cookies.txt", False),
        (".cerebras.ai", False),
        ("my cookies=1.txt", False),
        ('{"a": "b=c"}', False),
        ("# Netscape HTTP Cookie File\n.cerebras.ai\tTRUE\t/\tTRUE\t0\ta\tb=", False),
        ("=b", False),
        ("", False),
    ],
)
def test_a_header_is_told_from_a_path(text: str, header: bool) -> None:
    assert looks_like_header(text) is header


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


class ShowingItself:
    """A cookie as foreign jars hold it: it shows its value, and fails when it is read."""

    name = "a"

    @property
    def value(self) -> str:
        raise RuntimeError(HIDDEN)

    def __repr__(self) -> str:
        return HIDDEN


@pytest.mark.parametrize(
    "source",
    [
        HIDDEN,
        f"a={HIDDEN}\nb",
        {"a": HIDDEN + "\n"},
        {HIDDEN + "\n": "a"},
        {"a": HIDDEN + "\u20ac"},
        {"a": HIDDEN, "b": 5},
        [exported(value=HIDDEN), 5],
        [exported(value=HIDDEN), HIDDEN],
        [ShowingItself()],
        HIDDEN.encode(),
    ],
)
def test_an_error_shows_no_value_nor_do_the_variables_in_its_traceback(
    source: Any,
) -> None:
    with pytest.raises(CookieError) as caught:
        read_cookies(source)
    assert HIDDEN not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    seen = list(frames(caught.value))
    assert seen, "the walk must see the frames of the package"
    for step in seen:
        assert HIDDEN not in repr(step.tb_frame.f_locals), step.tb_frame.f_code.co_name


def test_cookies_and_headers_show_no_value() -> None:
    cookies = read_cookies({"a": HIDDEN})
    header = cookie_header(cookies, INFERENCE, now=NOW)
    out = io.StringIO()
    print(cookies, header, f"{header} {cookies}", file=out)
    assert HIDDEN not in out.getvalue()
    assert sent(cookies) == f"a={HIDDEN}"
