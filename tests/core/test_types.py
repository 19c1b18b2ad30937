"""Answers are read as the types that users see, whatever the service left out or wrote oddly."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from typing import Any

import msgspec
import pydantic
import pytest

from cerebras_sdk import types
from cerebras_sdk.types import ChatCompletion, ChatCompletionChunk, Message, Usage
from cerebras_sdk.types._decode import decode, parse_json
from cerebras_sdk.types.models import ModelInfo, PublicModel

CHUNK = msgspec.json.Decoder(ChatCompletionChunk)
COMPLETION = msgspec.json.Decoder(ChatCompletion)


def chunk(document: object) -> ChatCompletionChunk:
    return decode(json.dumps(document).encode(), CHUNK)


def test_a_whole_answer_is_read_field_by_field() -> None:
    token = {"token": "4", "logprob": -0.5, "bytes": [52], "top_logprobs": []}
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1781275708,
        "model": "zai-glm-4.7",
        "system_fingerprint": "fp_1",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": "4",
                    "reasoning": "2+2",
                    "tool_calls": [
                        {
                            "id": "8d6d4c473",
                            "type": "function",
                            "function": {"name": "f", "arguments": "{}"},
                        }
                    ],
                },
                "logprobs": {"content": [token]},
                "reasoning_logprobs": {"content": []},
            }
        ],
        "usage": {
            "prompt_tokens": 13,
            "completion_tokens": 7,
            "total_tokens": 20,
            "image_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "time_info": {"created": 1781275708.33, "queue_time": 0.0099, "total_time": 0.0837},
        "service_tier_used": "flex",
    }
    answer = decode(json.dumps(document).encode(), COMPLETION)
    assert answer.to_dict() == document
    assert json.loads(answer.to_json()) == document
    assert json.loads(answer.to_json(indent=2)) == document
    assert "\n  " in answer.to_json(indent=2)
    assert answer.text == "4"


@pytest.mark.parametrize(
    "empty",
    [
        {},
        {"id": None, "choices": None, "created": None, "model": None, "usage": None},
        {"object": None, "system_fingerprint": None, "time_info": None, "service_tier": None},
    ],
)
def test_nulls_are_as_if_left_out(empty: dict[str, Any]) -> None:
    assert chunk(empty) == ChatCompletionChunk()


def test_nulls_inside_are_as_if_left_out() -> None:
    choice = {
        "index": None,
        "delta": {"role": None, "content": None, "tool_calls": None},
        "finish_reason": None,
        "logprobs": None,
        "text": None,
        "tokens": None,
    }
    usage = {"prompt_tokens": None, "total_tokens": 3, "prompt_tokens_details": None}
    read = chunk({"choices": [choice, {"delta": None}], "usage": usage})
    assert read.choices == [types.ChunkChoice(), types.ChunkChoice()]
    assert read.usage == Usage(total_tokens=3)


def test_numbers_may_change_between_int_and_float() -> None:
    read = chunk(
        {
            "created": 1781275708.0,
            "choices": [{"index": 0.0, "delta": {"content": "a"}}],
            "usage": {"total_tokens": 3.0, "prompt_tokens": "2"},
            "time_info": {"created": 1781275708, "queue_time": 0},
        }
    )
    assert (read.created, read.choices[0].index, read.text) == (1781275708, 0, "a")
    assert read.usage == Usage(total_tokens=3, prompt_tokens=2)
    assert read.time_info == types.TimeInfo(created=1781275708.0, queue_time=0.0)


@pytest.mark.parametrize(
    "document", [None, 5, "text", [], [{}], {"choices": "x"}, {"choices": [5]}]
)
def test_another_shape_is_a_validation_error(document: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        chunk(document)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"<html>", b'{"id": "\xff"}', b'{"id": 5, "x": "\xff"}',
        b'{"id": 5, "created": 1e999}', b"9" * 10_000,
    ],
    ids=lambda data: repr(data[:20]),
)  # fmt: skip
def test_what_is_no_json_is_a_decode_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(data, CHUNK)
    with pytest.raises(msgspec.DecodeError):
        parse_json(data)


@pytest.mark.parametrize("depth", [10, 400, 500, 600, 800, 950, 1000, 2000, 100_000])
@pytest.mark.parametrize("start", [b'{"id": 5, "x": ', b'{"id": "5", "x": ', b'{"choices": '])
def test_no_depth_is_another_error(depth: int, start: bytes) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        data = start + opening * depth + b"1" + closing * depth + b"}"
        for read in (lambda data: decode(data, CHUNK), parse_json):
            with contextlib.suppress(msgspec.DecodeError):
                read(data)


def test_the_text_is_that_of_the_first_choice() -> None:
    assert chunk({"choices": [{"index": 1, "delta": {"content": "b"}}]}).text == ""
    both = [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]
    assert chunk({"choices": both}).text == "a"
    assert ChatCompletion().text == ""
    assert ChatCompletion(choices=[types.Choice(message=Message(content=None))]).text == ""


def test_objects_do_not_share_their_defaults() -> None:
    ChatCompletion().choices.append(types.Choice())
    assert ChatCompletion().choices == []


def test_every_type_is_exported() -> None:
    assert sorted(types.__all__) == types.__all__
    for name in types.__all__:
        assert issubclass(getattr(types, name), msgspec.Struct)
        assert getattr(types, name).__doc__


UNKNOWN: dict[str, Any] = {
    "id": "chatcmpl-1",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "4", "mood": {"deep": [1, None]}},
            "finish_reason": "done",
            "score": None,
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "energy": 0.5},
    "created": 5,
    "model": "gpt-oss-120b",
    "object": "chat.completion",
    "cost": "0.1",
}


class TestFieldsThatThisVersionDoesNotKnow:
    answer = decode(json.dumps(UNKNOWN).encode(), COMPLETION)

    def test_are_kept_and_are_attributes(self) -> None:
        assert self.answer.model_extra == {"cost": "0.1"}
        assert self.answer.cost == "0.1"
        assert self.answer.choices[0].message.mood == {"deep": [1, None]}
        assert self.answer.choices[0].model_extra == {"score": None}
        assert self.answer.usage is not None
        assert self.answer.usage.energy == 0.5
        assert self.answer.text == "4"
        with pytest.raises(AttributeError, match="'ChatCompletion' object has no attribute 'nix'"):
            self.answer.nix  # noqa: B018

    def test_are_in_every_form_of_the_object(self) -> None:
        assert self.answer.model_fields_set == set(UNKNOWN)
        assert "cost='0.1'" in repr(self.answer)
        assert self.answer.to_dict()["choices"][0]["message"] == UNKNOWN["choices"][0]["message"]
        assert json.loads(self.answer.to_json(exclude_none=False))["cost"] == "0.1"
        assert self.answer.model_dump()["usage"]["energy"] == 0.5
        assert json.loads(self.answer.model_dump_json(exclude={"id"})).get("id") is None
        assert set(self.answer.model_dump(include={"id", "cost"})) == {"id", "cost"}

    def test_are_lost_in_no_copy(self) -> None:
        for copied in (
            pickle.loads(pickle.dumps(self.answer)),
            copy.copy(self.answer),
            copy.deepcopy(self.answer),
            self.answer.model_copy(),
        ):
            assert copied == self.answer
            assert copied.cost == "0.1"
            assert copied.choices[0].message.mood == {"deep": [1, None]}
        assert self.answer.model_copy(update={"id": "x"}) != self.answer

    def test_count_in_a_comparison(self) -> None:
        other = decode(json.dumps(UNKNOWN | {"cost": "0.2"}).encode(), COMPLETION)
        assert other != self.answer
        assert other != UNKNOWN

    def test_are_what_is_set_under_an_unknown_name(self) -> None:
        answer: Any = self.answer.model_copy()
        answer.my_meta = 1
        answer.cost = "0.2"
        answer.id = "x"
        assert (answer.my_meta, answer.cost, answer.id) == (1, "0.2", "x")
        assert answer.model_extra == {"cost": "0.2", "my_meta": 1}
        assert json.loads(answer.to_json())["my_meta"] == 1
        assert self.answer.model_extra == {"cost": "0.1"}
        for name in ("text", "to_dict", "_other"):
            with pytest.raises(AttributeError):
                setattr(answer, name, "x")

    def test_may_be_given_to_a_new_object(self) -> None:
        made = ChatCompletion.model_construct({"id"}, id="x", cost="0.1")
        assert (made.id, made.cost, made.model_extra) == ("x", "0.1", {"cost": "0.1"})


class TestHabitsOfPydantic:
    answer = decode(json.dumps(UNKNOWN).encode(), COMPLETION)

    def test_an_answer_gives_its_fields_by_name(self) -> None:
        fields = dict(self.answer)
        assert fields["choices"] is self.answer.choices
        assert fields.keys() == self.answer.model_dump().keys()
        assert fields["cost"] == "0.1"

    def test_a_list_gives_its_entries(self) -> None:
        entry = ModelInfo(id="m")
        assert list(types.ModelList(data=[entry])) == [entry]
        assert types.ModelList(data=[entry]).to_dict()["data"][0]["id"] == "m"

    def test_a_copy_may_be_changed(self) -> None:
        copied = self.answer.model_copy(update={"id": "x", "new": 1, "cost": "0"})
        assert copied.choices is self.answer.choices
        assert (copied.id, copied.new, copied.cost) == ("x", 1, "0")
        assert copied.model_extra == {"cost": "0", "new": 1}

    def test_a_deep_copy_shares_nothing(self) -> None:
        copied = self.answer.model_copy(deep=True)
        copied.choices[0].message.mood["deep"].append(2)
        assert self.answer.choices[0].message.mood == {"deep": [1, None]}
        assert copied != self.answer

    def test_what_pydantic_may_be_told_is_taken(self) -> None:
        told: dict[str, Any] = {
            "by_alias": True, "warnings": "none", "round_trip": True, "context": {},
            "serialize_as_any": True, "fallback": str, "exclude_computed_fields": True,
            "polymorphic_serialization": True, "mode": "json",
        }  # fmt: skip
        dumped = self.answer.model_dump()
        assert self.answer.model_dump(**told) == dumped
        assert json.loads(self.answer.model_dump_json(**told)) == dumped
        for name in ("strict", "extra", "context", "from_attributes", "by_alias", "by_name"):
            assert ChatCompletion.model_validate(dumped, **{name: None}) == self.answer
            as_json = bytearray(json.dumps(dumped).encode())
            assert ChatCompletion.model_validate_json(as_json, **{name: None}) == self.answer
        with pytest.raises(TypeError):
            self.answer.model_dump(exclude_non=True)  # type: ignore[call-arg]

    def test_json_may_be_ascii_alone(self) -> None:
        message = Message(content="é")
        assert message.model_dump_json(exclude_none=True) == '{"role":"assistant","content":"é"}'
        for indent in (None, 2):
            written = message.model_dump_json(indent=indent, ensure_ascii=True)
            assert written.isascii()
            assert Message.model_validate_json(written) == message
            assert ("\n  " in written) is (indent == 2)

    @pytest.mark.parametrize(
        "told", [{"exclude_none": False}, {"exclude_unset": False}, {"exclude_defaults": True}]
    )
    def test_a_dict_has_what_it_is_told_to(self, told: dict[str, Any]) -> None:
        usage = Usage(total_tokens=3).to_dict(use_api_names=True, warnings=False, **told)
        assert ("image_tokens" in usage) is ("exclude_defaults" not in told)

    @pytest.mark.parametrize(
        ("told", "left"),
        [
            ({"include": {"a"}}, {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}),
            ({"include": {"a": ...}}, {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}),
            ({"include": {"a": {-1: {"x"}}}}, {"a": [{"x": 3}]}),
            ({"include": {"a": {0: True}}}, {"a": [{"x": 1, "y": 2}]}),
            ({"include": {"a": {"__all__": {"y"}}}}, {"a": [{"y": 2}, {"y": 4}]}),
            ({"exclude": ["a"]}, {"b": "text"}),
            ({"exclude": {"a": {"__all__": {"y"}}, "b": True}}, {"a": [{"x": 1}, {"x": 3}]}),
            ({"exclude": {"a": {0}}, "include": {"a"}}, {"a": [{"x": 3, "y": 4}]}),
            ({"exclude": {"a": {"__all__"}, "b": {"c"}}}, {"a": [], "b": "text"}),
            ({"include": {}}, {}),
        ],
    )
    def test_a_dump_may_be_of_parts(self, told: dict[str, Any], left: dict[str, Any]) -> None:
        whole: dict[str, Any] = {"a": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "b": "text"}
        given = types.Model.model_construct(**whole)
        assert given.model_dump(**told) == left
        # A list is no set to pydantic; else it gives the same.
        told = {
            name: {*parts} if isinstance(parts, list) else parts for name, parts in told.items()
        }
        like = pydantic.create_model("Like", a=list[dict[str, int]], b=str).model_validate(whole)
        assert like.model_dump(**told) == left


def test_a_null_in_a_list_stays_where_it_is() -> None:
    document = {
        "choices": [
            {"text": "a", "logprobs": {"tokens": ["a", "b"], "token_logprobs": [None, 1.0]}, "x": 1}
        ]
    }
    read = decode(json.dumps(document).encode(), msgspec.json.Decoder(types.Completion))
    assert read.choices[0].logprobs is not None
    assert read.choices[0].logprobs.token_logprobs == [None, 1.0]


def test_a_dump_has_a_none_where_the_service_left_a_field_out() -> None:
    dumped = Usage(total_tokens=3).model_dump()
    assert dumped["image_tokens"] is None
    options: list[dict[str, Any]] = [
        {"exclude_none": True},
        {"exclude_unset": True},
        {"exclude_defaults": True},
    ]
    for option in options:
        assert "image_tokens" not in Usage(total_tokens=3).model_dump(**option)


ENTRIES: dict[str, dict[str, Any]] = {
    "openrouter": {
        "id": "cerebras/gpt-oss-120b",
        "name": "gpt-oss-120b",
        "created": 0,
        "hugging_face_id": "openai/gpt-oss-120b",
        "quantization": "fp16",
        "context_length": 131072,
        "max_output_length": 40960,
        "pricing": {
            "prompt": "0.00000035",
            "completion": "0.00000075",
            "image": "0",
            "request": "0",
            "input_cache_read": "0",
            "input_cache_write": "0",
        },
        "datacenters": [{"country_code": "US"}],
        "input_modalities": ["text"],
        "output_modalities": ["text"],
        "supported_features": ["tools"],
        "supported_sampling_parameters": ["temperature"],
        "openrouter": {"slug": "openai/gpt-oss-120b"},
    },
    "huggingface": {
        "id": "gpt-oss-120b",
        "object": "model",
        "created": 0,
        "owned_by": "Cerebras",
        "hugging_face_id": None,
        "context_length": 131072,
        "pricing": {"input": 0.35, "output": 1},
        "capabilities": {"streaming": True, "vision": False},
    },
}


@pytest.mark.parametrize("form", ENTRIES)
@pytest.mark.parametrize("kind", [ModelInfo, PublicModel])
def test_a_model_has_typed_fields_in_every_format(
    kind: type[ModelInfo] | type[PublicModel], form: str
) -> None:
    entry = ENTRIES[form]
    model = decode(json.dumps(entry).encode(), msgspec.json.Decoder(kind))
    assert model.model_extra == {}
    assert {name: model.to_dict().get(name) for name in entry} == entry
    assert model.context_length == 131072
    assert model.pricing is not None
    assert model.pricing.model_extra == {}
    assert (model.pricing.output == 1.0) is (form == "huggingface")
    assert (model.openrouter is not None) is (form == "openrouter")


def test_a_model_of_a_key_has_nothing_that_the_default_format_lacks() -> None:
    entry = {"id": "gpt-oss-120b", "object": "model", "created": 0, "owned_by": "Cerebras"}
    model = decode(json.dumps(entry).encode(), msgspec.json.Decoder(ModelInfo))
    assert model.to_dict() == entry


def test_a_repr_shows_what_is_there() -> None:
    assert repr(Message(content="Hi")) == "Message(role='assistant', content='Hi')"


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"a\ud83d b", "a\ufffd b"),
        (rb"\ude00", "\ufffd"),
        (rb"\uD83D\ude00", "\U0001f600"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud83d \ud83d", "\\ud83d \ufffd"),
        (rb"\\\ud83dx", "\\\ufffdx"),
    ],
)
def test_half_a_character_does_not_lose_the_answer(escaped: bytes, text: str) -> None:
    data = b'{"choices": [{"delta": {"content": "' + escaped + b'"}}]}'
    assert decode(data, CHUNK).text == text
    assert parse_json(data)["choices"][0]["delta"]["content"] == text


def test_what_is_beside_the_point_may_have_any_shape() -> None:
    data = (
        b'{"id": 5, "service_tier": {"a": 1}, "choices": [{"delta": {"content": "x"},'
        b' "logprobs": {"content": [{"token": "x", "logprob": null}]}}],'
        b' "time_info": {"total_time": "fast", "queue_time": 1}}'
    )
    answer = decode(data, CHUNK)
    assert answer.text == "x"
    assert answer.model_extra == {"id": 5, "service_tier": {"a": 1}}
    assert answer.time_info is not None
    assert (answer.time_info.queue_time, answer.time_info.total_time) == (1, None)
    assert answer.to_dict()["time_info"] == {"queue_time": 1, "total_time": "fast"}
    assert answer.to_dict()["id"] == 5


@pytest.mark.parametrize(
    "data",
    [
        b'{"choices": [{"delta": {"content": ["parts"]}}]}',
        b'{"choices": [{"delta": {"tool_calls": {"a": 1}}}]}',
        b'{"choices": "none"}',
    ],
)
def test_what_an_answer_is_for_has_to_be_understood(data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(data, CHUNK)
