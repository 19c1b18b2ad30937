"""The faults that `reliability.py` plays."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from cerebras_sdk.testing import Answer, Pause, RawAnswer, ReceivedRequest
from cerebras_sdk.testing.exchange import Handler

PROMPT = "a prompt that only the service may read"
COOKIE = "session=nobody-else-may-have-it"
TEXT = "one two three"
ELSEWHERE = "/v1/elsewhere"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
ABOUT = {"id": "a", "created": 1, "model": "gpt-oss-120b", "system_fingerprint": "fp_1"}

Look: TypeAlias = Literal["redirect", "echo", "log", "client", "pickle"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong: `name` says it to people, `handler` makes what does it.

    `timeout` and `retries` are the client's; `total` the seconds that the call may take, for those
    that can be told. `sent`: the text that the server sent before it went wrong. `harmless`: an
    answer is right, an error is not wanted. `timed`: the seconds are of interest. `tells`:
    attributes of the error to show; `says`: a pattern for the part of its message to show. `look`:
    where to look for the key or the prompt. `early`: is answered before the body was read.
    """

    name: str
    handler: Callable[[], Handler] = lambda: lambda _: None
    stream: bool = False
    timeout: float = 5.0
    total: float | None = None
    retries: int = 2
    sent: str = ""
    harmless: bool = False
    timed: bool = False
    tells: tuple[str, ...] = ()
    says: str = ""
    look: Look | None = None
    early: bytes = b""
    prompt: str = PROMPT
    model: str = "gpt-oss-120b"


def call(name: str, *answers: Answer | RawAnswer, **details: Any) -> Fault:
    """What is wrong with a whole answer."""
    if answers:
        details["handler"] = turns(*answers)
    return Fault(name=name, **details)


def stream(name: str, *answers: Answer | RawAnswer, **details: Any) -> Fault:
    """What is wrong with a stream."""
    return call(name, *answers, stream=True, **details)


def turns(*answers: Answer | RawAnswer) -> Callable[[], Handler]:
    """One answer after the other; the last one from then on."""

    def handler() -> Handler:
        left = list(answers)
        return lambda _: left.pop(0) if len(left) > 1 else left[0]

    return handler


def shut_for(seconds: float, refusal: Answer) -> Callable[[], Handler]:
    """`refusal`, until so many seconds after the first request."""

    def handler() -> Handler:
        opens: list[float] = []

        def answer(_: ReceivedRequest) -> Answer:
            opens.append(time.monotonic() + seconds)
            return refusal if time.monotonic() < opens[0] else WHOLE

        return answer

    return handler


