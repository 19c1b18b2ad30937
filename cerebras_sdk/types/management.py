"""Versions of weights and dedicated endpoints, as the Management API tells of them.

Source: https://inference-docs.cerebras.ai/dedicated/management-api (private preview). Times are
unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import field

from ._base import Answer, Model


class ModelArchitectureList(Answer):
    """The architectures that an organization may upload weights for; iterate it for their ids."""

    model_architectures: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return iter(self.model_architectures)

    def __len__(self) -> int:
        return len(self.model_architectures)


class ModelVersionStatus(Model):
    """Where the weights of a version came from, and how far they are.

    `sync_status`: `queued`, `in_progress`, `done`, or newer.
    """

    customer_s3_uri: str | None = None
    version_aliases: list[str] = []
    sync_status: str | None = None
    system_fingerprint_suffix: str | None = None


class ModelVersion(Answer):
    """A version of uploaded weights, and its upload as a long-running operation.

    `name` is `orgs/{organization}/models/{architecture}/versions/{number}`, which is what
    `client.management.endpoints.deploy_model` takes; `done` once the upload has ended.
    """

    name: str
    done: bool = False
    response: ModelVersionStatus = field(default_factory=ModelVersionStatus)


class ModelVersionList(Answer):
    """The versions of one architecture; iterate it for them, or take `model_versions`."""

    model_versions: list[ModelVersion] = []

    def __iter__(self) -> Iterator[ModelVersion]:
        return iter(self.model_versions)

    def __len__(self) -> int:
        return len(self.model_versions)


class ModelVersionAliases(Answer):
    """The aliases that a version now has."""

    name: str
    version_aliases: list[str] = []


class ModelVersionDeleted(Answer):
    """That a version is gone. The service's documents show `name` and `deleted` in their example,
    and `message` in their schema."""

    name: str | None = None
    deleted: bool | None = None
    message: str | None = None


class DedicatedEndpoint(Model):
    """An endpoint; `endpoint_id` is also the `model` of requests to it."""

    endpoint_id: str
    model_arch_id: str | None = None
    created: int | None = None
    updated: int | None = None
    org_name: str | None = None


class DedicatedEndpointList(Answer):
    """The endpoints of an organization; iterate it for them, or take `endpoints`."""

    endpoints: list[DedicatedEndpoint] = []

    def __iter__(self) -> Iterator[DedicatedEndpoint]:
        return iter(self.endpoints)

    def __len__(self) -> int:
        return len(self.endpoints)


class DeployedModel(Model):
    """A version that an endpoint runs, or is about to.

    `id` is that of the deployment, `model` the name of the version. `state`: `not_started`,
    `in_progress`, `complete`, or newer.
    """

    id: str
    model: str | None = None
    version_alias: str | None = None
    created: int | None = None
    state: str | None = None


class DedicatedEndpointStatus(Answer):
    """What an endpoint runs."""

    name: str
    model_arch_id: str | None = None
    deployed_models: list[DeployedModel] = []
    managing_org_name: str | None = None
    created: int | None = None
    updated: int | None = None


class Deployment(Model):
    """A deployment as it was when it was asked for; `rollout_status` is `not_started` then."""

    deployment_id: str | None = None
    endpoint_id: str | None = None
    org_name: str | None = None
    model_arch_id: str | None = None
    version_id: int | None = None
    created: int | None = None
    updated: int | None = None
    rollout_status: str | None = None


class DeploymentOperation(Answer):
    """A deployment as a long-running operation; `name` is the `id` that it has among the
    `deployed_models` of `client.management.endpoints.retrieve`, which tells how far it is."""

    name: str
    done: bool = False
    response: Deployment = field(default_factory=Deployment)
