"""A client that is copied or pickled: its configuration goes along, its secrets only when asked."""

from __future__ import annotations

import base64
import copy
import pickle
import urllib.parse
import warnings
from pathlib import Path
from typing import Any

import httpx
import pytest

from cerebras_sdk import AsyncCerebras, CerebrasWarning, MissingCredentialsError, RetryPolicy
from cerebras_sdk.testing import Answer, LocalServer

pytestmark = pytest.mark.anyio

KEY = "csk-test-Q7xv+9/kZ2m=Lw4p"
COOKIE = "eyJhbGciOi.J9-test_t0k3n"
MANAGEMENT = "csk-test-m4n4g3m3nt-9f8e"
HEADER = "gate-7f3a9c+d1e5b8"
QUERY = "query-5a5b5c5d6e6f"
ALL = [KEY, COOKIE, MANAGEMENT, HEADER, QUERY]


@pytest.fixture
def server(server: LocalServer) -> LocalServer:
    """It takes any key."""
    server.route("GET", "/v1/models", Answer(200, {}, b'{"data": [{"id": "m"}]}'))
    return server


def heard(event: object) -> None:
    """For `on_retry`."""


def forms(secret: str) -> list[bytes]:
    coded = [base64.b64encode(b"\0" * shift + secret.encode())[4:-4] for shift in range(3)]
    return [secret.encode(), urllib.parse.quote(secret, safe="").encode(), *coded]


def holds(data: bytes, secret: str) -> bool:
    return any(form in data for form in forms(secret))


