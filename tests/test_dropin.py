"""Code for the official SDK runs on this one: its names, its keywords, the examples of its README.

What is left out on purpose stands, with a reason, in the table of docs/migrating.md.
"""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cerebras.cloud import sdk as official
from pydantic import BaseModel

import cerebras_sdk
from cerebras_sdk.testing import Answer, LocalServer

PAGE = Path(__file__).parent.parent / "docs" / "migrating.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("## Left out on purpose")[2]
LEFT_OUT = {
    name
    for row in re.findall(r"^\| (`.+?) \|", TABLE, re.M)
    for name in re.findall(r"`(.+?)`", row)
}
CLIENTS = ("Cerebras", "AsyncCerebras")
METHODS = (
    "chat.completions.create",
    "completions.create",
    "models.list",
    "models.retrieve",
    "with_options",
    "copy",
)


def public(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("_")]


def at(thing: Any, path: str) -> Any:
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing


def absent_names() -> Iterator[str]:
    """What the official package has and this one has not, by the names of the table."""
    for name in {*official.__all__, *public(official)} - {"annotations"}:
        if inspect.ismodule(getattr(official, name)) and name not in ("types", "resources"):
            continue  # by the accident of an import
        if not hasattr(cerebras_sdk, name):
            yield name
    for module in ("types", "types.chat"):
        for name in public(at(official, module)):
            if isinstance(getattr(at(official, module), name), types.ModuleType):
                continue
            if name != "annotations" and not hasattr(at(cerebras_sdk, module), name):
                yield f"{module}.{name}"
    for name in ("BaseModel", "APIResponse", "AsyncAPIResponse", "Stream", "AsyncStream"):
        theirs = getattr(official, name)
        for member in {*public(theirs), *inspect.get_annotations(theirs)}:
            if not member.startswith("_") and not hasattr(getattr(cerebras_sdk, name), member):
                yield f"{name}.{member}"
    for name in CLIENTS:
        theirs = getattr(official, name)(api_key="csk-test", warm_tcp_connection=False)
        ours = getattr(cerebras_sdk, name)(api_key="csk-test")
        for keyword in keywords(getattr(official, name)) - keywords(getattr(cerebras_sdk, name)):
            yield f"{name}({keyword}=)"
        for member in public(theirs):
            if not hasattr(ours, member):
                yield f"{name}.{member}"
        for path in METHODS:
            for keyword in keywords(at(theirs, path)) - keywords(at(ours, path)):
                yield f"{path}({keyword}=)"
        for path in ("chat", "chat.completions", "completions", "models"):
            for member in public(at(theirs, path)):
                if not hasattr(at(ours, path), member):
                    yield f"{path}.{member}"


def keywords(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


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
        for failure in (
            package.APITimeoutError(request=request),
            package.APIConnectionError(message="gone", request=request),
            package.APIError("gone", request, body=None),
        ):
            made = failure
            assert (made.request.method, str(made.request.url)) == ("POST", "http://host/v1/x")


# The official answers' types, and ours.
ANSWERS = [
    ("types.chat.chat_completion.ChatCompletionResponse", "types.ChatCompletion"),
    ("types.chat.chat_completion.ChatChunkResponse", "types.ChatCompletionChunk"),
    ("types.completion.CompletionResponse", "types.Completion"),
    *[
        (f"types.model_list_response.{name}", "types.models.ModelList")
        for name in ("ModelMetadataList", "OpenRouterModelsResponse", "HuggingFaceModelsResponse")
    ],
    *[
        (f"types.model_retrieve_response.{name}", "types.models.ModelInfo")
        for name in ("ModelMetadata", "OpenRouterModel", "HuggingFaceModel")
    ],
    ("types.model_retrieve_response.PublicModel", "types.models.PublicModel"),
]


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


@pytest.mark.parametrize(("theirs", "ours"), ANSWERS)
def test_every_field_of_an_answer_is_there(theirs: str, ours: str) -> None:
    __import__(f"cerebras.cloud.sdk.{theirs.rpartition('.')[0]}")
    assert list(absent_fields(at(official, theirs), at(cerebras_sdk, ours), ours)) == []


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
