"""Chat completions in Cerebras's wire format, from what an engine emits."""

from __future__ import annotations

import hashlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from typing import Any

import msgspec

from .engines import Delta, Engine, Finish, RequestRefused
from .exchange import Answer
from .quota import Quota
from .threads import Pipe, Workers

log = logging.getLogger(__name__)

SERVER_ERROR = "Encountered a server error, please try again."


def error_answer(error: RequestRefused) -> Answer:
    """The flat error body that the service sends."""
    body = {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": error.code,
    }
    return json_answer(body, status=error.status)


def json_answer(body: object, *, status: int = 200) -> Answer:
    return Answer(status, {"content-type": "application/json"}, msgspec.json.encode(body))


def server_error() -> RequestRefused:
    return RequestRefused(SERVER_ERROR, status=500, type="server_error", param="", code="")


class Completion:
    """One chat completion: started by `begin`, then sent whole or as a stream.

    Key order, absent keys and the place of `usage` and `time_info` are those of recordings of
    gpt-oss-120b from April 2026.
    """

    def __init__(self, body: Mapping[str, Any], *, engine: Engine, quota: Quota) -> None:
        self._engine = engine
        self._body = body
        self._quota = quota
        self._created = time.time()
        self._received = self._started = self._spoke = time.perf_counter()
        self._model: str = engine.model or body["model"]
        self.id = f"chatcmpl-{uuid.uuid4()}"
        named = hashlib.sha256(f"{type(engine).__qualname__} {engine.model}".encode())
        self._fingerprint = f"fp_{named.hexdigest()[:20]}"

    async def begin(self, workers: Workers, stack: ExitStack) -> Answer:
        """Wait for the engine's first word, which decides between an answer and an error."""
        pipe: Pipe[Delta, Finish] = workers.pipe(self._ask)
        stack.callback(pipe.close)
        try:
            first = await _next(pipe)
            self._spoke = time.perf_counter()
            if self._body.get("stream"):
                headers = {"content-type": "text/event-stream; charset=utf-8"}
                return Answer(200, headers | self._headers(), self._events(first, pipe))
            answer = await self._whole(first, pipe)
            return Answer(200, dict(answer.headers) | self._headers(), answer.body)
        except RequestRefused as error:
            return error_answer(error)
        except Exception:
            log.exception("the engine failed")
            return error_answer(server_error())

    def _ask(self, emit: Callable[[Delta], bool]) -> Finish:
        self._started = time.perf_counter()
        return self._engine.answer(self._body, emit)

    def _headers(self) -> dict[str, str]:
        return {"inference-id": self.id, **self._quota.headers(now=time.time())}

    async def _whole(self, delta: Delta | None, pipe: Pipe[Delta, Finish]) -> Answer:
        content, reasoning = [], []
        while delta is not None:
            content.append(delta.content or "")
            reasoning.append(delta.reasoning or "")
            delta = await _next(pipe)
        message = {"content": "".join(content)}
        if any(reasoning):
            message["reasoning"] = "".join(reasoning)
        choice = {
            "finish_reason": pipe.result.reason,
            "index": 0,
            "message": message | {"role": "assistant"},
        }
        return json_answer(self._object("chat.completion", choice) | self._account(pipe.result))

    async def _events(self, delta: Delta | None, pipe: Pipe[Delta, Finish]) -> AsyncIterator[bytes]:
        yield self._chunk({"delta": {"role": "assistant"}, "index": 0})
        try:
            while delta is not None:
                said = {"reasoning": delta.reasoning, "content": delta.content}
                said = {name: text for name, text in said.items() if text}
                yield self._chunk({"delta": said, "index": 0})
                delta = await _next(pipe)
            finish = pipe.result
        except Exception as error:
            yield _stream_error(error)
            return
        last = {"delta": {}, "finish_reason": finish.reason, "index": 0}
        yield _event(self._object("chat.completion.chunk", last) | self._account(finish))
        yield b"data: [DONE]\n\n"

    def _chunk(self, choice: dict[str, Any]) -> bytes:
        return _event(self._object("chat.completion.chunk", choice))

    def _object(self, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": self.id,
            "choices": [choice],
            "created": int(self._created),
            "model": self._model,
            "system_fingerprint": self._fingerprint,
            "object": kind,
        }

    def _account(self, finish: Finish) -> dict[str, Any]:
        """`usage` and `time_info`, with what the engine did not measure measured from here."""
        now = time.perf_counter()
        total_tokens = finish.prompt_tokens + finish.completion_tokens
        self._quota.spend("tokens", total_tokens, now=time.time())
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
                "queue_time": self._started - self._received,
                "prompt_time": finish.prompt_seconds or self._spoke - self._started,
                "completion_time": finish.completion_seconds or now - self._spoke,
                "total_time": now - self._received,
                "created": self._created,
            },
        }


async def _next(pipe: Pipe[Delta, Finish]) -> Delta | None:
    """The next delta that says something."""
    while (delta := await pipe.get()) is not None:
        if delta.content or delta.reasoning:
            break
    return delta


def _event(data: object) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def _stream_error(error: Exception) -> bytes:
    """An error after the first byte: an object of its own, in a 200 answer, without `[DONE]`."""
    if not isinstance(error, RequestRefused):
        log.error("the engine failed in the middle of a stream", exc_info=error)
        error = server_error()
    inner = {
        "message": error.message,
        "type": error.type,
        "param": error.param,
        "code": error.code,
        "id": "",
    }
    return _event({"status_code": error.status, "error": inner})
