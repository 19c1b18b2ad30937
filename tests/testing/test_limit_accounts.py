"""Whose limits they are, what the headers say of them, and how a prompt is estimated."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from cerebras_sdk.testing import EchoEngine, Limits, VirtualClock, prompt_estimate, serve

from .limited_server import URL, Counting, limited
from .local_client import chat, client_of


@pytest.mark.parametrize("status", [200, 429])
def test_the_headers_name_all_windows(status: int) -> None:
    with limited("trial", Counting(10, 5)) as service:
        while (answer := service.ask()).status_code != status:
            pass
    found = {name: text for name, text in answer.headers.items() if name.startswith("x-ratelimit")}
    used = 1 if status == 200 else 5
    for window, seconds, requests, tokens in (
        ("minute", 60, 5, 30_000),
        ("hour", 3600, 150, 1_000_000),
        ("day", 86_400, 2400, 1_000_000),
    ):
        for kind, limit, spent in (("requests", requests, used), ("tokens", tokens, used * 15)):
            assert found.pop(f"x-ratelimit-limit-{kind}-{window}") == str(limit)
            assert found.pop(f"x-ratelimit-remaining-{kind}-{window}") == str(limit - spent)
            reset = float(found.pop(f"x-ratelimit-reset-{kind}-{window}"))
            assert math.isclose(reset, spent * seconds / limit)
    assert found == {}


def test_windows_that_do_not_exist_have_no_headers() -> None:
    with limited(Limits(requests_second=5, requests_minute=7, total_tokens_minute=99)) as service:
        names = {name for name in service.ask().headers if name.startswith("x-ratelimit")}
    assert names == {f"x-ratelimit-{f}-requests-minute" for f in ("limit", "remaining", "reset")}


@pytest.mark.parametrize(
    ("limits", "model", "requests", "tokens"),
    [
        ("trial", "gpt-oss-120b", "5", "30000"),
        ("trial", "qwen-3.8-27b", "5", "30000"),
        ("developer", "gpt-oss-120b", "1000", "1000000"),
        ("developer", "qwen-3.8-27b", "300", "150000"),
        ("developer", "llama-3.3-70b", "1000", "1000000"),
        (Limits.developer("qwen-3.8-27b"), "gpt-oss-120b", "300", "150000"),
    ],
)
def test_a_tier_is_chosen_by_name(limits: Any, model: str, requests: str, tokens: str) -> None:
    with limited(limits) as service:
        headers = service.ask(model=model).headers
    assert headers["x-ratelimit-limit-requests-minute"] == requests
    assert headers["x-ratelimit-limit-tokens-minute"] == tokens
    assert ("x-ratelimit-limit-tokens-day" in headers) is (limits == "trial")


def test_a_tier_can_be_cut_to_some_windows() -> None:
    assert Limits.trial(hour=False, day=False) == Limits(
        requests_minute=5, tokens_minute=30_000, total_tokens_minute=90_000
    )
    assert replace(Limits.trial(), requests_minute=None).requests_minute is None
    assert Limits.developer().total_tokens_minute == 3_000_000


def test_models_and_keys_have_accounts_of_their_own() -> None:
    with limited(Limits(requests_day=1)) as service:
        assert service.ask().status_code == 200
        assert service.ask(model="qwen-3.8-27b").status_code == 200
        other = {"Authorization": "Bearer csk-other"}
        assert service.client.post(URL, json=chat(), headers=other).status_code == 200
        assert service.ask().status_code == 429
        assert service.client.post(URL, json=chat(), headers=other).status_code == 429
        counts = service.server.quota()
        of_one = service.server.quota("qwen-3.8-27b")
    assert (counts.admitted, counts.rejected.total()) == (3, 2)
    assert (of_one.admitted, of_one.rejected.total()) == (1, 0)
    assert service.server.quota("never-asked").first is None


def test_text_completions_share_the_account_of_their_model() -> None:
    with limited(Limits(requests_day=1)) as service:
        assert service.ask().status_code == 200
        body = {"model": "gpt-oss-120b", "prompt": "one"}
        assert service.client.post("/v1/completions", json=body).status_code == 429


def test_what_happened_is_counted() -> None:
    with limited(Limits(requests_minute=1), Counting(10, 5)) as service:
        service.clock.advance(7)
        service.ask()
        service.clock.advance(8)
        service.ask()
        counts = service.server.quota()
        service.ask()
    assert (counts.admitted, counts.tokens, counts.first, counts.last) == (1, 15, 7, 15)
    assert counts.rejected == {("requests", "minute"): 1}


def test_without_limits_nothing_is_refused_and_all_is_counted() -> None:
    with serve() as server, client_of(server) as client:
        assert {client.post(URL, json=chat()).status_code for _ in range(10)} == {200}
        counts = server.quota()
    assert (counts.admitted, counts.tokens, counts.rejected.total()) == (10, 100, 0)


def test_the_real_clock_is_enforced_too() -> None:
    with serve(limits=Limits(requests_minute=2)) as server, client_of(server) as client:
        answers = [client.post(URL, json=chat()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30


def test_answers_are_dated_by_the_clock() -> None:
    clock = VirtualClock()
    with serve(clock=clock, sessions={"s": "csk-mine"}) as server, client_of(server) as client:
        clock.advance(90)
        answer = client.post(URL, json=chat())
        session = client.get("/api/auth/session", headers={"Cookie": "authjs.session-token=s"})
    assert answer.json()["created"] == clock.time()
    assert answer.headers["date"] == "Sun, 01 Nov 2026 00:01:30 GMT"
    assert answer.headers["x-ratelimit-reset-requests-minute"] == "30.0"
    assert session.json()["user"]["demoApiKeyExpiry"] == "2026-11-01T00:11:30.000Z"


@pytest.mark.parametrize("limits", ["free", {"requests_minute": 5}])
def test_limits_that_are_none_are_refused(limits: Any) -> None:
    with pytest.raises(ValueError, match="limits must be"), serve(limits=limits):
        pass
    with pytest.raises(ValueError, match="tokens_day must be at least 1"):
        Limits(tokens_day=0)


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        (chat(""), 0),
        (chat("12345"), 2),
        (chat("äöüß"), 1),
        ({"messages": [{"role": "assistant", "content": None, "reasoning": "12345678"}]}, 2),
        ({"messages": [{"content": [{"type": "text", "text": "1234"}, {"type": "x"}]}]}, 1),
        ({**chat("1234"), "tools": [{"a": "bc"}]}, 4),  # 4 and the 12 of [{"a":"bc"}]
        ({"prompt": "12345678"}, 2),
        ({"prompt": ["1234", "5678"]}, 2),
        ({"prompt": [7, 8, 9]}, 3),
        ({"prompt": [[7, 8], [9]]}, 3),
    ],
)
def test_a_prompt_is_estimated_at_four_characters_a_token(
    body: dict[str, Any], tokens: int
) -> None:
    assert prompt_estimate(body) == tokens


def test_an_echo_is_charged_by_words_and_estimated_by_characters() -> None:
    with limited(Limits(tokens_minute=100), EchoEngine()) as service:
        answer = service.ask("one two three", max_completion_tokens=50)
    assert answer.json()["usage"]["total_tokens"] == 6
    assert answer.headers["x-ratelimit-remaining-tokens-minute"] == "94"
