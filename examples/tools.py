"""A model that looks into your stock: `python examples/tools.py`, with CEREBRAS_API_KEY set."""

from __future__ import annotations

from cerebras_sdk import Cerebras, tool
from cerebras_sdk.types import Message

STOCK = {"tea": 12, "coffee": 0}


@tool
def in_stock(item: str) -> int:
    """How many packets of something are in stock.

    Args:
        item: one word, in English
    """
    if item not in STOCK:
        raise LookupError(f"no {item} here; there are {', '.join(STOCK)}")
    return STOCK[item]


@tool
def order(item: str, packets: int = 10) -> dict[str, object]:
    """Orders packets of something."""
    return {"ordered": item, "packets": packets}


def main() -> None:
    question = "Do we have tea and cofee? Order what is missing."
    with Cerebras() as client:
        runner = client.chat.completions.run_tools(
            model="qwen-3.8-27b",
            messages=[{"role": "user", "content": question}],
            tools=[in_stock, order],
        )
        for message in runner:
            if not isinstance(message, Message):
                print("   ", message["content"])
                continue
            for call in message.tool_calls or []:
                print(call.function.name, call.function.arguments)
            if message.content:
                print(message.content)
    print(f"[{len(runner.completions)} rounds, {runner.usage.total_tokens} tokens]")


if __name__ == "__main__":
    main()