def pickles(thing: object) -> list[bytes]:
    return [pickle.dumps(thing, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]


async def test_its_configuration_is_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    client = AsyncCerebras(
        KEY,
        base_url="https://gateway.example/cerebras",
        timeout=7,
        retry=RetryPolicy(max_retries=5, max_delay=1),
        on_retry=heard,
        default_model="gpt-oss-120b",
        aliases={"mine": "gpt-oss-120b"},
        session_url="https://session.example/key",
        api_version="3",
        compression="off",
        retired_models="error",
        warm_tcp_connection=True,
    )
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test-elsewhere")
    monkeypatch.setenv("CEREBRAS_BASE_URL", "https://elsewhere.example")
    monkeypatch.setenv("CEREBRAS_CUSTOM_HEADERS", "X-Elsewhere: 1")
    for data in pickles(client):
        other = pickle.loads(data)
        assert type(other) is AsyncCerebras
        assert other.api_key == "csk-test-elsewhere"
        assert other.base_url == client.base_url
        assert other.timeout == client.timeout
        assert other._options.retry == client._options.retry
        assert other._options.on_retry is heard
        assert other._options.default_model == "gpt-oss-120b"
        assert other._options.aliases == {"mine": "gpt-oss-120b"}
        assert other._options.compression == "off"
        assert other._options.retired_models == "error"
        assert other._credentials._session_urls == ("https://session.example/key",)
        assert other._to_warm
        assert dict(other.default_headers).keys() - dict(client.default_headers) == {"X-Elsewhere"}
        assert other.default_headers["X-Cerebras-Version-Patch"] == "3"
        assert other.chat._client is other


async def test_no_secret_is_pickled() -> None:
    client = AsyncCerebras(
        KEY,
        management_key=MANAGEMENT,
        default_headers={"X-Gateway": HEADER},
        default_query={"key": QUERY},
    )
    with pytest.warns(CerebrasWarning, match="X-Gateway and default_query key: not") as caught:
        data = pickles([client, client.chat, client.models.list])
    assert caught[-1].filename == __file__
    assert not any(HEADER in str(warning.message) for warning in caught)
    data += pickles(AsyncCerebras(cookies={"__Secure-authjs.session-token": COOKIE}))
    for secret in ALL:
        assert not any(holds(one, secret) for one in data)
        assert holds(secret.encode(), secret)


async def test_what_the_other_process_finds_by_itself_is_not_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", KEY)
    monkeypatch.setenv("CEREBRAS_MANAGEMENT_KEY", MANAGEMENT)
    monkeypatch.setenv("CEREBRAS_CUSTOM_HEADERS", f"X-Gateway: {HEADER}")
    client = AsyncCerebras()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = pickle.dumps(client)
    assert not any(holds(data, secret) for secret in ALL)
    other = pickle.loads(data)
    assert (other.api_key, other._options) == (KEY, client._options)


async def test_without_a_key_to_be_found_the_other_client_says_where_it_looked(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    other = pickle.loads(pickle.dumps(AsyncCerebras(KEY, base_url=server.base_url)))
    with pytest.raises(MissingCredentialsError, match="CEREBRAS_API_KEY"):
        await other.models.list()
    await other.close()


async def test_everything_is_pickled_when_asked(server: LocalServer) -> None:
    client = AsyncCerebras(
        KEY,
        base_url=server.base_url,
        management_key=MANAGEMENT,
        default_headers={"X-Gateway": HEADER},
        default_query={"key": QUERY},
    )
    asking = client.with_key_in_pickle()
    assert asking._transport is client._transport
    for data in pickles(asking):
        other = pickle.loads(data)
        assert (other.api_key, other._options) == (KEY, client._options)
        assert pickle.loads(pickle.dumps(other)).api_key == KEY
    assert (await other.models.list()).data
    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["x-gateway"] == HEADER
    assert request.target.endswith(f"?key={QUERY}")
    assert "***" in repr(vars(other))
    assert not any(secret in repr(vars(other)) for secret in ALL)
    await other.close()


async def test_cookies_go_along_when_asked(server: LocalServer) -> None:
    server.route("GET", "/api/auth/session", Answer(200, {}, b'{"demoApiKey": "csk-test"}'))
    options: dict[str, Any] = {"base_url": server.base_url, "session_url": server.session_url}
    client = AsyncCerebras(cookies={"session-token": COOKIE}, **options)
    other = pickle.loads(pickle.dumps(client.with_key_in_pickle()))
    assert other._credentials._auth._cookies == client._credentials._auth._cookies  # type: ignore[union-attr]
    assert (await other.models.list()).data
    assert server.requests[0].headers["cookie"] == f"session-token={COOKIE}"
    await other.close()


async def test_a_file_of_cookies_is_named_and_not_read(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.route("GET", "/api/auth/session", Answer(200, {}, b'{"demoApiKey": "csk-test"}'))
    (tmp_path / "mine.txt").write_text(f"session-token={COOKIE}")
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"base_url": server.base_url, "session_url": server.session_url}
    for cookies in ("mine.txt", Path("mine.txt")):
        data = pickle.dumps(AsyncCerebras(cookies=cookies, **options))
        assert not holds(data, COOKIE)
        with monkeypatch.context() as elsewhere:
            elsewhere.chdir("/")
            other = pickle.loads(data)
            assert (await other.models.list()).data
            await other.close()
    assert not holds(pickle.dumps(AsyncCerebras(cookies=COOKIE, **options)), COOKIE)
    browser = pickle.loads(pickle.dumps(AsyncCerebras(cookies="browser", **options)))
    assert [source.kind for source in browser._credentials._sources] == ["browser"]


async def test_a_client_of_the_users_is_refused() -> None:
    async with httpx.AsyncClient() as own:
        client = AsyncCerebras(KEY, http_client=own)
        with pytest.raises(TypeError, match="with an http_client of yours is not pickled"):
            pickle.dumps(client)


class Mine(AsyncCerebras):
    """A class of the user's."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self.name = name


async def test_a_class_of_the_users_keeps_what_is_its_own() -> None:
    client = Mine("a name", api_key=KEY)
    for other in (pickle.loads(pickle.dumps(client)), copy.copy(client), copy.deepcopy(client)):
        assert (type(other), other.name) == (Mine, "a name")


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
async def test_a_copy_shares_the_connections_and_the_key(server: LocalServer, way: Any) -> None:
    client = AsyncCerebras(KEY, base_url=server.base_url, default_headers={"X-Gateway": HEADER})
    other = way(client)
    assert other is not client
    assert other.chat._client is other
    other.max_retries = 0
    assert client.max_retries == 2
    await client.models.list()
    await other.models.list()
    assert server.connections == 1
    assert server.requests[1].headers["x-gateway"] == HEADER
    await other.close()
    assert client.is_closed()


async def test_a_pickle_of_a_closed_client_gives_an_open_one(server: LocalServer) -> None:
    client = AsyncCerebras(KEY, base_url=server.base_url)
    await client.close()
    async with pickle.loads(pickle.dumps(client.with_key_in_pickle())) as other:
        assert (await other.models.list()).data


async def test_what_only_a_file_of_variables_had_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "keys.env"
    path.write_text(f'CEREBRAS_API_KEY={KEY}\nCEREBRAS_CUSTOM_HEADERS="X-Tenant: {HEADER}"\n')
    client = AsyncCerebras.from_env_file(path)
    with pytest.warns(CerebrasWarning, match=r"key of a \.env file and default_headers X-Tenant"):
        assert KEY.encode() not in pickle.dumps(client)
