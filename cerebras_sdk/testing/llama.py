"""Answers from a real small language model, run in this process by llama.cpp."""

from __future__ import annotations

import importlib
import json
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .calling import Calling, CallReader
from .engines import ContextLengthExceeded, Delta, Finish, RequestRefused, token_cap
from .models import LocalModelError, checked_model_file, discard_damaged, local_model_path

# A model of 135M parameters can fall into a loop; nobody waits for the end of that.
_DEFAULT_CAP = 512
# From the model card of SmolLM2-Instruct: at the service's default of 1 it rambles.
_DEFAULTS = {"temperature": 0.2, "top_p": 0.9}
# Without it "Write a haiku about the sea." is one line, forty times.
_REPEAT_PENALTY = 1.1
_PASSED_ON = ("temperature", "top_p", "seed", "stop", "frequency_penalty", "presence_penalty")
# Two requests are answered at once, others wait inside llama.cpp.
_SLOTS = 2
# A prompt is read in batches of so many tokens, and a request can be given up between two batches.
_BATCH = 128
# llama.cpp's own levels: nothing, or errors only.
_SILENT, _ERRORS = 0, 1
# How long the end of the process waits for requests that are told to stop.
_EXIT_PATIENCE = 5.0


class LlamaEngine:
    """An engine that runs a GGUF model with llama.cpp (extra `[local]`).

    `model_path` None means the embedded model, fetched on the first use; see `local_model_path`.
    `threads` is by default half of the usable processors, at most 4: a model this small gains
    little from more, and its threads wait for each other by spinning, which is four times slower
    where another program wants the processor too. `context` is the longest prompt and answer
    together, in tokens, for each of two requests answered at a time. The model is loaded here
    (0.3 s for the embedded one); `LocalModelError` if it cannot be. With temperature 0, or with a
    seed, answers are repeatable. Images are refused. A text completion continues its prompt, text
    or token ids of this model, without a chat template.

    Tools are called one at a time, with arguments that fit the schema. Whether to call one under
    `tool_choice` "auto" is for the model to say; the embedded one is too small to think of it, and
    wants "required" or the name of a function.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        *,
        threads: int | None = None,
        context: int = 2048,
    ) -> None:
        native = _import()
        threads = threads or _default_threads()
        if model_path is None:
            path = local_model_path()
            try:
                server = _load(native, path, threads=threads, context=context)
            except LocalModelError:
                if not discard_damaged(path):
                    raise
                path = local_model_path()
                server = _load(native, path, threads=threads, context=context)
        else:
            path = checked_model_file(Path(model_path))
            server = _load(native, path, threads=threads, context=context)
        self.model: str | None = path.stem
        self._native = _Native(server)
        # llama.cpp must be quiet when the interpreter goes: a thread of it that calls back into
        # a dying interpreter aborts the process. finalize runs at exit too, before that.
        self._close = weakref.finalize(self, self._native.close)

    def close(self) -> None:
        """Give up running requests and free the model; answering afterwards is an error."""
        self._close()

    def __enter__(self) -> LlamaEngine:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        if any(_has_image(message) for message in request["messages"]):
            raise RequestRefused(f"Model {self.model} does not support image inputs")
        calling = Calling(request)
        reading = _Reading(emit, calling)
        translated = _translated(request, calling)
        self._native.run(translated, reading, endpoint="handle_chat_completions")
        return reading.finish()

    def complete(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        """Continue the text or the token ids in `prompt` as they are, without a chat template."""
        calling = Calling({})
        reading = _Reading(emit, calling)
        self._native.run(_translated(request, calling), reading, endpoint="handle_completions")
        return reading.finish()


class _Native:
    """llama.cpp's server object, and the count of requests inside it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._running = 0
        self._idle = threading.Condition()

    def run(self, request: Mapping[str, Any], reading: _Reading, *, endpoint: str) -> None:
        with self._idle:
            server = self._server
            if server is None:
                raise RuntimeError("the engine is closed")
            self._running += 1
        try:
            # Blocks without the GIL; the callback returns True to give up.
            getattr(server, endpoint)(
                json.dumps(request),
                lambda chunk: reading.stop_at(chunk, closed=self._server is None),
            )
        except ValueError as error:  # what it says to a JSON schema that it cannot follow
            raise RequestRefused(str(error), param="response_format") from error
        finally:
            # The last one out frees the model, so its reference goes before the count does.
            del server
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def close(self) -> None:
        with self._idle:
            server, self._server = self._server, None
            self._idle.wait_for(lambda: self._running == 0, timeout=_EXIT_PATIENCE)
        del server


