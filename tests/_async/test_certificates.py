"""Which certificates are trusted, alike in both twins."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trustme

from cerebras_sdk import APIConnectionError, AsyncCerebras, InvalidRequestError
from cerebras_sdk._transports import _certificates

pytestmark = pytest.mark.anyio

VARIABLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]


@pytest.fixture(autouse=True)
def no_truststore(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is not installed, wherever the tests run."""
    monkeypatch.setitem(sys.modules, "truststore", None)
    _certificates._system_store.cache_clear()
    yield
    _certificates._system_store.cache_clear()


@pytest.fixture
def system_stores(
    monkeypatch: pytest.MonkeyPatch, certificate_authority: trustme.CA, no_truststore: None
) -> list[ssl.SSLContext]:
    """The package is there, and the system trusts the authority: the contexts that were made."""
    made: list[ssl.SSLContext] = []

    class SSLContext(ssl.SSLContext):
        def __init__(self, protocol: int) -> None:
            assert protocol == ssl.PROTOCOL_TLS_CLIENT
            super().load_verify_locations(cadata=certificate_authority.cert_pem.bytes().decode())
            made.append(self)

        def load_verify_locations(self, *args: object, **kwargs: object) -> None:
            raise AssertionError("certificates were added to those of the system")

    module = ModuleType("truststore")
    monkeypatch.setattr(module, "SSLContext", SSLContext, raising=False)
    monkeypatch.setitem(sys.modules, "truststore", module)
    return made


@pytest.mark.parametrize("variable", VARIABLES)
async def test_a_bundle_of_the_environment_is_trusted(
    tls_url: str,
    certificate_authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    bundle = tmp_path / "bundle.pem"
    certificate_authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv(variable, str(bundle))
    async with AsyncCerebras("csk-test", base_url=tls_url) as client:
        assert list(await client.models.list()) == []


async def test_without_one_a_private_authority_is_not_trusted(
    tls_url: str, waits: list[float]
) -> None:
    async with AsyncCerebras("csk-test", base_url=tls_url) as client:
        with pytest.raises(APIConnectionError, match="certificate"):
            await client.models.list()


@pytest.mark.parametrize("variable", VARIABLES)
async def test_a_bundle_that_is_not_there_is_said_at_once(
    tls_url: str, waits: list[float], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "/no/such/file.pem")
    async with AsyncCerebras("csk-test", base_url=tls_url) as client:
        with pytest.raises(InvalidRequestError, match=f"{variable} names '/no/such/file.pem'"):
            await client.models.list()
    assert waits == []


@pytest.mark.parametrize("variable", VARIABLES)
async def test_a_bundle_without_certificates_is_said_at_once(
    tls_url: str,
    waits: list[float],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    bundle = tmp_path / "bad.pem"
    bundle.write_text("no certificates\n")
    monkeypatch.setenv(variable, str(bundle))
    async with AsyncCerebras("csk-test", base_url=tls_url) as client:
        for _ in range(2):
            with pytest.raises(InvalidRequestError, match=f"{variable} names .*no certificates"):
                await client.models.list()
    assert waits == []


@pytest.mark.parametrize("content", ["no certificates", None])
async def test_certificates_are_looked_for_only_where_they_are_needed(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    bundle = tmp_path / "bad.pem"
    if content is not None:
        bundle.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    async with AsyncCerebras(**options) as client:
        assert len(list(await client.models.list())) > 0


async def test_with_truststore_the_store_of_the_system_is_trusted_and_opened_once(
    tls_url: str, system_stores: list[ssl.SSLContext]
) -> None:
    for _ in range(2):
        async with AsyncCerebras("csk-test", base_url=tls_url) as client:
            assert list(await client.models.list()) == []
    assert len(system_stores) == 1
    assert system_stores[0].verify_mode == ssl.CERT_REQUIRED
    assert system_stores[0].check_hostname


async def test_with_truststore_the_name_of_the_server_is_still_checked(
    tls_url: str, system_stores: list[ssl.SSLContext], waits: list[float]
) -> None:
    wrong_name = tls_url.replace("127.0.0.1", "localhost")
    async with AsyncCerebras("csk-test", base_url=wrong_name) as client:
        with pytest.raises(APIConnectionError, match="certificate"):
            await client.models.list()
    assert len(system_stores) == 1


@pytest.mark.parametrize("variable", VARIABLES)
async def test_a_bundle_of_the_environment_is_stronger_than_the_store_of_the_system(
    tls_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    system_stores: list[ssl.SSLContext],
    waits: list[float],
    variable: str,
) -> None:
    bundle = tmp_path / "bundle.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv(variable, str(bundle))
    async with AsyncCerebras("csk-test", base_url=tls_url) as client:
        with pytest.raises(APIConnectionError, match="certificate"):
            await client.models.list()
    assert system_stores == []
