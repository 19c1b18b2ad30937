"""The Files API (private preview): upload, list, read, delete, in memory."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .answers import json_answer, not_found
from .engines import RequestRefused
from .exchange import Answer, ReceivedRequest
from .listing import page
from .multipart import Part, parse_form

_MAX_BYTES = 200_000_000
_DEFAULT_LIFE = 7 * 86_400
_SHORTEST_LIFE, _LONGEST_LIFE = 3600, 30 * 86_400
_FIELDS = ("file", "purpose", "expires_after[anchor]", "expires_after[seconds]")


@dataclass(frozen=True)
class _File:
    id: str
    filename: str
    content: bytes
    created_at: int
    expires_at: int

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "file",
            "filename": self.filename,
            "bytes": len(self.content),
            "purpose": "batch",
            "created_at": self.created_at,
            "expires_at": self.expires_at,
        }


class Files:
    """The files of one server, in the order of creation; safe to use from several threads.

    The rules are those of inference-docs.cerebras.ai, "Files". When a file would expire is told,
    and nothing is removed at that time. What the service says to an unknown id is not known.
    """

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._lock = threading.Lock()

    def endpoint(self, request: ReceivedRequest, rest: list[str]) -> Callable[[], Answer] | None:
        """`/v1/files` and below."""
        match request.method, rest:
            case "POST", []:
                return lambda: self._upload(request)
            case "GET", []:
                return lambda: page(request, self._shown())
            case "GET", [name]:
                return lambda: json_answer(self._file(name).shown())
            case "GET", [name, "content"]:
                return lambda: raw(self._file(name).content)
            case "DELETE", [name]:
                return lambda: self._delete(name)
        return None

    def add(self, filename: str, content: bytes, *, life: int = _DEFAULT_LIFE) -> str:
        now = int(time.time())
        file = _File(f"file-{secrets.token_hex(12)}", filename, content, now, now + life)
        with self._lock:
            self._files[file.id] = file
        return file.id

    def content(self, name: str) -> bytes | None:
        with self._lock:
            file = self._files.get(name)
        return None if file is None else file.content

    def _file(self, name: str) -> _File:
        with self._lock:
            file = self._files.get(name)
        if file is None:
            raise not_found("file", name)
        return file

    def _shown(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {name: file.shown() for name, file in self._files.items()}

    def _upload(self, request: ReceivedRequest) -> Answer:
        if len(request.body) > _MAX_BYTES:
            raise RequestRefused("Total request size exceeds maximum", status=413)
        form = parse_form(request)
        if faults := _faults(form):
            raise RequestRefused("\n".join(faults))
        life = form.get("expires_after[seconds]")
        file = form["file"]
        name = self.add(
            file.filename or "",
            file.content,
            life=_DEFAULT_LIFE if life is None else int(life.content),
        )
        return json_answer(self._file(name).shown())

    def _delete(self, name: str) -> Answer:
        with self._lock:
            if self._files.pop(name, None) is None:
                raise not_found("file", name)
        return json_answer({"id": name, "object": "file", "deleted": True})


def raw(content: bytes) -> Answer:
    return Answer(200, {"content-type": "application/octet-stream"}, content)


def _faults(form: dict[str, Part]) -> list[str]:
    faults = [f"body.{n}: property 'body.{n}' is unsupported" for n in form if n not in _FIELDS]
    faults += [f"{name}: Field required" for name in ("file", "purpose") if name not in form]
    if "file" in form and not (form["file"].filename or "").endswith(".jsonl"):
        faults.append("file: Input should be a file whose name ends in .jsonl")
    if "purpose" in form and form["purpose"].content != b"batch":
        faults.append("purpose: Input should be 'batch'")
    anchor, seconds = form.get("expires_after[anchor]"), form.get("expires_after[seconds]")
    if (anchor is None) != (seconds is None):
        missing = "anchor" if anchor is None else "seconds"
        faults.append(f"expires_after.{missing}: Field required")
    if anchor is not None and anchor.content != b"created_at":
        faults.append("expires_after.anchor: Input should be 'created_at'")
    if seconds is not None and not _is_life(seconds.content):
        faults.append(
            "expires_after.seconds: Input should be a whole number "
            f"from {_SHORTEST_LIFE} to {_LONGEST_LIFE}"
        )
    return faults


def _is_life(text: bytes) -> bool:
    # bytes.isdigit knows ASCII digits only; int() refuses thousands of them.
    return text.isdigit() and _SHORTEST_LIFE <= int(text[:9]) <= _LONGEST_LIFE
