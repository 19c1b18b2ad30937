"""What a conversation is told once, and what of it goes into JSON and comes back."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ..errors import InvalidRequestError
from ..types import Usage
from ..types._base import plain
from ..types.params import BareChatParams
from .aliases import Resolution, resolve_model
from .endpoints.body import encode, model_name
from .endpoints.chat import check_keywords
from .options import ClientOptions, NotGiven
from .secret import Hidden
from .tool_loop import ToolErrorHandler
from .tool_options import check_options
from .tool_set import ToolSet
from .trimming import Trim, bound_of, trim_of

_VERSION = 2
_READ = (1, 2)
# For who gives the path of a file where its text belongs.
READS_A_FILE = "Conversation.load(client, path) reads a file"
_KIND = "cerebras_sdk conversation"
MAX_ROUNDS = 8
# Of the options these are saved: no header, query or extra field, where a key may stand; and what
# comes from a file can set nothing else.
_SAVED = frozenset(BareChatParams.__annotations__) | {
    "checks",
    "model",
    "on_interrupt",
    "queue_threshold",
    "reasoning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings:
    """What holds for every turn; `options` are keywords of `create`, the model's name included."""

    options: Hidden[dict[str, Any]]
    tools: ToolSet
    trim: Trim
    max_rounds: int
    on_tool_error: ToolErrorHandler | None

    @classmethod
    def of(
        cls,
        client: ClientOptions,
        options: Hidden[dict[str, Any]],
        *,
        tools: object,
        trim: object,
        max_rounds: object,
        on_tool_error: Any,
        awaits: bool,
        saved: Mapping[str, Any],
    ) -> ConversationSettings:
        """What was given, and for what is None what was `saved`, or the default. `awaits`: whether
        coroutine functions can be run.

        Raises InvalidRequestError for what cannot be right, TypeError for an unknown keyword.
        """
        check_keywords("conversation", options)
        merged = Hidden({name: value for name, value in saved.items() if name in _SAVED})
        merged.value.update(
            (name, value)
            for name, value in options.value.items()
            if value is not None and not isinstance(value, NotGiven)
        )
        rounds: Any = saved.get("max_rounds", MAX_ROUNDS) if max_rounds is None else max_rounds
        check_options(
            merged,
            max_rounds=rounds,
            on_tool_error=on_tool_error,
            what="a conversation",
            streams=True,
        )
        policy = saved.get("trim", "oldest") if trim is None else trim
        if inspect.iscoroutinefunction(policy) and not awaits:
            raise InvalidRequestError(
                "trim is a coroutine function, which only AsyncCerebras can run: give a plain one"
            )
        merged.value["model"] = model_name(client, merged.value.get("model"))
        return cls(
            options=merged,
            tools=ToolSet(tools, awaits=awaits),
            trim=trim_of(policy),
            max_rounds=rounds,
            on_tool_error=on_tool_error,
        )

    @property
    def bound(self) -> int:
        """How many tokens an answer may have; 0 if nothing says it."""
        return bound_of(self.options.value)

    def model(self, client: ClientOptions) -> Resolution:
        """The id that is sent for the model's name."""
        return resolve_model(
            self.options.value["model"], aliases=client.aliases, retired=client.retired_models
        )


class SavedConversation(msgspec.Struct):
    """What `to_json` writes."""

    kind: str = ""
    version: int = 0
    settings: dict[str, Any] = {}
    messages: list[dict[str, Any]] = []
    dropped: list[dict[str, Any]] = []
    usage: dict[str, Any] = {}  # of version 1, which did not know of which model
    usage_by_model: dict[str, dict[str, Any]] = {}
    answers_without_usage: int = 0

    @classmethod
    def read(cls, text: str | bytes) -> SavedConversation:
        """Raises InvalidRequestError for what `to_json` has not written, or a newer version has."""
        try:
            saved = msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            saved = cls()
        if saved.kind != _KIND:
            more = f": {READS_A_FILE}" if isinstance(text, str) else ""
            raise InvalidRequestError(
                f"history is a text that is no conversation's to_json(){more}"
            )
        if saved.version not in _READ:
            raise InvalidRequestError(
                f"history is of version {saved.version}, and this version of the package reads "
                f"{', '.join(map(str, _READ))}: take a newer one"
            )
        return saved

    def usages(self, client: ClientOptions) -> dict[str, Usage]:
        """What the answers of each model have used, by its id."""
        found = dict(self.usage_by_model)
        if self.usage:
            retired = "warn" if client.retired_models == "error" else client.retired_models
            name = str(self.settings.get("model"))
            found[resolve_model(name, aliases=client.aliases, retired=retired).id] = self.usage
        return {model: Usage.model_validate(usage) for model, usage in found.items()}


def saved_text(
    settings: ConversationSettings,
    *,
    messages: list[dict[str, Any]],
    dropped: list[dict[str, Any]],
    usages: Mapping[str, Usage],
    unmetered: int,
) -> str:
    """A conversation as JSON, without tools, functions, headers and other places of secrets.

    Raises InvalidRequestError for what JSON cannot say.
    """
    options = settings.options.value
    told = {name: plain(options[name]) for name in sorted(_SAVED & options.keys())}
    told["max_rounds"] = settings.max_rounds
    if isinstance(settings.trim, str):
        told["trim"] = settings.trim
    written = encode(
        {
            "kind": _KIND,
            "version": _VERSION,
            "settings": told,
            "messages": messages,
            "dropped": dropped,
            "usage_by_model": usages,
            "answers_without_usage": unmetered,
        }
    )
    return msgspec.json.format(written, indent=2).decode()
