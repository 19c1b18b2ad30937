"""Code for the official SDK runs on this one: its names, its keywords, the examples of its README.

What is left out on purpose stands, with a reason, in the table of docs/migrating.md.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from inspect import Parameter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typing_extensions
from cerebras.cloud import sdk as official
from pydantic import BaseModel

import cerebras_sdk
from cerebras_sdk.testing import Answer, LocalServer

VAR_KEYWORD, VAR_POSITIONAL = Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL
PAGE = Path(__file__).parent.parent / "docs" / "migrating.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("## Left out on purpose")[2]
LEFT_OUT = {
    name
    for row in re.findall(r"^\| (`.+?) \|", TABLE, re.M)
    for name in re.findall(r"`(.+?)`", row)
}
CLIENTS = ("Cerebras", "AsyncCerebras")
METHODS = ("chat.completions.create", "completions.create", "models.list", "models.retrieve")
# Made by the clients and the service, not by hand.
GIVEN_OUT = ("BaseModel", "APIResponse", "AsyncAPIResponse", "Stream", "AsyncStream")
MADE = (
    *CLIENTS,
    *(name for name in official.__all__ if name.endswith("Error") and name != "CerebrasError"),
    "Timeout",
    "DefaultHttpxClient",
    "DefaultAsyncHttpxClient",
    "DefaultAioHttpClient",
    "file_from_path",
)
# All modules of types, `types` and `types.chat` included.
MODULES = [
    "types",
    *(
        module.name.removeprefix(f"{official.__name__}.")
        for module in pkgutil.walk_packages(official.types.__path__, f"{official.types.__name__}.")
    ),
]


def public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def at(thing: Any, path: str) -> Any:
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


def types_in(module: str) -> dict[str, Any]:
    """What a module of the official package defines, by name."""
    theirs = importlib.import_module(f"{official.__name__}.{module}")
    names = getattr(theirs, "__all__", None) or public(theirs)
    found = {name: getattr(theirs, name) for name in names if name != "annotations"}
    return {name: thing for name, thing in found.items() if not inspect.ismodule(thing)}


def absent_names() -> Iterator[str]:
    """What the official package has and this one has not, by the names of the table."""
    for name in {*official.__all__, *public(official)} - {"annotations"}:
        if inspect.ismodule(getattr(official, name)) and name not in ("types", "resources"):
            continue  # by the accident of an import
        if not hasattr(cerebras_sdk, name):
            yield name
    for found in pkgutil.iter_modules(official.__path__):
        if importlib.util.find_spec(f"cerebras_sdk.{found.name}") is None:
            yield found.name
    for module in MODULES:
        ours = importlib.import_module(f"cerebras_sdk.{module}")
        yield from (f"{module}.{name}" for name in types_in(module) if not hasattr(ours, name))
    for name in MADE:
        yield from narrower(name, getattr(official, name), getattr(cerebras_sdk, name))
    for name in GIVEN_OUT:
        theirs, ours = getattr(official, name), getattr(cerebras_sdk, name)
        fields = [field for field in inspect.get_annotations(theirs) if field[0] != "_"]
        yield from (f"{name}.{field}" for field in fields if not hasattr(ours, field))
        yield from absent_members(name, theirs, ours)
    for name in CLIENTS:
        theirs = getattr(official, name)(api_key="csk-test", warm_tcp_connection=False)
        ours = getattr(cerebras_sdk, name)(api_key="csk-test")
        yield from absent_members(name, theirs, ours)
        for path in ("chat", "chat.completions", "completions", "models"):
            yield from absent_members(path, at(theirs, path), at(ours, path))


def absent_members(name: str, theirs: Any, ours: Any) -> Iterator[str]:
    for member in public(theirs):
        path, there = f"{name}.{member}", getattr(theirs, member)
        if not hasattr(ours, member):
            yield path
        elif callable(there) != callable(getattr(ours, member)):
            yield f"{path}()"
        elif inspect.isroutine(there):
            yield from narrower(path, there, getattr(ours, member))


def narrower(path: str, theirs: Any, ours: Any) -> Iterator[str]:
    """What the one can be given by its name, `path(name=)`, or place, `path(name)`, and the other
    cannot."""
    here = inspect.signature(ours).parameters.values()
    kinds = [parameter.kind for parameter in here]
    named = {p.name for p in here if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    places = [p.name for p in here if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    for place, parameter in enumerate(inspect.signature(theirs).parameters.values()):
        name, kind = parameter.name, parameter.kind
        by_place = kind is Parameter.POSITIONAL_OR_KEYWORD
        if by_place and name not in places[place : place + 1] and VAR_POSITIONAL not in kinds:
            yield f"{path}({name})"
        by_name = by_place or kind is Parameter.KEYWORD_ONLY
        if by_name and name not in named and VAR_KEYWORD not in kinds:
            yield f"{path}({name}=)"


def test_every_name_is_there_or_in_the_table_of_those_that_are_left_out() -> None:
    absent = set(absent_names())
    assert sorted(absent - LEFT_OUT) == []
    assert sorted(LEFT_OUT - absent) == [], "in the table, but not absent"


@pytest.mark.parametrize("name", [n for n in official.__all__ if n.endswith("Error")])
def test_every_exception_has_the_ancestors_and_attributes_of_the_official_one(name: str) -> None:
    theirs, ours = getattr(official, name), getattr(cerebras_sdk, name)
    ancestors = [cls.__name__ for cls in theirs.__mro__]
    assert [c.__name__ for c in ours.__mro__ if c.__name__ in ancestors] == ancestors
    made = ours("said")
    for cls in theirs.__mro__:
        for attribute in inspect.get_annotations(cls):
            assert hasattr(made, attribute), attribute


def test_an_exception_is_made_as_the_official_one() -> None:
    import httpx

    request = httpx.Request("POST", "http://host/v1/x")
    response = httpx.Response(429, headers={"X-A": "1"}, request=request)
    made: Any
    for package in (official, cerebras_sdk):
        made = package.RateLimitError("slow down", response=response, body={"code": "c"})
        assert (made.message, made.status_code, made.body) == ("slow down", 429, {"code": "c"})
        assert made.response.headers["x-a"] == "1"
        made = package.APIResponseValidationError(response, {"a": 1})
        assert (made.status_code, made.body, made.response) == (429, {"a": 1}, response)
        for failure in (
            package.APITimeoutError(request),
            package.APITimeoutError(request=request),
            package.APIConnectionError(message="gone", request=request),
            package.APIError("gone", request, body=None),
        ):
            made = failure
            assert (made.request.method, str(made.request.url)) == ("POST", "http://host/v1/x")


def test_a_timeout_is_made_as_the_official_one() -> None:
    for package in (official, cerebras_sdk):
        made = package.Timeout(60.0, connect=2)
        assert (made.connect, made.read, made.write, made.pool) == (2, 60, 60, 60)


def classes_in(annotation: Any, base: type) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, base):
        return [annotation]
    return [cls for part in typing.get_args(annotation) for cls in classes_in(part, base)]


def absent_fields(theirs: Any, ours: Any, path: str) -> Iterator[str]:
    hints = typing.get_type_hints(ours)
    for name, field in theirs.model_fields.items():
        if not hasattr(ours, name):
            yield f"{path}.{name}"
            continue
        inner = classes_in(field.annotation, BaseModel)
        if inner:
            (mine,) = classes_in(hints[name], msgspec.Struct)
            for cls in inner:
                yield from absent_fields(cls, mine, f"{path}.{name}")


TYPES = {
    f"{module}.{name}": thing
    for module in MODULES
    for name, thing in types_in(module).items()
    if not name.startswith("ErrorChunkResponse")  # it is raised
}
ANSWERS = [name for name, thing in TYPES.items() if classes_in(thing, BaseModel) == [thing]]
PARAMS = [name for name, thing in TYPES.items() if typing_extensions.is_typeddict(thing)]
# The two packages repeat what is in their modules; some of it is one class there, for casting.
UNIONS = [
    name
    for name in sorted(TYPES.keys() - {*ANSWERS, *PARAMS})
    if name.rpartition(".")[0] not in ("types", "types.chat")
]


def ours_of(name: str) -> Any:
    module, _, member = name.rpartition(".")
    return getattr(importlib.import_module(f"cerebras_sdk.{module}"), member)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_field_of_an_answer_is_there(name: str) -> None:
    ours = ours_of(name)
    assert issubclass(ours, cerebras_sdk.BaseModel)
    assert list(absent_fields(TYPES[name], ours, name)) == []


@pytest.mark.parametrize("name", PARAMS)
def test_every_key_of_a_dict_is_there(name: str) -> None:
    ours = ours_of(name)
    assert typing.is_typeddict(ours)
    assert TYPES[name].__annotations__.keys() - ours.__annotations__.keys() == set()


@pytest.mark.parametrize("name", UNIONS)
def test_every_member_of_a_union_is_there(name: str) -> None:
    ours = ours_of(name)
    members = {*typing.get_args(ours), ours}
    for theirs in typing.get_args(TYPES[name]):
        if isinstance(theirs, type) and not theirs.__name__.startswith("ErrorChunkResponse"):
            module = theirs.__module__.removeprefix(f"{official.__name__}.")
            assert ours_of(f"{module}.{theirs.__name__}") in members
        elif not isinstance(theirs, type):
            assert theirs in members  # the texts of a Literal


def test_who_does_not_ask_for_the_official_names_does_not_load_them() -> None:
    program = (
        "import sys; from cerebras_sdk import AsyncCerebras, Cerebras, types\n"
        "Cerebras(api_key='csk-test')\n"
        f"print([name for name in {MODULES!r} if f'cerebras_sdk.{{name}}' in sys.modules])\n"
        "print(types.model_list_response.ModelListResponse is types.ModelList)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.splitlines() == ["['types', 'types.chat', 'types.completion']", "True"]


def test_an_answer_is_a_base_model() -> None:
    assert isinstance(cerebras_sdk.ChatCompletion(), cerebras_sdk.BaseModel)


EXAMPLES = re.findall(
    r"```py(?:thon)?\n(.*?)```",
    importlib.metadata.distribution("cerebras_cloud_sdk").read_text("METADATA") or "",
    re.DOTALL,
)
# Pieces that are no programs in the official README either: what they take for granted.
GIVEN = {
    "response.my_field": "from cerebras_sdk import ChatCompletion\n"
    "response = ChatCompletion.model_validate({'my_field': None})\n",
    "with client.chat": "from cerebras_sdk import Cerebras\nclient = Cerebras()\n",
    'client.post(\n    "/foo"': "from cerebras_sdk import Cerebras\nclient = Cerebras()\n",
    "DefaultHttpxClient(...)": "from cerebras_sdk import Cerebras, DefaultHttpxClient as Default\n"
    "client, DefaultHttpxClient = Cerebras(), lambda _: Default()\n",
}


def test_the_official_readme_has_its_examples() -> None:
    assert len(EXAMPLES) >= 17
    for piece in GIVEN:
        assert [piece in example for example in EXAMPLES].count(True) == 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_official_readme_runs(
    example: str, server: LocalServer, tmp_path: Path
) -> None:
    server.route("POST", "/foo", Answer(200, {"X-Foo": "bar"}, b"{}"))
    given = "".join(text for piece, text in GIVEN.items() if piece in example)
    program = given + example.replace("cerebras.cloud.sdk", "cerebras_sdk")
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", program],
        env={"CEREBRAS_API_KEY": "csk-test", "CEREBRAS_BASE_URL": server.base_url},
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    # One of them sends to another machine by plain http, which is worth a warning.
    assert ("InsecureURLWarning" if "my.test.server" in example else "") in done.stderr
    assert "my.test.server" in example or done.stderr == ""
    if "print(" in example and "print(response.headers" not in example:
        assert done.stdout
