"""The blocking client over an httpx.Client of the user's: all as with requests."""

from __future__ import annotations

import io
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import trustme

from cerebras_sdk import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    Cerebras,
    InvalidRequestError,
)
from cerebras_sdk.httpx_clients import DefaultHttpxClient
from cerebras_sdk.testing import Answer, LocalServer, serve

CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi!"}]}
CHAT = "/v1/chat/completions"


@pytest.fixture
def mine() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def client(server: LocalServer, mine: httpx.Client) -> Iterator[Cerebras]:
    with Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client:
        yield client


def test_it_is_used_and_left_open(server: LocalServer) -> None:
    given = {"X-Mine": "yes", "User-Agent": "mine", "Authorization": "Bearer other"}
    given["Accept-Encoding"] = "identity"
    with httpx.Client(headers=given) as mine:
        with Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client:
            assert client.chat.completions.create(**CALL).text == "Hi!"
            assert client.chat.completions.create(**CALL).text == "Hi!"
        assert not mine.is_closed
    headers = server.requests[0].headers
    assert headers["x-mine"] == "yes"
    assert headers["accept-encoding"] == "identity"
    assert headers["authorization"] == "Bearer csk-test"
    assert headers["user-agent"].startswith("cerebras-inference-sdk/")
    assert server.connections == 1


def test_both_doors_send_the_same_headers(server: LocalServer, client: Cerebras) -> None:
    client.chat.completions.create(**CALL)
    with Cerebras("csk-test", base_url=server.base_url) as plain:
        plain.chat.completions.create(**CALL)
    ours, theirs = (dict(request.headers) for request in server.requests)
    # What each library can decode is its own affair.
    assert ours.pop("accept-encoding")
    assert theirs.pop("accept-encoding")
    assert ours == theirs
    assert server.requests[0].body == server.requests[1].body


def causes(error: BaseException | None) -> list[BaseException]:
    found = []
    while error is not None:
        found.append(error)
        error = error.__cause__
    return found


def test_a_refused_connection_says_so(mine: httpx.Client, waits: list[float]) -> None:
    with (
        Cerebras("csk-test", base_url="http://127.0.0.1:1", http_client=mine) as client,
        pytest.raises(APIConnectionError, match="Connection refused") as caught,
    ):
        client.chat.completions.create(**CALL)
    assert not isinstance(caught.value, APITimeoutError)
    assert any(isinstance(cause, httpx.ConnectError) for cause in causes(caught.value))
    assert len(waits) == 2


def test_a_scheme_that_it_does_not_speak_is_said_at_once(
    mine: httpx.Client, waits: list[float], server: LocalServer
) -> None:
    def refuse(request: httpx.Request) -> None:
        raise httpx.UnsupportedProtocol("not that one")

    mine.event_hooks = {"request": [refuse]}
    with (
        Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client,
        pytest.raises(InvalidRequestError, match="not that one"),
    ):
        client.chat.completions.create(**CALL)
    assert waits == []


def test_an_upload_streams(server: LocalServer, client: Cerebras) -> None:
    data = bytes(range(256)) * 2000
    told: list[tuple[int, int]] = []
    file = client.files.create(
        io.BytesIO(data), on_progress=lambda sent, total: told.append((sent, total))
    )
    assert client.files.content(file.id) == data
    request = server.requests[0]
    assert told[-1] == (len(request.body), len(request.body))
    assert len(told) > 5
    assert request.headers["content-length"] == str(len(request.body))
    assert "transfer-encoding" not in request.headers


def test_an_error_of_the_progress_callback_comes_out_as_it_is(
    client: Cerebras, waits: list[float]
) -> None:
    mine = BrokenPipeError(32, "mine")

    def fail(sent: int, total: int) -> None:
        raise mine

    with pytest.raises(BrokenPipeError) as caught:
        client.files.create(b"x" * 1_000_000, on_progress=fail)
    assert caught.value is mine
    assert waits == []


