"""What the service would refuse of a request, found before it is sent.

Of a model in the catalogue a finding is certain where the service was seen to refuse, or documents
that it does. Of any other model nothing is certain: it may be newer than this version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args

import msgspec

from ...errors import InvalidRequestError, RequestCheckError
from ...types.checks import Finding
from ..catalog import MODELS
from .length import length
from .messages import messages
from .model import of_model
from .parameters import parameters
from .tools import tools

Checks: TypeAlias = Literal["error", "warn", "off"]

_KNOWN = frozenset(model.id for model in MODELS)
_SHOWN = 5  # findings in the text of an error or a warning
_RULES: tuple[Callable[[Mapping[str, Any]], Iterator[Finding]], ...] = (
    parameters,
    messages,
    tools,
    of_model,
    length,
)


def lint(body: Mapping[str, Any], *, known: bool | None = None) -> list[Finding]:
    """What is wrong with the decoded body of a completion's request, what is certain first.

    `known`: whether the model is one of the catalogue; by its id if None. The texts themselves are
    not read, unless they are so long that the context cannot hold them.
    """
    if known is None:
        known = str(body.get("model")) in _KNOWN
    found = [finding for rule in _RULES for finding in rule(body)]
    if not known:
        return [msgspec.structs.replace(finding, certain=False) for finding in found]
    return sorted(found, key=lambda finding: not finding.certain)


def checks_of(value: object) -> Checks:
    """Raises InvalidRequestError for what is none of the three."""
    if value not in get_args(Checks):
        raise InvalidRequestError(f'checks must be "error", "warn" or "off", not {value!r}')
    return value  # type: ignore[return-value]


def checked(
    body: Mapping[str, Any], checks: Checks, *, known: bool | None = None
) -> tuple[Finding, ...]:
    """What the user is to be warned of. Raises RequestCheckError for what is certain, unless
    `checks` is "warn"."""
    if checks == "off":
        return ()
    found = tuple(lint(body, known=known))
    if checks == "error" and found and found[0].certain:
        model = body.get("model")
        intro = f"not sent, as the service would refuse it for {model!r}"
        raise RequestCheckError(described(intro, found), found)
    return found


def described(intro: str, found: tuple[Finding, ...]) -> str:
    """All of it as one text; of many findings the first."""
    lines = [f"{intro}: "] if len(found) == 1 else [f"{intro}:"]
    shown = [str(finding) for finding in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"and {len(found) - _SHOWN} more, in .findings")
    return lines[0] + shown[0] if len(found) == 1 else "\n- ".join([*lines, *shown])
