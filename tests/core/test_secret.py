"""No key and no cookie is seen anywhere: not in a repr, a log, an error, nor its traceback."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import logging
import pickle
import traceback
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import cerebras_sdk
from cerebras_sdk._core import cookie_files, urls
from cerebras_sdk._core.answers import read_answer
from cerebras_sdk._core.auth import ApiKey, CookieAuth, Exchange
from cerebras_sdk._core.chunks import CHAT, ChunkReader
from cerebras_sdk._core.cookies import cookie_header, read_cookies
from cerebras_sdk._core.credentials import Credentials, Reading, given_key
from cerebras_sdk._core.endpoints.chat import chat_completion
from cerebras_sdk._core.failures import redact, status_error
from cerebras_sdk._core.http import Headers, Request, merge_headers
from cerebras_sdk._core.options import NOT_GIVEN, ClientOptions, Environment
from cerebras_sdk._core.secret import Hidden, Secret
from cerebras_sdk._core.timeout import Timeout
from cerebras_sdk.errors import APIConnectionError
from cerebras_sdk.types import ChatCompletion

TEXT = "csk-test+s3cr3t/="
NOW = 1_800_000_000.0
PACKAGE = str(Path(cerebras_sdk.__file__).parent)
JSON = Headers([("content-type", "application/json")])
REQUEST = Request(method="POST", url="https://api.cerebras.ai/v1/x")


def forms(text: str = TEXT) -> Iterator[str]:
    yield "s3cr3t"
    yield urllib.parse.quote(text, safe="")
    for shift in range(3):
        # Base64 of a text that stands somewhere inside another one.
        coded = base64.b64encode(b"\0" * shift + text.encode()).decode()
        yield coded[4 : len(coded) // 4 * 4 - 4]


def assert_unseen(*shown: object) -> None:
    for thing in shown:
        for text in (repr(thing), str(thing)):
            for form in forms():
                assert form not in text, text


def assert_unseen_in(error: BaseException) -> None:
    """Looks at the error, at what it was caused by, and at the variables of our frames."""
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__cause__, one.__context__]
        assert_unseen(one, one.args, vars(one), getattr(one, "__notes__", None))
        # UnicodeError keeps what it could not read.
        assert_unseen(getattr(one, "object", None))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename.startswith(PACKAGE):
                assert_unseen(frame.f_locals)


def raised(function: Callable[[], object]) -> BaseException:
    with pytest.raises(cerebras_sdk.CerebrasError) as caught:
        function()
    return caught.value


class TestASecret:
    SECRET = Secret(TEXT)

    def test_is_revealed_when_asked(self) -> None:
        assert self.SECRET.reveal() == TEXT
        assert Secret(self.SECRET).reveal() == TEXT

    def test_shows_nothing_however_it_is_written(self, caplog: pytest.LogCaptureFixture) -> None:
        secret = self.SECRET
        assert_unseen(secret, [secret], {"a": secret}, {secret: 1}, ascii(secret), format(secret))
        assert_unseen(f"{secret} {secret!r} {secret!s:>40} {secret:>40} {secret:.5}")
        assert_unseen("%s %r %20s" % ((secret,) * 3), "{:<9} {0!r}"[6:].format(secret))  # noqa: UP031
        logging.getLogger("test").warning("%s %r", secret, secret)
        assert_unseen(caplog.text)
        assert "***" in caplog.text

    def test_has_no_dictionary(self) -> None:
        with pytest.raises(TypeError):
            vars(self.SECRET)
        with pytest.raises(AttributeError):
            self.SECRET.other = 1  # type: ignore[attr-defined]

    @pytest.mark.parametrize("thing", [Secret(TEXT), Hidden(TEXT)])
    def test_is_not_pickled(self, thing: object) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="not pickled") as caught:
                pickle.dumps([thing], protocol)
            assert_unseen_in(caught.value)

    def test_is_not_written_as_json(self) -> None:
        for write in (json.dumps, msgspec.json.encode, msgspec.to_builtins):
            with pytest.raises(TypeError) as caught:
                write([self.SECRET])
            assert_unseen_in(caught.value)

    def test_stays_one_when_it_is_copied(self) -> None:
        assert copy.copy(self.SECRET) is self.SECRET
        assert copy.deepcopy([self.SECRET]) == [self.SECRET]
        assert_unseen(copy.deepcopy({"a": [self.SECRET]}))
        assert_unseen(dataclasses.asdict(ApiKey(self.SECRET, "api_key=")))

    def test_equals_another_one_only(self) -> None:
        assert Secret(TEXT) == self.SECRET
        assert hash(self.SECRET) == hash(Secret(TEXT))
        assert Secret(TEXT) != Secret(TEXT + "x")
        assert self.SECRET != TEXT
        assert Secret("é") == Secret("é")
        assert Secret(TEXT + "\ud800") != self.SECRET

    def test_is_true_when_there_is_a_text(self) -> None:
        assert Secret("x")
        assert not Secret("")

    def test_can_be_made_of_what_a_user_gave(self) -> None:
        assert given_key(Hidden(None)) is None
        assert given_key(Hidden(self.SECRET)) == self.SECRET
        assert given_key(Hidden(TEXT)) == self.SECRET
        for other in (TEXT.encode(), 5, [TEXT]):
            hidden = Hidden[object](other)
            error = raised(lambda given=hidden: given_key(given))  # type: ignore[misc]
            assert "must be a str, not " in str(error)
            assert_unseen_in(error)

    def test_is_out_of_sight_in_hidden_things(self) -> None:
        hidden = Hidden({"a": TEXT})
        assert hidden.value == {"a": TEXT}
        assert_unseen(hidden, [hidden], f"{hidden}", f"{hidden!s}")
        with pytest.raises(TypeError):
            vars(hidden)


def exchange(
    body: bytes, status: int = 200, cookies: object = None, headers: Headers = JSON
) -> tuple[CookieAuth, Exchange]:
    given: Any = {"authjs.session-token": TEXT} if cookies is None else cookies
    auth = CookieAuth(read_cookies(given), source="cookies=")
    one = auth.exchange(NOW, timeout=Timeout(), user_agent="test/1")
    while one.next_request() is not None:
        one.accept(status, headers, body, NOW)
    return auth, one


class TestWhatHoldsSecrets:
    def test_does_not_show_them(self) -> None:
        key = Secret(TEXT)
        environment = Environment.read({"CEREBRAS_API_KEY": TEXT, "CEREBRAS_COOKIES": f"a={TEXT}"})
        jar = read_cookies({"a": TEXT})
        auth, one = exchange(json.dumps({"demoApiKey": TEXT}).encode())
        auth.settle(one, NOW)
        assert auth.current(NOW) == key
        request = auth.exchange(NOW, timeout=Timeout(), user_agent="test/1").next_request()
        assert request is not None
        things: list[object] = [
            environment,
            jar,
            cookie_header(jar, "https://cerebras.ai/", now=NOW),
            auth,
            one,
            one.grant,
            request,
            REQUEST.with_headers({"Authorization": Secret(f"Bearer {TEXT}")}),
            client_options({"X-A": TEXT}),
            Reading("file", jar),
            Credentials(key, None, environment),
            Credentials(None, Hidden({"a": TEXT}), environment),
            Credentials(None, Hidden(f"/home/{TEXT}"), environment),
            Credentials(None, Hidden(TEXT), environment),
            ApiKey.of(key, "api_key="),
        ]
        for thing in things:
            assert_unseen(thing)
            if hasattr(thing, "__dict__"):
                assert_unseen(vars(thing))


def client_options(headers: Any = None) -> ClientOptions:
    return ClientOptions.of(
        Environment(),
        base_url=None,
        timeout=60.0,
        max_retries=2,
        default_model=None,
        aliases=None,
        default_headers=Hidden(headers),
        retired_models="warn",
    )


BAD_HEADERS: list[Any] = [
    f"Authorization: Bearer {TEXT}",
    [("Authorization", TEXT)],
    {"X-A": f"{TEXT}\r\nX: y"},
    {"X-A": f" {TEXT}"},
    {"X-A": f"{TEXT}\ud800"},
    {"X-A": TEXT.encode()},
    {"X-A": [TEXT]},
    {"X A": TEXT},
    {5: TEXT},
]


class TestErrorsOfWhatWasGiven:
    @pytest.mark.parametrize("ending", ["\nx", " x", "é", "\ud800", "\0"])
    def test_do_not_show_a_key(self, ending: str) -> None:
        for environment, key in [
            (Environment(), Secret(TEXT + ending)),
            (Environment.read({"CEREBRAS_API_KEY": TEXT + ending}), None),
        ]:
            assert_unseen_in(raised(lambda e=environment, k=key: Credentials(k, None, e)))  # type: ignore[misc]

    @pytest.mark.parametrize("headers", BAD_HEADERS, ids=range(len(BAD_HEADERS)))
    def test_do_not_show_a_header(self, headers: Any) -> None:
        hidden = Hidden(headers)
        assert_unseen_in(raised(lambda: client_options(hidden.value)))
        client = client_options()
        error = raised(
            lambda: chat_completion(
                client,
                messages=[{"role": "user"}],
                model="m",
                stream=False,
                params={},
                extra_headers=hidden,
                extra_query=None,
                extra_body=None,
                timeout=NOT_GIVEN,
            )
        )
        assert_unseen_in(error)

    def test_do_not_show_a_header_that_is_merged(self) -> None:
        bad = {"X-A": Secret(f"{TEXT}\n")}
        assert_unseen_in(raised(lambda: merge_headers({"X-B": Secret(TEXT)}, bad)))

    @pytest.mark.parametrize(
        "cookies",
        [
            {"a": f"{TEXT}\n"}, {"a": TEXT + "€"}, {"a": 5, "b": TEXT}, {f"{TEXT};": "a"},
            "Cookie: s3cr3t", f"a={TEXT}\x01", [TEXT], 5,
        ],
        ids=range(8),
    )  # fmt: skip
    def test_do_not_show_a_cookie(self, cookies: Any) -> None:
        hidden = Hidden(cookies)
        assert_unseen_in(raised(lambda: Credentials(None, hidden, Environment())))

    def test_do_not_show_a_cookie_of_the_environment(self) -> None:
        environment = Environment.read({"CEREBRAS_COOKIES": f"a={TEXT}\x01"})
        assert_unseen_in(raised(lambda: Credentials(None, None, environment)))

    @pytest.mark.parametrize(
        "content", [TEXT, "[" + TEXT, '{"cookies": "%s"}' % TEXT, f"a.b\tTRUE\t/\t{TEXT}\t1\t2"]  # noqa: UP031
    )  # fmt: skip
    def test_do_not_show_a_cookie_file(self, content: str) -> None:
        hidden = Secret(content)
        assert_unseen_in(raised(lambda: cookie_files.parse_cookie_file(hidden)))

    def test_do_not_show_a_password_in_an_address(self) -> None:
        # The address itself is an argument, which the frames of its check hold.
        for url in (f"https://me:{TEXT}@h", f"me:{TEXT}@h", f"https://h/?k={TEXT}@"):
            with pytest.raises(cerebras_sdk.InvalidRequestError) as caught:
                urls.check_url(url.replace("https://h", "ftp://h"), "base_url")
            for one in (caught.value, caught.value.__context__, caught.value.__cause__):
                assert_unseen(one)


SESSIONS: list[bytes] = [
    b"null",
    json.dumps({"user": {"demoApiKey": f"{TEXT}\n{TEXT}"}}).encode(),
    json.dumps({"user": {"demoApiKey": f"{TEXT}é"}}).encode(),
    json.dumps({"user": {"demoApiKey": [TEXT]}}).encode(),
    json.dumps({"user": {"key": TEXT}}).encode(),
    json.dumps([TEXT]).encode(),
    json.dumps(TEXT).encode(),
    f'{{"user": {{"demoApiKey": "{TEXT}"'.encode(),
    f'{{"demoApiKey": "{TEXT}", "a": "\xff"}}'.encode("latin-1"),
    f'{{"demoApiKey": "{TEXT}", "a": {"[" * 100_000}'.encode(),
    f"<html>{TEXT}".encode(),
]


class TestErrorsOfTheExchange:
    @pytest.mark.parametrize("body", SESSIONS, ids=range(len(SESSIONS)))
    @pytest.mark.parametrize("status", [200, 302, 403])
    def test_do_not_show_the_cookies_or_the_key(self, body: bytes, status: int) -> None:
        headers = Headers([("location", f"/login?token={TEXT}"), ("set-cookie", TEXT)])
        auth, one = exchange(body, status, headers=headers)
        assert_unseen_in(raised(lambda: auth.settle(one, NOW)))

    @pytest.mark.parametrize("expiry", [10**400, "0001-01-01", [], 1e308])
    def test_are_none_where_an_expiry_cannot_be_read(self, expiry: object) -> None:
        body = json.dumps({"demoApiKey": TEXT, "demoApiKeyExpiry": expiry}).encode()
        auth, one = exchange(body)
        assert auth.settle(one, NOW) == Secret(TEXT)

    def test_do_not_show_them_to_those_who_waited(self) -> None:
        found = Credentials(None, Hidden(f"a={TEXT}"), Environment())
        one = found.exchange(NOW, timeout=Timeout(), user_agent="test/1")
        while one.next_request() is not None:
            one.fail(APIConnectionError("no answer"))
        error = raised(lambda: found.settle(one, NOW))
        assert isinstance(error, cerebras_sdk.KeyExchangeError)
        found.ended(error)
        assert_unseen_in(error)
        assert_unseen_in(raised(lambda: found.recheck(0)))

    def test_do_not_show_them_where_there_is_nothing(self) -> None:
        found = Credentials(None, None, Environment.read({"OTHER": TEXT}))
        assert_unseen_in(raised(lambda: found.accept([Reading("/a", None)])))


class TestAnswersThatEchoTheKey:
    KEY = Secret(TEXT)

    @pytest.mark.parametrize(
        "template",
        ['{"message": "%s no"}', '{"error": {"param": "%s"}}', "<html>%s", "a %s", '{"x": "%s"}'],
    )
    def test_do_not_show_it_in_the_error(self, template: str) -> None:
        body = redact(template.replace("%s", TEXT).encode(), REQUEST.signed(self.KEY))
        assert_unseen_in(status_error(401, JSON, body, REQUEST))

    @pytest.mark.parametrize(
        "template", ['{"error": "%s"}', '{"message": "%s"}', '{"x": "%s"}', "<html>%s", '["%s"]']
    )
    def test_do_not_show_it_in_the_error_of_a_whole_answer(self, template: str) -> None:
        hidden = Hidden(template.replace("%s", TEXT).encode())
        error = raised(
            lambda: read_answer(
                hidden.value, ChatCompletion, REQUEST.signed(self.KEY), JSON, model="m"
            )
        )
        assert_unseen_in(error)

    @pytest.mark.parametrize(
        "template", ['{"error": "%s"}', '{"message": "%s"}', "<html>%s", '"%s"', '{"id": "%s"']
    )
    def test_do_not_show_it_in_the_error_of_a_stream(self, template: str) -> None:
        reader = ChunkReader(REQUEST.signed(self.KEY), JSON, CHAT, model="m", n=1)
        reader.feed(b"data: " + template.replace("%s", TEXT).encode() + b"\n\n")
        assert reader.failure is not None
        assert_unseen_in(reader.failure)


class TestThisTest:
    def test_sees_a_secret_in_a_frame_of_ours(self) -> None:
        # `lower` of a text is not the secret itself: a Secret is made of it in a frame of ours.
        with pytest.raises(cerebras_sdk.InvalidRequestError) as caught:
            merge_headers({"X-A": f"{TEXT}\n"})
        with pytest.raises(AssertionError):
            assert_unseen_in(caught.value)

    @pytest.mark.parametrize(
        "text",
        [TEXT, urllib.parse.quote(TEXT, safe=""), base64.b64encode(f"id:{TEXT}".encode()).decode()],
    )
    def test_sees_a_secret_in_its_other_forms(self, text: str) -> None:
        with pytest.raises(AssertionError):
            assert_unseen(ValueError(text))
