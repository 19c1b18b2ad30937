"""The clients of httpx with the settings of our own."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme

from cerebras_sdk import (
    APIConnectionError,
    AsyncCerebras,
    Cerebras,
    InsecureURLWarning,
    InvalidRequestError,
)
from cerebras_sdk.httpx_clients import (
    DEFAULT_CONNECTION_LIMITS,
    DefaultAioHttpClient,
    DefaultAsyncHttpxClient,
    DefaultHttpxClient,
)
from cerebras_sdk.testing import LocalServer


def ask_blocking(base_url: str, **options: Any) -> None:
    with (
        DefaultHttpxClient(**options) as mine,
        Cerebras("csk-test", base_url=base_url, http_client=mine) as client,
    ):
        client.models.list()


def ask_async(base_url: str, **options: Any) -> None:
    async def ask() -> None:
        async with (
            DefaultAsyncHttpxClient(**options) as mine,
            AsyncCerebras("csk-test", base_url=base_url, http_client=mine) as client,
        ):
            await client.models.list()

    anyio.run(ask)


def made(kind: type[Any], **options: Any) -> Any:
    """A client that the test throws away; nothing was opened by it."""
    return kind(**options)


def pool_of(client: Any) -> Any:
    return client._transport._way("https://api.example.com")._pool


def ask_aio(base_url: str, **options: Any) -> None:
    async def ask() -> None:
        async with (
            DefaultAioHttpClient(**options) as mine,
            AsyncCerebras("csk-test", base_url=base_url, http_client=mine) as client,
        ):
            await client.models.list()

    anyio.run(ask)


both = pytest.mark.parametrize("kind", [DefaultHttpxClient, DefaultAsyncHttpxClient])
doors = pytest.mark.parametrize("ask", [ask_blocking, ask_async])
all_doors = pytest.mark.parametrize("ask", [ask_blocking, ask_async, ask_aio])


@both
def test_what_is_not_given_is_as_in_our_own_clients(kind: type[Any]) -> None:
    client = made(kind)
    assert isinstance(client, (httpx.Client, httpx.AsyncClient))
    assert client.timeout == httpx.Timeout(60)
    pool = pool_of(client)
    assert pool._keepalive_expiry == 60
    assert pool._max_connections > 10**6
    assert (
        httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60)
        == DEFAULT_CONNECTION_LIMITS
    )
    assert pool._max_keepalive_connections > 10**6


@both
def test_what_is_given_is_stronger(kind: type[Any]) -> None:
    limits = httpx.Limits(max_connections=7)
    client = made(kind, timeout=5, limits=limits, headers={"X-Mine": "yes"})
    assert client.timeout == httpx.Timeout(5)
    assert pool_of(client)._max_connections == 7
    assert client.headers["x-mine"] == "yes"


@doors
def test_the_certificates_of_the_environment_are_trusted(
    tls_url: str,
    certificate_authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
    ask: Callable[..., None],
) -> None:
    with pytest.raises(APIConnectionError, match="certificate"):
        ask(tls_url)
    bundle = tmp_path / "bundle.pem"
    certificate_authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    ask(tls_url)


@doors
def test_certificates_that_are_given_are_stronger(
    tls_url: str,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[..., None],
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    ask(tls_url, verify=False)


def test_a_missing_bundle_is_said_when_the_client_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    for kind in (DefaultHttpxClient, DefaultAsyncHttpxClient):
        with pytest.raises(InvalidRequestError, match="SSL_CERT_FILE names"):
            made(kind)


def test_a_client_made_for_this_package_is_closed_with_the_one_it_serves(
    server: LocalServer,
) -> None:
    async def ask() -> None:
        ours, users = DefaultAsyncHttpxClient(), httpx.AsyncClient()
        for mine in (ours, users):
            async with AsyncCerebras(
                "csk-test", base_url=server.base_url, http_client=mine
            ) as client:
                await client.models.list()
        assert ours.is_closed
        assert not users.is_closed
        await users.aclose()

    anyio.run(ask)


def test_so_it_is_with_the_blocking_one(server: LocalServer) -> None:
    ours, users = DefaultHttpxClient(), httpx.Client()
    for mine in (ours, users):
        with Cerebras("csk-test", base_url=server.base_url, http_client=mine) as client:
            client.models.list()
    assert ours.is_closed
    assert not users.is_closed
    users.close()


@all_doors
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("mounts", [None, {"https://": None}])
def test_no_proxy_stands_between_this_machine_and_itself(
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[..., None],
    host: str,
    mounts: Any,
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    ask(server.base_url.replace("127.0.0.1", host), mounts=mounts)
    assert len(server.requests) == 1


@all_doors
def test_the_proxies_of_the_environment_are_read_as_by_our_own_clients(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, ask: Callable[..., None]
) -> None:
    monkeypatch.setenv("NO_PROXY", "other.test")
    monkeypatch.setenv("HTTP_PROXY", server.base_url)
    with pytest.warns(InsecureURLWarning):
        ask("http://api.example.com")
    assert server.requests[0].target == "http://api.example.com/v1/models"


@all_doors
@pytest.mark.parametrize("options", [{"trust_env": False}, {"mounts": {"all://": None}}])
def test_and_not_by_one_that_shall_not(
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
    ask: Callable[..., None],
    options: dict[str, Any],
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTP_PROXY", server.base_url)

    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.warns(InsecureURLWarning), pytest.raises(APIConnectionError, match="not known"):
        ask("http://api.example.com", **options)
    assert server.requests == []


@all_doors
def test_a_proxy_that_is_given_stands_before_this_machine_too(
    server: LocalServer, ask: Callable[..., None]
) -> None:
    for proxy in (server.base_url, httpx.URL(server.base_url), httpx.Proxy(server.base_url)):
        ask("http://127.0.0.1:1", proxy=proxy)
    assert {request.target for request in server.requests} == {"http://127.0.0.1:1/v1/models"}
