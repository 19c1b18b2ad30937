"""Models by the names that the official SDK has for them, one for each format."""

from __future__ import annotations

from typing import TypeAlias

from . import models

ModelMetadata = models.ModelInfo
OpenRouterModel = models.ModelInfo
OpenRouterModelPricing = models.ModelPricing
OpenRouterModelDatacenter = models.DatacenterLocation
OpenRouterModelOpenrouter = models.OpenRouterInfo
HuggingFaceModel = models.ModelInfo
HuggingFaceModelPricing = models.ModelPricing
HuggingFaceModelCapabilities = models.ModelCapabilities
PublicModel = models.PublicModel
PublicModelArchitecture = models.ModelArchitecture
PublicModelCapabilities = models.ModelCapabilities
PublicModelLimits = models.ModelLimits
PublicModelPricing = models.ModelPricing
PublicModelSupportedParameters = models.ModelParameters

# `models.retrieve` gives the first, which is `types.ModelRetrieveResponse`.
ModelRetrieveResponse: TypeAlias = models.ModelInfo | models.PublicModel
