"""Secrets of a request are taken out of what is shown, whatever form they come back in."""

from __future__ import annotations

import base64
import json
import os
import random
import time
import urllib.parse
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.chunks import CHAT, ChunkReader
from cerebras_sdk._core.failures import status_error
from cerebras_sdk._core.http import Headers, Request
from cerebras_sdk._core.redaction import Tail, cleaned, excerpt, redact, redacted_headers
from cerebras_sdk._core.secret import Secret

KEY = "csk-test-Q7xv+9/kZ2m=Lw4p"
TOKEN = "eyJhbGciOi.J9-test_t0k3n%2Fabc"
GATEWAY = "gw 7f3a9c+/d1e5b8"
REQUEST = Request(
    method="POST",
    url="https://api.cerebras.ai/v1/x",
    headers={
        "Cookie": Secret(f"session={TOKEN}; theme=dark; __cf_bm=Zm9vYmFy-1700"),
        "X-Gateway": Secret(GATEWAY),
        "X-Environment": Secret("production"),
        "X-Version": Secret("2"),
        "X-Open": "open-7f3a9c",
    },
).signed(Secret(KEY))
SECRETS = [KEY, TOKEN, GATEWAY, "Zm9vYmFy-1700"]


def percent(text: str, digits: str = "02X", every: bool = False) -> str:
    safe = "" if every else "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~"
    return "".join(c if c in safe else f"%{ord(c):{digits}}" for c in text)


def escaped(text: str, digits: str = "04x") -> str:
    return "".join(c if c.isalnum() else f"\\u{ord(c):{digits}}" for c in text)


def forms(text: str) -> Iterator[tuple[str, str]]:
    yield "raw", text
    yield "percent", percent(text)
    yield "percent, small letters", percent(text, "02x")
    yield "percent, every character", percent(text, every=True)
    yield "percent, twice", percent(percent(text))
    yield "plus for a blank", urllib.parse.quote_plus(text)
    yield "JSON", json.dumps(text)[1:-1]
    yield "JSON, a slash escaped", text.replace("/", "\\/")
    yield "JSON, all escaped", escaped(text)
    yield "JSON, capital digits", escaped(text, "04X")
    yield "JSON in JSON", json.dumps(json.dumps(escaped(text)))[3:-3]
    yield "percent in JSON", escaped(percent(text))
    for shift in range(3):
        coded = base64.b64encode(b"\xff" * shift + text.encode() + b"\xfe")
        yield f"base64 from {shift}", coded.decode()
        yield f"base64 from {shift}, for addresses", coded.decode().translate({43: 45, 47: 95})
        yield f"base64 from {shift}, as JSON", coded.decode().replace("/", "\\/")
        yield f"base64 from {shift}, percent", percent(coded.decode())


FORMS = [
    pytest.param(secret, form, id=f"{number}-{name}")
    for number, secret in enumerate(SECRETS)
    for name, form in forms(secret)
]


def leaks(shown: bytes, secret: str) -> str | None:
    """A piece of the secret that is still in `shown`, whatever was done to it."""
    texts = [shown]
    for _ in range(3):
        last = texts[-1].decode("latin-1")
        undone = urllib.parse.unquote(last, "latin-1").replace("\\\\", "\\").replace("\\/", "/")
        texts.append(b"".join(_unescaped(undone)))
    for text in texts:
        for start in range(len(secret) - 5):
            piece = secret[start : start + 6].encode()
            if piece in text:
                return piece.decode()
            for shift in range(3):
                coded = base64.b64encode(b"\0" * shift + secret[start : start + 9].encode())
                inner = coded[4:12]
                if inner in text or inner.translate(bytes.maketrans(b"+/", b"-_")) in text:
                    return inner.decode()
    return None


def _unescaped(text: str) -> Iterator[bytes]:
    parts = text.split("\\u00")
    yield parts[0].encode("latin-1")
    for part in parts[1:]:
        try:
            yield bytes((int(part[:2], 16),)) + part[2:].encode("latin-1")
        except ValueError:
            yield part.encode("latin-1")


@pytest.mark.parametrize(("secret", "form"), FORMS)
def test_a_secret_is_found_in_every_form(secret: str, form: str) -> None:
    for before, after in (
        ("", ""),
        ('{"m": "no: ', ' is bad", "n": 7}'),
        ("\\\\", "..."),
        ("%", "%"),
    ):
        body = (before + form + after).encode()
        assert leaks(body, secret)  # the search can find it
        shown = redact(body, REQUEST)
        assert b"***" in shown
        assert leaks(shown, secret) is None
    body = f"{form} and {form}, {form}".encode()
    assert redact(body, REQUEST).count(b"***") == 3
    assert redact(f"tail 7 {form}".encode(), REQUEST).startswith(b"tail 7 ")


