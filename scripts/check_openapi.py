"""Lists what the service's OpenAPI documents name and this package does not know.

curl -O https://inference-docs.cerebras.ai/api-reference/openapi.yaml
python scripts/check_openapi.py openapi.yaml [ANOTHER.yaml ...]

A line for each operation, header, query parameter, property of a body (not for what is below an
unknown one), and value of a request that a Literal of ours leaves out. What the package knows is
read off its signatures and types. Exit 1 if a line is not in EXPLAINED, 2 if a document cannot be
read.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_type_hints

import msgspec

from cerebras_sdk._sync.batches import Batches
from cerebras_sdk._sync.chat import ChatCompletions
from cerebras_sdk._sync.client import Cerebras
from cerebras_sdk._sync.completions import Completions
from cerebras_sdk._sync.files import Files
from cerebras_sdk._sync.metrics import Metrics
from cerebras_sdk._sync.models import Models, PublicModels
from cerebras_sdk._sync.stream import Stream
from cerebras_sdk.errors import APIStatusError
from cerebras_sdk.types import BatchList, BatchResult, FileList

if typing.TYPE_CHECKING:
    from scripts.openapi_document import Document, DocumentError, Form, Operation, Schemas
else:  # a script's own folder is what it imports from
    from openapi_document import Document, DocumentError, Form, Operation, Schemas

Kinds: TypeAlias = frozenset[Any]  # the types, one by one, that ours allow in a place


class Row(NamedTuple):
    """The method that asks for a path; `read` is the type it reads, if it returns an iterator."""

    method: Callable[..., Any]
    read: type | None = None


ROWS = {
    "POST /v1/chat/completions": Row(ChatCompletions.create),
    "POST /v1/completions": Row(Completions.create),
    "GET /v1/models": Row(Models.list),
    "GET /v1/models/{}": Row(Models.retrieve),
    "GET /public/v1/models": Row(PublicModels.list),
    "GET /public/v1/models/{}": Row(PublicModels.retrieve),
    "GET /v1/tcp_warming": Row(Cerebras.warm_up),
    "POST /v1/files": Row(Files.create),
    "GET /v1/files": Row(Files.list, FileList),
    "GET /v1/files/{}": Row(Files.retrieve),
    "GET /v1/files/{}/content": Row(Files.content),
    "DELETE /v1/files/{}": Row(Files.delete),
    "POST /v1/batches": Row(Batches.create),
    "GET /v1/batches": Row(Batches.list, BatchList),
    "GET /v1/batches/{}": Row(Batches.retrieve),
    "DELETE /v1/batches/{}": Row(Batches.cancel),
    "POST /v1/batches/{}/cancel": Row(Batches.cancel),
    "GET /v1/batches/{}/results": Row(Batches.results, BatchResult),
    "GET /api/v1/metrics/organizations/{}": Row(Metrics.retrieve),
}

# A star stands for any text.
EXPLAINED = {
    "* header Content-Type": "the package sets it to the form that the body has",
    "* header Content-Encoding": "the package sets it when it compresses, see `compression`",
    "* error detail": "its texts are the error's message, and `error.body` has it whole",
    "* response error.id": "`error.body` has it; `error.request_id` is the answer's header",
}

# Keywords of ours that are about the call, and no part of what is sent.
_ABOUT_THE_CALL = {"self", "extra_headers", "extra_query", "extra_body", "timeout", "on_progress"}
_ANYTHING = {Any, object}


def unknown(document: Document) -> Iterator[str]:
    """What `document` names and ours does not know, a line for each."""
    for operation in document.operations():
        where = f"{operation.method} {operation.path}"
        row = ROWS.get(re.sub(r"\{[^}]*\}", "{}", where))
        yield from [where] if row is None else _unknown_of(document, operation, row, where)


def _unknown_of(document: Document, operation: Operation, row: Row, where: str) -> Iterator[str]:
    for parameter in operation.parameters:
        line = f"{where} {parameter['in']} {parameter['name']}"
        known = fields(row.method).get(parameter["name"].lower().replace("-", "_"))
        if known is not None:
            yield from _walk(document, _schema(parameter), alternatives(known), line)
        elif parameter["in"] != "path":
            yield line
    for media in operation.body.values():
        yield from _walk(document, _schema(media), frozenset({row.method}), f"{where} request ")
    returned = alternatives(row.read or get_type_hints(row.method)["return"])
    chunks = frozenset(get_args(kind)[0] for kind in returned if origin(kind) is Stream)
    whole = frozenset(kind for kind in returned if origin(kind) is not Stream)
    for status, content in operation.answers:
        for name, media in content.items():
            kinds: Kinds = frozenset({APIStatusError})
            if status.startswith("2"):
                kinds |= (chunks or whole) if "event-stream" in name else whole | chunks
            line = f"{where} {'response' if status.startswith('2') else 'error'} "
            yield from _walk(document, _schema(media), kinds, line)


def _walk(
    document: Document,
    schemas: Schemas,
    kinds: Kinds,
    line: str,
    above: frozenset[Any] = frozenset(),
) -> Iterator[str]:
    """The lines for what `schemas` name and none of our `kinds` knows."""
    here = (tuple(map(id, schemas)), kinds)
    if here in above:
        return
    above |= {here}
    dot = "" if line.endswith(" ") else "."
    for form in document.forms(schemas):
        if line.split()[2] not in ("response", "error"):
            yield from (f"{line} = {value}" for value in _refused(form, kinds))
        fitting = _fitting(document, form, kinds)
        for name, below in form.properties.items():
            found = [fields(kind)[name] for kind in fitting if name in fields(kind)]
            if found:
                known = frozenset[Any]().union(*map(alternatives, found))
                yield from _walk(document, below, known, f"{line}{dot}{name}", above)
            elif not takes_any_name(kinds):
                yield f"{line}{dot}{name}"
        if not kinds & _ANYTHING:
            for item in filter(None, form.items):
                yield from _walk(document, (item,), items_of(kinds), f"{line}[]", above)
            for value in filter(None, form.additional):
                yield from _walk(document, (value,), values_of(kinds), f"{line}{dot}*", above)


def _schema(holder: Mapping[str, Any]) -> Schemas:
    return (holder["schema"],) if "schema" in holder else ()


def _fitting(document: Document, form: Form, kinds: Kinds) -> list[Any]:
    """Those of our objects that `form` is about, going by what is constant in both."""
    objects = objects_of(kinds)
    if len(kinds) > 1:
        is_error = "error" in form.properties
        objects = [kind for kind in objects if (kind is APIStatusError) is is_error] or objects
    for name, schemas in form.properties.items():
        values = [value for below in document.forms(schemas) for value in below.values]
        if len(values) == 1:
            same = [kind for kind in objects if values[0] in constants(kind, name, values)]
            objects = same or objects
    return objects


def _refused(form: Form, kinds: Kinds) -> Iterator[str]:
    """The values that a type checker refuses where ours is `kinds`."""
    literals = literals_of(kinds)
    for value in form.values:
        if literals and value not in literals and not kinds & {type(value), *_ANYTHING}:
            yield repr(value)
    if form.null and not kinds & {types.NoneType, *_ANYTHING}:
        yield "null"


def origin(kind: Any) -> Any:
    return typing.get_origin(kind)


def alternatives(hint: Any) -> Kinds:
    if origin(hint) in (Union, types.UnionType):
        return frozenset[Any]().union(*map(alternatives, get_args(hint)))
    return frozenset({hint})


def items_of(kinds: Kinds) -> Kinds:
    """What lists of ours hold."""
    lists = [kind for kind in kinds if _is_a(kind, Iterable) and not _is_a(kind, Mapping)]
    return frozenset[Any]().union(*(alternatives(get_args(kind)[0]) for kind in lists))


def values_of(kinds: Kinds) -> Kinds:
    """What mappings of ours hold."""
    mappings = [kind for kind in kinds if _is_a(kind, Mapping)]
    return frozenset[Any]().union(*(alternatives(get_args(kind)[1]) for kind in mappings))


def _is_a(kind: Any, container: type) -> bool:
    return isinstance(origin(kind), type) and issubclass(origin(kind), container)


def literals_of(kinds: Kinds) -> list[Any]:
    return [value for kind in kinds if origin(kind) is Literal for value in get_args(kind)]


def takes_any_name(kinds: Kinds) -> bool:
    """Whether ours is a mapping; beside a TypedDict one stands only for what is newer than that."""
    is_mapping = any(_is_a(kind, Mapping) for kind in kinds)
    return bool(kinds & _ANYTHING) or (is_mapping and not objects_of(kinds))


def objects_of(kinds: Kinds) -> list[Any]:
    """Those of ours that have named fields: TypedDicts if there is one, else all."""
    typed = [kind for kind in kinds if typing.is_typeddict(kind)]
    return typed or [kind for kind in kinds if fields(kind)]


@cache
def fields(kind: Any) -> Mapping[str, Any]:
    """The names that a type or a method of ours knows, as the service spells them, with types."""
    if typing.is_typeddict(kind):
        return get_type_hints(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        named = msgspec.structs.fields(kind)
        return {field.encode_name: field.type for field in named if field.name[0] != "_"}
    if kind is APIStatusError:
        attributes = vars(APIStatusError("", status_code=0))
        # In a stream the service puts the same names below `error`.
        return {**dict.fromkeys(attributes, Any), "error": APIStatusError}
    if inspect.isfunction(kind):
        forms: list[Callable[..., Any]] = [kind, *typing.get_overloads(kind)]
        first, *others = map(keywords, forms)
        everywhere = set(first).intersection(*others) - _ABOUT_THE_CALL
        return {name: first[name] for name in everywhere}
    return {}


def keywords(function: Callable[..., Any]) -> dict[str, Any]:
    """The keywords that a function takes, those of an unpacked TypedDict too, with types."""
    hints = get_type_hints(function)
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            found |= get_type_hints(get_args(hints[name])[0])
        else:
            found[name] = hints.get(name, Any)
    return found


def constants(kind: Any, name: str, anything: list[Any]) -> list[Any]:
    """What a field of ours is always, or may be; `anything` if ours does not say that."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        defaults = {field.encode_name: field.default for field in msgspec.structs.fields(kind)}
        default = defaults.get(name)
        return [default] if isinstance(default, str) and default else anything
    known = alternatives(fields(kind).get(name, Any))
    return anything if str in known else literals_of(known) or anything


def main(paths: list[str]) -> int:
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    lines: set[str] = set()
    for path in paths:
        try:
            lines.update(unknown(Document(path)))
        except DocumentError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 2
    explained: dict[str, str] = {}
    for pattern, reason in EXPLAINED.items():
        rule = re.compile(re.escape(pattern).replace(r"\*", ".*"))
        matched = {line: reason for line in lines if rule.fullmatch(line)}
        if not matched:
            print(f"warning: explains nothing in these documents: {pattern}", file=sys.stderr)
        explained |= matched
    for line in sorted(lines - explained.keys()):
        print(line)
    for line, reason in sorted(explained.items()):
        print(f"explained: {line}: {reason}")
    return 1 if lines - explained.keys() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
