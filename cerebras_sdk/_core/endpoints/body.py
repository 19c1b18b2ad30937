"""What the requests of the API have in common: the address, the body, the model that answers."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ...errors import InvalidRequestError
from ...types._base import plain
from ...types.checks import Finding
from ..aliases import resolve_model, retirement_notice
from ..http import Request
from ..lint import Checks, checked, checks_of
from ..options import ClientOptions, NotGiven, hide_values
from ..reasoning import reason
from ..secret import Hidden
from ..timeout import Timeout, TimeoutInput
from ..tokens import reserved_tokens

_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionCall:
    """A completion ready to be asked for.

    `model` is the id that is sent; `notice` a warning that the user should see; `n` the number of
    choices asked for; `tokens` what the service will set aside for it, if the client paces;
    `thinks` whether `<think>` at the beginning of the answer is to be taken out; `findings` what
    the user should be warned of.
    """

    request: Request
    model: str
    stream: bool
    n: int
    notice: str | None
    tokens: int = 0
    thinks: bool = False
    findings: tuple[Finding, ...] = ()

    def bound(self) -> int | None:
        """The bound of the answer that the user gave, in tokens."""
        body = msgspec.json.decode(self.request.body)
        bound = body.get("max_completion_tokens") or body.get("max_tokens")
        return _count(bound) or None

    def bounded(self, tokens: int | None) -> CompletionCall:
        """The same call, for an answer of at most `tokens`."""
        body = msgspec.json.decode(self.request.body)
        name = "max_tokens" if "prompt" in body else "max_completion_tokens"
        body.pop("max_tokens", None)
        body[name] = tokens
        request = dataclasses.replace(self.request, body=msgspec.json.encode(body))
        reserved = reserved_tokens(body) if self.tokens else 0
        return dataclasses.replace(self, request=request, tokens=reserved)


def completion_call(
    options: ClientOptions,
    path: str,
    required: Mapping[str, Any],
    *,
    model: str | None,
    stream: bool | NotGiven | None,
    params: Mapping[str, Any],
    extra_headers: Hidden[Mapping[str, str | None] | None],
    extra_query: Mapping[str, Any] | None,
    extra_body: Mapping[str, Any] | None,
    timeout: TimeoutInput | NotGiven,
    headers: Mapping[str, str] | None = None,
    prompts: int = 1,
    reasoning: str | NotGiven | None = None,
    checks: Checks | NotGiven | None = None,
) -> CompletionCall:
    """POST `path` with `required` and those of `params` that are not None.

    `headers` are parameters that the service takes as headers; `prompts` is how many there are,
    each of which is answered `n` times. `checks` None means those of the client.

    Raises InvalidRequestError for what cannot be right, RequestCheckError for what the service
    would refuse; nothing is sent then.
    """
    stream = given(stream)
    if stream is not None and not isinstance(stream, bool):
        raise InvalidRequestError(f"stream must be True or False, not {stream!r}")
    extra_query, extra_body = given(extra_query), given(extra_body)
    extras: dict[str, object] = {"extra_query": extra_query, "extra_body": extra_body}
    for name, extra in extras.items():
        if extra is not None and not isinstance(extra, Mapping):
            raise InvalidRequestError(f"{name} must be a dict, not {type(extra).__name__}")
    resolution = resolve_model(
        model_name(options, model), aliases=options.aliases, retired=options.retired_models
    )
    body: dict[str, Any] = {"model": resolution.id, **required}
    body |= {
        name: value
        for name, value in params.items()
        if value is not None and not isinstance(value, NotGiven)
    }
    if stream:
        body["stream"] = True
    body.update(extra_body or {})
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        raise InvalidRequestError(
            "max_tokens and max_completion_tokens are two names of one limit: give only "
            "max_completion_tokens"
        )
    body = _plain(body)
    thinks = reason(body, given(reasoning))
    # A model in `extra_body` is none that was resolved here.
    known = None if body["model"] != resolution.id else resolution.known
    checks = given(checks)
    findings = checked(body, options.checks if checks is None else checks_of(checks), known=known)
    request = Request(
        method="POST",
        url=url_of(options, path, extra_query),
        headers=options.headers,
        body=_encoded(body),
        timeout=options.timeout if isinstance(timeout, NotGiven) else Timeout.of(timeout),
        paced=options.paced,
    )
    request = request.with_headers({**_JSON, **(headers or {})})
    request = request.with_headers(hide_values(extra_headers))
    return CompletionCall(
        request=request,
        model=str(body["model"]),
        stream=body.get("stream") is True,
        n=prompts * (_count(body.get("n")) or 1),
        notice=retirement_notice(resolution),
        tokens=reserved_tokens(body) if options.paced else 0,
        thinks=thinks,
        findings=findings,
    )


def _count(value: object) -> int:
    """A number above 0, else 0; 2.0 is one as well."""
    return int(value) if isinstance(value, (int, float)) and value > 0 else 0


def given(value: Any) -> Any:
    """None for what was not given."""
    return None if isinstance(value, NotGiven) else value


def tracing_headers(
    cf_ray: str | None, x_amz_cf_id: str | None, x_delay_time: float | None = None
) -> dict[str, str]:
    """Parameters that go as headers. Source: the service's OpenAPI document (version 1.0)."""
    headers = {"CF-RAY": cf_ray, "X-Amz-Cf-Id": x_amz_cf_id, "X-delay-time": x_delay_time}
    return {name: str(value) for name, value in headers.items() if given(value) is not None}