def test_a_session_is_exchanged_with_its_own_cookies_only(
    server: LocalServer, mine: httpx.Client
) -> None:
    mine.cookies.set("theirs", "kept", domain="127.0.0.1", path="/")
    answer = b'{"user": {"demoApiKey": "csk-test"}}'
    rolled = {"Set-Cookie": "theirs=changed; Path=/"}
    server.route("GET", "/api/auth/session", lambda _: Answer(200, rolled, [answer]))
    with Cerebras(
        cookies={"t": "mine"},
        base_url=server.base_url,
        session_url=server.session_url,
        http_client=mine,
    ) as client:
        assert client.chat.completions.create(**CALL).text == "Hi!"
    assert server.requests[0].headers["cookie"] == "t=mine"
    assert {cookie.name: cookie.value for cookie in mine.cookies.jar} == {"theirs": "kept"}


def test_a_redirect_is_followed_by_our_rules(server: LocalServer) -> None:
    with (
        serve() as other,
        httpx.Client(follow_redirects=True) as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client,
    ):
        places = [CHAT, other.base_url + CHAT]
        server.route(
            "POST", CHAT, lambda _: Answer(307, {"Location": places.pop(0)}, []) if places else None
        )
        with pytest.raises(APIStatusError) as caught:
            client.chat.completions.create(**CALL)
        assert client.chat.completions.create(**CALL).text == "Hi!"
        assert other.requests == []
    assert caught.value.status_code == 307
    assert server.requests[1].headers["authorization"] == "Bearer csk-test"


def test_its_proxy_is_used(server: LocalServer) -> None:
    with (
        DefaultHttpxClient(proxy=server.base_url) as mine,
        Cerebras("csk-test", base_url="http://api.localhost:1", http_client=mine) as client,
    ):
        assert client.chat.completions.create(**CALL).text == "Hi!"
    assert server.requests[0].target == "http://api.localhost:1" + CHAT


def test_its_transport_is_used(server: LocalServer) -> None:
    transport = httpx.HTTPTransport(local_address="127.0.0.1")
    with (
        DefaultHttpxClient(transport=transport) as mine,
        Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client,
    ):
        assert client.chat.completions.create(**CALL).text == "Hi!"


def test_a_made_up_transport_needs_no_network() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"id": request.headers["authorization"]}]})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as mine,
        Cerebras("csk-test", http_client=mine) as client,
    ):
        assert [model.id for model in client.models.list()] == ["Bearer csk-test"]


def test_its_certificates_are_used(tls_url: str, certificate_authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    certificate_authority.configure_trust(context)
    with (
        httpx.Client(verify=context) as mine,
        Cerebras("csk-test", base_url=tls_url, http_client=mine) as client,
    ):
        assert list(client.models.list()) == []


def test_an_untrusted_certificate_says_so(
    tls_url: str, mine: httpx.Client, waits: list[float]
) -> None:
    with (
        Cerebras("csk-test", base_url=tls_url, http_client=mine) as client,
        pytest.raises(APIConnectionError, match="certificate"),
    ):
        client.models.list()


def test_a_closed_one_says_so(server: LocalServer, waits: list[float]) -> None:
    mine = httpx.Client()
    mine.close()
    with (
        Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client,
        pytest.raises(InvalidRequestError, match="closed"),
    ):
        client.chat.completions.create(**CALL)
    assert waits == []


@pytest.mark.parametrize("wrong", [7, httpx, httpx.Client, httpx.AsyncClient()])
def test_what_is_neither_is_refused_with_both_names(wrong: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"requests\.Session or an httpx\.Client, not"):
        Cerebras("csk-test", http_client=wrong)


def test_many_threads_share_it(server: LocalServer, client: Cerebras) -> None:
    texts: list[str] = []

    def ask() -> None:
        for _ in range(5):
            texts.append(client.chat.completions.create(**CALL).text)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["Hi!"] * 80
