"""docs/reasoning.md shows what its example and its blocks really give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from cerebras_sdk.testing import Delta, Finish, LocalServer, serve
from tests.pages import blocks_on, example_on

PAGE = "reasoning.md"
THOUGHTS = {"low": "17 * 24 = 408.", "high": "17 * 24 = 17 * 20 + 17 * 4 = 340 + 68 = 408."}


class Thinker:
    """Says its thoughts in the text, cut in the middle of the tags."""

    model = None

    def answer(self, request: Mapping[str, Any], emit: Callable[[Delta], bool]) -> Finish:
        again = len(request["messages"]) > 1
        text = "204." if again else "408."
        thought = THOUGHTS.get(request.get("reasoning_effort", ""))
        said = f"<think>\n{thought}\n</think>\n\n{text}" if thought else text
        for at in range(0, len(said), 5):
            emit(Delta(content=said[at : at + 5]))
        return Finish("stop", 20, 30)


@pytest.fixture(autouse=True)
def thinker(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with serve(Thinker()) as server:
        monkeypatch.setenv("CEREBRAS_API_KEY", "csk-test")
        monkeypatch.setenv("CEREBRAS_BASE_URL", server.base_url)
        yield server


def test_the_example_gives_what_the_page_shows(thinker: LocalServer) -> None:
    shown, given = example_on(PAGE, "reasoning.py")
    assert shown == given
    sent = thinker.requests[-1].json()
    assert sent["messages"][1] == {
        "role": "assistant",
        "content": "408.",
        "reasoning": THOUGHTS["high"],
    }


def test_the_blocks_give_what_the_page_shows() -> None:
    pairs = blocks_on(PAGE)
    assert len(pairs) == 2
    assert [shown for shown, _ in pairs] == [given for _, given in pairs]
