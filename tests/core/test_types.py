"""Answers are read as the types that users see, whatever the service left out or wrote oddly."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from typing import Any

import msgspec
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
    "document", [None, 5, "text", [], [{}], {"choices": "x"}, {"choices": [5]}, {"id": 5}]
)
def test_another_shape_is_a_validation_error(document: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        chunk(document)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"<html>", b'{"id": "\xff"}', b'{"id": 5, "x": "\xff"}', b'{"id": "\\ud800"}',
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
