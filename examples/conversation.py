"""A conversation that is saved and goes on: `python examples/conversation.py`, with
CEREBRAS_API_KEY set."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cerebras_sdk import Cerebras, Conversation, tool


@tool
def price(item: str) -> str:
    """What something costs in the shop."""
    return {"tea": "3.20 EUR", "coffee": "4.50 EUR"}.get(item, "not for sale")


def main() -> None:
    with Cerebras() as client, tempfile.TemporaryDirectory() as folder:
        chat = client.conversation(
            model="gpt-oss-120b", system="You sell tea.", tools=[price], reasoning="low"
        )
        print(chat.send("What is your tea?").text)
        with chat.stream("And two of them?") as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
        print()

        path = Path(folder) / "chat.json"
        chat.save(path)
        later = Conversation.load(client, path, tools=[price])
        print(later.send("What did I ask first?").text)

        print([message["role"] for message in later.messages])
        cached = later.cached_share or 0
        print(f"{later.usage.total_tokens} tokens, {cached:.0%} of the prompts cached")
        print(f"about {later.estimate_cost()} USD")


if __name__ == "__main__":
    main()
