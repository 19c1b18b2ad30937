"""What `chat.completions.stream()` costs beside plain iteration, late in a long stream.

python benchmarks/stream_helper.py [--events 20000] [--runs 5] [--openai]

The answer, which is one long text in an object, comes from a process of its own. Printed is the
CPU time of this process per event, in microseconds, of the last tenth of the stream: the medians of
interleaved runs, and their difference. `--openai` measures the helper of the openai package too, if
that is installed (over the first 4,000 events: its cost grows with the stream).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cerebras_sdk import Cerebras
from cerebras_sdk.testing import Answer, serve


@dataclass
class Answered:
    text: str


CALL: dict[str, Any] = {"model": "gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}


def answer_of(events: int) -> bytes:
    chunk: dict[str, Any] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
    chunk |= {"model": "gpt-oss-120b", "system_fingerprint": "fp_1"}
    texts = ('{"text": "', *(f" token{number}" for number in range(events - 3)), '"}')
    lines: list[dict[str, Any]] = [
        {**chunk, "choices": [{"index": 0, "delta": {"content": text}}]} for text in texts
    ]
    lines.append({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    text = "".join(f"data: {json.dumps(line, separators=(',', ':'))}\n\n" for line in lines)
    return text.encode() + b"data: [DONE]\n\n"


def per_event(open_events: Callable[[], Iterator[Any]], *, first: int, last: int) -> float:
    """Microseconds of CPU per chunk, from the chunk `first` to the chunk `last`."""
    start = end = 0.0
    for number, _ in enumerate(open_events()):
        if number == first:
            start = time.process_time()
        elif number == last:
            end = time.process_time()
    return (end - start) / (last - first) * 1e6


def plain(client: Cerebras) -> Iterator[Any]:
    yield from client.chat.completions.create(**CALL, stream=True)


def events(client: Cerebras) -> Iterator[Any]:
    with client.chat.completions.stream(**CALL) as stream:
        yield from stream


def typed(client: Cerebras) -> Iterator[Any]:
    with client.chat.completions.stream(**CALL, response_format=Answered) as stream:
        yield from stream


def partials(client: Cerebras) -> Iterator[Any]:
    with client.chat.completions.stream(**CALL, response_format=Answered) as stream:
        for event in stream:
            if event.type == "content.delta":
                len(event.parsed_partial.get("text", ""))
            yield event


def snapshots(client: Cerebras) -> Iterator[Any]:
    with client.chat.completions.stream(**CALL) as stream:
        for event in stream:
            len(event.snapshot.text)
            yield event


def openai_events(base_url: str) -> Iterator[Any]:
    import openai

    with (
        openai.OpenAI(api_key="csk-test", base_url=f"{base_url}/v1") as client,
        client.chat.completions.stream(**CALL) as stream,
    ):
        yield from (event for event in stream if event.type == "content.delta")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--openai", action="store_true")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        answer = Answer(200, {"content-type": "text/event-stream"}, answer_of(given.serve))
        with serve() as server:
            server.route("POST", "/v1/chat/completions", answer)
            print(server.base_url, flush=True)
            sys.stdin.read()
        return
    command = [sys.executable, __file__, "--serve"]
    first, last = given.events * 9 // 10, given.events - 10
    with subprocess.Popen(
        [*command, str(given.events)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        ways = {
            "plain": plain,
            "stream()": events,
            "with snapshots": snapshots,
            "of a type": typed,
            "with its partials": partials,
        }
        measured: dict[str, list[float]] = {name: [] for name in ways}
        with Cerebras("csk-test", base_url=base_url) as client:
            for _ in range(given.runs + 1):  # the first one warms up
                for name, opened in ways.items():
                    took = per_event(lambda o=opened: o(client), first=first, last=last)  # type: ignore[misc]
                    measured[name].append(took)
        medians = {name: statistics.median(took[1:]) for name, took in measured.items()}
        for name, took in medians.items():
            print(f"{name:>17}  {took:7.2f} us per event  {took - medians['plain']:+7.2f}")
        if given.openai:
            took = per_event(lambda: openai_events(base_url), first=3_500, last=4_000)
            print(f"{'openai at 4,000':>17}  {took:7.2f} us per event")


if __name__ == "__main__":
    main()
