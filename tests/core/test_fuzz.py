"""Random and mutated bytes for everything that reads what the network or a file says: no error but
the documented ones."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cerebras_sdk import errors
from cerebras_sdk._core.answers import read_answer
from cerebras_sdk._core.chunks import CHAT, TEXT, ChunkReader
from cerebras_sdk._core.cookie_files import parse_cookie_file
from cerebras_sdk._core.cookies import Cookie, cookie_header, read_cookies
from cerebras_sdk._core.failures import embedded_error, status_error
from cerebras_sdk._core.http import Headers, Request, http_date
from cerebras_sdk._core.limits import rate_limits, request_id
from cerebras_sdk._core.redaction import redact, redacted_headers
from cerebras_sdk._core.refusals import retry_after
from cerebras_sdk._core.secret import Secret
from cerebras_sdk._core.sse import ServerSentEvent, SSEDecoder
from cerebras_sdk.types import ChatCompletion
from cerebras_sdk.types._decode import parse_json

REQUEST = Request(method="POST", url="https://api.cerebras.ai/v1/x").signed(
    Secret("csk-test-0123456789abcdef")
)
bounded = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def event(delta: dict[str, object], end: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    chunk = {"id": "chatcmpl-1", "choices": [choice], "created": 1, "model": "m", **more}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


STREAMS = [
    event({"role": "assistant"})
    + event({"content": "Hällo "})
    + event({"reasoning": "hm"})
    + b": keep-alive\n\n"
    + event({"content": "you \\ud83d"})
    + event({}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})
    + b"data: [DONE]\n\n",
    event({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"a'}}]})
    + event({"tool_calls": [{"index": 0, "function": {"arguments": '":1}'}}]})
    + event({}, "tool_calls")
    + b"data: [DONE]\n\n",
    event({"content": "a"}) + b'data: {"status_code": 500, "error": {"message": "no"}}\n\n',
    b'event: error\r\nid: 7\r\nretry: 10\r\ndata: {"message": "a",\r\ndata: "code": "b"}\r\n\r\n',
    b'data: {"id":"c","choices":[{"index":0,"text":"a","finish_reason":"length"}]}\n\n',
]
ERRORS = [
    b'{"message": "m", "type": "t", "param": "p", "code": "c"}',
    b'{"error": {"message": "m", "code": "model_not_found"}, "status_code": 404}',
    b'{"error": "text", "code": 7}',
    b'{"detail": [{"loc": ["body", 0], "msg": "m", "type": "t"}]}',
    b'{"detail": "text"}',
    b'{"message": "Please reduce: current length is 9 while limit is 7", '
    b'"code": "context_length_exceeded"}',
    b'{"message": "Tokens per day limit exceeded", "code": "token_quota_exceeded"}',
    b"<html><title>403 Forbidden</title>",
]
HAR = {
    "log": {
        "entries": [
            {
                "request": {
                    "url": "https://cloud.cerebras.ai/",
                    "headers": [{"name": "Cookie", "value": "a=b; c=d"}],
                    "cookies": [{"name": "a", "value": "b"}],
                },
                "response": {"cookies": [{"name": "a", "value": "b", "domain": ".cerebras.ai"}]},
            }
        ]
    }
}
EXPORT = [{"name": "a", "value": "b", "domain": ".cerebras.ai", "expirationDate": 1.9e9}]
COOKIE_FILES = [
    b"# Netscape HTTP Cookie File\n#HttpOnly_.cerebras.ai\tTRUE\t/\tTRUE\t1900000000\ta\tb\n",
    json.dumps(EXPORT).encode(),
    json.dumps({"cookies": EXPORT}).encode(),
    json.dumps(HAR).encode(),
    b"Cookie: a=b; c=d",
]
NOISE = [
    b"", b"\n", b"\r", b"\r\n\r\n", b"\0", b"data:", b"data: [DONE]\n\n", b"{", b"[" * 2000, b'"',
    b"\xff\xfe", b"\xef\xbb\xbf", b"\\ud800", b"null", b"-1e999", b"1" * 400, b"NaN", b": \n\n",
    b'"error":', b'"choices":[', b"\t", b";", b"=", b"%", b"\\u0000", b"error", b"[]", b"{}",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """One of the seeds with a few pieces cut, doubled, swapped or replaced; or any bytes."""
    data = draw(st.sampled_from([*seeds, b""]))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        piece = draw(st.one_of(st.sampled_from(NOISE), st.binary(max_size=20)))
        data = data[:start] + piece * draw(st.integers(0, 2)) + data[end:]
        if draw(st.booleans()):
            data = data[:start] + data[draw(st.integers(0, start)) :]
    return data


def splits(data: bytes, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    while data:
        size = chance.choice((1, 2, 7, 100, 5000))
        yield data[:size]
        data = data[size:]


def read_events(pieces: Iterator[bytes]) -> tuple[list[ServerSentEvent], str | None]:
    decoder = SSEDecoder(max_event_size=300)
    events = []
    try:
        for piece in pieces:
            events += decoder.feed(piece)
        events += decoder.feed(b"")
        events += decoder.flush()
    except errors.StreamDecodeError as error:
        return events, str(error)
    return events, None


@given(mutated(STREAMS), st.integers(0, 99))
@bounded
def test_events_are_the_same_however_they_are_cut(data: bytes, seed: int) -> None:
    events, failure = read_events(iter([data]))
    assert read_events(splits(data, seed)) == (events, failure)
    for one in events:
        assert isinstance(one.data, str)


STREAM_ERRORS = (errors.StreamDecodeError, errors.StreamTruncatedError, errors.APIStatusError)


@given(mutated(STREAMS), st.integers(0, 99), st.booleans(), st.integers(1, 3))
@bounded
def test_a_stream_ends_well_or_with_a_documented_error(
    data: bytes, seed: int, chat: bool, n: int
) -> None:
    def read(pieces: Iterator[bytes]) -> tuple[list[object], object, str]:
        reader = ChunkReader(REQUEST, Headers(), CHAT if chat else TEXT, model="m", n=n)  # type: ignore[misc]
        for piece in pieces:
            reader.feed(piece)
        reader.end()
        assert reader.done
        failure = reader.failure
        assert failure is None or isinstance(failure, STREAM_ERRORS)
        if isinstance(failure, errors.StreamError):
            assert len(failure.raw_tail) <= 2048
        whole = reader.total.completion()
        assert failure is None or repr(failure.partial) == repr(whole)
        return list(reader.chunks), repr(whole), str(failure)

    assert read(splits(data, seed)) == read(iter([data]))


@given(mutated(STREAMS), st.integers(0, 99))
@bounded
def test_a_stream_that_breaks_off_keeps_what_had_arrived(data: bytes, seed: int) -> None:
    reader = ChunkReader(REQUEST, Headers(), CHAT, model="m", n=1)
    for piece in splits(data, seed):
        reader.feed(piece)
    reader.broken(errors.APITimeoutError("late") if seed % 2 else errors.APIConnectionError("cut"))
    assert reader.done
    documented = (*STREAM_ERRORS, errors.StreamInterruptedError)
    assert reader.failure is None or isinstance(reader.failure, documented)


names = st.sampled_from(
    [
        "retry-after", "retry-after-ms", "x-ratelimit-limit-tokens-minute", "location", "date",
        "x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute", "inference-id",
        "x-ratelimit-reset-", "x-ratelimit-limit-requests", "x-should-retry", "content-type",
    ]
)  # fmt: skip
values = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.sampled_from(
        [
            "7", "-1", "1e400", "nan", "inf", "1_0", " 7 ", "9" * 400, "0x7", "\u0663", "http://[",
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 2026 25:61:61 GMT", "true",
            "Sun, 06 Nov 0000 08:49:37 GMT", "Sun, \u0660\u0661 Nov 1994 08:49:37 GMT", "//[::1",
        ]
    ),
)  # fmt: skip
header_lists = st.lists(st.tuples(names, values), max_size=6).map(Headers)


@given(mutated(ERRORS), st.integers(300, 599), header_lists, st.floats(0, 2e9))
@bounded
def test_an_error_answer_is_an_api_status_error(
    body: bytes, status: int, headers: Headers, now: float
) -> None:
    shown = redacted_headers(headers, REQUEST)
    error = status_error(status, shown, redact(body, REQUEST), REQUEST, model="gpt-oss", now=now)
    assert isinstance(error, errors.APIStatusError)
    assert (error.status_code, str(error)[:3]) == (status, str(status))
    assert error.retry_after is None or 0 <= error.retry_after < float("inf")


@given(mutated(ERRORS), header_lists)
@bounded
def test_an_error_inside_an_answer_is_one_or_none(body: bytes, headers: Headers) -> None:
    with contextlib.suppress(msgspec.DecodeError):
        found = embedded_error(parse_json(body), headers, REQUEST, model="m", now=1.0)
        assert found is None or isinstance(found, errors.APIStatusError)


@given(mutated([*ERRORS, b'{"id": "a", "choices": [], "created": 1}']), header_lists)
@bounded
def test_an_answer_is_read_or_refused(body: bytes, headers: Headers) -> None:
    with contextlib.suppress(errors.APIResponseValidationError, errors.APIStatusError):
        read_answer(body, ChatCompletion, REQUEST, headers, model="m")


@given(header_lists, st.floats(0, 2e9))
@bounded
def test_headers_are_read_without_any_error(headers: Headers, now: float) -> None:
    for window in rate_limits(headers, now=now).windows:
        assert window.limit is None or window.limit >= 0
        assert window.remaining is None or window.remaining >= 0
        assert window.reset is None or 0 <= window.reset < 1e15
    wait = retry_after(headers, now)
    assert wait is None or 0 <= wait < float("inf")
    request_id(headers)
    repr(headers)


@given(values)
@example("Sun, 06 Nov 1994 08:49:37 GMT")
@bounded
def test_a_date_is_read_or_it_is_none(text: str) -> None:
    assert isinstance(http_date(text), float | None)


@given(mutated(COOKIE_FILES))
@bounded
def test_a_file_of_cookies_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(errors.CookieError):
        sendable(parse_cookie_file(data.decode("utf-8", "replace")))
    with contextlib.suppress(errors.CookieError):
        sendable(read_cookies(data.decode("latin-1")))


things = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=9)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "value", "domain", "path", "expires", "hostOnly", "cookies"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


@given(things)
@bounded
def test_cookies_of_any_shape_are_read_or_refused(thing: object) -> None:
    with contextlib.suppress(errors.CookieError):
        sendable(read_cookies(thing))  # type: ignore[arg-type]
    with contextlib.suppress(errors.CookieError):
        sendable(parse_cookie_file(json.dumps(thing)))


def sendable(cookies: tuple[Cookie, ...]) -> None:
    for url in ("https://cloud.cerebras.ai/api/auth/session", "http://127.0.0.1:7/"):
        header = cookie_header(cookies, url, now=1e9)
        if header is not None:
            Request(method="GET", url=url).with_headers({"Cookie": header})
