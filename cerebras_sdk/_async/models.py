"""Models: those of a key, and the public catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from .._core.endpoints.body import tracing_headers
from .._core.endpoints.models import models
from .._core.http import Request
from .._core.options import NOT_GIVEN, NotGiven
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..types.models import ModelInfo, ModelList, PublicModel, PublicModelList
from .resource import AsyncResource

if TYPE_CHECKING:
    from .client import AsyncCerebras

Format = Literal["default", "openrouter", "huggingface"]


class AsyncModels(AsyncResource):
    """`client.models`: the models that the key may use.

    `format` is the form of the answer; fields of other forms than the default one are attributes
    too. `cf_ray` and `x_amz_cf_id` are headers that the service's OpenAPI document names and does
    not describe. Source: https://inference-docs.cerebras.ai/api-reference/models
    """

    def __init__(self, client: AsyncCerebras) -> None:
        super().__init__(client)
        self.public = AsyncPublicModels(client)

    async def list(
        self,
        *,
        format: Format | None = None,
        cf_ray: str | None = None,
        x_amz_cf_id: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelList:
        """All models that the key may use; iterate the answer."""
        headers = Hidden(extra_headers)
        del extra_headers
        tracing = tracing_headers(cf_ray, x_amz_cf_id)
        request = _request(
            self._client,
            None,
            public=False,
            form=format,
            tracing=tracing,
            headers=headers,
            query=extra_query,
            timeout=timeout,
        )
        return await self._client._ask(request, ModelList)

    async def retrieve(
        self,
        model_id: str,
        *,
        format: Format | None = None,
        cf_ray: str | None = None,
        x_amz_cf_id: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelInfo:
        """One model by its id. Raises ModelNotFoundError, which names what to use instead."""
        headers = Hidden(extra_headers)
        del extra_headers
        tracing = tracing_headers(cf_ray, x_amz_cf_id)
        request = _request(
            self._client,
            model_id,
            public=False,
            form=format,
            tracing=tracing,
            headers=headers,
            query=extra_query,
            timeout=timeout,
        )
        return await self._client._ask(request, ModelInfo, model=model_id)


class AsyncPublicModels(AsyncResource):
    """`client.models.public`: the public catalogue, with limits and prices; it needs no key.

    Its limits are those of paid accounts; trial accounts get less.
    """

    async def list(
        self,
        *,
        format: Format | None = None,
        cf_ray: str | None = None,
        x_amz_cf_id: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> PublicModelList:
        """The whole catalogue; iterate the answer."""
        headers = Hidden(extra_headers)
        del extra_headers
        tracing = tracing_headers(cf_ray, x_amz_cf_id)
        request = _request(
            self._client,
            None,
            public=True,
            form=format,
            tracing=tracing,
            headers=headers,
            query=extra_query,
            timeout=timeout,
        )
        return await self._client._ask(request, PublicModelList)

    async def retrieve(
        self,
        model_id: str,
        *,
        format: Format | None = None,
        cf_ray: str | None = None,
        x_amz_cf_id: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> PublicModel:
        """One entry by its id. Raises ModelNotFoundError, which names what to use instead."""
        headers = Hidden(extra_headers)
        del extra_headers
        tracing = tracing_headers(cf_ray, x_amz_cf_id)
        request = _request(
            self._client,
            model_id,
            public=True,
            form=format,
            tracing=tracing,
            headers=headers,
            query=extra_query,
            timeout=timeout,
        )
        return await self._client._ask(request, PublicModel, model=model_id)


def _request(
    client: AsyncCerebras,
    model: str | None,
    *,
    public: bool,
    form: str | None,
    tracing: Mapping[str, str],
    headers: Hidden[Mapping[str, str | None] | None],
    query: Mapping[str, Any] | None,
    timeout: TimeoutInput | NotGiven,
) -> Request:
    return models(
        client._options,
        model,
        public=public,
        form=form,
        headers=tracing,
        extra_headers=headers,
        extra_query=query,
        timeout=timeout,
    )
