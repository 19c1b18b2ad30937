"""What can be wrong with the events of a stream that HTTP has carried well."""

from __future__ import annotations

import json
from typing import Any

from cerebras_sdk import (
    APIError,
    AuthenticationError,
    InternalServerError,
    ModelNotFoundError,
    NotFoundError,
    RateLimitError,
    StreamDecodeError,
    StreamTruncatedError,
)

from .row import (
    COMPLETION,
    DONE,
    KEY,
    ONE,
    ROLE,
    SAID_ALL,
    SAID_ONE,
    STOP,
    TWO,
    WHOLE,
    Fault,
    Said,
    chunks,
    delta,
    event,
)

SERVER = {"message": "Encountered a server error, please try again.", "type": "server_error"}
QUOTA = {
    "message": "Tokens per minute limit exceeded - too many tokens processed.",
    "type": "too_many_tokens_error",
    "param": "quota",
    "code": "token_quota_exceeded",
}
GONE = {"message": "Model foo does not exist", "type": "not_found_error", "code": "model_not_found"}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def _row(name: str, body: bytes, error: type[APIError] | None = None, **fields: Any) -> Fault:
    return Fault(
        name=name, answers=(chunks(*filter(None, [body])),), error=error, stream=True, **fields
    )


def _fine(name: str, body: bytes, said: tuple[Said, ...] = SAID_ALL, **fields: Any) -> Fault:
    return _row(name, body, said=said, reused=True, **fields)


def _truncated(name: str, body: bytes, said: tuple[Said, ...], **fields: Any) -> Fault:
    fields.setdefault("reused", DONE not in body)  # which is the end, and is not read beyond
    return _row(name, body, StreamTruncatedError, said=said, **fields)


def _undecodable(name: str, raw: bytes, **fields: Any) -> Fault:
    return _row(name, ROLE + ONE + raw + TWO + STOP, StreamDecodeError, said=SAID_ONE, **fields)


def _errors() -> list[Fault]:
    """An error in the stream, in each form, before and after the first words."""
    forms: list[tuple[str, object, type[APIError], int]] = [
        ("500, nested", {"status_code": 500, "error": SERVER}, InternalServerError, 500),
        ("503, nested", {"status_code": 503, "error": SERVER}, InternalServerError, 503),
        ("429, nested", {"status_code": 429, "error": QUOTA}, RateLimitError, 429),
        ("401, nested", {"status_code": 401, "error": SERVER}, AuthenticationError, 401),
        ("404, nested", {"status_code": 404, "error": SERVER}, NotFoundError, 404),
        ("500, flat", {"status_code": 500, **SERVER}, InternalServerError, 500),
        ("429, flat", {"status_code": 429, **QUOTA}, RateLimitError, 429),
        ("no status, nested", {"error": SERVER}, InternalServerError, 500),
        ("no status, flat", SERVER, InternalServerError, 500),
        ("no status, a model that is gone", {"error": GONE}, ModelNotFoundError, 404),
        ("an error that is a text", {"error": "It broke."}, InternalServerError, 500),
        ("beside no choices", {"choices": [], "error": SERVER}, InternalServerError, 500),
        ("beside null choices", {"choices": None, "error": SERVER}, InternalServerError, 500),
        ("that repeats the key", {"error": {"message": f"not {KEY}"}}, InternalServerError, 500),
    ]
    places: list[tuple[str, bytes, tuple[Said, ...]]] = [
        ("as the first event", b"", ()),
        ("after the role", ROLE, (Said(),)),
        ("after words", ROLE + ONE, SAID_ONE),
    ]
    return [
        _row(
            f"an error in the stream: {form}, {place}",
            before + event(error) + (DONE if number % 2 else b""),
            kind,
            details={"status_code": status},
            said=said,
        )
        for number, (form, error, kind, status) in enumerate(forms)
        for place, before, said in places
    ]


CALL = {"index": 0, "id": "8d6d4c473", "type": "function"}
BEGUN = delta(tool_calls=[{**CALL, "function": {"name": "look", "arguments": ""}}])
PLACE = delta(tool_calls=[{"index": 0, "type": "function", "function": {"arguments": '{"at":'}}])
CUT = (Said(calls=(("look", '{"at":'),)),)
BLANK = {"id": "a", "choices": []}
NULLS = {
    "id": None,
    "choices": [
        {
            "index": 0,
            "delta": {"role": None, "content": None, "reasoning": None, "tool_calls": None},
            "finish_reason": None,
            "logprobs": None,
        }
    ],
    "usage": None,
    "time_info": None,
    "system_fingerprint": None,
    "service_tier": None,
}
LINES = json.dumps(COMPLETION["choices"][0]["message"])

