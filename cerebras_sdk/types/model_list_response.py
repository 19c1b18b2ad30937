"""Lists of models by the names that the official SDK has for them, one for each format."""

from __future__ import annotations

from . import models

ModelListResponse = models.ModelList
ModelMetadataList = models.ModelList
ModelMetadataListData = models.ModelInfo
OpenRouterModelsResponse = models.ModelList
OpenRouterModelsResponseData = models.ModelInfo
OpenRouterModelsResponseDataPricing = models.ModelPricing
OpenRouterModelsResponseDataDatacenter = models.DatacenterLocation
OpenRouterModelsResponseDataOpenrouter = models.OpenRouterInfo
HuggingFaceModelsResponse = models.ModelList
HuggingFaceModelsResponseData = models.ModelInfo
HuggingFaceModelsResponseDataPricing = models.ModelPricing
HuggingFaceModelsResponseDataCapabilities = models.ModelCapabilities
