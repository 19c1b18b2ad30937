"""Shows what happens while an answer comes: python examples/stream_events.py"""

from __future__ import annotations

from dataclasses import dataclass

from cerebras_sdk import Cerebras


@dataclass
class Trip:
    city: str
    days: int
    packed: list[str]


def main() -> None:
    with Cerebras() as client:
        asked = "Pack for three days in Rome."
        messages = [{"role": "user", "content": asked}]
        call = client.chat.completions.stream(
            model="gpt-oss-120b", messages=messages, response_format=Trip
        )
        with call as stream:
            for event in stream:
                if event.type == "field.done":
                    where = ".".join(map(str, event.path))
                    print(f"{where} = {event.value!r}")
                elif event.type == "finish":
                    print(f"[{event.finish_reason}, {len(event.snapshot.text)} characters]")
            trip = stream.get_final_completion().parsed
        assert trip is not None
        print(f"{trip.days} days in {trip.city} with {' and '.join(trip.packed)}")


if __name__ == "__main__":
    main()
