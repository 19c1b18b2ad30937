"""The bytes of a stream become chunks, and what goes wrong becomes an error with what arrived."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from cerebras_sdk import errors
from cerebras_sdk._core import chunks, documents
from cerebras_sdk._core.answers import read_answer
from cerebras_sdk._core.chunks import CHAT, TEXT, ChunkReader
from cerebras_sdk._core.http import Headers, Request
from cerebras_sdk._core.secret import Secret
from cerebras_sdk._core.sse import SSEDecoder
from cerebras_sdk.errors import StreamError
from cerebras_sdk.types import ChatCompletion, ChatCompletionChunk, Completion, Usage

URL = "https://api.cerebras.ai/v1/chat/completions"
REQUEST = Request(method="POST", url=URL)
HEADERS = Headers([("inference-id", "chatcmpl-1")])
DONE = b"data: [DONE]\n\n"
Reader = ChunkReader[ChatCompletionChunk, ChatCompletion]


def event(document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def chunk(delta: dict[str, Any] | None = None, *, index: int = 0, **fields: Any) -> bytes:
    choice: dict[str, Any] = {"delta": delta or {}, "index": index}
    if "finish_reason" in fields:
        choice["finish_reason"] = fields.pop("finish_reason")
    return event({"id": "chatcmpl-1", "created": 5, "model": "m", "choices": [choice], **fields})


ROLE = chunk({"role": "assistant"})
FOUR = chunk({"content": "fo"}) + chunk({"content": "ur"})
STOP = chunk(
    finish_reason="stop", usage={"total_tokens": 29}, time_info={"created": 5.5, "queue_time": 0.1}
)


def reader(*, n: int = 1, key: str | None = None) -> Reader:
    request = REQUEST if key is None else REQUEST.signed(Secret(key))
    return ChunkReader(request, HEADERS, CHAT, model="gpt-oss-12b", n=n)


def read(
    stream: bytes, *, n: int = 1, key: str | None = None
) -> tuple[list[ChatCompletionChunk], Reader]:
    """All of a stream that ends after `stream`: the same whole and byte by byte."""
    results = []
    for size in (max(1, len(stream)), 1, 7):
        it = reader(n=n, key=key)
        for at in range(0, len(stream), size):
            it.feed(stream[at : at + size])
        it.end()
        results.append((list(it.chunks), it))
        assert it.done
    seen = [
        (found, it.total.completion(), type(it.failure), str(it.failure)) for found, it in results
    ]
    assert seen[0] == seen[1] == seen[2]
    return results[0]


def answer(stream: bytes, *, n: int = 1) -> ChatCompletion:
    _, it = read(stream, n=n)
    assert it.failure is None
    return it.total.completion()


def failed(stream: bytes, *, n: int = 1, key: str | None = None) -> Any:
    _, it = read(stream, n=n, key=key)
    assert it.failure is not None
    return it.failure


class TestAWholeStream:
    def test_gives_its_chunks_and_their_sum(self) -> None:
        found, it = read(ROLE + FOUR + STOP + DONE)
        assert it.failure is None
        assert [piece.text for piece in found] == ["", "fo", "ur", ""]
        assert found[0].choices[0].delta.role == "assistant"
        total = it.total.completion()
        assert (total.id, total.created, total.model) == ("chatcmpl-1", 5, "m")
        assert total.choices[0].message.to_dict() == {"role": "assistant", "content": "four"}
        assert total.choices[0].finish_reason == "stop"
        assert total.usage == Usage(total_tokens=29)
        assert total.time_info is not None
        assert total.time_info.queue_time == 0.1

    def test_has_the_id_of_the_first_chunk_that_has_one(self) -> None:
        total = answer(event({"choices": []}) + FOUR + STOP)
        assert (total.id, total.created, total.model) == ("chatcmpl-1", 5, "m")

    def test_needs_no_done(self) -> None:
        assert answer(FOUR + STOP).text == "four"

    def test_is_over_at_done(self) -> None:
        it = reader()
        it.feed(STOP + DONE + FOUR + b"data: {broken\n\n")
        assert it.done
        assert it.failure is None
        assert len(it.chunks) == 1
        it.feed(FOUR)
        it.end()
        assert len(it.chunks) == 1

    def test_is_over_at_done_whatever_follows_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chunks, "SSEDecoder", functools.partial(SSEDecoder, max_event_size=999))
        assert answer(FOUR + STOP + DONE + b"x" * 1000).text == "four"

    def test_may_have_keep_alives_and_event_types(self) -> None:
        assert answer(b": ping\n\nevent: x\nid: 1\n" + FOUR + b"data:\n\n" + STOP).text == "four"

    def test_may_keep_reasoning_apart_or_with_content(self) -> None:
        stream = chunk({"reasoning": "hm"}) + chunk({"reasoning": "m", "content": "f"}) + FOUR
        message = answer(stream + STOP).choices[0].message
        assert (message.reasoning, message.content) == ("hmm", "ffour")

    def test_may_hold_nul_characters(self) -> None:
        assert answer(chunk({"content": "a\0b"}) + STOP).text == "a\0b"

    def test_may_send_usage_in_a_chunk_of_its_own(self) -> None:
        documents: list[dict[str, Any]] = [{"choices": []}, {"choices": None}, {}]
        for document in documents:
            last = event({**document, "id": "chatcmpl-1", "usage": {"total_tokens": 7}})
            total = answer(FOUR + chunk(finish_reason="stop") + last + DONE)
            assert total.usage == Usage(total_tokens=7)

    def test_may_have_several_choices(self) -> None:
        stream = b"".join(
            chunk({"content": text}, index=index) for index, text in [(1, "b"), (0, "a"), (1, "B")]
        )
        ends = chunk(index=1, finish_reason="length") + chunk(index=0, finish_reason="stop")
        total = answer(stream + ends + DONE, n=2)
        assert [c.message.content for c in total.choices] == ["a", "bB"]
        assert [c.finish_reason for c in total.choices] == ["stop", "length"]

    def test_may_say_what_this_version_does_not_know(self) -> None:
        stream = chunk({"content": "a", "thought": {"x": 1}}, new=[1])
        total = answer(stream + chunk(finish_reason="done") + DONE)
        assert total.choices[0].finish_reason == "done"
        assert total.text == "a"

    def test_may_write_nulls_and_floats(self) -> None:
        stream = event({"created": 5.0, "choices": [{"index": None, "delta": {"content": "a"}}]})
        assert answer(stream + STOP).text == "a"


class TestToolCalls:
    def calls(self, *deltas: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
        stream = b"".join(chunk({"tool_calls": delta}) for delta in deltas)
        message = answer(stream + chunk(finish_reason="tool_calls")).choices[0].message
        return [
            (call.id, call.function.name, call.function.arguments)
            for call in message.tool_calls or []
        ]

    def test_come_in_pieces(self) -> None:
        first = {"index": 0, "id": "8d6d", "type": "function"}
        assert self.calls(
            [first | {"function": {"name": "f", "arguments": ""}}],
            [{"index": 0, "type": "function", "function": {"arguments": '{"a"'}}],
            [{"index": 0, "type": "function", "function": {"arguments": ": 1}"}}],
        ) == [("8d6d", "f", '{"a": 1}')]

    def test_come_whole(self) -> None:
        call = {"id": "8d6d", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        assert self.calls([call | {"index": 0}]) == [("8d6d", "f", "{}")]
        assert self.calls([call]) == [("8d6d", "f", "{}")]
        assert self.calls([call | {"index": None}]) == [("8d6d", "f", "{}")]

    def test_come_side_by_side(self) -> None:
        def piece(index: int, text: str, **more: str) -> dict[str, Any]:
            return {"index": index, "function": {"arguments": text}, **more}

        assert self.calls(
            [piece(0, "1", id="a"), piece(1, "x", id="b")],
            [piece(1, "y")],
            [piece(0, "2"), piece(1, "z")],
        ) == [("a", "", "12"), ("b", "", "xyz")]

    def test_without_an_index_are_told_apart_by_their_id(self) -> None:
        def piece(text: str, **more: str) -> dict[str, Any]:
            return {"function": {"arguments": text}, **more}

        assert self.calls(
            [piece("1", id="a")], [piece("2")], [piece("x", id="b")], [piece("y"), piece("z")]
        ) == [("a", "", "12"), ("b", "", "xyz")]

    def test_without_an_index_may_repeat_their_id(self) -> None:
        def piece(call: str, text: str) -> dict[str, Any]:
            return {"id": call, "function": {"arguments": text}}

        assert self.calls(
            [piece("a", "1")], [piece("a", "2")], [piece("b", "x")], [piece("a", "3")]
        ) == [("a", "", "123"), ("b", "", "x")]

    def test_without_a_function_are_harmless(self) -> None:
        assert self.calls([{"index": 0, "id": "a"}], [{"index": 0, "function": None}]) == [
            ("a", "", "")
        ]


class TestAStreamThatIsCutShort:
    @pytest.mark.parametrize("rest", [b"", DONE, b"data: {", b": ping\n\n", STOP[:-1]])
    def test_is_an_error_with_what_arrived(self, rest: bytes) -> None:
        found, it = read(ROLE + FOUR + rest)
        assert len(found) == 3
        failure = it.failure
        assert type(failure) is errors.StreamTruncatedError
        assert failure.partial is not None
        assert failure.partial.text == "four"
        assert failure.partial.choices[0].finish_reason is None
        assert failure.url == URL
        assert failure.request_id == "chatcmpl-1"
        assert f"[POST {URL}] (request id chatcmpl-1)" in str(failure)

    @pytest.mark.parametrize("rest", [b"", DONE])
    def test_has_an_empty_partial_when_nothing_arrived(self, rest: bytes) -> None:
        assert failed(rest).partial == ChatCompletion()

    def test_is_not_made_whole_by_one_of_two_choices(self) -> None:
        failure = failed(FOUR + STOP + DONE, n=2)
        assert type(failure) is errors.StreamTruncatedError

    def test_is_not_made_whole_by_a_choice_nobody_asked_for(self) -> None:
        extra = chunk({"content": "b"}, index=1, finish_reason="stop")
        failure = failed(FOUR + extra + DONE)
        assert type(failure) is errors.StreamTruncatedError

    def test_is_not_made_whole_by_an_empty_finish_reason(self) -> None:
        failure = failed(chunk({"content": "a"}, finish_reason="") + DONE)
        assert type(failure) is errors.StreamTruncatedError


class TestAConnectionThatBreaks:
    def broken(self, stream: bytes, cause: errors.APIConnectionError) -> Any:
        it = reader()
        it.feed(stream)
        it.broken(cause)
        assert it.done
        return it.failure

    def test_is_an_error_with_its_cause_and_what_arrived(self) -> None:
        cause = errors.APIConnectionError("connection reset", url=URL)
        failure = self.broken(ROLE + FOUR, cause)
        assert type(failure) is errors.StreamInterruptedError
        assert failure.__cause__ is cause
        assert failure.partial is not None
        assert failure.partial.text == "four"
        assert "connection reset" in str(failure)

    def test_is_a_timeout_when_it_fell_silent(self) -> None:
        failure = self.broken(FOUR, errors.APITimeoutError("no answer in time"))
        assert type(failure) is errors.StreamTimeoutError
        assert isinstance(failure, errors.APITimeoutError)
        assert failure.partial is not None
        assert failure.partial.text == "four"

    def test_names_the_address_once(self) -> None:
        failure = self.broken(FOUR, errors.APITimeoutError(f"no answer in time [POST {URL}]"))
        assert str(failure).count(URL) == 1

    @pytest.mark.parametrize("end", [STOP, STOP + DONE, STOP + b"data: {"])
    def test_after_the_last_chunk_is_fine(self, end: bytes) -> None:
        assert self.broken(FOUR + end, errors.APIConnectionError("reset")) is None

    def test_does_not_replace_the_failure_before_it(self) -> None:
        it = reader()
        it.feed(b"data: {\n\n")
        first = it.failure
        it.broken(errors.APIConnectionError("reset"))
        assert it.failure is first


ERROR = {"message": "Please try again.", "type": "server_error", "param": "", "code": "", "id": ""}


class TestAnErrorInTheStream:
    @pytest.mark.parametrize(
        ("document", "cls", "status"),
        [
            ({"status_code": 500, "error": ERROR}, errors.InternalServerError, 500),
            ({"status_code": 429, "error": ERROR}, errors.RateLimitError, 429),
            ({"error": ERROR}, errors.InternalServerError, 500),
            ({"error": "Please try again."}, errors.InternalServerError, 500),
            (ERROR, errors.InternalServerError, 500),
            ({"detail": "Please try again."}, errors.InternalServerError, 500),
            ({"id": None, "choices": None, "error": ERROR}, errors.InternalServerError, 500),
            ({"id": 5, "choices": "none", "error": ERROR}, errors.InternalServerError, 500),
        ],
    )
    @pytest.mark.parametrize("rest", [b"", DONE, FOUR + STOP])
    def test_is_that_error_with_what_arrived(
        self, document: dict[str, Any], cls: type[Exception], status: int, rest: bytes
    ) -> None:
        found, it = read(ROLE + FOUR + event(document) + rest)
        assert [piece.text for piece in found] == ["", "fo", "ur"]
        failure = it.failure
        assert type(failure) is cls
        assert isinstance(failure, errors.APIStatusError)
        assert failure.status_code == status
        assert failure.partial is not None
        assert failure.partial.text == "four"
        assert "Please try again." in str(failure)
        assert failure.request_id == "chatcmpl-1"

    def test_may_stand_beside_a_choice(self) -> None:
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        failure = failed(FOUR + event({"choices": [choice], "error": ERROR}) + DONE)
        assert type(failure) is errors.InternalServerError

    @pytest.mark.parametrize("nothing", [None, {}, "", False, []])
    def test_is_not_seen_where_only_the_word_stands(self, nothing: object) -> None:
        stream = chunk({"content": '"error": {"message": "x"}'}, error=nothing) + STOP
        assert answer(stream).text == '"error": {"message": "x"}'

    def test_with_the_event_type_error_is_one(self) -> None:
        failure = failed(FOUR + b"event: error\n" + event(ERROR))
        assert type(failure) is errors.InternalServerError

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (b"Internal  Server\ndata: Error", "500: Internal Server Error ["),
            (b'{"reason": "late"}', "500: {'reason': 'late'} ["),
            (b'"late"', "500: late ["),
            (b"\xff", "500: \ufffd ["),
            (b'{"choices": [], "code": "queue_exceeded"}', "429 queue_exceeded: "),
        ],
    )
    def test_with_the_event_type_error_is_one_whatever_it_says(
        self, data: bytes, says: str
    ) -> None:
        failure = failed(FOUR + b"event: error\ndata: " + data + b"\n\n")
        assert isinstance(failure, errors.APIStatusError)
        assert says in str(failure)
        assert failure.partial is not None
        assert failure.partial.text == "four"

    @pytest.mark.parametrize(
        "document",
        [
            {"status_code": 400, "choices": [], "message": "bad", "code": "wrong_api_format"},
            {"status_code": "400", "choices": []},
            {"status_code": 400, "error": {}},
            {"status_code": 400, "choices": [{"index": 0, "delta": {}}]},
        ],
    )
    def test_is_known_by_its_status(self, document: dict[str, Any]) -> None:
        failure = failed(FOUR + event(document))
        assert type(failure) is errors.BadRequestError

    def test_leaves_what_stands_beside_it(self) -> None:
        choice = {"index": 0, "delta": {"content": "!"}, "finish_reason": "error"}
        found, it = read(FOUR + event({"choices": [choice], "error": ERROR}))
        assert [piece.text for piece in found] == ["fo", "ur", "!"]
        assert type(it.failure) is errors.InternalServerError
        assert it.failure.partial is not None
        assert it.failure.partial.text == "four!"
        assert it.failure.partial.choices[0].finish_reason is None

    @pytest.mark.parametrize(
        "rest",
        [event({"error": ERROR}), b"data: {\n\n", b"event: error\ndata: late\n\n",
         event({"choices": [], "status_code": 500})],
    )  # fmt: skip
    def test_after_the_whole_answer_changes_nothing(self, rest: bytes) -> None:
        assert answer(FOUR + STOP + rest).text == "four"
        assert type(failed(FOUR + STOP + rest, n=2)) is not errors.StreamTruncatedError

    def test_after_a_finish_reason_that_says_so_is_one(self) -> None:
        failure = failed(FOUR + chunk(finish_reason="error") + event({"error": ERROR}))
        assert type(failure) is errors.InternalServerError

    def test_counts_its_wait_from_when_the_answer_came(self) -> None:
        headers = Headers([("retry-after", "11")])
        it = ChunkReader(REQUEST, headers, CHAT, model="m", n=1, now=1000.0)
        it.feed(FOUR + event({"status_code": 429, "error": ERROR}))
        assert isinstance(it.failure, errors.RateLimitError)
        assert (it.failure.retry_after, it.failure.retry_at) == (11.0, 1011.0)
        it = ChunkReader(REQUEST, headers, CHAT, model="m", n=1, now=1000.0)
        it.feed(json.dumps({"status_code": 429, "error": ERROR}).encode())
        it.end()
        assert isinstance(it.failure, errors.RateLimitError)
        assert it.failure.retry_at == 1011.0

    def test_does_not_show_the_key_it_echoes(self) -> None:
        failure = failed(event({"error": "Bearer csk-test-0123 refused"}), key="csk-test-0123")
        assert "Bearer *** refused" in str(failure)
        assert "csk-test" not in repr(vars(failure))

    def test_is_read_whatever_the_key_is(self) -> None:
        for key in ("choices", "1785156344", "12345678"):
            stream = event({"choices": [], "created": 1785156344, "id": "12345678"})
            assert answer(stream + FOUR + STOP).text == "four"
            found, it = read(stream + FOUR + STOP, key=key)
            assert (len(found), it.failure) == (4, None)

    def test_names_what_to_use_instead_of_a_missing_model(self) -> None:
        failure = failed(event(ERROR | {"code": "model_not_found"}))
        assert type(failure) is errors.ModelNotFoundError
        assert "Did you mean 'gpt-oss-120b'?" in str(failure)


class TestAnEventThatIsNoChunk:
    @pytest.mark.parametrize(
        "data",
        [
            b'{"id": "x", "choi', b"oops", b"<html>", b"null", b"[]", b'"text"', b"5", b"[DONE",
            b'{"choices": "x"}', b'{"choices": [{"delta": {"content": "\xff"}}]}',
            b'{"choices":' + b"[" * 700 + b"]" * 700 + b"}",
            b"[" * 100_000,
        ],
        ids=lambda data: repr(data[:20]),
    )  # fmt: skip
    def test_is_an_error_with_what_arrived(self, data: bytes) -> None:
        found, it = read(ROLE + FOUR + b"data: " + data + b"\n\n" + STOP)
        assert len(found) == 3
        failure = it.failure
        assert type(failure) is errors.StreamDecodeError
        assert isinstance(failure, StreamError)
        assert failure.partial is not None
        assert failure.partial.text == "four"
        assert f"[POST {URL}] (request id chatcmpl-1)" in str(failure)

    @pytest.mark.parametrize("end", [b"\n\n", b""])
    def test_is_also_one_that_is_too_large(
        self, monkeypatch: pytest.MonkeyPatch, end: bytes
    ) -> None:
        monkeypatch.setattr(chunks, "SSEDecoder", functools.partial(SSEDecoder, max_event_size=999))
        found, it = read(FOUR + b"data: " + b"x" * 1000 + end)
        assert len(found) == 2
        assert type(it.failure) is errors.StreamDecodeError
        assert "larger than 999 bytes" in str(it.failure)
        assert it.failure.partial is not None
        assert it.failure.partial.text == "four"


class TestTheRawTail:
    KEY = "csk-test-0123456789abcdefghijkl"

    @pytest.mark.parametrize("size", [1, 3, 50, 10_000])
    def test_does_not_show_the_key_however_small_the_pieces(self, size: int) -> None:
        stream = ROLE + b": not " + self.KEY.encode() + b" " + b"x" * 2000 + b"\n\n"
        it = reader(key=self.KEY)
        for at in range(0, len(stream), size):
            it.feed(stream[at : at + size])
        it.end()
        assert isinstance(it.failure, StreamError)
        assert b"6789abcdef" not in it.failure.raw_tail
        assert b": not *** xxx" in it.failure.raw_tail
        assert len(it.failure.raw_tail) <= 2048


COMPLETION = {
    "id": "a",
    "choices": [{"index": 0, "message": {"content": "four"}, "finish_reason": "stop"}],
}


class TestADocumentThatSaysItIsAStream:
    def read(self, body: bytes) -> Reader:
        found, it = read(body)
        assert len(found) <= 1
        return it

    @pytest.mark.parametrize("blanks", [b"", b" \r\n\n\t"])
    def test_is_the_answer_in_one_chunk(self, blanks: bytes) -> None:
        for indent in (None, 2):
            it = self.read(blanks + json.dumps(COMPLETION, indent=indent).encode() + b"\n\n")
            assert it.failure is None
            assert [chunk.text for chunk in it.chunks] == ["four"]
            assert it.total.completion().id == "a"

    def test_is_the_error_in_it(self) -> None:
        it = self.read(json.dumps({"status_code": 503, "error": ERROR}).encode())
        assert type(it.failure) is errors.InternalServerError
        assert it.failure.status_code == 503
        assert it.failure.partial == ChatCompletion()

    @pytest.mark.parametrize("body", [b'{"choices": [{"', b"{}", b"{oops", b'{"choices": []}'])
    def test_is_an_error_where_it_is_no_completion(self, body: bytes) -> None:
        it = self.read(body)
        assert type(it.failure) is errors.StreamDecodeError
        assert it.failure.raw_tail == body
        assert it.failure.partial == ChatCompletion()
        assert str(it.failure).count(URL) == 1

    def test_is_read_where_only_the_connection_did_not_end_well(self) -> None:
        body = json.dumps(COMPLETION).encode()
        for end in (len(body), -5):
            it = reader()
            it.feed(body[:end])
            it.broken(errors.APIConnectionError("reset"))
            if end > 0:
                assert it.failure is None
                assert it.total.completion().text == "four"
            else:
                assert type(it.failure) is errors.StreamInterruptedError

    def test_is_not_gathered_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "MAX_EVENT_SIZE", 999)
        it = self.read(b"{" + b" " * 999)
        assert type(it.failure) is errors.StreamDecodeError
        assert "larger than 999 bytes" in str(it.failure)

    def test_is_none_where_events_come_first(self) -> None:
        assert answer(b"\n: x\n\n" + FOUR + STOP + b"\n{}").text == "four"


class TestATextCompletion:
    @staticmethod
    def reader(n: int = 1) -> ChunkReader[Completion, Completion]:
        return ChunkReader(REQUEST, HEADERS, TEXT, model="m", n=n)

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_is_read_in_pieces(self, size: int) -> None:
        names = {"id": "cmpl-1", "created": 5, "new": 1}
        pieces: list[dict[str, Any]] = [
            {"index": 0, "text": "fo"},
            {"index": 1, "text": "fi", "new": 1},
            {"index": 0, "text": "ur", "finish_reason": "stop"},
            {"index": 1, "text": "ve", "finish_reason": "length"},
        ]
        stream = b"".join(event({**names, "choices": [piece]}) for piece in pieces)
        stream += event({**names, "choices": [], "usage": {"total_tokens": 7}}) + DONE
        it = self.reader(n=2)
        for at in range(0, len(stream), size):
            it.feed(stream[at : at + size])
        it.end()
        assert it.failure is None
        assert [chunk.text for chunk in it.chunks] == ["fo", "", "ur", "", ""]
        total = it.total.completion()
        assert (total.id, total.created, total.text) == ("cmpl-1", 5, "four")
        assert [(c.index, c.text, c.finish_reason) for c in total.choices] == [
            (0, "four", "stop"),
            (1, "five", "length"),
        ]
        assert total.usage == Usage(total_tokens=7)

    def test_that_is_cut_is_given_with_the_error(self) -> None:
        it = self.reader()
        it.feed(event({"choices": [{"index": 0, "text": "fo"}]}) + DONE)
        assert isinstance(it.failure, errors.StreamTruncatedError)
        assert it.failure.partial == it.total.completion()
        assert it.total.completion().text == "fo"

    def test_is_named_when_it_is_none(self) -> None:
        with pytest.raises(errors.APIResponseValidationError, match="is no text completion"):
            read_answer(b'{"choices": []}', TEXT.whole, REQUEST, HEADERS, name=TEXT.name)


class TestAWholeAnswer:
    def completion(self, body: bytes, *, key: str | None = None) -> ChatCompletion:
        request = REQUEST if key is None else REQUEST.signed(Secret(key))
        return read_answer(body, CHAT.whole, request, HEADERS, name=CHAT.name, model="gpt-oss-12b")

    def test_is_read(self) -> None:
        body = b'{"id":"i","choices":[{"index":0,"message":{"content":"four"}}],"created":null}'
        assert self.completion(body).text == "four"

    def test_may_be_an_error(self) -> None:
        body = json.dumps({"status_code": 500, "error": ERROR}).encode()
        with pytest.raises(errors.InternalServerError, match=r"Please try again") as caught:
            self.completion(body)
        assert caught.value.partial is None

    def test_may_be_an_error_that_counts_from_now(self) -> None:
        body = json.dumps({"status_code": 429, "error": ERROR}).encode()
        headers = Headers([("retry-after", "11")])
        with pytest.raises(errors.RateLimitError) as caught:
            read_answer(body, CHAT.whole, REQUEST, headers, now=1000.0)
        assert caught.value.retry_at == 1011.0

    @pytest.mark.parametrize(
        ("body", "kept"),
        [
            (b"", ""), (b"<html>", "<html>"), (b"{}", {}), (b"[]", []), (b"null", None),
            (b'{"choices": []}', {"choices": []}), (b'{"choices": 5}', {"choices": 5}),
            (b'{"choices": "\xff"}', '{"choices": "\ufffd"}'), (b"[" * 100_000, "[" * 100_000),
        ],
        ids=lambda value: repr(value)[:20],
    )  # fmt: skip
    def test_may_be_none(self, body: bytes, kept: object) -> None:
        with pytest.raises(errors.APIResponseValidationError, match="no chat completion") as caught:
            self.completion(body)
        assert caught.value.body == kept
        assert caught.value.request_id == "chatcmpl-1"
        assert caught.value.url == URL

    def test_does_not_show_the_key_it_echoes(self) -> None:
        for body in (b'{"you": "csk-test-0123"}', b"you: csk-test-0123"):
            with pytest.raises(errors.APIResponseValidationError) as caught:
                self.completion(body, key="csk-test-0123")
            assert "***" in str(caught.value.body)
            assert "csk-test" not in str(vars(caught.value))
