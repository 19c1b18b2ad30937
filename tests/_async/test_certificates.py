"""Which certificates are trusted, alike in both twins."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from cerebras_sdk import APIConnectionError, AsyncCerebras, InvalidRequestError

pytestmark = pytest.mark.anyio

VARIABLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]


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
