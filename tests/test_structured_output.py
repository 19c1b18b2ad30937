"""The example of structured output, against scripted answers and the embedded model."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import annotated_types
import pytest

from cerebras_sdk import Cerebras
from cerebras_sdk.testing import (
    Answer,
    LlamaEngine,
    LocalModelError,
    LocalServer,
    local_model_path,
    serve,
)

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "structured_output.py"
PAGE = ROOT / "docs" / "structured-output.md"
PARIS = {"name": "Paris", "country": "France", "continent": "Europe", "known_for": "The Louvre"}


@dataclass
class Animal:
    name: str
    legs: Annotated[int, annotated_types.Interval(ge=0, le=8)]


@dataclass
class Pair:
    first: Animal
    second: Annotated[Animal, "Another one"]
    answer: Literal["yes", "no"] | None


@pytest.fixture
def embedded() -> Iterator[LocalServer]:
    try:
        path = local_model_path(download=False)
    except LocalModelError as error:
        pytest.skip(str(error))
    with LlamaEngine(path) as engine, serve(engine) as server:
        yield server


def run(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    runpy.run_path(str(EXAMPLE), run_name="__main__")


def test_the_program_on_the_page_sends_the_schema_on_the_page(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocks = re.findall(r"^```(python|json)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    program = next(text for kind, text in blocks if kind == "python")
    schema = next(json.loads(text) for kind, text in blocks if kind == "json")
    assert "annotated_types" not in program  # which is not installed with the package
    recipe = {"title": "Pancakes", "minutes": 20, "steps": ["Mix", "Bake"], "note": None}
    message = {"role": "assistant", "content": json.dumps(recipe)}
    body = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    answer = Answer(200, {"content-type": "application/json"}, json.dumps(body).encode())
    server.route("POST", "/v1/chat/completions", answer)
    monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
    monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
    path = tmp_path / "program.py"
    path.write_text(program, "utf-8")
    after = runpy.run_path(str(path))
    assert after["completion"].parsed.title == "Pancakes"
    sent = server.requests[0].json()["response_format"]["json_schema"]
    assert sent == {"name": "Recipe", "schema": schema, "strict": True}


def test_the_example_runs(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = {"role": "assistant", "content": json.dumps(PARIS)}
    body = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    answer = Answer(200, {"content-type": "application/json"}, json.dumps(body).encode())
    server.route("POST", "/v1/chat/completions", answer)
    run(server, monkeypatch)
    assert capsys.readouterr().out == "Paris is in France, Europe: The Louvre\n"


def test_the_example_says_what_is_wrong_with_an_answer(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(server, monkeypatch)
    said = capsys.readouterr().out
    assert said.startswith("the answer is not the City that was asked for: $: is no JSON")
    assert "[asked 3 times]" in said


@pytest.mark.local
def test_the_example_runs_with_a_real_model(
    embedded: LocalServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(embedded, monkeypatch)
    assert "Paris is in France, Europe: " in capsys.readouterr().out


@pytest.mark.local
def test_a_real_model_answers_in_the_shape_of_a_type(embedded: LocalServer) -> None:
    with Cerebras("csk-test", base_url=embedded.base_url) as client:

        def ask(question: str, kind: type) -> object:
            return client.chat.completions.parse(
                model="gpt-oss-120b",
                messages=[{"role": "user", "content": question}],
                response_format=kind,
                temperature=0,
                max_completion_tokens=300,
                retries=2,
            ).parsed

        pair = ask("Two animals", Pair)
        assert isinstance(pair, Pair)
        assert isinstance(pair.second, Animal)
        animals = ask("Name two animals.", list[Animal])
        assert isinstance(animals, list)
        assert all(isinstance(animal, Animal) for animal in animals)
