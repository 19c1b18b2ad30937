"""The parameters of `models.retrieve` by the name that the official SDK has for them."""

from __future__ import annotations

from .model_list_params import ModelListParams

ModelRetrieveParams = ModelListParams