ROWS = [
    *_errors(),
    _row(
        "an event of the type error",
        ROLE + ONE + b"event: error\n" + event({"status_code": 503, "error": SERVER}),
        InternalServerError,
        details={"status_code": 503},
        said=SAID_ONE,
    ),
    _row(
        "an event of the type error with a text",
        ROLE + ONE + b"event: error\ndata: it broke\n\n",
        InternalServerError,
        details={"status_code": 500},
        says="it broke",
        said=SAID_ONE,
    ),
    Fault(
        name="an event of the type error with a text, as the first, and a retry",
        answers=(chunks(b"event: error\ndata: it broke\n\n"), chunks(WHOLE)),
        said=SAID_ALL,
        stream=True,
        max_retries=1,
        requests=2,
        connections=2,
        reused=None,
    ),
    _row(
        "an error and content in one event",
        ROLE + event({"choices": [{"delta": {"content": "one "}}], "error": SERVER}),
        InternalServerError,
        said=SAID_ONE,
    ),
    _fine("an error after the whole answer", ROLE + ONE + TWO + STOP + event({"error": SERVER})),
    _fine("no JSON after the whole answer", ROLE + ONE + TWO + STOP + event(b"{")),
    _fine("no [DONE]", ROLE + ONE + TWO + STOP),
    _fine("[DONE] with blanks", ROLE + ONE + TWO + STOP + b"data:[DONE] \n\n"),
    _fine("events after [DONE]", WHOLE + delta(content="three") + event({"error": SERVER})),
    _fine("[DONE] twice", WHOLE + DONE),
    _truncated("[DONE] alone", DONE, ()),
    _truncated("[DONE] before the finish_reason", ROLE + ONE + DONE, SAID_ONE),
    _truncated("nothing at all", b"", ()),
    _truncated("comments only", b": keep-alive\n\n" * 9, ()),
    _truncated("blank lines only", b"\n" * 9, ()),
    _truncated("the role alone", ROLE, (Said(),)),
    _truncated("a stream without its end", ROLE + ONE + TWO, SAID_ALL),
    _truncated("an event without its blank line", ROLE + ONE + TWO[:-1], SAID_ONE),
    _truncated("a character cut in half", ROLE + ONE + b'data: {"id":"\xc3', SAID_ONE),
    _truncated(
        "tool call arguments cut by the end", ROLE + BEGUN + PLACE, CUT, call={"tools": None}
    ),
    _fine(
        "tool call arguments cut by the length",
        ROLE + BEGUN + PLACE + delta(finish="length") + DONE,
        CUT,
    ),
    _fine("an answer cut by the length", ROLE + ONE + delta(finish="length") + DONE, SAID_ONE),
    _fine("a finish_reason nobody knows", ROLE + ONE + delta(finish="done") + DONE, SAID_ONE),
    _fine(
        "reasoning and an answer",
        ROLE + delta(reasoning="hm") + ONE + TWO + STOP + DONE,
        (Said("one two", "hm"),),
    ),
    _truncated(
        "reasoning without an answer", ROLE + delta(reasoning="hm"), (Said(reasoning="hm"),)
    ),
    _truncated(
        "one of two choices unfinished",
        ONE + delta(index=1, content="eins") + STOP + DONE,
        (Said("one "), Said("eins")),
        call={"n": 2},
    ),
    _truncated("one of two choices missing", ONE + STOP + DONE, SAID_ONE, call={"n": 2}),
    _fine(
        "two choices",
        ONE + delta(index=1, content="eins") + STOP + delta(index=1, finish="stop"),
        (Said("one "), Said("eins")),
        call={"n": 2},
    ),
    _fine("a chunk of usage alone", ROLE + ONE + TWO + STOP + event({**BLANK, "usage": USAGE})),
    _truncated("usage without an end", ROLE + ONE + event({**BLANK, "usage": USAGE}), SAID_ONE),
    _fine("empty choices", event(BLANK) + ROLE + ONE + event(BLANK) + TWO + STOP),
    _fine("null fields", ROLE + event(NULLS) + ONE + TWO + event(NULLS) + STOP),
    _fine("null choices", ROLE + ONE + event({"id": "a", "choices": None}) + TWO + STOP),
    _fine("fields of tomorrow", ROLE + ONE + event({**BLANK, "x": {"y": [1]}}) + TWO + STOP),
    _fine("the same event twice", ROLE + ONE + ONE + STOP + DONE, (Said("one one "),)),
    _fine("a byte order mark", b"\xef\xbb\xbf" + WHOLE),
    _fine("line ends of Windows", WHOLE.replace(b"\n", b"\r\n")),
    _fine("line ends of an old Macintosh", WHOLE.replace(b"\n", b"\r")),
    _fine("no blank after the colon", WHOLE.replace(b"data: ", b"data:")),
    _fine("ids, retries and unknown fields", b"id: 7\nretry: 5\nx: y\n" + WHOLE),
    _fine("an event in several lines", WHOLE.replace(b', "choices"', b',\ndata: "choices"')),
    _fine("comments in between", ROLE + b": x\n\n" + ONE + b":\n" + TWO + b": y\n\n" + STOP),
    _fine(
        "a NUL in the text, escaped",
        ROLE + delta(content="a\0b") + STOP,
        (Said("a\0b"),),
    ),
    _undecodable("an event that is no JSON", event(b"{'id': 'a'}")),
    _undecodable("an event that is half of JSON", event(ONE[6:-9])),
    _undecodable("an event that is a number", event(b"7")),
    _undecodable("an event that is a list", event(b"[]")),
    _undecodable("an event that is a text", event(b'"one"')),
    _undecodable("an event that is null", event(b"null")),
    _undecodable("content that is a number", event({"choices": [{"delta": {"content": 7}}]})),
    _undecodable("bytes that are no UTF-8", ONE.replace(b"one", b"\xff\xfe")),
    _undecodable("half a character", ONE.replace(b"one", b"\xe2\x82")),
    _undecodable("a NUL in the text", ONE.replace(b"one", b"\0")),
    _undecodable("a NUL between the fields", ONE.replace(b": ", b":\0", 2)),
    _undecodable("JSON nested without end", event(b'{"x":' + b"[" * 100_000)),
    _undecodable("an event larger than any answer", event(b"x" * (16 * 1024 * 1024 + 1))),
    _undecodable("a line that does not end", b"x" * (16 * 1024 * 1024 + 1)),
]
