"""The models of the shared service: their limits, their spellings, and what became of retired ones.

The facts are those of these pages of inference-docs.cerebras.ai: "Models" (live ids and limits),
"Deprecation" and "Change log" (dates, official replacements), as they read in autumn 2026; those of
the families of models "Reasoning", "Predicted outputs", "Vision" and the models' own pages. The
spellings are Hugging Face names and what configurations and issues of other tools contain. The
list explains and suggests, it never forbids: the id of a dedicated model is the name of its
endpoint, and a model launched tomorrow must work with this version.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """The end of a model on the shared service: when it went and what to use instead."""

    date: datetime.date
    replacement: str | None
    """The official replacement, the first one when the page names two; it may be retired by now."""
    successor: str
    """The live id to suggest: where the replacements lead; our choice if none was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model id, as the service spells it.

    Lengths are in tokens. `context_length` and `max_output_length` are those of paid accounts, the
    `trial_` ones those of trial accounts; None means not published, or of no use any more.
    """

    id: str
    context_length: int | None = None
    max_output_length: int | None = None
    trial_context_length: int | None = None
    trial_max_output_length: int | None = None
    spellings: tuple[str, ...] = ()
    retired: Retirement | None = None


DEFAULT_MODEL = "gpt-oss-120b"


def _retired(
    date: str, *, replacement: str | None = DEFAULT_MODEL, successor: str = DEFAULT_MODEL
) -> Retirement:
    return Retirement(
        date=datetime.date.fromisoformat(date), replacement=replacement, successor=successor
    )


_LIVE = (
    Model(
        id="gpt-oss-120b",
        context_length=131_072,
        max_output_length=40_960,
        trial_context_length=65_536,
        trial_max_output_length=32_768,
        spellings=(
            "openai/gpt-oss-120b",
            "gpt-oss:120b",
            "gptoss-120b",
            "gpt-oss",
            "cerebras/gpt-oss-120b",
        ),
    ),
    Model(
        id="qwen-3.8-27b",
        context_length=131_072,
        # max_output_length: one page says 40K for paid accounts, nothing confirms it.
        trial_context_length=65_536,
        trial_max_output_length=32_768,
        spellings=("qwen3.8-27b", "Qwen3.8-27B", "qwen/qwen3.8-27b", "Qwen/Qwen3.8-27B"),
    ),
)

_RETIRED = (
    # Dedicated endpoints still serve it, under the endpoint's own name.
    Model(
        id="gemma-4-31b",
        spellings=("google/gemma-4-31b", "gemma4-31b"),
        retired=_retired("2026-09-03", replacement="qwen-3.8-27b", successor="qwen-3.8-27b"),
    ),
    Model(
        id="zai-glm-4.7",
        spellings=("glm-4.7", "zai-glm4.7", "z-ai/glm-4.7", "zai-org/GLM-4.7"),
        retired=_retired("2026-08-17", replacement=None),
    ),
    Model(
        id="llama3.1-8b",
        spellings=("llama-3.1-8b", "llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        retired=_retired("2026-05-27"),
    ),
    Model(
        id="qwen-3-235b-a22b-instruct-2507",
        spellings=(
            "qwen-3-235b",
            "qwen-235",
            "qwen3-235b-a22b-instruct-2507",
            "Qwen/Qwen3-235B-A22B-Instruct-2507",
        ),
        retired=_retired("2026-05-27"),
    ),
    Model(
        id="qwen-3-32b",
        spellings=("qwen3-32b", "Qwen/Qwen3-32B"),
        retired=_retired("2026-02-16"),
    ),
    # The service itself took "llama3.3-70b" in 2025 and answered as "llama-3.3-70b".
    Model(
        id="llama-3.3-70b",
        spellings=("llama3.3-70b", "llama-3.3-70B", "meta-llama/Llama-3.3-70B-Instruct"),
        retired=_retired("2026-02-16"),
    ),
    Model(
        id="zai-glm-4.6",
        spellings=("glm-4.6", "zai-glm4.6"),
        retired=_retired("2026-01-20", replacement="zai-glm-4.7"),
    ),
    Model(
        id="qwen-3-235b-a22b-thinking-2507",
        retired=_retired("2025-11-14"),
    ),
    # zai-glm-4.6 was current in November 2025; the page now names 4.7.
    Model(
        id="qwen-3-coder-480b",
        spellings=("qwen3-coder", "qwen3-coder-480b", "Qwen/Qwen3-Coder-480B-A35B-Instruct"),
        retired=_retired("2025-11-05", replacement="zai-glm-4.7"),
    ),
    Model(
        id="qwen-3-coder-480b-free",
        retired=_retired("2025-11-05", replacement="zai-glm-4.7"),
    ),
    Model(
        id="llama-4-scout-17b-16e-instruct",
        spellings=("llama-4-scout", "llama4-scout"),
        retired=_retired("2025-11-03"),
    ),
    Model(
        id="llama-4-maverick-17b-128e-instruct",
        spellings=("llama-4-maverick",),
        retired=_retired("2025-10-15"),
    ),
    Model(
        id="deepseek-r1-distill-llama-70b",
        spellings=("deepseek-r1", "deepseek-r1-70b"),
        retired=_retired("2025-08-12", replacement="qwen-3-32b"),
    ),
    # The page names the 2507 pair, instruct first.
    Model(
        id="qwen-3-235b-a22b",
        retired=_retired("2025-07-29", replacement="qwen-3-235b-a22b-instruct-2507"),
    ),
    Model(
        id="llama3.1-70b",
        spellings=("llama-3.1-70b",),
        retired=_retired("2025-01-17", replacement="llama-3.3-70b"),
    ),
)

MODELS: tuple[Model, ...] = (*_LIVE, *_RETIRED)
"""Every known model: the live ones first, then the retired ones, the newest retirement first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What all models of one make take, and dedicated endpoints of that make too.

    `pattern`: how an id or the name of an endpoint, in lower case, tells the family.
    `efforts`: what is sent as `reasoning_effort` for each setting of `reasoning`; None where the
    model thinks alike whatever is sent. A setting that is missing is one that there is not.
    `refused_formats`: values of `reasoning_format` that the documentation calls unsupported.
    `history`: where the model reads its earlier thoughts: the field `reasoning`, `<think>` in the
    text (with `clear_thinking` False), or nowhere.
    None is what no page says.
    """

    name: str
    pattern: re.Pattern[str]
    efforts: Mapping[str, str | None]
    refused_formats: frozenset[str] = frozenset()
    history: Literal["reasoning", "think", "nowhere"] = "reasoning"
    clear_thinking: bool = False
    developer_role: bool = False
    images: bool | None = None
    parallel_tool_calls: bool | None = None
    prediction: bool | None = None
    raw_with_json: bool = True


def _efforts(**efforts: str | None) -> Mapping[str, str | None]:
    return MappingProxyType(efforts)


FAMILIES: tuple[Family, ...] = (
    Family(
        name="gpt-oss",
        pattern=re.compile(r"gpt[-_.]?oss"),
        # "none" is a 400: it cannot stop thinking.
        efforts=_efforts(low="low", medium="medium", high="high"),
        developer_role=True,
        images=False,
        parallel_tool_calls=False,  # as the public catalogue has it
        prediction=True,
    ),
    Family(
        name="qwen-3.8",
        # Not "qwen-3-8b"; the name of an endpoint may have dashes for dots.
        pattern=re.compile(r"qwen[-_.]?3(?:\.8(?!\d)|[-_.]8[-_.]?27b)"),
        efforts=_efforts(off="none", low="low", medium="medium", high="high"),
        refused_formats=frozenset({"hidden"}),
        clear_thinking=True,
        images=True,
    ),
    Family(
        name="glm",
        pattern=re.compile(r"(?<![a-z])glm[-_.]?\d"),
        efforts=_efforts(off="none", low=None, medium=None, high=None),
        history="think",
        clear_thinking=True,
        images=False,
        prediction=True,
    ),
    Family(
        name="gemma",
        pattern=re.compile(r"gemma[-_.]?4"),
        # The three efforts are one: they switch it on.
        efforts=_efforts(off="none", low="low", medium="medium", high="high"),
        refused_formats=frozenset({"raw", "hidden"}),
        history="nowhere",
        images=True,
    ),
    Family(
        name="kimi",
        pattern=re.compile(r"kimi[-_.]?k?2"),
        efforts=_efforts(low=None, medium=None, high=None),
        refused_formats=frozenset({"hidden"}),
        raw_with_json=False,
    ),
)