@pytest.mark.parametrize("length", range(12, len(KEY)))
def test_the_beginning_of_a_key_is_as_good_as_the_key(length: int) -> None:
    cut = KEY[:length]
    for text in (cut, percent(cut), escaped(cut)):
        assert redact(f"the key {text}... is bad".encode(), REQUEST) == b"the key ***... is bad"


@given(st.integers(0, 40), st.integers(12, len(KEY)), st.binary(max_size=20))
@settings(max_examples=100, deadline=None)
def test_so_is_the_beginning_in_base64(before: int, length: int, after: bytes) -> None:
    coded = base64.b64encode(b"u" * before + b":" + KEY[:length].encode() + b"\0" + after)
    assert leaks(redact(coded, REQUEST), KEY[:length]) is None


def test_a_shorter_beginning_is_a_text_like_others() -> None:
    assert redact(b"keys begin with csk-test- as in csk-test-Q7", REQUEST) == (
        b"keys begin with csk-test- as in csk-test-Q7"
    )


@pytest.mark.parametrize(
    "key",
    ["x", "none", "null", "EMPTY", "400", "1234567", "password", "Production", "DISABLED"],
)
def test_a_short_secret_or_a_word_leaves_the_text_as_it_is(key: str) -> None:
    request = Request(
        method="GET",
        url="https://a.test",
        headers={"X-A": Secret(key), "Cookie": Secret(f"theme={key}; a=1")},
    ).signed(Secret(key))
    text = b"null x EMPTY 1234567 password Production DISABLED theme=dark; %41 \\u0041 a=1"
    assert redact(text, request) == text


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_what_holds_no_secret_is_not_touched(data: bytes) -> None:
    assert redact(data, REQUEST) == data


@given(
    st.lists(
        st.sampled_from([*(form for _, form in forms(KEY)), "\\", "%", "%25", '"', "c", "\\u00"])
    )
)
@settings(max_examples=200, deadline=None)
def test_neighbours_do_not_hide_it(parts: list[str]) -> None:
    shown = redact("".join(parts).encode(), REQUEST)
    assert KEY.encode() not in shown
    assert KEY.encode() not in b"".join(_unescaped(shown.decode("latin-1")))


