"""Where the time of an answer goes: `python examples/speed.py`, with CEREBRAS_API_KEY set."""

from __future__ import annotations

from cerebras_sdk import Cerebras


def main() -> None:
    with Cerebras() as client:
        stream = client.chat.completions.create(
            model="gpt-oss-120b",
            messages=[{"role": "user", "content": "Why is fast inference important?"}],
            stream=True,
        )
        for text in stream.text_stream:
            print(text, end="", flush=True)
        timing = stream.get_final_completion().timing
    print(f"\n[{timing}]")
    silence, network = timing.time_to_first_token, timing.network_share
    if silence is not None and network is not None:
        print(f"[{silence:.1f} s of silence, {network:.0%} on the way]")


if __name__ == "__main__":
    main()
