"""The Management API: versions of weights, what endpoints run, and a key that goes nowhere else."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from cerebras_sdk import (
    APIResponseValidationError,
    APIStatusError,
    AsyncCerebras,
    AuthenticationError,
    BadRequestError,
    InvalidRequestError,
    MissingCredentialsError,
    NotFoundError,
)
from cerebras_sdk.testing import Answer, LocalServer

pytestmark = pytest.mark.anyio

KEY = "csk-management-test"
ORG = "my-org"
ARCH = "gpt-oss-120b"
ENDPOINT = "my-org-gpt-oss-120b"
WEIGHTS = "s3://bucket/weights"
ROOT = "/management/v1"
NAME = f"orgs/{ORG}/models/{ARCH}/versions/1"


@pytest.fixture
def managing(options: dict[str, Any]) -> dict[str, Any]:
    """What a client needs to manage the endpoints of the local server."""
    return options | {"management_key": KEY}


# One call of each method, with its method and path.
CALLS: dict[str, Callable[[AsyncCerebras], Any]] = {
    f"GET {ROOT}/orgs/{ORG}/models": lambda client: client.management.models.list(ORG),
    f"POST {ROOT}/orgs/{ORG}/models:upload": lambda client: client.management.models.upload(
        ORG, model_arch_id=ARCH, weight_uri=WEIGHTS
    ),
    f"GET {ROOT}/orgs/{ORG}/models/{ARCH}/versions": lambda client: (
        client.management.models.versions.list(ORG, ARCH)
    ),
    f"GET {ROOT}/orgs/{ORG}/models/{ARCH}/versions/1": lambda client: (
        client.management.models.versions.retrieve(ORG, ARCH, 1)
    ),
    f"PATCH {ROOT}/orgs/{ORG}/models/{ARCH}/versions/1": lambda client: (
        client.management.models.versions.update(ORG, ARCH, 1, version_aliases=["prod"])
    ),
    f"DELETE {ROOT}/orgs/{ORG}/models/{ARCH}/versions/1": lambda client: (
        client.management.models.versions.delete(ORG, ARCH, 1)
    ),
    f"GET {ROOT}/orgs/{ORG}/endpoints": lambda client: client.management.endpoints.list(ORG),
    f"GET {ROOT}/endpoints/{ENDPOINT}": lambda client: client.management.endpoints.retrieve(
        ENDPOINT
    ),
    f"POST {ROOT}/endpoints/{ENDPOINT}:deployModel": lambda client: (
        client.management.endpoints.deploy_model(ENDPOINT, model=NAME)
    ),
}


async def test_weights_are_uploaded_named_deployed_and_deleted(
    managing: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**managing) as client:
        models, endpoints = client.management.models, client.management.endpoints
        versions = models.versions
        uploaded = await models.upload(
            ORG,
            model_arch_id=ARCH,
            weight_uri=WEIGHTS,
            version_aliases=("v1-stable",),
            system_fingerprint_suffix="mine",
        )
        assert (uploaded.name, uploaded.done) == (NAME, False)
        assert uploaded.response.to_dict() == {
            "customer_s3_uri": WEIGHTS,
            "version_aliases": ["v1-stable"],
            "sync_status": "queued",
            "system_fingerprint_suffix": "mine",
        }
        looks = [await versions.retrieve(ORG, ARCH, name) for name in (1, "1", "v1-stable")]
        assert [look.response.sync_status for look in looks] == ["in_progress", "done", "done"]
        assert [look.done for look in looks] == [False, True, True]
        assert looks[2].response_headers["content-type"] == "application/json"
        found = await versions.list(ORG, ARCH)
        assert len(found) == 1
        assert list(found) == found.model_versions == [looks[2]]

        renamed = await versions.update(ORG, ARCH, "v1-stable", version_aliases=["production"])
        assert (renamed.name, renamed.version_aliases) == (NAME, ["production"])

        operation = await endpoints.deploy_model(ENDPOINT, model=uploaded.name)
        assert operation.done is False
        assert operation.response.rollout_status == "not_started"
        assert operation.response.version_id == 1
        assert operation.response.endpoint_id == ENDPOINT
        states = [await endpoints.retrieve(ENDPOINT) for _ in range(2)]
        assert [state.deployed_models[0].state for state in states] == ["in_progress", "complete"]
        assert states[1].name == ENDPOINT
        assert states[1].managing_org_name == ORG
        deployed = states[1].deployed_models[0]
        assert (deployed.id, deployed.model) == (operation.name, NAME)
        assert deployed.version_alias == "production"

        emptied = await versions.update(ORG, ARCH, 1, version_aliases=[])
        assert emptied.version_aliases == []
        deleted = await versions.delete(ORG, ARCH, 1)
        assert (deleted.name, deleted.deleted) == (NAME, True)
        assert len(await versions.list(ORG, ARCH)) == 0
        with pytest.raises(NotFoundError, match="No such version: 1"):
            await versions.retrieve(ORG, ARCH, 1)
    assert server.requests[0].json() == {
        "model_arch_id": ARCH,
        "model": {
            "weight_uri": WEIGHTS,
            "version_aliases": ["v1-stable"],
            "system_fingerprint_suffix": "mine",
        },
    }


async def test_architectures_and_endpoints_are_listed(managing: dict[str, Any]) -> None:
    async with AsyncCerebras(**managing) as client:
        architectures = await client.management.models.list(ORG)
        endpoints = await client.management.endpoints.list(ORG)
    assert list(architectures) == architectures.model_architectures
    assert list(architectures) == [ARCH, "qwen-3.8-27b"]
    assert len(architectures) == len(endpoints) == 2
    assert [endpoint.endpoint_id for endpoint in endpoints] == [ENDPOINT, "my-org-qwen-3.8-27b"]
    first = endpoints.endpoints[0]
    assert (first.model_arch_id, first.org_name, first.created) == (ARCH, ORG, first.updated)


@pytest.mark.parametrize("target", CALLS)
async def test_each_call_goes_to_its_path_with_the_management_key_alone(
    managing: dict[str, Any], server: LocalServer, target: str
) -> None:
    method, path = target.split()
    server.route(method, path, Answer(200, {}, b'{"name": "it", "new": 7}'))
    async with AsyncCerebras(**managing) as client:
        answer = await CALLS[target](client)
    assert answer.new == 7
    assert [(request.method, request.target) for request in server.requests] == [(method, path)]
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "csk-test" not in str(dict(server.requests[0].headers))


@pytest.mark.parametrize("target", CALLS)
async def test_without_a_management_key_nothing_is_sent(
    options: dict[str, Any], server: LocalServer, target: str
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(MissingCredentialsError, match="management_key=") as caught:
            await CALLS[target](client)
    assert "CEREBRAS_MANAGEMENT_KEY" in str(caught.value)
    assert "the key of the inference API does not work there" in str(caught.value)
    assert server.requests == []


async def test_the_management_key_goes_nowhere_else(
    managing: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**managing) as client:
        await client.management.models.list(ORG)
        await client.models.list()
        await client.models.public.list()
        await client.files.create(b"{}\n")
        await client.metrics.retrieve(ORG)
        await client.chat.completions.create(
            model=ARCH, messages=[{"role": "user", "content": "Hello!"}]
        )
    keys = [request.headers.get("authorization") for request in server.requests]
    inference = "Bearer csk-test"
    assert keys == [f"Bearer {KEY}", inference, None, inference, inference, inference]


async def test_the_key_from_the_environment_needs_no_other_and_stays_with_derived_clients(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEREBRAS_MANAGEMENT_KEY", KEY)
    async with AsyncCerebras(base_url=server.base_url) as client:
        assert ARCH in list(await client.management.models.list(ORG))
        once = client.with_options(max_retries=0)
        assert ARCH in list(await once.management.models.list(ORG))


@pytest.mark.parametrize("place", ["call", "client"])
async def test_an_authorization_header_of_the_user_goes_before_the_key(
    managing: dict[str, Any], server: LocalServer, place: str
) -> None:
    own = {"authorization": f"Bearer {KEY}"}
    wrong = managing | {"management_key": "csk-management-wrong"}
    if place == "client":
        wrong["default_headers"] = own
    async with AsyncCerebras(**wrong) as client:
        listed = await client.management.models.list(
            ORG, extra_headers=own if place == "call" else None
        )
    assert ARCH in list(listed)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_header_that_is_taken_away_leaves_the_key(
    managing: dict[str, Any], server: LocalServer
) -> None:
    foreign = managing | {"default_headers": {"Authorization": "Bearer gateway"}}
    async with AsyncCerebras(**foreign) as client:
        await client.management.models.list(ORG, extra_headers={"authorization": None})
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_wrong_key_is_refused_once(
    options: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    async with AsyncCerebras(**options, management_key="csk-test") as client:
        with pytest.raises(AuthenticationError):
            await client.management.endpoints.list(ORG)
    assert len(server.requests) == 1
    assert waits == []


async def test_a_failure_in_passing_is_tried_again_with_the_same_key(
    managing: dict[str, Any], server: LocalServer, waits: list[float]
) -> None:
    answers = [Answer(503, {}, b"busy")]
    path = f"{ROOT}/endpoints/{ENDPOINT}"
    server.route("GET", path, lambda request: answers.pop() if answers else None)
    async with AsyncCerebras(**managing) as client:
        assert (await client.management.endpoints.retrieve(ENDPOINT)).name == ENDPOINT
    assert len(waits) == 1
    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == [f"Bearer {KEY}"] * 2


async def test_a_redirect_keeps_the_key_on_the_same_host(
    managing: dict[str, Any], server: LocalServer
) -> None:
    target = f"{ROOT}/orgs/{ORG}/models:upload"
    server.route("POST", f"/old{target}", Answer(307, {"Location": target}))
    moved = managing | {"base_url": f"{server.base_url}/old"}
    async with AsyncCerebras(**moved) as client:
        version = await client.management.models.upload(ORG, model_arch_id=ARCH, weight_uri=WEIGHTS)
    assert version.name == NAME
    assert [request.path for request in server.requests] == [f"/old{target}", target]
    assert server.requests[0].body == server.requests[1].body
    assert server.requests[1].json() == {"model_arch_id": ARCH, "model": {"weight_uri": WEIGHTS}}


async def test_a_redirect_takes_no_key_to_another_host(
    managing: dict[str, Any], server: LocalServer
) -> None:
    other = server.base_url.replace("127.0.0.1", "localhost")
    path = f"{ROOT}/orgs/{ORG}/models"
    server.route("GET", path, Answer(302, {"Location": f"{other}{path}/elsewhere"}))
    async with AsyncCerebras(**managing, max_retries=0) as client:
        with pytest.raises(APIStatusError):
            await client.management.models.list(ORG)
    followed = [request for request in server.requests if request.path.endswith("elsewhere")]
    assert [request.headers.get("authorization") for request in followed] == [None]


@pytest.mark.parametrize("wrong", ["", " ", ".", "..", None, 7, True, b"my-org"])
async def test_an_id_that_cannot_be_one_is_refused_before_anything_is_sent(
    managing: dict[str, Any], server: LocalServer, wrong: Any
) -> None:
    async with AsyncCerebras(**managing) as client:
        models, endpoints = client.management.models, client.management.endpoints
        versions = models.versions
        calls: list[tuple[str, Callable[[], Any]]] = [
            ("organization", lambda: models.list(wrong)),
            ("organization", lambda: versions.list(wrong, ARCH)),
            ("organization", lambda: endpoints.list(wrong)),
            ("model_arch_id", lambda: versions.list(ORG, wrong)),
            ("model_arch_id", lambda: versions.retrieve(ORG, wrong, 1)),
            ("model_arch_id", lambda: versions.delete(ORG, wrong, 1)),
            ("endpoint_id", lambda: endpoints.retrieve(wrong)),
            ("endpoint_id", lambda: endpoints.deploy_model(wrong, model=NAME)),
        ]
        if wrong != 7 or isinstance(wrong, bool):
            calls += [
                ("version", lambda: versions.retrieve(ORG, ARCH, wrong)),
                ("version", lambda: versions.update(ORG, ARCH, wrong, version_aliases=[])),
                ("version", lambda: versions.delete(ORG, ARCH, wrong)),
            ]
        for name, call in calls:
            with pytest.raises(InvalidRequestError, match=f"^{name} must be"):
                await call()
    assert server.requests == []


async def test_a_body_that_cannot_be_right_is_refused_before_anything_is_sent(
    managing: dict[str, Any], server: LocalServer
) -> None:
    aliases: Any
    async with AsyncCerebras(**managing) as client:
        models = client.management.models
        with pytest.raises(InvalidRequestError, match=r"^weight_uri must be"):
            await models.upload(ORG, model_arch_id=ARCH, weight_uri="")
        with pytest.raises(InvalidRequestError, match=r"^model_arch_id must be"):
            await models.upload(ORG, model_arch_id="", weight_uri=WEIGHTS)
        with pytest.raises(InvalidRequestError, match=r"^model must be"):
            await client.management.endpoints.deploy_model(ENDPOINT, model=" ")
        for aliases in ("production", b"production", None, 7, ["production", 7], [""]):
            with pytest.raises(InvalidRequestError, match="version_aliases must be"):
                await models.versions.update(ORG, ARCH, 1, version_aliases=aliases)
    assert server.requests == []


async def test_ids_are_quoted_and_the_colon_of_a_verb_is_not(
    managing: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**managing) as client:
        with pytest.raises(NotFoundError):
            await client.management.endpoints.deploy_model("a/b:c ?\u00e4", model=NAME)
        with pytest.raises(NotFoundError):
            await client.management.models.upload("a/b:c", model_arch_id=ARCH, weight_uri=WEIGHTS)
        with pytest.raises(NotFoundError):
            await client.management.models.versions.delete(ORG, ARCH, "../2")
    assert [request.target for request in server.requests] == [
        f"{ROOT}/endpoints/a%2Fb%3Ac%20%3F%C3%A4:deployModel",
        f"{ROOT}/orgs/a%2Fb%3Ac/models:upload",
        f"{ROOT}/orgs/{ORG}/models/{ARCH}/versions/..%2F2",
    ]


async def test_the_service_says_what_is_wrong(managing: dict[str, Any]) -> None:
    async with AsyncCerebras(**managing) as client:
        models = client.management.models
        with pytest.raises(BadRequestError, match="S3 URI"):
            await models.upload(ORG, model_arch_id=ARCH, weight_uri="https://bucket")
        for name in ("v1", "v2"):
            await models.upload(ORG, model_arch_id=ARCH, weight_uri=WEIGHTS, version_aliases=[name])
        with pytest.raises(BadRequestError, match="'v1' is the alias of another version"):
            await models.versions.update(ORG, ARCH, "v2", version_aliases=["v1"])
        with pytest.raises(BadRequestError, match="upload of version 2 is not done"):
            await client.management.endpoints.deploy_model(
                ENDPOINT, model=NAME.replace("/1", "/v2")
            )
        with pytest.raises(NotFoundError, match="organization"):
            await models.list("other")


async def test_a_deletion_is_understood_in_both_documented_forms(
    managing: dict[str, Any], server: LocalServer
) -> None:
    path = f"{ROOT}/orgs/{ORG}/models/{ARCH}/versions/1"
    server.route("DELETE", path, Answer(200, {}, b'{"message": "gone"}'))
    async with AsyncCerebras(**managing) as client:
        deleted = await client.management.models.versions.delete(ORG, ARCH, 1)
    assert (deleted.message, deleted.deleted) == ("gone", None)


async def test_an_answer_that_names_nothing_is_no_success(
    managing: dict[str, Any], server: LocalServer
) -> None:
    path = f"{ROOT}/endpoints/{ENDPOINT}:deployModel"
    server.route("POST", path, Answer(200, {}, b"{}"))
    async with AsyncCerebras(**managing) as client:
        with pytest.raises(APIResponseValidationError):
            await client.management.endpoints.deploy_model(ENDPOINT, model=NAME)


async def test_unknown_fields_and_nulls_are_kept_and_left_out(
    managing: dict[str, Any], server: LocalServer
) -> None:
    body = b'{"name": "e", "deployed_models": [{"id": "d", "state": "paused", "weight": 0.5}],'
    server.route("GET", f"{ROOT}/endpoints/{ENDPOINT}", Answer(200, {}, body + b'"created": null}'))
    async with AsyncCerebras(**managing) as client:
        status = await client.management.endpoints.retrieve(ENDPOINT)
    assert status.created is None
    assert (status.deployed_models[0].state, status.deployed_models[0].weight) == ("paused", 0.5)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
async def test_a_service_that_repeats_the_key_does_not_show_it(
    options: dict[str, Any], server: LocalServer, status: int
) -> None:
    key = "csk-management-3f9a"

    def echo(request: Any) -> Answer:
        said = request.headers["authorization"]
        headers = {"X-Echo": said}
        return Answer(status, headers, f'{{"message": "no {said}"}}'.encode())

    server.route("POST", f"{ROOT}/endpoints/{ENDPOINT}:deployModel", echo)
    async with AsyncCerebras(**options, management_key=key) as client:
        with pytest.raises((APIStatusError, APIResponseValidationError)) as caught:
            await client.management.endpoints.deploy_model(
                ENDPOINT, model=NAME, extra_headers={"X-More": key}
            )
        seen = [repr(client), repr(vars(client)), repr(client.management)]
    assert server.requests[0].headers["authorization"] == f"Bearer {key}"
    layer: BaseException | None = caught.value
    while layer is not None:
        seen += [str(layer), repr(layer), repr(vars(layer))]
        for frame, _ in traceback.walk_tb(layer.__traceback__):
            if "/cerebras_sdk/" in frame.f_code.co_filename:
                seen += [f"{name}={value!r}" for name, value in frame.f_locals.items()]
        layer = layer.__cause__ or layer.__context__
    assert not [text for text in seen if key in text]


async def test_a_call_has_headers_and_a_timeout_of_its_own(
    managing: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**managing) as client:
        await client.management.models.list(ORG, extra_headers={"X-More": "1"}, timeout=5)
        with pytest.raises(InvalidRequestError, match="timeout"):
            await client.management.models.list(ORG, timeout=-1)
    assert [request.headers["x-more"] for request in server.requests] == ["1"]


async def test_the_answer_is_given_as_it_came_when_that_is_wanted(
    managing: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**managing) as client:
        raw = await client.management.with_raw_response.models.versions.list(ORG, ARCH)
        assert await raw.json() == {"model_versions": []}
        assert len(await raw.parse()) == 0
    assert (raw.status_code, raw.url) == (200, server.base_url + server.requests[0].target)
