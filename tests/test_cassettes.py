"""The cassettes hold no secret, and each belongs to a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests import replaying

ALL = sorted(replaying.FOLDER.rglob("*.yaml"))
SECRETS = re.compile(
    r"csk-(?!test)[\w-]{4,}|eyJ[\w-]{10,}|session-token|__cf_bm|Bearer |[Ss]et-[Cc]ookie"
    r"|127\.0\.0\.1"
)


def test_there_are_cassettes() -> None:
    assert len(ALL) >= 7


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_cassette_holds_no_key_no_cookie_and_no_local_address(path: Path) -> None:
    found = SECRETS.search(path.read_text(encoding="utf-8"))
    assert found is None, f"{path.name}: {found[0]!r}"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_cassette_belongs_to_a_test_and_names_the_service(path: Path) -> None:
    module = Path(__file__).parent / "_async" / f"{path.parent.name}.py"
    assert f"def {path.stem}(" in module.read_text(encoding="utf-8")
    for interaction in yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]:
        assert re.match(r"https://\w+\.cerebras\.ai/", interaction["request"]["uri"])


def test_the_search_for_secrets_finds_them() -> None:
    for secret in ("csk-4f9a8b7c6d5e", "Bearer x", "authjs.session-token=a", "__cf_bm=1"):
        assert SECRETS.search(f"body: {secret}")
    assert not SECRETS.search("key: csk-test")


def test_a_cassette_that_is_not_all_played_fails_its_test() -> None:
    path = replaying.FOLDER / "test_replay" / "test_chat_whole.yaml"
    with pytest.raises(AssertionError, match="not all of it was played"), replaying.replayed(path):
        pass