def event(document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def chunk(delta: Mapping[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": dict(delta), "finish_reason": reason}
    return event({**ABOUT, "object": "chat.completion.chunk", "choices": [choice]})


def refusal(
    status: int, message: str, kind: str = "", code: str = "", param: str = "", **headers: str
) -> Answer:
    body = {"message": message, "type": kind, "param": param, "code": code}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["content-type"] = "application/json"
    return Answer(status, named, json.dumps(body).encode())


def events(*pieces: bytes | Pause) -> Answer:
    """A stream that ends as HTTP wants it."""
    return Answer(200, {"content-type": "text/event-stream"}, list(pieces))


def open_ended(*pieces: bytes, then: Literal["close", "reset", "keep"]) -> RawAnswer:
    """A stream without its last chunk."""
    sent = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    # A reset may overtake what was sent before it.
    return RawAnswer([CHUNKED, *sent, Pause(0.2)], then=then)


def document(body: object, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(200, {"content-type": "application/json"} | named, json.dumps(body).encode())


def completion() -> dict[str, Any]:
    message = {"role": "assistant", "content": TEXT}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**ABOUT, "object": "chat.completion", "choices": [choice]}


ROLE = chunk({"role": "assistant"})
ONE, TWO, THREE = (chunk({"content": text}) for text in ("one ", "two ", "three"))
STOP, DONE = chunk({}, "stop"), b"data: [DONE]\n\n"
SERVER = {"message": "Encountered a server error, please try again.", "type": "server_error"}
NESTED = event({"status_code": 500, "error": SERVER})
FLAT = event({**SERVER, "param": "", "code": ""})
STREAM = events(ROLE, ONE, TWO, THREE, STOP, DONE)
WHOLE = document(completion())
WHOLE_BODY = json.dumps(completion()).encode()
JSON = {"content-type": "application/json"}
TOKENS = ("too_many_tokens_error", "token_quota_exceeded", "quota")
REQUESTS = ("too_many_requests_error", "request_quota_exceeded", "quota")
PER_MINUTE = "Requests per minute limit exceeded - too many requests sent."
# What gzip does not make small, so that it is still being sent when the refusal comes.
LARGE = random.Random(1).randbytes(4 << 20).hex()


def comments() -> Iterator[bytes | Pause]:
    yield ROLE
    for _ in range(15):
        yield Pause(0.2)
        yield b": keep-alive\n\n"


def trickle() -> Iterator[bytes | Pause]:
    yield ROLE
    for _ in range(14):
        yield ONE
        yield Pause(0.3)
    yield STOP


def elsewhere() -> Handler:
    def answer(request: ReceivedRequest) -> Answer:
        port = request.headers.get("host", "").rpartition(":")[2]
        return Answer(307, {"location": f"http://localhost:{port}{ELSEWHERE}"})

    return answer


def echo() -> Handler:
    def answer(request: ReceivedRequest) -> Answer:
        sent = request.headers.get("authorization", "")
        return refusal(401, f"bad header: Authorization: {sent}", "invalid_request_error")

    return answer


IN_A_MOMENT = refusal(429, PER_MINUTE, *REQUESTS, retry_after="1")
IN_TWO_SECONDS = refusal(
    429,
    PER_MINUTE,
    *REQUESTS,
    x_ratelimit_limit_requests_minute="5",
    x_ratelimit_remaining_requests_minute="0",
    x_ratelimit_reset_requests_minute="2",
)
TOMORROW = refusal(
    429, "Tokens per day limit exceeded - too many tokens.", *TOKENS, retry_after="86399"
)
FULL = refusal(
    429, "We're experiencing high traffic right now! Please try again soon.",
    "too_many_requests_error", "queue_exceeded", "queue", x_should_retry="false",
)  # fmt: skip
UNPAID = refusal(
    402, "Payment required to access this resource. Visit your billing tab.",
    "payment_required_error", "payment_required", "quota",
)  # fmt: skip
TOO_LONG = refusal(
    400, "Please reduce the length of the messages or completion. Current length is 8530 while "
    "limit is 8192", "invalid_request_error", "context_length_exceeded", "messages",
)  # fmt: skip
NO_MODEL = refusal(
    404, "Model gpt-oss-12b does not exist.", "not_found_error", "model_not_found", "model"
)
TOO_LARGE = (
    b"HTTP/1.1 413 Content Too Large\r\nContent-Type: application/json\r\nContent-Length: 49\r\n"
    b'Connection: close\r\n\r\n{"message": "Total request size exceeds maximum"}'
)
HALF_CHARACTER = TWO.replace(b"two", b"\xe2\x82")
SHORT = RawAnswer([b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + WHOLE_BODY])
PAGE = {"content-type": "text/html"}

FAULTS: Mapping[str, tuple[Fault, ...]] = {
    "Streams that break": (
        stream("the stream ends without a `finish_reason`", events(ROLE, ONE, TWO),
               sent="one two "),
        stream("the connection is closed in the middle", open_ended(ROLE, ONE, then="close"),
               sent="one "),
        stream("the connection is reset in the middle", open_ended(ROLE, ONE, then="reset"),
               sent="one "),
        stream("the stream ends in the middle of an event", events(ROLE, ONE, TWO[:60]),
               sent="one "),
        stream("an event that is no JSON", events(ROLE, ONE, b"data: <html>\n\n", STOP),
               sent="one "),
        stream("an event with half a UTF-8 character", events(ROLE, ONE, HALF_CHARACTER, STOP),
               sent="one "),
        stream("a 200 with a JSON error instead of the stream", document(SERVER), retries=0),
        stream("a 200 with a whole JSON answer instead of the stream", WHOLE, harmless=True),
        stream("an error event, nested, before the first text; then all is well",
               events(ROLE, NESTED), STREAM, harmless=True),
        stream("an error event, flat, before the first text; then all is well",
               events(ROLE, FLAT), STREAM, harmless=True),
        stream("an error event, nested, after the first text", events(ROLE, ONE, NESTED),
               sent="one "),
        stream("an error event, flat, after the first text", events(ROLE, ONE, FLAT), sent="one "),
        stream("a reset before the first text; then all is well", open_ended(ROLE, then="reset"),
               STREAM, harmless=True),
        stream("`finish_reason`, but no `[DONE]`", events(ROLE, ONE, TWO, THREE, STOP),
               harmless=True),
        stream("`finish_reason`, no `[DONE]`, and no end (timeout 3 s)",
               open_ended(ROLE, ONE, TWO, THREE, STOP, then="keep"), harmless=True, timeout=3,
               retries=0, timed=True),
    ),
    "Silence": (
        stream("3 s of keep-alive comments, then the end (timeout 1 s)", timeout=1, retries=0,
               handler=lambda: lambda _: events(*comments()), timed=True, tells=("phase",)),
        stream("silence in the middle of a stream (timeout 1 s)",
               events(ROLE, ONE, Pause(3), TWO, STOP), timeout=1, retries=0, sent="one ",
               timed=True),
        call("silence instead of an answer (timeout 1 s)", RawAnswer([Pause(3)]), timeout=1,
             retries=0, timed=True, tells=("phase",)),
        stream("a stream that trickles for 4 s, where the call may take 2 s in all", timeout=2,
               handler=lambda: lambda _: events(*trickle()), total=2, retries=0,
               sent="one " * 7, timed=True, tells=("phase",)),
    ),
    "Refusals": (
        call("429, the tokens of the day are used up, `retry-after: 86399`", TOMORROW, timed=True,
             tells=("window", "retry_after"), says=r"it reopens in [^;]+"),
        call("429 for a minute, `retry-after: 1`; then all is well", timed=True, harmless=True,
             handler=shut_for(0.9, IN_A_MOMENT)),
        call("429 for a minute, reset in 2 s, no `retry-after`; then all is well", timed=True,
             harmless=True, handler=shut_for(1.9, IN_TWO_SECONDS)),
        call("429, the service is full, `x-should-retry: false`; then all is well", FULL, WHOLE,
             harmless=True),
        call("400 `Encountered a server error, please try again`; then all is well",
             refusal(400, "Encountered a server error, please try again"), WHOLE, harmless=True),
        call("500, again and again", refusal(500, "no"), says="3 attempts.*"),
        call("402, no credit", UNPAID),
        call("400 `context_length_exceeded`", TOO_LONG, tells=("current", "limit")),
        call("404 `model_not_found`", NO_MODEL, model="gpt-oss-12b",
             says=r"(?<=exist\. ).+?(?= \[)"),
        call("404, empty: a wrong path", Answer(404, {"content-type": "text/plain"}),
             says="Check base_url"),
        call("403, the HTML page of a firewall", Answer(403, PAGE, b"<html><title>Blocked"),
             says=r"a firewall[^,;]+"),
        call('403 `{"detail": "Not authenticated"}`',
             Answer(403, JSON, b'{"detail":"Not authenticated"}'), says="Not authenticated"),
        call("413 while 8 MB are still being sent", early=TOO_LARGE, prompt=LARGE,
             says="Total request size exceeds maximum"),
    ),
    "Answers that are damaged": (
        call("a 200 with a JSON error instead of an answer", document(SERVER), retries=0),
        call("gzip that is none", document(completion(), content_encoding="gzip"), retries=0),
        call("fewer bytes than the content-length", SHORT, retries=0),
        call("a JSON answer that is cut", Answer(200, JSON, WHOLE_BODY[:50]), retries=0),
        call("an HTML page with status 200", Answer(200, PAGE, b"<html>Sign in"), retries=0),
    ),
    "Secrets": (
        call("a redirect to another host", handler=elsewhere, look="redirect"),
        call("a proxy that repeats the key in its error", handler=echo, look="echo"),
        call("logging at DEBUG", WHOLE, harmless=True, look="log"),
        call("showing the client", WHOLE, harmless=True, look="client"),
        call("pickling the client", WHOLE, harmless=True, look="pickle"),
    ),
}  # fmt: skip
