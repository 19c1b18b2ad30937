"""Sets how much a model thinks: `python examples/reasoning.py`, with CEREBRAS_API_KEY set."""

from __future__ import annotations

from typing import Any, Literal

from cerebras_sdk import Cerebras, InvalidRequestError

QUESTION = {"role": "user", "content": "What is 17 * 24?"}
LEVELS: tuple[Literal["off", "low", "high"], ...] = ("off", "low", "high")


def main() -> None:
    with Cerebras() as client:
        chat = client.chat.completions
        history: list[Any] = [QUESTION]
        for level in LEVELS:
            stream = chat.create(
                model="qwen-3.8-27b", messages=[QUESTION], reasoning=level, stream=True
            )
            answer = stream.get_final_completion()
            message = answer.choices[0].message
            print(f"{level}: {answer.text} (thought: {message.reasoning})")
        # The thoughts go along, the way the model wants them.
        history += [message, {"role": "user", "content": "And half of that?"}]
        print(chat.create(model="qwen-3.8-27b", messages=history, reasoning="low").text)
        try:
            chat.create(model="gpt-oss-120b", messages=[QUESTION], reasoning="off")
        except InvalidRequestError as error:
            print(error)


if __name__ == "__main__":
    main()
