"""The clients of httpx with the settings of our own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme

from cerebras_sdk import APIConnectionError, AsyncCerebras, Cerebras, InvalidRequestError
from cerebras_sdk.httpx_clients import (
    DEFAULT_CONNECTION_LIMITS,
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


both = pytest.mark.parametrize("kind", [DefaultHttpxClient, DefaultAsyncHttpxClient])
doors = pytest.mark.parametrize("ask", [ask_blocking, ask_async])


@both
def test_what_is_not_given_is_as_in_our_own_clients(kind: type[Any]) -> None:
    client = made(kind)
    assert isinstance(client, (httpx.Client, httpx.AsyncClient))
    assert client.timeout == httpx.Timeout(60)
    transport: Any = client._transport
    pool = transport._pool
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
    assert client._transport._pool._max_connections == 7
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
