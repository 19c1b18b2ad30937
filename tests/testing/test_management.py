"""The Management API: versions of weights, and what an endpoint runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cerebras_sdk.testing import LocalServer

from .local_client import Body, client_of

_ORG = "/management/v1/orgs/my-org"
_VERSIONS = f"{_ORG}/models/gpt-oss-120b/versions"
_ENDPOINT = "/management/v1/endpoints/my-org-gpt-oss-120b"


@pytest.fixture
def client(server: LocalServer) -> Iterator[httpx.Client]:
    with client_of(server) as client:
        client.headers["Authorization"] = "Bearer csk-management-test"
        yield client


def _upload(client: httpx.Client, *aliases: str, **more: Any) -> httpx.Response:
    model = {"weight_uri": "s3://bucket/weights", "version_aliases": list(aliases), **more}
    body = {"model_arch_id": "gpt-oss-120b", "model": model}
    return client.post(f"{_ORG}/models:upload", json=body)


def test_the_key_is_another_one(client: httpx.Client) -> None:
    assert client.get(f"{_ORG}/models").status_code == 200
    assert client.get("/v1/models").status_code == 401
    client.headers["Authorization"] = "Bearer csk-test"
    assert client.get(f"{_ORG}/models").status_code == 401
    del client.headers["Authorization"]
    assert client.get(f"{_ORG}/models").status_code == 403


def test_architectures_and_endpoints_are_those_of_the_listed_models(client: httpx.Client) -> None:
    assert client.get(f"{_ORG}/models").json() == {
        "model_architectures": ["gpt-oss-120b", "qwen-3.8-27b"]
    }
    endpoints = client.get(f"{_ORG}/endpoints").json()["endpoints"]
    assert endpoints[0] == {
        "endpoint_id": "my-org-gpt-oss-120b",
        "model_arch_id": "gpt-oss-120b",
        "created": endpoints[0]["created"],
        "updated": endpoints[0]["created"],
        "org_name": "my-org",
    }
    assert endpoints[1]["endpoint_id"] == "my-org-qwen-3.8-27b"


def test_an_upload_is_done_after_some_looks(client: httpx.Client) -> None:
    uploaded = _upload(client, "production", system_fingerprint_suffix="mine").json()
    assert uploaded == {
        "name": "orgs/my-org/models/gpt-oss-120b/versions/1",
        "done": False,
        "response": {
            "customer_s3_uri": "s3://bucket/weights",
            "version_aliases": ["production"],
            "sync_status": "queued",
            "system_fingerprint_suffix": "mine",
        },
    }
    looks = [client.get(f"{_VERSIONS}/production").json() for _ in range(3)]
    assert [look["response"]["sync_status"] for look in looks] == ["in_progress", "done", "done"]
    assert [look["done"] for look in looks] == [False, True, True]
    assert client.get(_VERSIONS).json() == {"model_versions": [looks[-1]]}


def test_aliases_move_when_they_are_free(client: httpx.Client) -> None:
    _upload(client, "production")
    assert _upload(client).json()["name"].endswith("/versions/2")
    taken = client.patch(f"{_VERSIONS}/2", json={"version_aliases": ["production"]})
    assert taken.status_code == 400
    assert "'production'" in taken.json()["message"]
    client.patch(f"{_VERSIONS}/production", json={"version_aliases": ["old"]})
    moved = client.patch(f"{_VERSIONS}/2", json={"version_aliases": ["production"]})
    assert moved.json() == {
        "name": "orgs/my-org/models/gpt-oss-120b/versions/2",
        "version_aliases": ["production"],
    }
    assert client.get(f"{_VERSIONS}/production").json()["name"].endswith("/2")


def test_a_deleted_version_is_gone_and_its_number_not_used_again(client: httpx.Client) -> None:
    _upload(client)
    assert client.delete(f"{_VERSIONS}/1").json() == {
        "name": "orgs/my-org/models/gpt-oss-120b/versions/1",
        "deleted": True,
    }
    assert client.get(f"{_VERSIONS}/1").status_code == 404
    assert _upload(client).json()["name"].endswith("/versions/2")


def test_the_versions_of_others_are_left_alone(client: httpx.Client) -> None:
    _upload(client)
    theirs = _VERSIONS.replace("my-org", "other")
    assert client.delete(f"{theirs}/1").status_code == 404
    assert client.get(f"{_VERSIONS}/1").status_code == 200


def test_a_version_is_deployed_when_its_upload_is_done(client: httpx.Client) -> None:
    _upload(client, "v1-stable")
    body = {"model": "orgs/my-org/models/gpt-oss-120b/versions/v1-stable"}
    early = client.post(f"{_ENDPOINT}:deployModel", json=body)
    assert (early.status_code, early.json()["code"]) == (400, "wrong_api_format")
    for _ in range(2):
        client.get(f"{_VERSIONS}/1")
    operation = client.post(f"{_ENDPOINT}:deployModel", json=body).json()
    assert operation["done"] is False
    assert operation["name"] == operation["response"]["deployment_id"]
    assert operation["response"]["version_id"] == 1
    assert operation["response"]["rollout_status"] == "not_started"
    looks = [client.get(_ENDPOINT).json() for _ in range(2)]
    assert [look["deployed_models"][0]["state"] for look in looks] == ["in_progress", "complete"]
    assert list(looks[0]) == [
        *("name", "model_arch_id", "deployed_models", "managing_org_name", "created", "updated")
    ]
    assert looks[1]["deployed_models"][0]["id"] == operation["name"]
    assert looks[1]["deployed_models"][0]["model"].endswith("/versions/1")
    assert looks[1]["deployed_models"][0]["version_alias"] == "v1-stable"


@pytest.mark.parametrize(
    "path",
    [
        "/management/v1/orgs/other/models",
        "/management/v1/endpoints/other",
        f"{_ORG}/models/foo/versions",
        f"{_VERSIONS}/7",
    ],
)
def test_what_is_not_there_is_told_so(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "not_found_error")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "model_arch_id: Field required\nmodel: Field required"),
        ({"model_arch_id": "gpt-oss-120b", "model": {}}, "weight_uri: Field required"),
        (
            {"model_arch_id": "gpt-oss-120b", "model": {"weight_uri": "https://x"}},
            "weight_uri: Input should be an S3 URI (s3://...)",
        ),
    ],
)
def test_a_wrong_upload_is_refused(client: httpx.Client, body: Body, message: str) -> None:
    answer = client.post(f"{_ORG}/models:upload", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert client.get(_VERSIONS).json() == {"model_versions": []}


@pytest.mark.parametrize("alias", ["", "1st", "Latest", "a_b", "a"])
def test_an_alias_has_a_form(client: httpx.Client, alias: str) -> None:
    assert _upload(client, alias).status_code == 400


@pytest.mark.parametrize("model", ["gpt-oss-120b", "orgs/my-org/models/qwen-3.8-27b/versions/1"])
def test_only_versions_of_its_own_model_are_deployed(client: httpx.Client, model: str) -> None:
    answer = client.post(f"{_ENDPOINT}:deployModel", json={"model": model})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("model: Input should be orgs/my-org/models/gpt-oss")
