"""The Batch API (private preview): each batch really runs its lines, in a thread of its own."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Container
from typing import Any, Literal, TypeAlias

import msgspec

from .answers import SERVER_ERROR, json_answer, not_found
from .batch_input import InvalidInput, Line, read_lines
from .checks import DICT, TEXT, Check, faults_of, one_of
from .engines import RequestRefused
from .exchange import Answer, ReceivedRequest
from .files import Files, raw
from .listing import page
from .threads import Workers

log = logging.getLogger(__name__)

RunLine: TypeAlias = Callable[[dict[str, Any], Callable[[], bool]], dict[str, Any]]
"""Answers one body, in the calling thread, as long as it is wanted."""
Cancel: TypeAlias = Literal["delete", "post"]

_OVER = frozenset({"completed", "failed", "cancelled"})
_WINDOW = 86_400
_STAMPS = (
    "in_progress",
    "expires",
    "finalizing",
    "completed",
    "failed",
    "expired",
    "cancelling",
    "cancelled",
)
_FIELDS: dict[str, Check] = {
    "input_file_id": TEXT,
    "endpoint": one_of("/v1/chat/completions"),
    "completion_window": one_of("24h"),
    "metadata": DICT,
}
_REQUIRED = ("input_file_id", "endpoint", "completion_window")


class Batches:
    """The batches of one server, in the order of creation.

    A batch is `queued`, then `in_progress` while its lines run one after another, `finalizing`,
    and `completed`; `failed`, with a text in `errors`, when its file cannot be run; `cancelling`
    and `cancelled` on request. None expires. The output file has the result of every line, as
    "Retrieve batch results" in the docs shows them; the error file has those that failed, and is
    there if some did.

    `cancel` is the one verb that exists, as the sources disagree: DELETE on the batch (POST to its
    `/cancel` is then no path: 404), or that POST (DELETE is then no method: 405).
    """

    def __init__(
        self,
        *,
        files: Files,
        models: Container[str],
        run_line: RunLine,
        workers: Workers,
        cancel: Cancel,
    ) -> None:
        self._files = files
        self._models = models
        self._run_line = run_line
        self._workers = workers
        self._cancel_by = cancel
        self._batches: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def endpoint(
        self, request: ReceivedRequest, rest: list[str], decode: Callable[[], dict[str, Any]]
    ) -> Callable[[], Answer] | None:
        """`/v1/batches` and below; `decode` reads the body of the request."""
        match request.method, rest:
            case "POST", []:
                return lambda: self._create(decode())
            case "GET", []:
                return lambda: page(request, self._shown())
            case "GET", [name]:
                return lambda: json_answer(self._one(name))
            case "GET", [name, "results"]:
                return lambda: self._results(name)
            case "DELETE", [_] if self._cancel_by == "post":
                return lambda: json_answer({"detail": "Method Not Allowed"}, status=405)
            case ("DELETE", [name]) | ("POST", [name, "cancel"]):
                if len(rest) == 1 or self._cancel_by == "post":
                    return lambda: self._cancel(name)
        return None

    def _create(self, body: dict[str, Any]) -> Answer:
        faults = faults_of(body, _FIELDS, required=_REQUIRED, never_null=frozenset(_REQUIRED))
        if faults:
            raise RequestRefused("\n".join(faults))
        batch = {
            "id": f"batch_{secrets.token_hex(12)}",
            "object": "batch",
            "endpoint": body["endpoint"],
            "errors": None,
            "input_file_id": body["input_file_id"],
            "completion_window": body["completion_window"],
            "status": "queued",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": int(time.time()),
            **{f"{name}_at": None for name in _STAMPS},
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": body.get("metadata"),
        }
        answer = json_answer(batch)
        with self._lock:
            self._batches[batch["id"]] = batch
        self._workers.start(lambda: self._run(batch))
        return answer

    def _one(self, name: str) -> dict[str, Any]:
        shown = self._shown()
        if name not in shown:
            raise not_found("batch", name)
        return shown[name]

    def _shown(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {
                name: {**batch, "request_counts": dict(batch["request_counts"])}
                for name, batch in self._batches.items()
            }

    def _results(self, name: str) -> Answer:
        batch = self._one(name)
        content = self._files.content(batch["output_file_id"] or "")
        if content is None:
            raise RequestRefused(f"A batch that is {batch['status']} has no results", param="batch")
        return raw(content)

    def _cancel(self, name: str) -> Answer:
        status = self._one(name)["status"]
        if not self._turn(self._batches[name], "cancelling", unless=_OVER | {"finalizing"}):
            raise RequestRefused(f"A batch that is {status} cannot be cancelled", param="batch")
        return json_answer(self._one(name))

    def _turn(self, batch: dict[str, Any], status: str, *, unless: Container[str]) -> bool:
        """Give the batch a status and its time stamp, unless it is past that."""
        with self._lock:
            if batch["status"] in unless:
                return False
            # A second request to cancel changes nothing.
            if batch["status"] != status:
                batch["status"] = status
                batch[f"{status}_at"] = int(time.time())
            return True

    def _run(self, batch: dict[str, Any]) -> None:
        try:
            lines = self._lines(batch)
        except InvalidInput as error:
            with self._lock:
                batch["errors"] = str(error)
            self._turn(batch, "failed", unless=())
            return
        with self._lock:
            batch["request_counts"]["total"] = len(lines)
            batch["expires_at"] = batch["created_at"] + _WINDOW
        self._turn(batch, "in_progress", unless={"cancelling"})
        results = self._run_lines(batch, lines)
        if self._workers.stopped:
            return
        # A cancelled batch keeps the results that it has.
        finished = self._turn(batch, "finalizing", unless={"cancelling"})
        failed = [result for result in results if result["status"] == "failed"]
        if results:
            self._store(batch, "output", results)
        if failed:
            self._store(batch, "error", failed)
        self._turn(batch, "completed" if finished else "cancelled", unless=())

    def _lines(self, batch: dict[str, Any]) -> list[Line]:
        data = self._files.content(batch["input_file_id"])
        if data is None:
            raise InvalidInput(f"File service error: no file {batch['input_file_id']}")
        return read_lines(data, endpoint=batch["endpoint"], models=self._models)

    def _run_lines(self, batch: dict[str, Any], lines: list[Line]) -> list[dict[str, Any]]:
        def wanted() -> bool:
            return not self._workers.stopped and batch["status"] != "cancelling"

        results: list[dict[str, Any]] = []
        for line in lines:
            result = self._result(line, wanted) if wanted() else None
            # An answer that was given up is not one.
            if result is None or not wanted():
                break
            results.append(result)
            with self._lock:
                failed = result["status"] == "failed"
                batch["request_counts"]["failed" if failed else "completed"] += 1
        return results

    def _result(self, line: Line, wanted: Callable[[], bool]) -> dict[str, Any]:
        try:
            answer = self._run_line(line.body, wanted)
        except RequestRefused as refusal:
            # As in the sample of the docs, whatever the refusal's own code is.
            code, message = "invalid_request", refusal.message
        except Exception:
            log.exception("the engine failed in a batch")
            code, message = "server_error", SERVER_ERROR
        else:
            return {"custom_id": line.custom_id, "status": "succeeded", "response": answer}
        return {
            "custom_id": line.custom_id,
            "status": "failed",
            "error": {"code": code, "message": message},
        }

    def _store(self, batch: dict[str, Any], kind: str, results: list[dict[str, Any]]) -> None:
        data = b"".join(msgspec.json.encode(result) + b"\n" for result in results)
        name = self._files.add(f"{batch['id']}_{kind}.jsonl", data)
        with self._lock:
            batch[f"{kind}_file_id"] = name
