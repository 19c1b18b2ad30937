"""From the model name that a person writes to the id that the service knows.

A name that means nothing here is passed on untouched, byte for byte: dedicated endpoints have names
of their own, and a new model must work on its first day.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..errors import ModelRetiredError
from .catalog import MODELS, Retirement

# The vendors whose models the service has served, as routers and Hugging Face write them.
_PREFIX = re.compile(r"(?:(?:cerebras|openai|qwen|google|z-ai|zai-org|meta-llama)/)*")
_INSTRUCT = re.compile(r"[-._:]instruct(?=[-._:]|$)")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[-._:](?=[0-9])")
_VERSION_DOT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_OTHER_SEPARATOR = re.compile(r"[-._:](?![0-9])|(?<![0-9])[-._:]")

_BY_ID = {model.id: model for model in MODELS}
_LIVE_IDS = tuple(model.id for model in MODELS if model.retired is None)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What becomes of a model name: `id` is sent for what was `asked`.

    `retirement` is set when the model asked for is gone; `replaced` says that `id` is then the live
    successor instead of the retired id. `known`: `id` is a model of the catalogue, and not what the
    user's own endpoint is called.
    """

    id: str
    retirement: Retirement | None
    asked: str
    replaced: bool
    known: bool = False


def resolve_model(
    name: str,
    *,
    aliases: Mapping[str, str] | None = None,
    retired: Literal["warn", "replace", "error"] = "warn",
) -> Resolution:
    """The id to send for `name`: the user's aliases first, then ids, then known spellings.

    The target of an alias may be a known spelling itself, except when alias and target are the same
    word: `{"gpt-oss": "gpt-oss"}` keeps the name of a dedicated endpoint from being read as ours.
    With `retired="warn"` a retired id is kept (see `retirement_notice`), "replace" follows to the
    live successor, "error" raises ModelRetiredError.
    """
    word, final = _apply_aliases(name, aliases or {})
    known = None if final else _known_id(word)
    retirement = None if known is None else _BY_ID[known].retired
    resolution = Resolution(
        known or word, retirement, asked=name, replaced=False, known=known is not None
    )
    if retirement is None or retired == "warn":
        return resolution
    if retired == "error":
        raise ModelRetiredError(_notice(resolution, retirement))
    return Resolution(retirement.successor, retirement, asked=name, replaced=True, known=True)


def retirement_notice(resolution: Resolution) -> str | None:
    """The text of a ModelRetiredWarning, or None where there is nothing to warn of."""
    if resolution.retirement is None or resolution.replaced:
        return None
    return (
        f"{_notice(resolution, resolution.retirement)} The id is sent as asked; "
        'retired_models="replace" follows the replacement, and an alias of a name to itself '
        "marks it as the name of your own endpoint."
    )


def suggest_models(name: str) -> str:
    """What to try after the service answered `model_not_found` for `name`: one sentence."""
    known = _known_id(name)
    if known is not None:
        retirement = _BY_ID[known].retired
        if retirement is not None:
            return f"{known!r} was retired on {retirement.date}; use {retirement.successor!r}."
        if known != name:
            return f"Did you mean {known!r}?"
        return f"{known!r} is a public model: check that this key's account may use it."
    close = difflib.get_close_matches(_key(name), _BY_KEY, n=3, cutoff=0.75)
    models = {_BY_KEY[key]: _BY_ID[_BY_KEY[key]].retired for key in close}
    live = [repr(model_id) for model_id, retirement in models.items() if retirement is None]
    if live:
        return f"Did you mean {' or '.join(live)}?"
    for model_id, retirement in models.items():
        if retirement is not None:
            gone = f"The closest known id, {model_id!r}, was retired on {retirement.date}"
            return f"{gone}; use {retirement.successor!r}."
    return f"Known models: {', '.join(repr(model_id) for model_id in _LIVE_IDS)}."


def _apply_aliases(name: str, aliases: Mapping[str, str]) -> tuple[str, bool]:
    if name in aliases:
        return aliases[name], aliases[name] == name
    wanted = name.strip().casefold()
    for alias, target in aliases.items():
        if alias.strip().casefold() == wanted:
            return target, alias == target
    return name, False


def _notice(resolution: Resolution, retirement: Retirement) -> str:
    model = resolution.id
    asked = "" if resolution.asked == model else f" (asked for as {resolution.asked!r})"
    gone = f"The model {model!r}{asked} was retired from the public service on {retirement.date}."
    if retirement.replacement is None:
        return f"{gone} No official replacement was named; we suggest {retirement.successor!r}."
    official = f"{gone} Its official replacement is {retirement.replacement!r}"
    if retirement.replacement == retirement.successor:
        return f"{official}."
    return f"{official}, which is retired too: use {retirement.successor!r}."


def _known_id(name: str) -> str | None:
    return name if name in _BY_ID else _BY_KEY.get(_key(name))


def _key(name: str) -> str:
    """The normal form in which names are compared.

    A separator between two digits counts, whichever it is: without it "qwen-3.3-2b", a model that
    may come, would be read as "qwen-3-32b".
    """
    text = _INSTRUCT.sub("", _PREFIX.sub("", name.strip().lower(), count=1))
    return _OTHER_SEPARATOR.sub("", _BETWEEN_DIGITS.sub("-", text))


def _keys(name: str) -> Iterator[str]:
    """The keys under which a known name is found: as it is, "llama31-8b", and "llama318b"."""
    yield _key(name)
    yield _key(_VERSION_DOT.sub("", name))
    yield _key(name).replace("-", "")


def _index() -> dict[str, str]:
    keys: dict[str, str] = {}
    for model in MODELS:
        for spelling in (model.id, *model.spellings):
            for key in _keys(spelling):
                keys.setdefault(key, model.id)
    return keys


_BY_KEY = _index()
