"""The Management API of dedicated endpoints: versions of weights, and what the endpoints run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .._core.endpoints.management import ManagementCall
from .._core.options import NOT_GIVEN, NotGiven
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..types.management import (
    DedicatedEndpointList,
    DedicatedEndpointStatus,
    DeploymentOperation,
    ModelArchitectureList,
    ModelVersion,
    ModelVersionAliases,
    ModelVersionDeleted,
    ModelVersionList,
)
from .resource import AsyncResource

if TYPE_CHECKING:
    from .client import AsyncCerebras


class AsyncManagement(AsyncResource):
    """`client.management`: your weights on your dedicated endpoints (private preview).

        async with AsyncCerebras(management_key=...) as client:
            models, endpoints = client.management.models, client.management.endpoints
            version = await models.upload(
                "my-org", model_arch_id="gpt-oss-120b", weight_uri="s3://bucket/weights"
            )
            ...  # until `await models.versions.retrieve("my-org", "gpt-oss-120b", 1)` is `done`
            await endpoints.deploy_model("my-org-gpt-oss-120b", model=version.name)

    The API takes a key of its own, `management_key=` or CEREBRAS_MANAGEMENT_KEY, which goes
    nowhere else; an Authorization header of yours goes before it, and the key of the inference API
    is never sent. `organization` is the name of the organization as it stands at the management
    keys in the console, which is not the id that `client.metrics` takes.

    Every call raises MissingCredentialsError without that key and InvalidRequestError for an id
    that is missing, and then sends nothing; AuthenticationError for a wrong key, NotFoundError,
    BadRequestError, and what every other call raises.
    Source: https://inference-docs.cerebras.ai/dedicated/management-api
    """

    def __init__(self, client: AsyncCerebras) -> None:
        super().__init__(client)
        self.models = AsyncManagementModels(client)
        self.endpoints = AsyncManagementEndpoints(client)


class AsyncManagementModels(AsyncResource):
    """`client.management.models`: the architectures that weights are uploaded for.

    Source: https://inference-docs.cerebras.ai/api-reference/customer_management_api/
    """

    def __init__(self, client: AsyncCerebras) -> None:
        super().__init__(client)
        self.versions = AsyncModelVersions(client)

    async def list(
        self,
        organization: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelArchitectureList:
        """The architectures that the organization may use; iterate the answer for their ids."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _call(self._client, headers, timeout).architectures(organization)
        return await self._client._ask(request, ModelArchitectureList)

    async def upload(
        self,
        organization: str,
        *,
        model_arch_id: str,
        weight_uri: str,
        version_aliases: Iterable[str] | None = None,
        system_fingerprint_suffix: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelVersion:
        """Has the service fetch weights as a new version, which it names at once and fetches in
        the background: ask `versions.retrieve` until it is `done`.

        weight_uri: `s3://...`, in a bucket that the service may read.
        version_aliases: names for the version, each of 2 to 128 letters, digits and hyphens, a
            small letter first; no other version of the architecture may have them.
        system_fingerprint_suffix: put behind the `system_fingerprint` of its answers.

        An attempt whose answer is lost may have made a version all the same, and the next makes
        another one: `client.with_options(max_retries=0)` makes one attempt only.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        request = _call(self._client, headers, timeout).upload(
            organization,
            model_arch_id=model_arch_id,
            weight_uri=weight_uri,
            version_aliases=version_aliases,
            system_fingerprint_suffix=system_fingerprint_suffix,
        )
        return await self._client._ask(request, ModelVersion)


class AsyncModelVersions(AsyncResource):
    """`client.management.models.versions`: the versions of one architecture.

    `version` is the number of a version, as an int or a text, or one of its aliases.
    Source: https://inference-docs.cerebras.ai/api-reference/customer_management_api/
    """

    async def list(
        self,
        organization: str,
        model_arch_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelVersionList:
        """All versions of an architecture; iterate the answer."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _call(self._client, headers, timeout).versions(organization, model_arch_id)
        return await self._client._ask(request, ModelVersionList)

    async def retrieve(
        self,
        organization: str,
        model_arch_id: str,
        version: int | str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelVersion:
        """A version as it stands: `done`, and `response.sync_status`."""
        headers = Hidden(extra_headers)
        del extra_headers
        call = _call(self._client, headers, timeout)
        request = call.version("GET", organization, model_arch_id, version)
        return await self._client._ask(request, ModelVersion)

    async def update(
        self,
        organization: str,
        model_arch_id: str,
        version: int | str,
        *,
        version_aliases: Iterable[str],
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelVersionAliases:
        """Gives a version these aliases in the place of those that it has; an empty list takes
        them away. BadRequestError for one that another version has."""
        headers = Hidden(extra_headers)
        del extra_headers
        call = _call(self._client, headers, timeout)
        request = call.rename(organization, model_arch_id, version, version_aliases)
        return await self._client._ask(request, ModelVersionAliases)

    async def delete(
        self,
        organization: str,
        model_arch_id: str,
        version: int | str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelVersionDeleted:
        """Deletes a version and its weights on the service."""
        headers = Hidden(extra_headers)
        del extra_headers
        call = _call(self._client, headers, timeout)
        request = call.version("DELETE", organization, model_arch_id, version)
        return await self._client._ask(request, ModelVersionDeleted)


class AsyncManagementEndpoints(AsyncResource):
    """`client.management.endpoints`: the dedicated endpoints.

    An `endpoint_id`, such as `my-org-gpt-oss-120b`, is also the `model` of requests to it.
    Source: https://inference-docs.cerebras.ai/api-reference/customer_management_api/
    """

    async def list(
        self,
        organization: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> DedicatedEndpointList:
        """The endpoints that the organization manages; iterate the answer."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _call(self._client, headers, timeout).endpoints(organization)
        return await self._client._ask(request, DedicatedEndpointList)

    async def retrieve(
        self,
        endpoint_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> DedicatedEndpointStatus:
        """What an endpoint runs: `deployed_models`, each with its `state`."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _call(self._client, headers, timeout).endpoint(endpoint_id)
        return await self._client._ask(request, DedicatedEndpointStatus)

    async def deploy_model(
        self,
        endpoint_id: str,
        *,
        model: str,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> DeploymentOperation:
        """Has an endpoint run a version, in the background: ask `retrieve` until its `state` is
        `complete`.

        model: the `name` of a version, `orgs/{organization}/models/{architecture}/versions/1`; an
            alias may stand for the number. It must be of the endpoint's architecture.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        request = _call(self._client, headers, timeout).deploy(endpoint_id, model)
        return await self._client._ask(request, DeploymentOperation)


def _call(
    client: AsyncCerebras,
    headers: Hidden[Mapping[str, str | None] | None],
    timeout: TimeoutInput | NotGiven,
) -> ManagementCall:
    return ManagementCall(client._options, headers, timeout)
