"""The password of a proxy is shown by no error, nor by the frames that it passed through."""

from __future__ import annotations

import base64
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
import requests
import requests.adapters

from cerebras_sdk import APIConnectionError, AsyncCerebras, Cerebras, InvalidRequestError
from cerebras_sdk.httpx_clients import (
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    DefaultHttpxClient,
)
from cerebras_sdk.provider import Cerebras as Provider

PASSWORD = "s3cretpass"
NOWHERE = "https://api.example.com:1"
MESSAGES = [{"role": "user", "content": "Hi!"}]


def ask_blocking(**options: Any) -> None:
    with Cerebras("csk-test", base_url=NOWHERE, max_retries=0, **options) as client:
        client.models.list()


def ask_async(**options: Any) -> None:
    async def ask() -> None:
        async with AsyncCerebras("csk-test", base_url=NOWHERE, max_retries=0, **options) as client:
            await client.models.list()

    anyio.run(ask)


def ask_by_a_users_session() -> None:
    with requests.Session() as session:
        ask_blocking(http_client=session)


def ask_by_the_provider(url: str) -> None:
    list(
        Provider.create_generator("gpt-oss-120b", MESSAGES, "csk-test", proxy=url, base_url=NOWHERE)
    )


WAYS: list[Callable[[], None]] = [
    ask_blocking,
    ask_async,
    ask_by_a_users_session,
    lambda: ask_blocking(http_client=DefaultHttpxClient()),
    lambda: ask_async(http_client=DefaultAsyncHttpxClient()),
    lambda: ask_async(http_client=DefaultAioHttpClient()),
]
GIVEN: list[Callable[[str], None]] = [
    lambda url: ask_blocking(http_client=DefaultHttpxClient(proxy=url)),
    lambda url: ask_async(http_client=DefaultAsyncHttpxClient(proxy=url)),
    lambda url: ask_async(http_client=DefaultAioHttpClient(proxy=url)),
    ask_by_the_provider,
]
NAMES = ["requests", "httpx", "session", "default", "async default", "aiohttp"]
# What the parsers of the libraries stumble over.
MALFORMED = [
    f"http://u:{PASSWORD}/@127.0.0.1:9",
    f"http://u:{PASSWORD}#@127.0.0.1:9",
    f"http://u:{PASSWORD}?@127.0.0.1:9",
    f"http://u:{PASSWORD}[@127.0.0.1:9",
    f"http://u:1/{PASSWORD}@127.0.0.1:9",
    f"foo://u:{PASSWORD}@127.0.0.1:9",
    f"http://u:{PASSWORD}@127.0.0.1:99999",
    f"http://u:{PASSWORD}@127.0.0.1:x",
    f"http://u:{PASSWORD}@",
    f"http://{PASSWORD}:p@:80",
]
UNUSABLE = [f"socks5://u:{PASSWORD}@127.0.0.1:9", f"socks4://u:{PASSWORD}@127.0.0.1:9"]


def shown_by(error: BaseException, *, within: str) -> Iterator[str]:
    """The texts of an error and of those beneath, and the variables of the frames of the files
    whose path has `within` in it, and is not that of this test."""
    layer: BaseException | None = error
    while layer is not None:
        yield from (str(layer), repr(layer), repr(vars(layer)))
        for frame, _ in traceback.walk_tb(layer.__traceback__):
            if within in frame.f_code.co_filename and frame.f_code.co_filename != __file__:
                for name, value in frame.f_locals.items():
                    yield f"{frame.f_code.co_qualname}: {name}={value!r}"
        layer = layer.__cause__ or layer.__context__


def hides_it(error: BaseException, *, within: str = "/cerebras_sdk/") -> bool:
    return not [text for text in shown_by(error, within=within) if PASSWORD in text]


@pytest.fixture(autouse=True)
def no_socks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages for SOCKS are not installed, wherever the tests run."""

    def missing(*args: Any, **options: Any) -> Any:
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", missing)
    monkeypatch.setitem(sys.modules, "socksio", None)


@pytest.mark.parametrize("ask", [pytest.param(w, id=n) for w, n in zip(WAYS, NAMES, strict=True)])
@pytest.mark.parametrize("url", MALFORMED + UNUSABLE)
def test_a_proxy_of_the_environment_that_cannot_be_is_said_at_once_without_its_password(
    monkeypatch: pytest.MonkeyPatch, waits: list[float], ask: Callable[[], None], url: str
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", url)
    if ask is ask_by_a_users_session:  # which requests parses: it may take it for something
        with pytest.raises(
            (APIConnectionError, InvalidRequestError, TypeError, ValueError)
        ) as caught:
            ask()
    else:
        with pytest.raises(InvalidRequestError, match="cannot be set up") as caught:
            ask()
    assert hides_it(caught.value)
    assert waits == []


@pytest.mark.parametrize("ask", GIVEN)
@pytest.mark.parametrize("url", MALFORMED + UNUSABLE)
def test_so_is_one_that_is_given(ask: Callable[[str], None], url: str) -> None:
    def go() -> None:
        ask(url)

    with pytest.raises(InvalidRequestError, match="cannot be set up") as caught:
        go()
    assert hides_it(caught.value)


@pytest.mark.parametrize("ask", [pytest.param(w, id=n) for w, n in zip(WAYS, NAMES, strict=True)])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_tried_and_hides_its_password(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[], None], scheme: str
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://u:{PASSWORD}@127.0.0.1:9")
    with pytest.raises(APIConnectionError) as caught:
        ask()
    assert hides_it(caught.value, within="")
    coded = base64.b64encode(f"u:{PASSWORD}".encode()).decode()
    assert not [text for text in shown_by(caught.value, within="") if coded in text]


@pytest.mark.parametrize(
    ("userinfo", "said"),
    [
        (f"u:{PASSWORD}", f"u:{PASSWORD}"),
        ("u:s3cret%2F%40%3A", "u:s3cret/@:"),
        ("u:s3cret pass", "u:s3cret pass"),
        ("u:p@ss", "u:p@ss"),
        ("u:pässw€rd", "u:pässw€rd"),
        ("u", "u:"),
    ],
)
@pytest.mark.parametrize(
    "ask", [pytest.param(w, id=n) for w, n in zip(WAYS, NAMES, strict=True) if n != "session"]
)
def test_a_password_reaches_the_proxy_alike(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[], None], userinfo: str, said: str
) -> None:
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                heads.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.setenv(
            "HTTPS_PROXY", f"http://{userinfo}@127.0.0.1:{listener.getsockname()[1]}"
        )
        with pytest.raises(APIConnectionError):
            ask()
        thread.join(10)
    given = [
        line.partition(b":")[2].strip()
        for line in heads[0].split(b"\r\n")
        if line.lower().startswith(b"proxy-authorization:")
    ]
    assert given == [b"Basic " + base64.b64encode(said.encode())]
