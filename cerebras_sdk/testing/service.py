"""The built-in answers of the local server: paths, keys, models, and the session endpoint."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from urllib.parse import unquote

from .._core.catalog import MODELS
from .completions import Completion, error_answer, json_answer
from .engines import Engine, RequestRefused
from .exchange import Answer, ReceivedRequest
from .quota import Quota
from .threads import Workers
from .validation import check_chat, decode_body

# Auth.js names its cookie so; the second form is for https.
_SESSION_COOKIES = ("authjs.session-token", "__Secure-authjs.session-token")
_KEY_LIFETIME = timedelta(minutes=10)
_SESSION_LIFETIME = timedelta(days=30)


class CerebrasService:
    """Answers as api.cerebras.ai does, and as the session endpoint of its website does.

    `models` None means every id of the catalog, retired ones included, of which the list of models
    shows those that are not. What no recording shows is not imitated: tools are accepted and never
    called, quotas are counted and never enforced.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        api_keys: set[str],
        models: tuple[str, ...] | None,
        sessions: Mapping[str, str],
        workers: Workers,
    ) -> None:
        self.api_keys = api_keys
        self.sessions = sessions
        self.workers = workers
        self._engine = engine
        self._quota = Quota()
        if models is None:
            self._known = frozenset(model.id for model in MODELS)
            self._listed = tuple(model.id for model in MODELS if model.retired is None)
        else:
            self._known, self._listed = frozenset(models), models

    async def answer(self, request: ReceivedRequest, stack: ExitStack) -> Answer:
        try:
            answer = await self._route(request, stack)
        except RequestRefused as error:
            answer = error_answer(error)
        # 16 hex digits and the place, as Cloudflare writes it; LOC is nowhere.
        common = {
            "date": formatdate(usegmt=True),
            "server": "cerebras-sdk-local",
            "cf-ray": f"{secrets.token_hex(8)}-LOC",
        }
        return Answer(answer.status, common | dict(answer.headers), answer.body)

    async def _route(self, request: ReceivedRequest, stack: ExitStack) -> Answer:
        match request.method, request.path:
            case "GET", "/api/auth/session":
                return self._session(request)
            case "POST", "/v1/chat/completions":
                return self._refusal(request) or await self._chat(request, stack)
            case "GET", "/v1/models":
                models = [_model(name) for name in self._listed]
                return self._refusal(request) or json_answer({"object": "list", "data": models})
            case "GET", "/v1/tcp_warming":
                return self._refusal(request) or json_answer({})
            case "GET", path if path.startswith("/v1/models/"):
                return self._refusal(request) or self._one_model(
                    unquote(path[len("/v1/models/") :])
                )
        return Answer(404, {"content-type": "text/plain"})

    def _refusal(self, request: ReceivedRequest) -> Answer | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return json_answer({"detail": "Not authenticated"}, status=403)
        if key.strip() not in self.api_keys:
            wrong = RequestRefused(
                "Wrong API Key", status=401, param="api_key", code="wrong_api_key"
            )
            return error_answer(wrong)
        return None

    async def _chat(self, request: ReceivedRequest, stack: ExitStack) -> Answer:
        self._quota.spend("requests", 1, now=time.time())
        body = decode_body(request)
        check_chat(body)
        self._require_model(body["model"])
        completion = Completion(body, engine=self._engine, quota=self._quota)
        return await completion.begin(self.workers, stack)

    def _one_model(self, name: str) -> Answer:
        self._require_model(name)
        return json_answer(_model(name))

    def _require_model(self, name: str) -> None:
        if name not in self._known:
            raise RequestRefused(
                f"Model {name} does not exist or you do not have access to it.",
                status=404,
                type="not_found_error",
                param="model",
                code="model_not_found",
            )

    def _session(self, request: ReceivedRequest) -> Answer:
        cookies = dict(
            pair.strip().partition("=")[::2]
            for pair in request.headers.get("cookie", "").split(";")
        )
        for name in _SESSION_COOKIES:
            if key := self.sessions.get(cookies.get(name, "")):
                self.api_keys.add(key)
                now = datetime.now(UTC)
                user = {
                    "name": "Local",
                    "demoApiKey": key,
                    "demoApiKeyExpiry": _iso(now + _KEY_LIFETIME),
                }
                return json_answer({"user": user, "expires": _iso(now + _SESSION_LIFETIME)})
        return json_answer(None)  # what Auth.js 5 answers to a stranger


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "Cerebras"}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
