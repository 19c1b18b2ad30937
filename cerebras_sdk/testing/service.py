"""The built-in answers of the local server: paths and keys, and who answers what."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Awaitable, Callable, Container, Mapping
from contextlib import ExitStack
from email.utils import formatdate
from typing import Any, TypeAlias
from urllib.parse import unquote

from .answers import error_answer, json_answer
from .batches import Batches, Cancel
from .bodies import decode_body
from .catalogue import Catalogue
from .clock import Clock
from .completions import Completion
from .engines import Engine, RequestRefused
from .exchange import Answer, ReceivedRequest
from .files import Files
from .generation import Generation
from .limiter import QuotaExceeded
from .management import Management
from .metrics import Tally
from .quota import Charge, Quota
from .session import session
from .text_completions import TextCompletion
from .threads import Workers
from .validation import check_chat, check_completion

Endpoint: TypeAlias = Callable[[], Answer | Awaitable[Answer]]


class CerebrasService:
    """Answers as api.cerebras.ai does, and as the session endpoint of its website does.

    `models` None means every id of the catalog, retired ones included, of which the list of models
    shows those that are not. Whether tools are called is up to the engine. Metrics, which the
    service has on another host, are on the same port, for any organization.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        api_keys: set[str],
        models: tuple[str, ...] | None,
        sessions: Mapping[str, str],
        workers: Workers,
        compression: bool,
        batch_cancel: Cancel,
        management_keys: frozenset[str],
        quota: Quota,
        clock: Clock,
    ) -> None:
        self.api_keys = api_keys
        self.sessions = sessions
        self.workers = workers
        self.quota = quota
        self._clock = clock
        self._engine = engine
        self._management_keys = management_keys
        self._compression = compression
        self._tally = Tally()
        self._catalogue = Catalogue(models)
        self._management = Management(self._catalogue.listed)
        self._files = Files()
        self._batches = Batches(
            files=self._files,
            models=self._catalogue,
            run_line=self._run_line,
            workers=workers,
            cancel=batch_cancel,
        )

    async def answer(self, request: ReceivedRequest, stack: ExitStack) -> Answer:
        try:
            answer = await self._route(request, stack)
        except RequestRefused as error:
            answer = error_answer(error)
        # 16 hex digits and the place, as Cloudflare writes it; LOC is nowhere.
        common = {
            "date": formatdate(self._clock.time(), usegmt=True),
            "server": "cerebras-sdk-local",
            "cf-ray": f"{secrets.token_hex(8)}-LOC",
        }
        return Answer(answer.status, common | dict(answer.headers), answer.body)

    async def _route(self, request: ReceivedRequest, stack: ExitStack) -> Answer:
        parts = request.path.split("/")[1:]
        endpoint = self._open_endpoint(request, parts)
        if endpoint is None:
            endpoint = self._endpoint(request, parts, stack)
            if endpoint is None:
                return Answer(404, {"content-type": "text/plain"})
            # Dedicated endpoints are managed with a key of another kind.
            managed = parts[0] == "management"
            keys = self._management_keys if managed else self.api_keys
            if refusal := _refusal(request, keys):
                return refusal
        answer = endpoint()
        return await answer if inspect.isawaitable(answer) else answer

    def _open_endpoint(self, request: ReceivedRequest, parts: list[str]) -> Endpoint | None:
        """What answers without a key."""
        match request.method, parts:
            case "GET", ["api", "auth", "session"]:
                return lambda: session(
                    request,
                    sessions=self.sessions,
                    api_keys=self.api_keys,
                    now=self._clock.time(),
                )
            case _, ["public", "v1", "models", *rest]:
                return self._catalogue.public_endpoint(request, rest)
        return None

    def _endpoint(
        self, request: ReceivedRequest, parts: list[str], stack: ExitStack
    ) -> Endpoint | None:
        match request.method, parts:
            case "POST", ["v1", "chat", "completions"]:
                return lambda: self._generate(request, stack, Completion, check_chat)
            case "POST", ["v1", "completions"]:
                return lambda: self._generate(request, stack, TextCompletion, check_completion)
            case "GET", ["v1", "tcp_warming"]:
                return lambda: json_answer({})
            case "GET", ["api", "v1", "metrics", "organizations", organization]:
                return lambda: self._tally.prometheus(unquote(organization))
            case _, ["v1", "models", *rest]:
                return self._catalogue.endpoint(request, rest)
            case _, ["v1", "files", *rest]:
                return self._files.endpoint(request, rest)
            case _, ["v1", "batches", *rest]:
                return self._batches.endpoint(request, rest, lambda: self._decoded(request))
            case _, ["management", "v1", *rest]:
                return self._management.endpoint(request, rest, lambda: self._decoded(request))
        return None

    def _decoded(self, request: ReceivedRequest) -> dict[str, Any]:
        return decode_body(request, compression=self._compression)

    async def _generate(
        self,
        request: ReceivedRequest,
        stack: ExitStack,
        kind: type[Generation[Any]],
        check: Callable[[Mapping[str, Any]], None],
    ) -> Answer:
        body = self._decoded(request)
        try:
            check(body)
            self._catalogue.require(body["model"])
            charge = self.quota.admit(_key(request), body)
            answer = await self._generation(kind, body, charge).begin(self.workers, stack)
        except QuotaExceeded as error:
            answer = error_answer(error)
            answer = Answer(answer.status, {**answer.headers, **error.headers}, answer.body)
        except RequestRefused as error:
            answer = error_answer(error)
        if body.get("model") in self._catalogue:
            self._tally.requested(self._engine.model or body["model"], status=answer.status)
        return answer

    def _run_line(self, body: dict[str, Any], wanted: Callable[[], bool]) -> dict[str, Any]:
        """One line of a batch, for which other quotas apply, that no header shows."""
        check_chat(body)
        return self._generation(Completion, body, Charge()).run(wanted)

    def _generation(
        self, kind: type[Generation[Any]], body: dict[str, Any], charge: Charge
    ) -> Generation[Any]:
        return kind(body, engine=self._engine, charge=charge, tally=self._tally, clock=self._clock)


def _refusal(request: ReceivedRequest, keys: Container[str]) -> Answer | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return json_answer({"detail": "Not authenticated"}, status=403)
    if _key(request) not in keys:
        return error_answer(
            RequestRefused("Wrong API Key", status=401, param="api_key", code="wrong_api_key")
        )
    return None


def _key(request: ReceivedRequest) -> str:
    return request.headers.get("authorization", "").partition(" ")[2].strip()
