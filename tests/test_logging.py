"""What is logged at which level, and that no line, repr, error or traceback shows a secret."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import pickle
import socket
import traceback
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cerebras_sdk import (
    APIConnectionError,
    APIError,
    AsyncCerebras,
    Cerebras,
    KeyExchangeError,
    NotFoundError,
    StreamInterruptedError,
)
from cerebras_sdk._log import SHOWN_BYTES, TRACE, configure
from cerebras_sdk.testing import Answer, LocalServer, Pause, RawAnswer
from cerebras_sdk.testing import ReceivedRequest as Received
from tests.test_cassettes import ALL as CASSETTES

KEY = "csk-test-Q7xv+9/kZ2m=Lw4p"
COOKIE = "eyJhbGciOi.J9-test_t0k3n"
HEADER = "gate-7f3a9c+d1e5b8"
QUERY = "q-5f6e7d8c9b0a"  # what a gateway wants in the address, under whatever name
CALL: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi!"}]}
MODELS = b'{"data": [{"id": "m"}]}'


class Wanted(msgspec.Struct):
    data: object


def forms(secret: str) -> Iterator[str]:
    """The ways that servers and proxies write what they were sent."""
    yield secret
    yield urllib.parse.quote(secret, safe="")
    yield "".join(f"%{ord(c):02x}" for c in secret)
    yield "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in secret)
    yield f"{secret[:16]}..."
    for shift in range(3):
        coded = base64.b64encode(b"\xff" * shift + secret.encode()).decode()
        yield coded
        yield coded.translate({43: 45, 47: 95})


def pieces(secret: str) -> Iterator[str]:
    """What of these forms must not be seen."""
    for form in forms(secret):
        yield form[4:-4]
    yield secret[:12]


def assert_unseen(text: str) -> None:
    for secret in (KEY, COOKIE, HEADER, QUERY):
        for piece in pieces(secret):
            assert piece not in text, text


def everything_of(error: BaseException) -> Iterator[str]:
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__cause__, one.__context__]
        yield from map(repr, (one, str(one), one.args, vars(one), getattr(one, "__notes__", None)))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != __file__:  # of whoever: error trackers show them all
                yield repr(frame.f_locals)
    yield repr(pickle.dumps(error))


@pytest.fixture(params=["blocking", "async"])
def ask(request: pytest.FixtureRequest, server: LocalServer) -> Callable[..., None]:
    """Makes a call, or fails to, with a client of either kind."""

    def blocking(path: str = "/v1/models", shown: Any = None, **options: Any) -> None:
        with Cerebras(**{"base_url": server.base_url} | options) as client:
            if path == "stream":
                for _ in client.chat.completions.create(**CALL, stream=True):
                    pass
            elif path == "raw":
                raw = client.with_raw_response.post("/v1/models", cast_to=Wanted)
                shown += [raw, raw.http_request]
            else:
                client.post(path, body={"prompt": "what-was-asked"}, cast_to=Wanted)

    def asynchronous(path: str = "/v1/models", shown: Any = None, **options: Any) -> None:
        async def main() -> None:
            async with AsyncCerebras(**{"base_url": server.base_url} | options) as client:
                if path == "stream":
                    async for _ in await client.chat.completions.create(**CALL, stream=True):
                        pass
                elif path == "raw":
                    raw = await client.with_raw_response.post("/v1/models", cast_to=Wanted)
                    shown.extend([raw, raw.http_request])
                else:
                    await client.post(path, body={"prompt": "what-was-asked"}, cast_to=Wanted)

        asyncio.run(main())

    return blocking if request.param == "blocking" else asynchronous


@pytest.fixture
def echoing(server: LocalServer) -> LocalServer:
    """It answers with all that it was sent, in every form."""

    def answer(request: Received) -> Answer:
        parts = [*forms(KEY), *forms(COOKIE), *forms(HEADER)]
        body = json.dumps({"error": {"message": "MARK " + " ; ".join(parts), "code": parts[1]}})
        # Some proxies escape what need not be.
        raw = body.replace("\\\\u", "\\u").encode()
        headers = {
            "Content-Type": "application/json",
            "X-Echo": KEY,
            "X-Coded": list(forms(KEY))[4],
        }
        status = int(request.path.rpartition("/")[2])
        return Answer(status, headers, raw)

    for status in (200, 400, 401, 429, 500):
        server.route("POST", f"/v1/echo/{status}", answer)
    return server


def lines(caplog: pytest.LogCaptureFixture) -> str:
    mine = (record for record in caplog.records if record.name == "cerebras_sdk")
    return "\n".join(f"{record.levelname} {record.getMessage()}" for record in mine)


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG, TRACE])
def test_no_line_and_no_error_shows_a_secret(
    ask: Callable[..., None],
    echoing: LocalServer,
    caplog: pytest.LogCaptureFixture,
    waits: list[float],
    status: int,
    level: int,
) -> None:
    caplog.set_level(level, logger="cerebras_sdk")
    headers = {"X-Gateway": HEADER, "Cookie": f"a=1; session={COOKIE}"}
    with warnings.catch_warnings(record=True) as told, pytest.raises(APIError) as caught:
        ask(f"/v1/echo/{status}", api_key=KEY, default_headers=headers)
    for text in (*everything_of(caught.value), *(str(warning.message) for warning in told)):
        assert_unseen(text)
    assert_unseen(lines(caplog))
    assert "MARK" in str(caught.value)
    assert ("MARK" in lines(caplog)) == (level == TRACE)


@pytest.mark.parametrize(
    "repeated", [KEY, f"X\0: {KEY}", f"session={COOKIE}", HEADER, f"?x={QUERY}"]
)
@pytest.mark.parametrize("line", ["%s", "HTTP/1.1 abc %s", "HTTP/1.1 200 OK\r\n%s"])
@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_no_answer_that_is_none_brings_a_secret_into_an_error_or_a_line(
    ask: Callable[..., None],
    server: LocalServer,
    caplog: pytest.LogCaptureFixture,
    line: str,
    repeated: str,
    level: int,
) -> None:
    caplog.set_level(level)
    server.route("POST", "/v1/models", RawAnswer([line.encode() % repeated.encode(), b"\r\n\r\n"]))
    headers = {"X-Gateway": HEADER, "Cookie": f"a=1; session={COOKIE}"}
    with pytest.raises(APIError) as caught:
        ask(api_key=KEY, default_headers=headers, default_query={"api_key": QUERY}, max_retries=0)
    for text in (*everything_of(caught.value), caplog.text):
        assert_unseen(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("silent", [False, True])
def test_no_frame_beneath_a_connection_error_shows_a_secret(
    ask: Callable[..., None], server: LocalServer, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if not silent:
            listener.close()
        monkeypatch.setattr(server, "base_url", url)
        headers = {"X-Gateway": HEADER, "Cookie": f"a=1; session={COOKIE}"}
        options = {"default_query": {"x": QUERY}, "timeout": 0.1, "max_retries": 0}
        with pytest.raises(APIConnectionError) as caught:
            ask(api_key=KEY, default_headers=headers, **options)
    for text in everything_of(caught.value):
        assert_unseen(text)
    assert caught.value.__cause__ is not None
    frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    assert frames[0] == "test_no_frame_beneath_a_connection_error_shows_a_secret"
    assert frames[-1] in ("send", "_send")


def test_what_the_caller_is_handling_keeps_its_frames(ask: Callable[..., None]) -> None:
    mine = KeyError("mine")
    try:
        raise mine
    except KeyError:
        frames = mine.__traceback__
        with pytest.raises(APIError) as caught:
            ask(api_key=KEY, base_url="http://127.0.0.1:9", max_retries=0)
    assert mine.__traceback__ is frames is not None
    layer: BaseException | None = caught.value
    while layer is not None and layer is not mine:
        layer = layer.__context__
    assert layer is mine


def test_a_stream_that_breaks_in_what_repeats_the_key_shows_nothing_of_it(
    ask: Callable[..., None], server: LocalServer
) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for rest in (f"{KEY}\r\n", f"fff\r\n: {KEY}"):
        server.route("POST", "/v1/chat/completions", RawAnswer([head, Pause(0.05), rest.encode()]))
        with pytest.raises(StreamInterruptedError) as caught:
            ask("stream", api_key=KEY, max_retries=0)
        for text in everything_of(caught.value):
            assert_unseen(text)


@pytest.mark.parametrize("line", ["HTTP/1.1 abc session=%s", "HTTP/1.1 200 OK\r\n\0session=%s"])
def test_no_exchange_of_cookies_shows_one(
    ask: Callable[..., None], server: LocalServer, line: str
) -> None:
    server.route("GET", "/session", RawAnswer([(line % COOKIE).encode(), b"\r\n\r\n"]))
    with pytest.raises(KeyExchangeError) as caught:
        ask(cookies={"session": COOKIE}, session_url=server.base_url + "/session")
    for text in everything_of(caught.value):
        assert_unseen(text)


def test_a_redirect_to_a_path_that_repeats_the_key_is_shown_without_it(
    ask: Callable[..., None], server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(TRACE, logger="cerebras_sdk")
    coded = urllib.parse.quote(KEY, safe="")
    server.route("POST", "/v1/models", Answer(307, {"Location": f"/at/{coded}"}, b""))
    with pytest.raises(NotFoundError, match=r"/at/\*\*\*") as caught:
        ask(api_key=KEY, max_retries=0)
    for text in (*everything_of(caught.value), lines(caplog)):
        assert_unseen(text)
    assert "/at/***" in lines(caplog)


@pytest.mark.parametrize("name", ["api_key", "x"])
def test_a_query_stands_in_no_line_and_no_repr(
    ask: Callable[..., None], server: LocalServer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    server.route("POST", "/v1/models", Answer(200, {}, MODELS))
    shown: list[object] = []
    ask("raw", api_key=KEY, default_query={name: QUERY}, shown=shown)
    assert QUERY in server.requests[-1].target
    assert len(shown) == 2
    for text in (caplog.text, *map(repr, shown)):
        assert_unseen(text)
        assert "/v1/models" in text


def test_the_lines_of_others_are_left_as_they_are(
    ask: Callable[..., None], server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.route("POST", "/v1/models", Answer(200, {}, MODELS))
    ask(api_key=KEY, default_query={"x": QUERY})
    logging.getLogger("httpx").info("HTTP Request: %s", "https://other.example/?q=1")
    assert "https://other.example/?q=1" in caplog.text


def test_no_header_of_http2_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name, text, said in (
        (
            "hpack.hpack",
            "Adding %s=%s to the header table, sensitive:%s, huffman:%s",
            (False, True),
        ),
        ("hpack.table", "Evicting %s: %s from the header table", ()),
    ):
        logging.getLogger(name).debug(text, b"cookie", COOKIE.encode(), *said)
    logging.getLogger("hpack.hpack").debug("Decoded %d, consumed %d bytes", 8, 1)
    assert_unseen(caplog.text)
    assert "Decoded 8, consumed 1 bytes" in caplog.text


def test_the_search_finds_every_form() -> None:
    for secret in (KEY, COOKIE, HEADER):
        for form in forms(secret):
            with pytest.raises(AssertionError):
                assert_unseen(f"text {form}")


def test_each_attempt_is_told_with_its_time_and_its_request_id(
    ask: Callable[..., None],
    server: LocalServer,
    caplog: pytest.LogCaptureFixture,
    waits: list[float],
) -> None:
    answers: Iterator[Answer | RawAnswer] = iter(
        [RawAnswer([b""]), Answer(500, {"Inference-Id": "first"}, b""), Answer(200, {}, MODELS)]
    )
    server.route("POST", "/v1/models", lambda request: next(answers))
    caplog.set_level(logging.INFO, logger="cerebras_sdk")
    ask(api_key=KEY)
    place = f"POST {server.base_url}/v1/models"
    shapes = [
        (f"INFO {place}: APIConnectionError after 0.", "attempt 1"),
        (f"INFO {place}: attempt 2 in ", "after APIConnectionError"),
        (f"INFO {place}: 500 in 0.", " s (first), attempt 2"),
        (f"INFO {place}: attempt 3 in ", "after 500"),
        (f"INFO {place}: 200 in 0.", "), attempt 3"),
    ]
    said = lines(caplog).splitlines()
    assert len(said) == len(shapes), said
    for line, (start, end) in zip(said, shapes, strict=True):
        assert line.startswith(start), line
        assert line.endswith(end), line


@pytest.mark.parametrize("level", [logging.DEBUG, TRACE])
def test_bodies_are_told_at_the_level_for_them_and_at_no_other(
    ask: Callable[..., None],
    server: LocalServer,
    caplog: pytest.LogCaptureFixture,
    level: int,
) -> None:
    body = gzip.compress(b'{"data": "what-was-answered"}')
    server.route("POST", "/v1/models", Answer(200, {"Content-Encoding": "gzip"}, body))
    caplog.set_level(level, logger="cerebras_sdk")
    ask(api_key=KEY, compression="gzip")
    for text in ("what-was-asked", "what-was-answered"):
        assert (text in lines(caplog)) == (level == TRACE)
    assert "DEBUG" in lines(caplog)


def test_long_bodies_are_cut(
    ask: Callable[..., None], server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.route("POST", "/v1/models", Answer(200, {}, b'{"data":"' + b"x" * 1_000_000 + b'"}'))
    caplog.set_level(TRACE, logger="cerebras_sdk")
    ask(api_key=KEY)
    assert "x" * (SHOWN_BYTES - 9) in lines(caplog)
    assert "of 1000011 bytes" in lines(caplog)
    assert len(lines(caplog)) < SHOWN_BYTES + 3000


def test_the_variable_takes_the_level_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("cerebras_sdk")
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.NullHandler()])
    configure("Trace")
    assert logger.level == TRACE
    assert logging.getLevelName(TRACE) == "TRACE"
    logger._cache.clear()  # type: ignore[attr-defined]  # what `setLevel` would have done


@pytest.mark.parametrize("kind", [Cerebras, AsyncCerebras])
def test_no_client_shows_its_secrets(kind: Any) -> None:
    client = kind(KEY, management_key=HEADER, default_headers={"X-Gateway": HEADER})
    for thing in (client, client.chat, client._transport, client._credentials, client._options):
        shown = vars(thing) if hasattr(thing, "__dict__") else None
        assert_unseen(f"{thing!r} {thing} {shown}")
    cookies = kind(cookies={"session": COOKIE})
    assert_unseen(f"{cookies!r} {vars(cookies)} {vars(cookies._credentials)}")


@pytest.mark.parametrize("path", CASSETTES, ids=lambda path: path.stem)
def test_no_cassette_shows_a_key_in_another_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    texts = [text, urllib.parse.unquote(text), text.encode().decode("unicode_escape", "replace")]
    for one in texts:
        assert "csk-" not in one.replace("csk-test", "")
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + b"csk-").decode()
            assert coded[(0, 2, 3)[shift] : (shift + 4) * 4 // 3] not in one
