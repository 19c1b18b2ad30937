"""The parameters of text completions by the names that the official SDK has for them."""

from __future__ import annotations

from . import params

CompletionCreateParams = params.CompletionCreateParams
StreamOptions = params.UsageOptions
