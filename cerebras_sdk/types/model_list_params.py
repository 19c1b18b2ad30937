"""The parameters of `models.list` by the name that the official SDK has for them."""

from __future__ import annotations

from typing import Literal, TypedDict


class ModelListParams(TypedDict, total=False):
    """A whole call: `models.list(**params)`."""

    format: Literal["default", "openrouter", "huggingface"] | None
    cf_ray: str | None
    x_amz_cf_id: str | None
