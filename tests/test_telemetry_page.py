"""docs/telemetry.md shows what its example and its blocks really give, but for the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cerebras_sdk.testing import Answer, EchoEngine, LocalServer, serve
from tests.pages import TOP, blocks_on, example_on

PAGE = "telemetry.md"
BUSY = Answer(503, {"retry-after-ms": "1"}, b"{}")


@pytest.fixture(autouse=True)
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    answers = iter([BUSY])
    with serve(EchoEngine()) as server:
        monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
        monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
        server.route("POST", "/v1/chat/completions", lambda request: next(answers, None))
        yield server


def masked(text: str) -> str:
    """Seconds and the id of the answer are never the same twice."""
    return re.sub(r"[\d.]+ s$|chatcmpl-[\w-]+", "#", text, flags=re.MULTILINE)


def test_the_example_gives_what_the_page_shows() -> None:
    shown, given = example_on(PAGE, "telemetry.py")
    assert masked(shown) == masked(given)
    assert given.startswith("attempt 1: status 503\n")


def test_the_blocks_give_what_the_page_shows() -> None:
    pairs = blocks_on(PAGE)
    assert len(pairs) == 1
    assert [shown for shown, _ in pairs] == [given for _, given in pairs]


def test_the_block_that_shows_nothing_runs() -> None:
    text = (TOP / "docs" / PAGE).read_text(encoding="utf-8")
    [block] = re.findall(r"```python\n(from cerebras_sdk.otel.*?)```", text, re.DOTALL)
    question = "from cerebras_sdk import Cerebras\nquestion = {'role': 'user', 'content': 'Hi'}\n"
    names: dict[str, object] = {}
    exec(compile(question + block, PAGE, "exec"), names)
    names["client"].close()  # type: ignore[attr-defined]