def model_name(options: ClientOptions, model: str | None) -> str:
    if model is None or isinstance(model, NotGiven):
        model = options.default_model
        if model is None:
            raise InvalidRequestError(
                "model is missing: pass model=..., for example 'gpt-oss-120b', to the call or "
                "default_model=... to the client"
            )
    if not isinstance(model, str):
        raise InvalidRequestError(f"model must be a str, not {type(model).__name__}")
    if not model.strip():
        raise InvalidRequestError("model is empty")
    return model


def segment(name: str, value: object) -> str:
    """An id, which errors call `name`, as one segment of a path."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError(f"{name} must be a text that is not empty")
    # Whatever is quoted, libraries and proxies take these for the way up, to another resource.
    if value in (".", ".."):
        raise InvalidRequestError(f"{name} must be an id, not {value!r}")
    return quote(value, safe="", errors="replace")


def url_of(options: ClientOptions, path: str, query: Mapping[str, Any] | None) -> str:
    """The address of `path`, which may have a query of its own."""
    if query is not None and not isinstance(query, Mapping):
        raise InvalidRequestError(f"a query must be a dict, not {type(query).__name__}")
    pairs = [pair for item in {**options.query, **(query or {})}.items() for pair in _pairs(*item)]
    url = f"{options.base_url}{path}"
    if not pairs:
        return url
    return f"{url}{'&' if '?' in path else '?'}{urlencode(pairs)}"


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    """One field of a query as others write it: a list is repeated, a dict is `name[key]`."""
    value = plain(value)
    if value is None or isinstance(value, NotGiven):
        return []
    if isinstance(value, Mapping):
        return [p for key, item in value.items() for p in _pairs(f"{name}[{key}]", item)]
    if isinstance(value, list):
        return [pair for item in value for pair in _pairs(name, item)]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return [(_whole_characters(name), _whole_characters(text))]


def encode(body: Mapping[str, Any]) -> bytes:
    """`body` as JSON; half a character (a lone surrogate) in it becomes U+FFFD.

    Raises InvalidRequestError for what JSON cannot say.
    """
    return _encoded(_plain(body))


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    with _writable():
        sent: dict[str, Any] = plain(body)
        _refuse_changed(sent)
    return sent


def _encoded(sent: dict[str, Any]) -> bytes:
    with _writable():
        try:
            return msgspec.json.encode(sent)
        except UnicodeEncodeError:
            return msgspec.json.encode(_whole_characters(sent))


@contextlib.contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except InvalidRequestError:
        raise
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidRequestError(f"the request cannot be written as JSON: {error}") from None


def _whole_characters(value: Any) -> Any:
    """The service refuses JSON with half a character in it; two halves in a row are a whole one."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {_whole_characters(name): _whole_characters(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole_characters(item) for item in value]
    return value


def _refuse_changed(sent: dict[str, Any]) -> None:
    """Bytes would be sent as base64, and NaN as null: nobody means that."""
    found = _changed(sent)
    if found is not None:
        path, problem = found
        raise InvalidRequestError(f"{''.join(reversed(path)).removeprefix('.')} {problem}")


def _changed(value: object) -> tuple[list[str], str] | None:
    """Where something would be changed, the innermost name first, and how."""
    found = None
    if isinstance(value, Mapping):
        for name, item in value.items():
            if (found := _changed(item)) is not None:
                found[0].append(f".{name}")
                break
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            if (found := _changed(item)) is not None:
                found[0].append(f"[{position}]")
                break
    elif isinstance(value, (bytes, bytearray, memoryview)):
        found = [], "is bytes: decode it to a str first"
    elif isinstance(value, float) and not math.isfinite(value):
        found = [], f"is {value}, which JSON cannot say"
    return found
