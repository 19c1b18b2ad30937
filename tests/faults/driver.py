"""Plays one row of the table to one of the twins."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import anyio

from cerebras_sdk import AsyncCerebras, Cerebras, RetryPolicy
from cerebras_sdk.testing import Answer, LocalServer, RawAnswer

from .row import CHAT, KEY, MESSAGES, Fault, Said

T = TypeVar("T")
Twin: TypeAlias = Literal["blocking", "asyncio", "trio"]
BOUND = 5.0  # seconds; a row that takes longer hangs


@dataclass
class Outcome:
    """What the caller of one call got, and what it cost the server."""

    error: Exception | None = None
    seen: tuple[Said, ...] | None = None
    final: tuple[Said, ...] | None = None
    requests: int = 0
    connections: int = 0
    after: str | None = ""  # what the next call of the same client said
    after_connections: int = 0
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


class Seen:
    """Adds up what a caller sees of a stream, choice by choice."""

    def __init__(self) -> None:
        self._choices: dict[int, Said] = {}
        self.final: tuple[Said, ...] | None = None

    def add(self, chunk: Any) -> None:
        for choice in chunk.choices:
            said = self._choices.get(choice.index, Said())
            calls = [list(call) for call in said.calls]
            for piece in choice.delta.tool_calls or ():
                if piece.index == len(calls):
                    calls.append([piece.function.name, ""])
                calls[piece.index][1] += piece.function.arguments or ""
            self._choices[choice.index] = Said(
                said.text + (choice.delta.content or ""),
                said.reasoning + (choice.delta.reasoning or ""),
                tuple((name, arguments) for name, arguments in calls),
            )

    def said(self) -> tuple[Said, ...]:
        return tuple(said for _, said in sorted(self._choices.items()))


def said_by(completion: Any) -> tuple[Said, ...] | None:
    """What a completion says, whole or partial; None for none."""
    if completion is None:
        return None
    return tuple(
        Said(
            choice.message.content or "",
            choice.message.reasoning or "",
            tuple(
                (call.function.name, call.function.arguments)
                for call in choice.message.tool_calls or ()
            ),
        )
        for choice in completion.choices
    )


def in_turn(server: LocalServer, script: tuple[Answer | RawAnswer, ...]) -> None:
    """The first requests get the answers of the script, the others what the server says itself."""
    answers = iter(script)
    for method in ("POST", "GET"):
        server.route(method, CHAT, lambda request: next(answers, None))


def play(fault: Fault, twin: Twin, server: LocalServer, base_url: str) -> Outcome:
    """The row, once; raises AssertionError when it hangs."""
    in_turn(server, fault.answers)
    if twin == "blocking":
        return bounded(lambda: _block(fault, server, base_url))
    run = functools.partial(_await, fault, server, base_url)
    return bounded(lambda: anyio.run(run, backend=twin))


def bounded(function: Callable[[], T], *, seconds: float = BOUND) -> T:
    """What `function` returns or raises, if it does so in time."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"it hangs: no result after {seconds} s"
    if errors:
        raise errors[0]
    return results[0]


def settings(fault: Fault, base_url: str) -> dict[str, Any]:
    return {
        "api_key": KEY,
        "base_url": base_url,
        "timeout": fault.timeout,
        "retry": RetryPolicy(max_retries=fault.max_retries, initial_delay=0.0),
    }


def call_of(fault: Fault) -> dict[str, Any]:
    call = {"model": "gpt-oss-120b", "messages": MESSAGES, **fault.call}
    return {**call, "stream": True} if fault.stream else call


GOOD: dict[str, Any] = {"model": "gpt-oss-120b", "messages": MESSAGES}


def _block(fault: Fault, server: LocalServer, base_url: str) -> Outcome:
    outcome, seen = Outcome(), Seen()
    with Cerebras(**settings(fault, base_url)) as client:
        try:
            answer: Any = client.chat.completions.create(**call_of(fault))
            if fault.stream:
                for chunk in answer:
                    seen.add(chunk)
                answer = answer.get_final_completion()
            outcome.final = said_by(answer)
        except Exception as error:
            outcome.error = error
        _count(outcome, seen, server)
        good = client.with_options(base_url=_healed(fault, server, base_url), timeout=4.0)
        outcome.after = good.chat.completions.create(**GOOD).text
        outcome.after_connections = server.connections
    return outcome


async def _await(fault: Fault, server: LocalServer, base_url: str) -> Outcome:
    outcome, seen = Outcome(), Seen()
    async with AsyncCerebras(**settings(fault, base_url)) as client:
        try:
            answer: Any = await client.chat.completions.create(**call_of(fault))
            if fault.stream:
                async for chunk in answer:
                    seen.add(chunk)
                answer = await answer.get_final_completion()
            outcome.final = said_by(answer)
        except Exception as error:
            outcome.error = error
        _count(outcome, seen, server)
        good = client.with_options(base_url=_healed(fault, server, base_url), timeout=4.0)
        outcome.after = (await good.chat.completions.create(**GOOD)).text
        outcome.after_connections = server.connections
    return outcome


def _count(outcome: Outcome, seen: Seen, server: LocalServer) -> None:
    outcome.seen = seen.said()
    outcome.requests = len(server.requests)
    outcome.connections = server.connections
    outcome.paths = [f"{request.method} {request.path}" for request in server.requests]
    outcome.bodies = [request.body for request in server.requests]
    in_turn(server, ())  # what the row has left over is not for the call after it


def _healed(fault: Fault, server: LocalServer, base_url: str) -> str:
    """Where the call after the row goes: to the same address if it is one that can answer."""
    return base_url if fault.door in ("the server", "tls") else server.base_url