def test_a_text_of_every_kind_is_searched_in_no_time() -> None:
    prose = 'The key \\"csk\\" — schlüssel 100 % / {"a": ["b", 7]}\\n' * 40
    kinds = {
        "text": prose,
        "JSON": json.dumps(prose),
        "JSON in JSON": json.dumps(json.dumps(prose)),
        "percent": urllib.parse.quote(prose),
        "all percent": percent(prose[:500].encode("ascii", "replace").decode(), every=True),
        "backslashes": "\\" * 1000,
        "beginnings": KEY[:11],
        "percents": "%25",
    }
    blobs = {name: text.encode() for name, text in kinds.items()} | {
        "bytes": random.Random(7).randbytes(9999),
        "base64": base64.b64encode(os.urandom(9999)),
    }
    for name, blob in blobs.items():
        body = (blob * (1_000_000 // len(blob) + 1))[:1_000_000]
        best = min(_seconds(body) for _ in range(3))
        assert best < 0.15, name  # it takes 0.03 at most, where nothing else runs


def _seconds(body: bytes) -> float:
    start = time.perf_counter()
    assert redact(body, REQUEST) == body
    return time.perf_counter() - start


class TestHeaders:
    def test_are_searched_too(self) -> None:
        echoed = Headers(
            [("X-A", f"Bearer {KEY}"), ("Location", f"/?key={percent(KEY)}"), ("Retry-After", "7")]
        )
        assert dict(redacted_headers(echoed, REQUEST)) == {
            "x-a": "Bearer ***",
            "location": "/?key=***",
            "retry-after": "7",
        }

    def test_without_a_secret_stay_as_they_are(self) -> None:
        headers = Headers([("X-A", "b\xfc"), ("X-B", "2")])
        assert redacted_headers(headers, REQUEST) is headers


class TestAnExcerpt:
    def test_is_the_beginning(self) -> None:
        assert excerpt(b"abc" * 10_000, REQUEST, 7) == b"abcabca"
        assert excerpt(b"abc", REQUEST, 7) == b"abc"

    @pytest.mark.parametrize("offset", range(0, 40, 3))
    def test_cuts_no_secret_so_that_it_shows(self, offset: int) -> None:
        for end in (100, 100 + 8192):
            body = b"." * (end - offset) + KEY.encode() + b"." * 20_000
            assert leaks(excerpt(body, REQUEST, 100), KEY) is None


class TestErrors:
    @pytest.mark.parametrize("form", [form for _, form in forms(KEY)])
    def test_of_a_status_do_not_show_it(self, form: str) -> None:
        for body in (f'{{"message": "{form} is bad", "code": "{form}"}}', f"<html>{form}", form):
            error = status_error(401, Headers(), redact(body.encode(), REQUEST), REQUEST, now=0.0)
            shown = f"{error} {error.args} {vars(error)}"
            assert leaks(shown.encode(), KEY) is None

    @pytest.mark.parametrize("form", [form for _, form in forms(KEY)])
    def test_of_a_stream_do_not_show_it(self, form: str) -> None:
        for event in (f'{{"error": {{"message": "{form}"}}}}', form, f'{{"id": "{form}'):
            reader = ChunkReader(REQUEST, Headers(), CHAT, model="m", n=1)
            reader.feed(f"data: {event}\n\n".encode())
            reader.end()
            assert reader.failure is not None
            shown = f"{reader.failure} {reader.failure.args} {vars(reader.failure)}"
            assert leaks(shown.encode(), KEY) is None


@pytest.mark.parametrize("name", ["key", "subscription-key", "api_key", "access_token", "sig"])
def test_a_key_in_the_address_is_a_secret_too(name: str) -> None:
    value = "gw-7f3a9c+/d1e5b8"
    query = urllib.parse.urlencode({"after": "file-0123456789", name: value})
    request = Request(method="GET", url=f"https://gateway.example/v1/files?{query}")
    told = f"no such place: /v1/files?{query} {value} file-0123456789".encode()
    shown = redact(told, request)
    assert b"7f3a9c" not in shown
    assert b"file-0123456789" in shown
    assert value not in repr(request)
    assert urllib.parse.quote(value) not in repr(request)


class TestTheEndOfWhatCame:
    @staticmethod
    def tail(data: bytes, size: int) -> Tail:
        tail = Tail(100)
        for at in range(0, len(data), size):
            tail.add(data[at : at + size])
        return tail

    @pytest.mark.parametrize("size", [1, 7, 100_000])
    def test_is_shown_without_a_secret(self, size: int) -> None:
        data = b"x" * 30_000 + KEY.encode() + b"y" * 90
        shown = self.tail(data, size).shown(REQUEST)
        assert shown.removeprefix(b"x" * 7) in (b"***" + b"y" * 90, b"y" * 78)

    @pytest.mark.parametrize("size", [1, 7, 64, 5000])
    def test_has_nothing_of_a_secret_that_its_beginning_cuts(self, size: int) -> None:
        # Echoes on end get much shorter by their stars, whatever the place where they are cut.
        for more in range(0, 60, 7):
            shown = self.tail(KEY.encode() * 1200 + b"z" * more, size).shown(REQUEST)
            assert set(shown) <= set(b"*z")
            assert leaks(shown, KEY) is None

    def test_is_all_that_came_where_that_is_less(self) -> None:
        assert self.tail(b"abc", 1).shown(REQUEST) == b"abc"
        assert self.tail(b"", 1).shown(REQUEST) == b""

    def test_is_all_that_is_kept(self) -> None:
        tail = Tail(100)
        for _ in range(20):
            tail.add(b"\n" * 1_000_000)
            assert len(tail._kept) < 20_000


@pytest.mark.parametrize("start", ["", "csk&#45;", "CSK-", "\\x63sk-"])
def test_a_key_is_found_without_its_beginning(start: str) -> None:
    text = f"the key {start}{KEY[4:]} is bad".encode()
    assert redact(text, REQUEST) == f"the key {start}*** is bad".encode()


def test_a_text_of_a_library_is_one_line_without_secrets_and_without_the_query() -> None:
    request = Request(method="GET", url="https://a.example/v1/x?code=s3cret&n=1")
    text = "retries exceeded with url: /v1/x?code=s3cret&n=1 (Caused by\n  '/v1/x?code=s3cret')"
    assert cleaned(text, request) == "retries exceeded with url: /v1/x (Caused by '/v1/x')"
    assert cleaned(f"bad line:\r\n {KEY}\r\n", REQUEST) == "bad line: ***"


def test_no_cookie_that_is_set_is_kept() -> None:
    headers = redacted_headers(Headers([("Set-Cookie", "a=1"), ("X-A", "1")]), REQUEST)
    assert dict(headers) == {"set-cookie": "***", "x-a": "1"}
