"""What a client that the user brings has of its own: its query, its cookies, its way of signing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import requests
import requests.adapters
from urllib3.poolmanager import pool_classes_by_scheme

from cerebras_sdk import AsyncCerebras, Cerebras
from cerebras_sdk._core.http import Request
from cerebras_sdk._transports._requests import RequestsTransport
from cerebras_sdk.errors import APIConnectionError, APIResponseValidationError
from cerebras_sdk.httpx_clients import (
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    DefaultHttpxClient,
)
from cerebras_sdk.testing import Answer, LocalServer, RawAnswer

KINDS: list[Callable[..., Any]] = [
    requests.Session,
    httpx.Client,
    httpx.AsyncClient,
    DefaultHttpxClient,
    DefaultAsyncHttpxClient,
    DefaultAioHttpClient,
]
USERS = KINDS[:3]
kinds = pytest.mark.parametrize("kind", KINDS)
users = pytest.mark.parametrize("kind", USERS)


def get(mine: Any, paths: list[str], **options: Any) -> None:
    """Asks for the paths with a client of the user's, which is closed at the end."""
    options = {"api_key": "csk-test"} | options

    async def ask() -> None:
        async with mine, AsyncCerebras(**options, http_client=mine) as client:
            for path in paths:
                await client.get(path, cast_to=object)

    if isinstance(mine, httpx.AsyncClient):
        anyio.run(ask)
        return
    with mine, Cerebras(**options, http_client=mine) as client:
        for path in paths:
            client.get(path, cast_to=object)


@pytest.fixture
def open_server(server: LocalServer) -> LocalServer:
    """Answers whoever asks."""
    server.route("GET", "/v1/x", lambda _: Answer(200, {}, [b"{}"]))
    return server


@kinds
def test_the_query_of_a_call_joins_that_of_the_client(
    open_server: LocalServer, kind: Callable[..., Any]
) -> None:
    mine = kind()
    mine.params = {"tenant": "t"}
    paths = ["/v1/x", "/v1/x?a=1&a=2&empty=&text=a%20b%26", "/v1/x?other=%C3%A9"]
    get(mine, paths, base_url=open_server.base_url)
    found = [httpx.URL(request.target).params.multi_items() for request in open_server.requests]
    ours: list[list[tuple[str, str]]] = [
        [],
        [("a", "1"), ("a", "2"), ("empty", ""), ("text", "a b&")],
        [("other", "é")],
    ]
    assert [sorted(pairs) for pairs in found] == [
        sorted([*pairs, ("tenant", "t")]) for pairs in ours
    ]


@kinds
def test_a_query_is_left_as_it_is_where_the_client_has_none(
    open_server: LocalServer, kind: Callable[..., Any]
) -> None:
    get(kind(), ["/v1/x?a=1&b=a%20b&a=2"], base_url=open_server.base_url)
    assert open_server.requests[0].target == "/v1/x?a=1&b=a%20b&a=2"


class OfTheUser(httpx.Auth):
    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-Signed"] = request.headers["Authorization"]
        yield request


def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
    request.headers["X-Signed"] = request.headers["Authorization"]
    return request


@kinds
def test_its_way_of_signing_is_used_on_top_of_the_key(
    open_server: LocalServer, kind: Callable[..., Any]
) -> None:
    mine = kind()
    mine.auth = sign if isinstance(mine, requests.Session) else OfTheUser()
    get(mine, ["/v1/x"], base_url=open_server.base_url)
    headers = open_server.requests[0].headers
    assert headers["x-signed"] == headers["authorization"] == "Bearer csk-test"


@users
def test_a_name_and_a_password_of_it_take_the_place_of_the_key(
    open_server: LocalServer, kind: Callable[..., Any]
) -> None:
    mine = kind()
    mine.auth = ("me", "secret")
    get(mine, ["/v1/x"], base_url=open_server.base_url)
    assert open_server.requests[0].headers["authorization"] == "Basic bWU6c2VjcmV0"


@kinds
def test_what_is_sent_without_a_key_is_not_signed(
    server: LocalServer, kind: Callable[..., Any]
) -> None:
    mine = kind()
    mine.auth = ("me", "secret")
    answer = b'{"user": {"demoApiKey": "csk-test"}}'
    server.route("GET", "/api/auth/session", lambda _: Answer(200, {}, [answer]))
    server.route("GET", "/v1/x", lambda _: Answer(200, {}, [b"{}"]))
    get(
        mine,
        ["/v1/x"],
        api_key=None,
        cookies={"t": "t"},
        base_url=server.base_url,
        session_url=server.session_url,
    )
    assert "authorization" not in server.requests[0].headers
    assert server.requests[1].headers["authorization"] == "Basic bWU6c2VjcmV0"


