"""Models: those of a key, and the public catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from .._core.endpoints.models import models
from .._core.http import Request, TimeoutInput
from .._core.options import NOT_GIVEN, NotGiven
from .._core.secret import Hidden
from ..types.models import ModelInfo, ModelList, PublicModel, PublicModelList

if TYPE_CHECKING:
    from .client import AsyncCerebras

Format = Literal["default", "openrouter", "huggingface"]


class AsyncModels:
    """`client.models`: the models that the key may use.

    `format` is the form of the answer; fields of other forms than the default one are attributes
    too. Source: https://inference-docs.cerebras.ai/api-reference/models
    """

    def __init__(self, client: AsyncCerebras) -> None:
        self._client = client
        self.public = AsyncPublicModels(client)

    async def list(
        self,
        *,
        format: Format | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelList:
        """All models that the key may use; iterate the answer."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _request(self._client, None, False, format, headers, timeout)
        return await self._client._ask(request, ModelList)

    async def retrieve(
        self,
        model: str,
        *,
        format: Format | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> ModelInfo:
        """One model by its id. Raises ModelNotFoundError, which names what to use instead."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _request(self._client, model, False, format, headers, timeout)
        return await self._client._ask(request, ModelInfo, model=model)


class AsyncPublicModels:
    """`client.models.public`: the public catalogue, with limits and prices; it needs no key.

    Its limits are those of paid accounts; trial accounts get less.
    """

    def __init__(self, client: AsyncCerebras) -> None:
        self._client = client

    async def list(
        self,
        *,
        format: Format | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> PublicModelList:
        """The whole catalogue; iterate the answer."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _request(self._client, None, True, format, headers, timeout)
        return await self._client._ask(request, PublicModelList)

    async def retrieve(
        self,
        model: str,
        *,
        format: Format | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> PublicModel:
        """One entry by its id. Raises ModelNotFoundError, which names what to use instead."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = _request(self._client, model, True, format, headers, timeout)
        return await self._client._ask(request, PublicModel, model=model)


def _request(
    client: AsyncCerebras,
    model: str | None,
    public: bool,
    form: str | None,
    headers: Hidden[Mapping[str, str | None] | None],
    timeout: TimeoutInput | NotGiven,
) -> Request:
    return models(
        client._options, model, public=public, form=form, extra_headers=headers, timeout=timeout
    )
