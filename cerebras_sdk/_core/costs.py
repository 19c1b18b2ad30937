"""What tokens cost, in US dollars."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from ..types import Usage
from ..types.models import ModelPricing


def cost_of(usage: Usage, pricing: ModelPricing) -> Decimal | None:
    """The price of these tokens, None where the catalogue names none.

    Cached tokens cost what others do: no page of the documentation names a discount. Images and
    reasoning are among the tokens counted.
    """
    prompt, completion = _price(pricing.prompt), _price(pricing.completion)
    if prompt is None or completion is None:
        return None
    return usage.prompt_tokens * prompt + usage.completion_tokens * completion


def _price(text: str | None) -> Decimal | None:
    """The price of one token."""
    try:
        price = Decimal(text or "")
    except InvalidOperation:
        return None
    return price if price.is_finite() and price >= 0 else None
