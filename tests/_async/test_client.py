"""The client itself: its options, its copies, requests to any path, connections opened ahead."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from cerebras_sdk import (
    NOT_GIVEN,
    APIResponseValidationError,
    AsyncCerebras,
    AsyncStream,
    CerebrasError,
    CerebrasWarning,
    ChatCompletion,
    ChatCompletionChunk,
    Completion,
    InsecureURLWarning,
    InternalServerError,
    InvalidRequestError,
    MissingCredentialsError,
    Timeout,
    omit,
)
from cerebras_sdk.testing import Answer, LocalServer

pytestmark = pytest.mark.anyio

MESSAGES = [{"role": "user", "content": "One two three"}]
CHAT: dict[str, Any] = {"model": "gpt-oss-120b", "messages": MESSAGES}
WARMING = "/v1/tcp_warming"


async def test_a_default_query_goes_with_every_call(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, default_query={"a": 1, "b": "x y"}) as client:
        await client.models.list()
        await client.with_options(default_query={"b": 2}).models.list()
        await client.with_options(set_default_query={"c": 3}).models.list()
        await client.chat.completions.create(**CHAT, extra_query={"a": omit, "d": [1, 2]})
        assert client.default_query == {"a": 1, "b": "x y"}
        with pytest.raises(InvalidRequestError, match="default_query or set_default_query"):
            client.with_options(default_query={}, set_default_query={})
    targets = [request.target.partition("?")[2] for request in server.requests]
    assert targets == ["a=1&b=x+y", "a=1&b=2", "c=3", "b=x+y&d=1&d=2"]
    with pytest.raises(InvalidRequestError, match="default_query"):
        AsyncCerebras(**options, default_query="a=1")  # type: ignore[arg-type]


async def test_set_default_headers_stand_in_the_place_of_the_others(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, default_headers={"X-A": "1", "X-B": "2"}) as client:
        await client.with_options(set_default_headers={"X-C": "3"}).models.list()
        await client.with_options(default_headers={"X-A": omit}).models.list()  # type: ignore[dict-item]
        with pytest.raises(InvalidRequestError, match="default_headers or set_default_headers"):
            client.with_options(default_headers={}, set_default_headers={})
    alone, without = (request.headers for request in server.requests)
    assert alone["x-c"] == "3"
    assert "x-a" not in alone
    assert "x-b" not in alone
    assert alone["x-cerebras-version-patch"] == "2"
    assert "x-a" not in without
    assert without["x-b"] == "2"


async def test_what_is_not_given_is_not_sent(options: dict[str, Any], server: LocalServer) -> None:
    absent: Any = NOT_GIVEN
    async with AsyncCerebras(
        **options, timeout=NOT_GIVEN, max_retries=NOT_GIVEN, default_model="gpt-oss-120b"
    ) as client:
        assert client.max_retries == 2
        assert client.timeout == Timeout(connect=60, read=60, write=60, pool=60)
        completion = await client.chat.completions.create(
            messages=MESSAGES,
            model=absent,
            stream=absent,
            temperature=absent,
            queue_threshold=absent,
            cf_ray=absent,
            extra_query={"a": absent},
        )
        assert isinstance(completion, ChatCompletion)
        await client.models.list(format=absent)
        client.with_options(max_retries=NOT_GIVEN, timeout=NOT_GIVEN)
    chat, models = server.requests
    assert json.loads(chat.body).keys() == {"model", "messages"}
    assert chat.target == "/v1/chat/completions"
    assert models.target == "/v1/models"


async def test_the_tracing_headers_of_the_api_are_keywords(
    options: dict[str, Any], server: LocalServer
) -> None:
    traced: dict[str, Any] = {"cf_ray": "ray-1", "x_amz_cf_id": "id-2"}
    async with AsyncCerebras(**options) as client:
        await client.chat.completions.create(**CHAT, **traced, x_delay_time=0.5)
        await client.completions.create(model="gpt-oss-120b", prompt="a", **traced, x_delay_time=3)
        await client.models.list(**traced, extra_query={"a": "b"})
        await client.models.public.retrieve("gpt-oss-120b", **traced)
    assert [request.headers["cf-ray"] for request in server.requests] == ["ray-1"] * 4
    assert [request.headers["x-amz-cf-id"] for request in server.requests] == ["id-2"] * 4
    assert [r.headers.get("x-delay-time") for r in server.requests] == ["0.5", "3", None, None]
    assert server.requests[2].target == "/v1/models?a=b"


async def test_the_options_of_a_client_are_its_attributes(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("GET", "/v1/models", Answer(200, {}, b'{"data": []}'))
    client = AsyncCerebras("csk-test-1", default_headers={"X-Gateway": "secret-3f9a"})
    assert client.api_key == "csk-test-1"
    assert client.base_url == "https://api.cerebras.ai"
    assert client.user_agent.startswith("cerebras-inference-sdk/")
    assert "secret-3f9a" not in repr(client.default_headers)
    assert "csk-test-1" not in repr(vars(client))
    client.api_key = "csk-test-2"
    client.base_url = server.base_url + "/v1"
    client.timeout = 5
    client.max_retries = 0
    assert (client.api_key, client.base_url) == ("csk-test-2", server.base_url)
    assert (client.timeout.read, client.max_retries) == (5, 0)
    async with client:
        await client.models.list()
    assert server.requests[0].headers["authorization"] == "Bearer csk-test-2"
    with pytest.raises(InvalidRequestError):
        client.max_retries = -1
    with pytest.raises(InvalidRequestError):
        client.base_url = "ftp://host"
    assert AsyncCerebras(cookies={"a": "b"}).api_key is None


async def test_a_file_of_variables_is_read_when_asked_for(
    server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.route("GET", "/v1/models", Answer(200, {}, b'{"data": []}'))
    path = tmp_path / "keys.env"
    path.write_text(
        '# a comment\nexport CEREBRAS_API_KEY="csk-test-file"\n'
        f"CEREBRAS_BASE_URL={server.base_url}\n"
    )
    async with AsyncCerebras.from_env_file(path, max_retries=0) as client:
        await client.models.list()
        assert client.max_retries == 0
    assert server.requests[0].headers["authorization"] == "Bearer csk-test-file"
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test-environment")
    assert AsyncCerebras.from_env_file(path).api_key == "csk-test-environment"
    assert AsyncCerebras.from_env_file(path, api_key="csk-test-given").api_key == "csk-test-given"
    monkeypatch.setenv("CEREBRAS_API_KEY", "")
    assert AsyncCerebras.from_env_file(path).api_key == "csk-test-file"
    with pytest.raises(FileNotFoundError):
        AsyncCerebras.from_env_file(tmp_path / "none.env")
    monkeypatch.chdir(tmp_path)
    path.rename(".env")
    assert AsyncCerebras.from_env_file().base_url == server.base_url
    monkeypatch.delenv("CEREBRAS_API_KEY")
    async with AsyncCerebras() as client:  # nobody asked for it
        with pytest.raises(MissingCredentialsError):
            await client.models.list()
    monkeypatch.setitem(sys.modules, "dotenv", None)
    with pytest.raises(InvalidRequestError, match=r"cerebras-inference-sdk\[dotenv\]"):
        AsyncCerebras.from_env_file()


async def test_closing_a_client_closes_its_copies(options: dict[str, Any]) -> None:
    client = AsyncCerebras(**options)
    copy, raw = client.with_options(max_retries=0), client.models.with_raw_response
    own = client.with_options(http_client=None, default_model="gpt-oss-120b")
    await client.close()
    for call in (copy.models.list, raw.list, own.models.list):
        with pytest.raises(CerebrasError, match="closed"):
            await call()
    assert copy.is_closed()


async def test_an_answer_is_cast_to_what_was_asked_for(
    options: dict[str, Any], server: LocalServer
) -> None:
    class Pydantic:
        @classmethod
        def model_validate(cls, value: Any) -> Any:
            return cls, value

    answer = Answer(201, {"X-Foo": "bar", "Content-Type": "application/json"}, b'{"a": [1]}')
    server.route("POST", "/foo", answer)
    async with AsyncCerebras(**options) as client:

        async def cast(kind: Any) -> Any:
            return await client.post("/foo", cast_to=kind, body={"my_param": True})

        assert await cast(None) == await cast(object) == await cast(dict) == {"a": [1]}
        assert await cast(dict[str, list[int]]) == {"a": [1]}
        assert await cast(str) == '{"a": [1]}'
        assert await cast(bytes) == b'{"a": [1]}'
        assert await cast(type(None)) is None
        assert await cast(Pydantic) == (Pydantic, {"a": [1]})
        for kind in (httpx.Response, requests.Response):
            response = await cast(kind)
            assert isinstance(response, kind)
            assert response.status_code == 201
            assert response.headers.get("x-foo") == "bar"
            assert response.json() == {"a": [1]}
            assert str(response.url) == f"{server.base_url}/foo"
    assert json.loads(server.requests[0].body) == {"my_param": True}


async def test_a_request_takes_the_options_of_other_sdks(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    server.route("PUT", "/foo", Answer(500, {}, b"{}"))
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InternalServerError):
            await client.put(
                "/foo",
                body={"a": 1},
                options={
                    "headers": {"X-A": "1"},
                    "params": {"q": "1"},
                    "timeout": 5,
                    "max_retries": 1,
                    "extra_json": {"b": 2},
                },
            )
        with pytest.raises(InvalidRequestError, match="'patience' is none of"):
            await client.get("/foo", options={"patience": 1})
        with pytest.raises(InternalServerError):
            await client.put("/foo", content=b"as it is", extra_headers={"Content-Type": "text/x"})
    first, second = server.requests[0], server.requests[2]
    assert len(server.requests) == 2 + 3
    assert first.target == "/foo?q=1"
    assert first.headers["x-a"] == "1"
    assert json.loads(first.body) == {"a": 1, "b": 2}
    assert second.body == b"as it is"
    assert second.headers["content-type"] == "text/x"


async def test_events_of_any_path_are_a_stream(options: dict[str, Any]) -> None:
    async with AsyncCerebras(**options) as client:
        body = {**CHAT, "stream": True}
        stream = await client.post("/v1/chat/completions", body=body, stream=True)
        assert "".join([text async for text in stream.text_stream]) == "One two three"
        body = {"model": "gpt-oss-120b", "prompt": "One two", "stream": True}
        texts = await client.post(
            "/v1/completions", body=body, stream=True, stream_cls=AsyncStream[Completion]
        )
        assert isinstance(await texts.get_final_completion(), Completion)
        chunks = await client.post(
            "/v1/chat/completions",
            body={**CHAT, "stream": True},
            stream=True,
            stream_cls=AsyncStream[ChatCompletionChunk],
        )
        assert isinstance(await chunks.get_final_completion(), ChatCompletion)


async def test_a_connection_is_opened_in_the_background_at_the_first_use(
    options: dict[str, Any], server: LocalServer
) -> None:
    AsyncCerebras(**options, warm_tcp_connection=True)
    assert not server.requests  # not by the constructor
    async with AsyncCerebras(**options, warm_tcp_connection=True) as client:
        deadline = time.monotonic() + 10
        while not server.requests and time.monotonic() < deadline:
            await client._transport.sleep(0.01)
        assert [request.target for request in server.requests] == [WARMING]
        await client.models.list()
        await client.models.list()
    assert [request.target for request in server.requests].count(WARMING) == 1
    client = AsyncCerebras(**options, warm_tcp_connection=True)
    await client.models.list()
    while len(server.requests) < 5 and time.monotonic() < deadline:
        await client._transport.sleep(0.01)
    assert [request.target for request in server.requests].count(WARMING) == 2
    await client.close()


async def test_a_connection_that_cannot_be_opened_ahead_disturbs_nobody(
    options: dict[str, Any], server: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="cerebras_sdk")
    server.route("GET", WARMING, Answer(500, {}, b"no"))
    async with AsyncCerebras(**options, warm_tcp_connection=True) as client:
        assert (await client.models.list()).data
    async with AsyncCerebras(base_url=server.base_url, warm_tcp_connection=True) as client:
        deadline = time.monotonic() + 10
        while "ahead" not in caplog.text and time.monotonic() < deadline:
            await client._transport.sleep(0.01)
    assert "no connection was opened ahead: no Cerebras API key" in caplog.text


async def test_the_log_tells_each_call_and_no_secret(
    options: dict[str, Any], server: LocalServer, caplog: pytest.LogCaptureFixture, waits: Any
) -> None:
    key = "csk-test-3f9a"
    answers = iter(
        [Answer(500, {}, b'{"a": "text-3f9a"}'), Answer(200, {"X-Echo": key}, b'{"data": []}')]
    )
    server.route("GET", "/v1/models", lambda request: next(answers))
    caplog.set_level(logging.DEBUG, logger="cerebras_sdk")
    async with AsyncCerebras(
        api_key=key,
        base_url=server.base_url,
        default_headers={"X-Gateway": "gate-3f9a"},
        default_query={"gateway_key": "query-3f9a"},
    ) as client:
        await client.models.list()
    assert f"GET {server.base_url}/v1/models: 500 in " in caplog.text
    assert "/v1/models: attempt 2 in 0." in caplog.text
    assert f"GET {server.base_url}/v1/models: 200 in " in caplog.text
    assert "X-Cerebras-Version-Patch" in caplog.text
    assert "3f9a" not in caplog.text


async def test_a_variable_switches_the_log_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, logger = logging.getLogger(), logging.getLogger("cerebras_sdk")
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    monkeypatch.setenv("CEREBRAS_LOG", "INFO")
    AsyncCerebras("csk-test")
    logger.info("heard")
    logger.debug("not heard")
    assert "cerebras_sdk INFO heard\n" in capsys.readouterr().err
    monkeypatch.setenv("CEREBRAS_LOG", "loud")
    with pytest.warns(CerebrasWarning, match="'loud' is none of debug, info"):
        AsyncCerebras("csk-test")


async def test_plain_http_to_another_machine_is_warned_of(server: LocalServer) -> None:
    plain = "http://gateway.example:8083"
    with pytest.warns(InsecureURLWarning, match="can be read on the way") as warned:
        client = AsyncCerebras("csk-test", base_url=plain)
    with pytest.warns(InsecureURLWarning):
        AsyncCerebras("csk-test").with_options(base_url=plain)
    with pytest.warns(InsecureURLWarning):
        AsyncCerebras("csk-test").base_url = plain
    assert warned[0].filename == __file__
    client.with_options(max_retries=0)  # said once
    AsyncCerebras("csk-test", base_url=server.base_url)


async def test_a_query_is_written_as_others_write_it(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("GET", "/v1/x", Answer(200, {}, b"{}"))
    query = {"a": [1, "z y"], "b": True, "n": None, "d": {"x": 1, "y": [2, 3]}, "u": "é"}
    async with AsyncCerebras(**options, default_query={"q": 1}) as client:
        await client.get("/v1/x?own=2", query=query)
        await client.get("v1/x")
        for wrong in ("a=1", [("a", 1)]):
            with pytest.raises(InvalidRequestError, match="query must be a dict"):
                await client.get("/v1/x", query=wrong)
    first, second = (request.target for request in server.requests)
    assert first == "/v1/x?own=2&q=1&a=1&a=z+y&b=true&d%5Bx%5D=1&d%5By%5D=2&d%5By%5D=3&u=%C3%A9"
    assert second == "/v1/x?q=1"


@pytest.mark.parametrize(
    "path",
    [
        "", "//other.example/v1", "https://other.example/v1", "/v1/../management/v1/endpoints",
        "/./management/v1", "/v1/%2e%2E/x", "/%6danagement/v1/x", "/v1/x\ny", "/v1/x y",
        "/v1/\ud800", "/v1\\..\\x", "/v1/x#part", "/v1/é", 5,
    ],
)  # fmt: skip
async def test_a_path_that_can_be_read_in_two_ways_is_refused(
    options: dict[str, Any], server: LocalServer, path: Any
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match="path"):
            await client.get(path)
    assert not server.requests


async def test_no_key_goes_where_the_other_belongs(
    options: dict[str, Any], server: LocalServer
) -> None:
    for path in ("/management/v1", "/management/v1/x", "/management/v1?a=1", "/management/v1x"):
        server.route("GET", path.partition("?")[0], Answer(200, {}, b"{}"))
    async with AsyncCerebras(**options, management_key="mk-test") as client:
        for path in ("/management/v1", "/management/v1/x", "/management/v1?a=1"):
            await client.get(path)
        await client.get("/management/v1x")
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer mk-test"] * 3 + ["Bearer csk-test"]


async def test_an_answer_without_a_body_is_none(
    options: dict[str, Any], server: LocalServer
) -> None:
    server.route("DELETE", "/foo", Answer(204, {}, b""))
    async with AsyncCerebras(**options) as client:
        assert await client.delete("/foo") is None
        assert await client.delete("/foo", cast_to=str) == ""


async def test_an_answer_that_does_not_fit_the_class_asked_for_is_refused(
    options: dict[str, Any], server: LocalServer
) -> None:
    class Picky:
        @classmethod
        def model_validate(cls, value: Any) -> Any:
            raise ValueError(f"not {value}")

    server.route("GET", "/foo", Answer(200, {}, b'{"a": "csk-test-3f9a"}'))
    async with AsyncCerebras("csk-test-3f9a", base_url=options["base_url"]) as client:
        with pytest.raises(APIResponseValidationError, match=r"not {'a': '\*\*\*'}") as caught:
            await client.get("/foo", cast_to=Picky)
    assert "3f9a" not in str(caught.value)


async def test_an_error_in_an_answer_of_200_is_raised_by_every_resource(
    options: dict[str, Any], server: LocalServer
) -> None:
    nested = b'{"status_code": 503, "error": {"message": "overloaded", "code": "x"}}'
    flat = b'{"message": "overloaded", "type": "server_error", "param": "", "code": "x"}'
    async with AsyncCerebras(**options, management_key="mk", max_retries=0) as client:
        for body in (nested, flat):
            for method, path, call in (
                ("GET", "/v1/models", client.models.list),
                ("GET", "/v1/models/m", lambda: client.models.retrieve("m")),
                ("GET", "/public/v1/models", client.models.public.list),
                ("GET", "/v1/files/f", lambda: client.files.retrieve("f")),
                ("GET", "/v1/batches/b", lambda: client.batches.wait("b")),
                ("POST", "/v1/files", lambda: client.files.create(b"{}")),
                ("GET", "/management/v1/orgs/o/models", lambda: client.management.models.list("o")),
                ("GET", "/api/v1/metrics/organizations/o", lambda: client.metrics.retrieve("o")),
            ):
                server.route(method, path, Answer(200, {}, body))
                with pytest.raises(InternalServerError, match="overloaded"):
                    await call()
        server.route("GET", "/v1/files", Answer(200, {}, nested))
        with pytest.raises(InternalServerError):
            _ = [file async for file in client.files.list()]
        server.route("GET", "/v1/new", Answer(200, {}, nested))
        with pytest.raises(InternalServerError):
            await client.get("/v1/new")


async def test_the_timeout_of_an_http_client_is_kept(options: dict[str, Any]) -> None:
    client = AsyncCerebras(**options)
    assert client.timeout == Timeout(60)
    assert client.with_options(timeout=Timeout(3, connect=None)).timeout == Timeout(
        connect=None, read=3, write=3, pool=3
    )


async def test_the_version_of_the_api_can_be_changed_later(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options, default_headers={"X-A": "1"}) as client:
        await client.with_options(api_version="3").models.list()
        await client.with_options(api_version=None).models.list()
        await client.models.list()
    name = "x-cerebras-version-patch"
    assert [request.headers.get(name) for request in server.requests] == ["3", None, "2"]
    assert all(request.headers["x-a"] == "1" for request in server.requests)