class _Reading:
    """Reads the chunks of one answer: passes text on, keeps what the end needs."""

    def __init__(self, emit: Callable[[Delta], bool], calling: Calling) -> None:
        self._emit = emit
        self._calls = CallReader(calling)
        self._reason: str | None = None
        self._timings: dict[str, Any] = {}
        self._pieces = 0
        self._given_up = False
        self._error: BaseException | None = None

    def stop_at(self, chunk: str, *, closed: bool) -> bool:
        # An exception would end in llama.cpp's C++ and be printed and lost, Ctrl-C included.
        try:
            self._given_up = closed or not self._read(json.loads(chunk))
        except BaseException as error:
            self._error = error
        return self._given_up or self._error is not None

    def _read(self, chunk: dict[str, Any]) -> bool:
        if "error" in chunk:
            raise _refusal(chunk["error"])
        self._timings = chunk.get("timings") or self._timings
        for choice in chunk.get("choices") or ():
            self._reason = choice.get("finish_reason") or self._reason
            said = choice.get("delta") or {}
            text = said.get("content") or choice.get("text")
            reasoning = said.get("reasoning_content") or None
            self._pieces += bool(text or reasoning)
            deltas = [Delta(reasoning=reasoning)] if reasoning else []
            deltas += self._calls.feed(text) if text else []
            # Empty while the prompt is read: that asks whether to go on.
            if not all(map(self._emit, deltas or [Delta()])):
                return False
        return True

    def finish(self) -> Finish:
        if self._error is not None:
            raise self._error
        if self._reason is None and not self._given_up:
            raise RuntimeError("llama.cpp ended an answer without a finish_reason")
        held, reason = self._calls.end(self._reason or "stop")
        if not self._given_up:
            all(map(self._emit, held))
        timings = self._timings
        cached = timings.get("cache_n", 0)
        return Finish(
            reason,
            prompt_tokens=cached + timings.get("prompt_n", 0),
            completion_tokens=timings.get("predicted_n", self._pieces),
            prompt_seconds=timings.get("prompt_ms", 0.0) / 1000,
            completion_seconds=timings.get("predicted_ms", 0.0) / 1000,
            cached_tokens=cached,
        )


def _refusal(error: dict[str, Any]) -> Exception:
    if error.get("type") == "exceed_context_size_error":
        return ContextLengthExceeded(length=error["n_prompt_tokens"], limit=error["n_ctx"])
    if error.get("code") == 400:
        return RequestRefused(str(error.get("message")))
    return RuntimeError(f"llama.cpp: {error.get('message')}")


def _translated(request: Mapping[str, Any], calling: Calling) -> dict[str, Any]:
    """The request in llama.cpp's words, with nothing in it that it does not know."""
    cap = token_cap(request)
    translated: dict[str, Any] = {
        "max_tokens": _DEFAULT_CAP if cap is None else cap,
        "stream": True,
        # Calls back after each batch of the prompt, where a request can be given up.
        "return_progress": True,
        # What an earlier request left in the cache may change the rounding, and so a word.
        "cache_prompt": request.get("seed") is None and request.get("temperature") != 0,
        # The arguments of a call are words of the question.
        "repeat_penalty": 1 if calling.forced else _REPEAT_PENALTY,
        **_DEFAULTS,
    }
    if "prompt" in request:
        translated["prompt"] = request["prompt"]
    else:
        translated["messages"] = calling.told(request["messages"])
    for name in _PASSED_ON:
        if request.get(name) is not None:
            translated[name] = request[name]
    shape = request.get("response_format") or {}
    if shape.get("type", "text") != "text":
        translated["response_format"] = shape
    if grammar := calling.grammar():
        translated["grammar"] = grammar
    return translated


def _has_image(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(part.get("type") != "text" for part in content)


def _default_threads() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    count = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(4, count // 2))


def _import() -> Any:
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise LocalModelError(
            "the local model needs llama.cpp: pip install 'cerebras-inference-sdk[local]'"
        ) from error


def _load(xllamacpp: Any, path: Path, *, threads: int, context: int) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context * _SLOTS
    params.n_parallel = _SLOTS
    params.n_batch = _BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # It opens a port of its own, to any page of a browser: a key that nobody knows shuts it.
    params.api_keys = [secrets.token_urlsafe(32)]
    params.cache_ram_mib = 0  # 8 GiB of old prompts by default
    params.verbosity = _SILENT
    try:
        return xllamacpp.Server(params)
    except RuntimeError:
        pass
    # Its exception names no cause, its log does: try again, aloud.
    params.verbosity = _ERRORS
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise LocalModelError(
            f"llama.cpp cannot load {path} (its own words are above); "
            "name another GGUF file in CEREBRAS_LOCAL_MODEL"
        ) from error