@kinds
def test_neither_netrc_nor_the_address_replaces_the_key(
    open_server: LocalServer,
    kind: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password netrc-secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    get(kind(), ["/v1/x"], base_url=open_server.base_url)
    assert open_server.requests[0].headers["authorization"] == "Bearer csk-test"


@pytest.mark.parametrize("kind", [requests.Session, httpx.Client])
def test_a_name_in_the_address_does_not_replace_the_key(
    open_server: LocalServer, kind: Callable[..., Any]
) -> None:
    with kind() as mine:
        transport = RequestsTransport(mine)
        url = open_server.base_url.replace("//", "//me:secret@") + "/v1/x"
        request = Request(method="GET", url=url, headers={"Authorization": "Bearer csk-test"})
        transport.send(request, stream=False)
    assert open_server.requests[0].headers["authorization"] == "Bearer csk-test"


@pytest.fixture
def exchanging(server: LocalServer) -> dict[str, Any]:
    """A server whose answers all set a cookie; gives the options to exchange a session at it."""
    body = b'{"user": {"demoApiKey": "csk-test"}}'
    session = {"Set-Cookie": "session=rolled; Path=/"}
    api = {"Set-Cookie": "__cf_bm=seen; Path=/"}
    server.route("GET", "/api/auth/session", lambda _: Answer(200, session, [body]))
    server.route("GET", "/v1/x", lambda _: Answer(200, api, [b"{}"]))
    # aiohttp keeps no cookies of an address without a name.
    return {
        "api_key": None,
        "cookies": {"t": "t"},
        "base_url": server.base_url.replace("127.0.0.1", "localhost"),
        "session_url": server.session_url.replace("127.0.0.1", "localhost"),
    }


@users
def test_it_keeps_the_cookies_of_the_api_and_none_of_the_session(
    server: LocalServer, exchanging: dict[str, Any], kind: Callable[..., Any]
) -> None:
    get(kind(), ["/v1/x", "/v1/x"], **exchanging)
    sent = [request.headers.get("cookie") for request in server.requests]
    assert sent == ["t=t", None, "__cf_bm=seen"]


@pytest.mark.parametrize("kind", KINDS[3:])
def test_a_default_client_keeps_no_cookies(
    server: LocalServer, exchanging: dict[str, Any], kind: Callable[..., Any]
) -> None:
    mine = kind()
    get(mine, ["/v1/x", "/v1/x"], **exchanging)
    sent = [request.headers.get("cookie") for request in server.requests]
    assert sent == ["t=t", None, None]
    assert isinstance(mine.cookies.jar, CookieJar)
    assert list(mine.cookies.jar) == []


@pytest.mark.parametrize("kind", KINDS[3:])
def test_a_default_client_sends_the_cookies_that_it_is_given(
    server: LocalServer, exchanging: dict[str, Any], kind: Callable[..., Any]
) -> None:
    get(kind(cookies={"mine": "1"}), ["/v1/x", "/v1/x"], **exchanging)
    sent = [request.headers.get("cookie") for request in server.requests]
    assert sent == ["t=t", "mine=1", "mine=1"]


def test_threads_of_one_client_forget_the_cookies_of_a_session(
    server: LocalServer, exchanging: dict[str, Any]
) -> None:
    with (
        httpx.Client() as mine,
        Cerebras(**exchanging, http_client=mine) as client,
    ):
        threads = [
            threading.Thread(target=lambda: client.get("/v1/x", cast_to=object)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {cookie.name for cookie in mine.cookies.jar} == {"__cf_bm"}


def test_a_session_of_the_user_is_left_as_it_is_and_a_cut_head_is_an_error_all_the_same(
    server: LocalServer,
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    ends = iter(range(len(head)))
    server.route("GET", "/v1/models", lambda _: RawAnswer([head[: next(ends)]]))
    with (
        requests.Session() as mine,
        Cerebras("csk-test", base_url=server.base_url, max_retries=0, http_client=mine) as client,
    ):
        for _ in head:
            with pytest.raises((APIConnectionError, APIResponseValidationError)):
                client.models.list()
        adapter = mine.get_adapter(server.base_url)
        assert type(adapter) is requests.adapters.HTTPAdapter
        assert adapter.poolmanager.pool_classes_by_scheme is pool_classes_by_scheme
