"""One answer of an engine on its way to the client, whole or as a stream."""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from typing import Any, Generic, TypeVar

from .answers import error_answer, error_event, event, json_answer, server_error
from .clock import Clock
from .engines import Engine, Finish, RequestRefused
from .exchange import Answer
from .metrics import Tally
from .quota import Charge
from .threads import Pipe, Workers

log = logging.getLogger(__name__)

Piece = TypeVar("Piece")


class Generation(ABC, Generic[Piece]):
    """What an engine says to one request: started by `begin`, then sent whole or as a stream.

    A subclass knows its endpoint: how the engine is asked, and how its pieces look on the wire.
    Key order, absent keys and the place of `usage` and `time_info` are those of recordings of
    gpt-oss-120b from April 2026.
    """

    prefix: str

    def __init__(
        self,
        body: Mapping[str, Any],
        *,
        engine: Engine,
        charge: Charge,
        tally: Tally,
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._body = body
        self._charge = charge
        self._tally = tally
        self._created = clock.time()
        self._received = self._started = self._spoke = time.perf_counter()
        self._model: str = engine.model or body["model"]
        self.id = f"{self.prefix}-{uuid.uuid4()}"
        named = hashlib.sha256(f"{type(engine).__qualname__} {engine.model}".encode())
        self._fingerprint = f"fp_{named.hexdigest()[:20]}"

    @abstractmethod
    def _ask(self, emit: Callable[[Piece], bool]) -> Finish:
        """Run the engine, in a thread; the result counts the tokens of everything it did."""

    @abstractmethod
    def _says_something(self, piece: Piece) -> bool:
        """False for a piece that only asks whether to go on."""

    @abstractmethod
    def _whole(self, pieces: list[Piece], finish: Finish) -> dict[str, Any]:
        """The body of an answer that is sent whole, without the account."""

    @abstractmethod
    def _opening(self) -> list[dict[str, Any]]:
        """The choices of the chunks before the first piece."""

    @abstractmethod
    def _said(self, piece: Piece) -> dict[str, Any]:
        """The choice of the chunk for one piece."""

    @abstractmethod
    def _closing(self, finish: Finish) -> dict[str, Any]:
        """The choice of the last chunk, with the `finish_reason`."""

    @abstractmethod
    def _chunk_kind(self) -> str:
        """The `object` of a chunk."""

    async def begin(self, workers: Workers, stack: ExitStack) -> Answer:
        """Wait for the engine's first word, which decides between an answer and an error."""
        # A stream's head is sent before its cost is known, so it has the account of this moment.
        head = self._headers() if self._body.get("stream") else None
        pipe: Pipe[Piece, Finish] = workers.pipe(self._run)
        stack.callback(pipe.close)
        try:
            first = await self._next(pipe)
            self._spoke = time.perf_counter()
            if head is not None:
                content_type = {"content-type": "text/event-stream; charset=utf-8"}
                return Answer(200, content_type | head, self._events(first, pipe))
            pieces: list[Piece] = []
            while first is not None:
                pieces.append(first)
                first = await self._next(pipe)
            answer = json_answer(self._finished(pieces, pipe.result))
            return Answer(200, dict(answer.headers) | self._headers(), answer.body)
        except RequestRefused as error:
            return error_answer(error)
        except Exception:
            log.exception("the engine failed")
            return error_answer(server_error())

    def run(self, wanted: Callable[[], bool]) -> dict[str, Any]:
        """The whole answer, in the calling thread; given up as soon as it is not `wanted`."""
        pieces: list[Piece] = []

        def emit(piece: Piece) -> bool:
            if not pieces:
                self._spoke = time.perf_counter()
            if self._says_something(piece):
                pieces.append(piece)
            return wanted()

        return self._finished(pieces, self._run(emit))

    def _run(self, emit: Callable[[Piece], bool]) -> Finish:
        self._started = self._spoke = time.perf_counter()
        finish: Finish | None = None
        try:
            finish = self._ask(emit)
        finally:
            self._charge.settle(finish)
        return finish

    def _headers(self) -> dict[str, str]:
        return {"inference-id": self.id, **self._charge.headers()}

    async def _next(self, pipe: Pipe[Piece, Finish]) -> Piece | None:
        while (piece := await pipe.get()) is not None:
            if self._says_something(piece):
                break
        return piece

    async def _events(self, piece: Piece | None, pipe: Pipe[Piece, Finish]) -> AsyncIterator[bytes]:
        kind = self._chunk_kind()
        for choice in self._opening():
            yield event(self._object(kind, [choice]))
        try:
            while piece is not None:
                yield event(self._object(kind, [self._said(piece)]))
                piece = await self._next(pipe)
            finish = pipe.result
        except Exception as error:
            yield error_event(error)
            return
        yield event(self._object(kind, [self._closing(finish)]) | self._account(finish))
        yield b"data: [DONE]\n\n"

    def _finished(self, pieces: list[Piece], finish: Finish) -> dict[str, Any]:
        return self._whole(pieces, finish) | self._account(finish)

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "choices": choices,
            "created": int(self._created),
            "model": self._model,
            "system_fingerprint": self._fingerprint,
            "object": kind,
        }

    def _account(self, finish: Finish) -> dict[str, Any]:
        """`usage` and `time_info`, with what the engine did not measure measured from here."""
        now = time.perf_counter()
        queued = self._started - self._received
        total_tokens = finish.prompt_tokens + finish.completion_tokens
        self._tally.answered(
            self._model, finish.prompt_tokens, finish.completion_tokens, queue_seconds=queued
        )
        return {
            "usage": {
                "total_tokens": total_tokens,
                "completion_tokens": finish.completion_tokens,
                "completion_tokens_details": {
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                    "reasoning_tokens": finish.reasoning_tokens,
                },
                "prompt_tokens": finish.prompt_tokens,
                "prompt_tokens_details": {"cached_tokens": finish.cached_tokens},
            },
            "time_info": {
                "queue_time": queued,
                "prompt_time": finish.prompt_seconds or self._spoke - self._started,
                "completion_time": finish.completion_seconds or now - self._spoke,
                "total_time": now - self._received,
                "created": self._created,
            },
        }
