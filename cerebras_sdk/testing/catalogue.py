"""The model endpoints: those of a key and the public ones, in three formats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote

from .._core.catalog import MODELS, Model
from .answers import json_answer
from .engines import RequestRefused
from .exchange import Answer, ReceivedRequest

_FORMATS = ("default", "openrouter", "huggingface")
_CAPABILITIES = (
    "function_calling",
    "structured_outputs",
    "vision",
    "json_mode",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning",
)
_PARAMETERS = (
    "temperature",
    "top_p",
    "seed",
    "stop",
    "max_completion_tokens",
    "logprobs",
    "top_logprobs",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "repetition_penalty",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the public catalogue says of a model and the client's own catalog does not know.

    Prices are USD per million tokens. None is unknown, and null on the wire.
    """

    name: str
    maker: str
    description: str
    hugging_face_id: str | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    created: int = 0
    known: bool = True
    vision: bool = False
    parallel_tool_calls: bool = True
    tokenizer: str | None = None
    instruct_type: str | None = None
    quantization: str | None = None


# A recording of /public/v1/models from mid-2026 for gpt-oss-120b; the pages "Models" and
# "Pricing" of autumn 2026 for the prices and for qwen-3.8-27b, of which no recording exists.
_FACTS = {
    "gpt-oss-120b": _Facts(
        name="OpenAI GPT OSS",
        maker="OpenAI",
        description="An open-weight reasoning model for science, mathematics and code.",
        hugging_face_id="openai/gpt-oss-120b",
        input_price=Decimal("0.35"),
        output_price=Decimal("0.75"),
        created=1754438400,
        parallel_tool_calls=False,
        tokenizer="GPT",
        instruct_type="harmony",
        quantization="FP16/8 (weights only)",
    ),
    "qwen-3.8-27b": _Facts(
        name="Qwen 3.8 27B",
        maker="Qwen",
        description="A reasoning model for text and images.",
        hugging_face_id="Qwen/Qwen3.8-27B",
        input_price=Decimal("0.99"),
        output_price=Decimal("1.49"),
        vision=True,
    ),
}


class Catalogue:
    """The models of one server.

    `models` None means every id of the client's catalog: retired ones are known, and only the
    living are listed. The public endpoints know what is listed.
    """

    def __init__(self, models: tuple[str, ...] | None) -> None:
        if models is None:
            self._known = frozenset(model.id for model in MODELS)
            self.listed = tuple(model.id for model in MODELS if model.retired is None)
        else:
            self._known, self.listed = frozenset(models), models

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def require(self, name: str) -> None:
        if name not in self._known:
            raise _unknown(name)

    def endpoint(self, request: ReceivedRequest, rest: list[str]) -> Callable[[], Answer] | None:
        """`/v1/models` and below; in the default format only the four fields that OpenAI has."""
        return self._endpoint(request, rest, default=_short, known=self._known)

    def public_endpoint(
        self, request: ReceivedRequest, rest: list[str]
    ) -> Callable[[], Answer] | None:
        """`/public/v1/models` and below."""
        return self._endpoint(request, rest, default=_public, known=frozenset(self.listed))

    def _endpoint(
        self,
        request: ReceivedRequest,
        rest: list[str],
        *,
        default: Callable[[str], dict[str, Any]],
        known: frozenset[str],
    ) -> Callable[[], Answer] | None:
        if request.method != "GET":
            return None

        def answer() -> Answer:
            chosen = _format(request)
            shape = {"default": default, "openrouter": _openrouter, "huggingface": _huggingface}
            if rest:
                # The id of a dedicated model may hold a slash.
                name = unquote("/".join(rest))
                if name not in known:
                    raise _unknown(name)
                return json_answer(shape[chosen](name))
            models = [shape[chosen](name) for name in self.listed]
            # OpenRouter's own list has no `object`.
            head = {} if chosen == "openrouter" else {"object": "list"}
            return json_answer(head | {"data": models})

        return answer


def _format(request: ReceivedRequest) -> str:
    chosen = parse_qs(request.query, keep_blank_values=True).get("format", ["default"])[-1]
    if chosen not in _FORMATS:
        raise RequestRefused(
            f"format: Input should be 'default', 'openrouter' or 'huggingface', not '{chosen}'"
        )
    return chosen


