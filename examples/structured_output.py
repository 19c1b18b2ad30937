"""Asks for objects and not for text: python examples/structured_output.py"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from cerebras_sdk import Cerebras, ParsedOutputError


@dataclass
class City:
    """A city."""

    name: str
    country: str
    continent: Literal["Africa", "America", "Asia", "Australia", "Europe"]
    known_for: Annotated[str, "What it is known for, in three words"]


def main() -> None:
    with Cerebras() as client:
        try:
            completion = client.chat.completions.parse(
                model="gpt-oss-120b",
                messages=[{"role": "user", "content": "Tell me about Paris, France."}],
                response_format=City,
                retries=2,
                temperature=0,
                max_completion_tokens=500,
            )
        except ParsedOutputError as error:
            print(f"{error}\nIt said: {error.text}")
            return
        city = completion.parsed
        assert city is not None
        print(f"{city.name} is in {city.country}, {city.continent}: {city.known_for}")


if __name__ == "__main__":
    main()
