"""Cassettes: recorded traffic that both twins replay, scrubbed, and failing when not all played."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import vcr
import yaml
from vcr.cassette import Cassette
from vcr.request import Request

from cerebras_sdk._core.auth import SESSION_URLS
from cerebras_sdk._core.endpoints.metrics import METRICS_HOST
from cerebras_sdk._core.options import BASE_URL
from cerebras_sdk.testing import CallDelta, Delta, EchoEngine, Finish, serve

FOLDER = Path(__file__).parent.parent / "cassettes"
RECORDING = bool(os.environ.get("CEREBRAS_RECORD"))
LIVE_KEY = os.environ.get("CEREBRAS_API_KEY") if RECORDING else None
SESSION_COOKIE = "test-session"

# Of a response only what a client acts on is kept; ids, dates and the edge's cookies are noise.
_KEPT = ("content-type", "content-encoding", "inference-id", "location", "retry-after")
_HOSTS = (("/api/auth/", SESSION_URLS[0]), ("/api/v1/metrics/", METRICS_HOST))
_BOUNDARY = "boundary"
_recorded: set[Path] = set()


class StandIn(EchoEngine):
    """Stands in for a model: thinks when asked to, calls the first tool, tells what it gave."""

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        if request.get("reasoning_effort") == "low":
            emit(Delta(reasoning="They count. "))
            emit(Delta(reasoning="So do I."))
        tools, last = request.get("tools"), request["messages"][-1]
        if not tools or last["role"] != "user":
            return super().answer({**request, "messages": [{**last, "role": "user"}]}, emit)
        emit(Delta(call=CallDelta(tools[0]["function"]["name"])))
        for piece in ('{"city":', ' "Rome"', "}"):
            emit(Delta(call=CallDelta(arguments=piece)))
        return Finish("tool_calls", prompt_tokens=40, completion_tokens=12)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that a cassette reads like the traffic it is."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class _Readable:
    @staticmethod
    def serialize(cassette: Any) -> str:
        return yaml.dump(cassette, Dumper=_Dumper, allow_unicode=True, width=10_000)

    @staticmethod
    def deserialize(text: str) -> Any:
        return yaml.safe_load(text)


def _request(request: Request) -> Request:
    # The two libraries say "no body" differently, and a stand-in is recorded under the real name.
    # An upload comes in pieces, and what is set as the body of those would be taken for pieces too.
    body = request.body_bytes or b""
    request = Request(request.method, request.uri, body, request.headers)
    if boundary := re.search(r"boundary=(\w+)", str(request.headers.get("content-type"))):
        # Made anew for every upload.
        request.body = body.replace(boundary[1].encode(), _BOUNDARY.encode())
        request.headers["content-type"] = f"multipart/form-data; boundary={_BOUNDARY}"
    parts = urlsplit(request.uri)
    if parts.hostname == "127.0.0.1":
        path = parts._replace(scheme="", netloc="").geturl()
        named = [url for prefix, url in _HOSTS if path.startswith(prefix)]
        host = urlsplit(named[0] if named else BASE_URL)
        request.uri = f"{host.scheme}://{host.netloc}{path}"
    request.headers = {
        name: value for name, value in request.headers.items() if name.lower() == "content-type"
    }
    return request


def _response(response: dict[str, Any]) -> dict[str, Any]:
    response["headers"] = {
        name.lower(): value
        for name, value in response["headers"].items()
        if name.lower() in _KEPT or name.lower().startswith("x-ratelimit-")
    }
    with contextlib.suppress(ValueError):
        session = json.loads(response["body"]["string"])
        owners = [session, session.get("user")] if isinstance(session, dict) else []
        for owner in owners:
            if isinstance(owner, dict) and "demoApiKey" in owner:
                owner["demoApiKey"] = "csk-test"
                # The moment of recording is long past when this is replayed.
                owner["demoApiKeyExpiry"] = "2999-01-01T00:00:00.000Z"
                response["body"]["string"] = json.dumps(session).encode()
    return response


def _recorder(*, record: bool) -> vcr.VCR:
    recorder = vcr.VCR(
        record_mode="once" if record else "none",
        match_on=("method", "scheme", "host", "port", "path", "query", "body"),
        before_record_request=_request,
        before_record_response=_response,
        decode_compressed_response=True,
        filter_headers=["authorization", "cookie", "set-cookie"],
        serializer="readable",
    )
    recorder.register_serializer("readable", _Readable)
    return recorder


@contextlib.contextmanager
def replayed(path: Path) -> Iterator[dict[str, Any]]:
    """The options of a client whose traffic comes from the cassette at `path`.

    With CEREBRAS_RECORD set the cassette is made anew first: from the service when there is a
    CEREBRAS_API_KEY, else from the local server.
    """
    record = RECORDING and path not in _recorded
    with contextlib.ExitStack() as stack:
        options: dict[str, Any] = {
            "api_key": "csk-test",
            "management_key": "csk-management-test",
            "base_url": BASE_URL,
        }
        if record:
            _recorded.add(path)
            path.unlink(missing_ok=True)
            if LIVE_KEY is None:
                server = stack.enter_context(
                    serve(StandIn(delay=0.005), sessions={SESSION_COOKIE: "csk-test"})
                )
                options["base_url"] = server.base_url
                options["session_url"] = server.session_url
            else:
                options["api_key"] = LIVE_KEY
        cassette: Cassette = stack.enter_context(_recorder(record=record).use_cassette(str(path)))
        yield options
        assert record or cassette.all_played, f"{path.name}: not all of it was played"