def _unknown(name: str) -> RequestRefused:
    return RequestRefused(
        f"Model {name} does not exist or you do not have access to it.",
        status=404,
        type="not_found_error",
        param="model",
        code="model_not_found",
    )


def _about(name: str) -> tuple[Model, _Facts]:
    model = next((model for model in MODELS if model.id == name), Model(id=name))
    stranger = _Facts(
        name=name, maker="Cerebras", description=f"The model {name}.", known=name in _FACTS
    )
    return model, _FACTS.get(name, stranger)


def _short(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "Cerebras"}


def _public(name: str) -> dict[str, Any]:
    model, facts = _about(name)
    return {
        "id": name,
        "object": "model",
        "created": facts.created,
        "owned_by": facts.maker,
        "name": facts.name,
        "description": facts.description,
        "hugging_face_id": facts.hugging_face_id,
        "pricing": {
            "prompt": _per_token(facts.input_price),
            "completion": _per_token(facts.output_price),
        },
        "capabilities": _capabilities(facts),
        "supported_parameters": _parameters(facts),
        "architecture": {
            "modality": "text+vision" if facts.vision else "text",
            "tokenizer": facts.tokenizer,
            "instruct_type": facts.instruct_type,
        },
        "limits": {
            "max_context_length": model.context_length,
            "max_completion_tokens": model.max_output_length,
            "requests_per_minute": None,
            "tokens_per_minute": None,
        },
        "datacenter_locations": [],
        "deprecated": model.retired is not None,
        "preview": False,
        "quantization": facts.quantization,
    }


def _openrouter(name: str) -> dict[str, Any]:
    model, facts = _about(name)
    features = ("tools", "json_mode", "structured_outputs", "reasoning")
    return {
        "id": f"cerebras/{name}",
        "hugging_face_id": facts.hugging_face_id or "",
        "name": facts.name,
        "created": facts.created,
        "description": facts.description,
        "input_modalities": ["text", "image"] if facts.vision else ["text"],
        "output_modalities": ["text"],
        "quantization": facts.quantization,
        "context_length": model.context_length,
        "max_output_length": model.max_output_length,
        "pricing": {
            "prompt": _per_token(facts.input_price),
            "completion": _per_token(facts.output_price),
            # Not charged for: the schema's default.
            **dict.fromkeys(("image", "request", "input_cache_read", "input_cache_write"), "0"),
        },
        "supported_sampling_parameters": [n for n, yes in _parameters(facts).items() if yes],
        "supported_features": [n for n in features if _capabilities(facts)[n]],
        "openrouter": {"slug": facts.hugging_face_id.lower()} if facts.hugging_face_id else None,
        "datacenters": [],
    }


def _huggingface(name: str) -> dict[str, Any]:
    model, facts = _about(name)
    capabilities = _capabilities(facts)
    return {
        "id": name,
        "object": "model",
        "created": facts.created,
        "owned_by": facts.maker,
        "hugging_face_id": facts.hugging_face_id,
        "context_length": model.context_length,
        "pricing": {
            "input": None if facts.input_price is None else float(facts.input_price),
            "output": None if facts.output_price is None else float(facts.output_price),
        },
        "capabilities": {
            name: capabilities[name]
            for name in ("streaming", "function_calling", "structured_outputs", "vision")
        },
    }


def _capabilities(facts: _Facts) -> dict[str, bool]:
    """A model that nobody described streams, and that is all one can say."""
    told = {"vision": facts.vision, "parallel_tool_calls": facts.parallel_tool_calls}
    return {"streaming": True, **{n: facts.known and told.get(n, True) for n in _CAPABILITIES}}


def _parameters(facts: _Facts) -> dict[str, bool]:
    """As recorded; the service takes `logprobs`, but its catalogue said otherwise."""
    denied = {"logprobs", "top_logprobs", "repetition_penalty"}
    return {name: facts.known and name not in denied for name in _PARAMETERS}


def _per_token(price: Decimal | None) -> str | None:
    return None if price is None else f"{price / 1_000_000:f}"
