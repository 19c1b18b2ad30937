"""What a client and a call can be told, as plain values."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from .._version import __version__
from ..errors import InvalidRequestError
from .compression import Compression
from .http import merge_headers
from .lint import Checks, checks_of
from .retry import OnRetry, RetryPolicy
from .secret import Hidden, Secret
from .timeout import Timeout, TimeoutInput
from .urls import normalize_base_url

BASE_URL = "https://api.cerebras.ai"
# The version of the API that this release was written against.
# Source: https://inference-docs.cerebras.ai/support/versions
API_VERSION = "2"
DEFAULT_TIMEOUT = 60.0  # seconds
DEFAULT_MAX_RETRIES = RetryPolicy().max_retries
_TIMEOUT_OF_HTTPX = 5.0  # when nobody gives one
USER_AGENT = f"cerebras-inference-sdk/{__version__}"

_VERSION_HEADER = "X-Cerebras-Version-Patch"
RetiredModels = Literal["warn", "replace", "error"]
Reserve = Literal["auto"]


class NotGiven:
    """The type of NOT_GIVEN, for an argument whose None means something."""

    def __repr__(self) -> str:
        return "NOT_GIVEN"

    def __bool__(self) -> Literal[False]:
        return False


NOT_GIVEN: Final = NotGiven()
_NOTHING: Final[Hidden[Any]] = Hidden(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The variables that a client heeds; a variable that is empty counts as not set."""

    api_key: Secret | None = None
    cookies: Secret | None = None
    base_url: str | None = None
    session_url: str | None = None
    custom_headers: Secret | None = None
    management_key: Secret | None = None
    log: str | None = None  # "info" or "debug"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Environment:
        def get(name: str) -> str | None:
            return variables.get(f"CEREBRAS_{name}", "").strip() or None

        return cls(
            api_key=Secret(get("API_KEY") or "") or None,
            cookies=Secret(get("COOKIES") or "") or None,
            base_url=get("BASE_URL"),
            session_url=get("SESSION_URL"),
            custom_headers=Secret(get("CUSTOM_HEADERS") or "") or None,
            management_key=Secret(get("MANAGEMENT_KEY") or "") or None,
            log=get("LOG"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What every call of a client shares."""

    base_url: str
    timeout: Timeout
    retry: RetryPolicy
    default_model: str | None
    aliases: Mapping[str, str]
    own_headers: Mapping[str, str | Secret]  # without those that the user gave
    headers: Mapping[str, str | Secret]
    query: Mapping[str, Any] = dataclasses.field(repr=False)  # some gateways want a key in it
    management_key: Secret | None
    on_retry: OnRetry | None
    paced: bool
    reserve: Reserve | None
    retired_models: RetiredModels
    compression: Compression
    checks: Checks = "error"

    @classmethod
    def of(
        cls,
        environment: Environment,
        *,
        base_url: Any,
        timeout: TimeoutInput | NotGiven,
        max_retries: int | NotGiven,
        default_model: str | None,
        aliases: Mapping[str, str] | None,
        default_headers: Hidden[Mapping[str, str] | None],
        default_query: Mapping[str, Any] | None = None,
        management_key: Secret | None = None,
        retry: RetryPolicy | None = None,
        on_retry: OnRetry | None = None,
        paced: bool = False,
        reserve: Reserve | None = None,
        retired_models: RetiredModels,
        api_version: str | None = None,
        compression: Compression = "auto",
        checks: Checks = "error",
    ) -> ClientOptions:
        """Checks what a client's constructor was given. Raises InvalidRequestError."""
        if retry is not None and not isinstance(retry, RetryPolicy):
            raise InvalidRequestError(f"retry takes a RetryPolicy, not {type(retry).__name__}")
        if on_retry is not None and not callable(on_retry):
            raise InvalidRequestError("on_retry takes a function of one RetryEvent")
        refuse_coroutine("on_retry", on_retry)
        if reserve not in (None, "auto"):
            raise InvalidRequestError(f'reserve must be "auto" or None, not {reserve!r}')
        policy = RetryPolicy() if retry is None else retry
        if not isinstance(max_retries, NotGiven):
            policy = dataclasses.replace(policy, max_retries=max_retries)
        if compression not in get_args(Compression):
            known = ", ".join(get_args(Compression))
            raise InvalidRequestError(f"compression must be one of {known}, not {compression!r}")
        if retired_models not in get_args(RetiredModels):
            raise InvalidRequestError(
                f'retired_models must be "warn", "replace" or "error", not {retired_models!r}'
            )
        if aliases is not None and not isinstance(aliases, Mapping):
            raise InvalidRequestError("aliases must be a dict of names and models")
        if default_query is not None and not isinstance(default_query, Mapping):
            raise InvalidRequestError("default_query must be a dict of names and values")
        for alias, target in (aliases or {}).items():
            if not isinstance(alias, str) or not isinstance(target, str) or not target.strip():
                raise InvalidRequestError(f"aliases: {alias!r}: {target!r} is no pair of names")
        own_headers = merge_headers(
            {"User-Agent": USER_AGENT, "Accept": "application/json"},
            {_VERSION_HEADER: api_version},
        )
        return cls(
            base_url=(
                normalize_base_url(environment.base_url, "CEREBRAS_BASE_URL")
                if base_url is None and environment.base_url is not None
                else normalize_base_url(BASE_URL if base_url is None else base_url)
            ),
            timeout=Timeout.of(DEFAULT_TIMEOUT if isinstance(timeout, NotGiven) else timeout),
            retry=policy,
            default_model=default_model,
            aliases=dict(aliases or {}),
            own_headers=own_headers,
            headers=merge_headers(
                own_headers, _header_lines(environment.custom_headers), hide_values(default_headers)
            ),
            query=dict(default_query or {}),
            management_key=management_key or environment.management_key,
            on_retry=on_retry,
            paced=paced,
            reserve=reserve,
            retired_models=retired_models,
            compression=compression,
            checks=checks_of(checks),
        )

    def changed(
        self,
        *,
        base_url: Any = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        max_retries: int | NotGiven | None = None,
        default_model: str | None = None,
        aliases: Mapping[str, str] | None = None,
        default_headers: Hidden[Mapping[str, str | None] | None] = _NOTHING,
        set_default_headers: Hidden[Mapping[str, str] | None] = _NOTHING,
        default_query: Mapping[str, Any] | None = None,
        set_default_query: Mapping[str, Any] | None = None,
        management_key: Secret | None = None,
        api_version: str | NotGiven | None = NOT_GIVEN,
        retry: RetryPolicy | None = None,
        on_retry: OnRetry | None = None,
        paced: bool | None = None,
        reserve: Reserve | NotGiven | None = NOT_GIVEN,
        retired_models: RetiredModels | None = None,
        compression: Compression | None = None,
        checks: Checks | None = None,
    ) -> ClientOptions:
        """These options with others in their place; headers, aliases and the query are added to
        the known, but those that are `set_` stand alone."""
        twice = {
            "headers": None not in (default_headers.value, set_default_headers.value),
            "query": None not in (default_query, set_default_query),
        }
        for name in (name for name, both in twice.items() if both):
            raise InvalidRequestError(f"give default_{name} or set_default_{name}, not both")
        patch = {} if isinstance(api_version, NotGiven) else {_VERSION_HEADER: api_version}
        known = self.headers if set_default_headers.value is None else self.own_headers
        checked = ClientOptions.of(
            Environment(),
            base_url=_or(base_url, self.base_url),
            timeout=self.timeout if isinstance(timeout, NotGiven) else timeout,
            max_retries=NOT_GIVEN if max_retries is None else max_retries,
            default_model=_or(default_model, self.default_model),
            aliases=aliases,
            default_headers=_NOTHING,
            default_query=_or(set_default_query, default_query),
            management_key=management_key or self.management_key,
            retry=_or(retry, self.retry),
            on_retry=_or(on_retry, self.on_retry),
            paced=_or(paced, self.paced),
            reserve=self.reserve if isinstance(reserve, NotGiven) else reserve,
            retired_models=_or(retired_models, self.retired_models),
            compression=_or(compression, self.compression),
            checks=_or(checks, self.checks),
        )
        return dataclasses.replace(
            checked,
            aliases={**self.aliases, **checked.aliases},
            query={**(self.query if set_default_query is None else {}), **checked.query},
            own_headers=merge_headers(self.own_headers, patch),
            headers=merge_headers(
                known, patch, hide_values(set_default_headers), hide_values(default_headers)
            ),
        )


def timeout_of(http_client: Any) -> TimeoutInput | NotGiven:
    """The timeout that the user gave to an httpx client of theirs, as the official SDK takes it."""
    timeout: Any = getattr(http_client, "timeout", None)
    if not hasattr(timeout, "connect"):
        return NOT_GIVEN
    steps = {getattr(timeout, name, None) for name in ("connect", "read", "write", "pool")}
    return NOT_GIVEN if steps == {_TIMEOUT_OF_HTTPX} else timeout


def refuse_coroutine(name: str, function: object) -> None:
    """For a callback that would be called, and never awaited."""
    if inspect.iscoroutinefunction(function):
        raise InvalidRequestError(f"{name} takes a plain function, not a coroutine function")


def _or(given: Any, known: Any) -> Any:
    return known if given is None or isinstance(given, NotGiven) else given


def _header_lines(text: Secret | None) -> dict[str, Secret]:
    """`Name: value`, one a line, as the official SDK reads CEREBRAS_CUSTOM_HEADERS."""
    lines = text.reveal().splitlines() if text is not None else ()
    pairs = [line.partition(":") for line in lines]
    return {
        name.strip(): Secret(value.strip())
        for name, colon, value in pairs
        if colon and name.strip()
    }


def hide_values(headers: Hidden[Any]) -> dict[str, Any]:
    """The user's own headers, which may hold the key of a gateway, with their texts as secrets."""
    if not isinstance(headers.value, Mapping):
        if headers.value is None:
            return {}
        raise InvalidRequestError("headers must be a dict of names and values")
    odd = [name for name, value in headers.value.items() if not _is_text(value)]
    if odd:
        raise InvalidRequestError(f"header {odd[0]!r}: names and values are str")
    return {
        name: Secret(value) if isinstance(value, str) else value or None
        for name, value in headers.value.items()
    }


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, (str, Secret, NotGiven))
