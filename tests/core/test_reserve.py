"""As much is set aside for an answer as answers of its kind need."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cerebras_sdk._core.reserve import ReserveLearner
from cerebras_sdk._core.tokens import RESERVED_TOKENS


def taught(*lengths: int) -> ReserveLearner:
    learner = ReserveLearner()
    for length in lengths:
        learner.record("site", length)
    return learner


@pytest.mark.parametrize("maximum", [None, 500])
def test_nothing_is_suggested_before_anything_is_known(maximum: int | None) -> None:
    assert ReserveLearner().suggest("site", maximum=maximum) == maximum
    assert taught(*[100] * 7).suggest("site", maximum=maximum) == maximum


def test_a_suggestion_is_above_what_is_usual() -> None:
    assert taught(*[100] * 8).suggest("site") == 150


def test_it_is_not_below_the_longest_of_the_last_64() -> None:
    learner = taught(5000, *[100] * 63)
    assert learner.suggest("site") == 5000
    learner.record("site", 100)
    assert learner.suggest("site") == 150


def test_it_is_not_above_what_the_user_allows() -> None:
    assert taught(*[100] * 8).suggest("site", maximum=120) == 120
    assert taught(*[100] * 8).suggest("site", maximum=1000) == 150


def test_answers_of_a_word_leave_room() -> None:
    assert taught(*[0] * 64).suggest("site") == 64


def test_where_nothing_is_won_nothing_is_bounded() -> None:
    assert taught(*[RESERVED_TOKENS - 1] * 8).suggest("site") is None
    assert taught(*[RESERVED_TOKENS - 1] * 8).suggest("site", maximum=40_000) == 40_000


def test_after_a_cut_answer_more_is_asked_for_up_to_the_users_own() -> None:
    learner = taught(*[100] * 8)
    asked: int | None = learner.suggest("site", maximum=1000)
    bounds = []
    while asked != 1000:
        asked = learner.more("site", asked, maximum=1000)
        bounds.append(asked)
    assert bounds == [300, 600, 1000]
    assert learner.more("site", 1000, maximum=1000) == 1000


def test_without_a_bound_of_the_users_the_last_try_has_none() -> None:
    learner = ReserveLearner()
    assert learner.more("site", 8191) == 16_382
    assert learner.more("site", 8192) is None
    assert learner.more("site", None) is None


def test_the_next_calls_are_not_cut_at_the_same_length() -> None:
    learner = taught(*[100] * 64)
    learner.more("site", 150)
    assert learner.suggest("site") == 300
    for _ in range(8):
        learner.record("site", 100)
    assert learner.suggest("site") == 150


def test_sites_do_not_learn_from_one_another() -> None:
    learner = taught(*[100] * 8)
    assert learner.suggest("other") is None


def test_the_sites_that_are_not_used_are_forgotten() -> None:
    learner = taught(*[100] * 8)
    for number in range(1024):
        learner.record(number, 1)
    assert learner.suggest("site") is None
    assert len(vars(learner)["_sites"]) == 1024


@dataclass
class Outcome:
    cut: float  # the share of requests that were cut before the user's own bound
    extra: float  # requests that were made again for it, as a share
    reserved: float  # tokens a request, those that were asked again included


def simulate(length: Callable[[int], int], *, maximum: int | None = None) -> Outcome:
    learner = ReserveLearner()
    cut = extra = reserved = 0
    count = 2000
    for number in range(count):
        wanted = length(number)
        bound = learner.suggest("site", maximum=maximum)
        cut += bound is not None and bound != maximum and wanted > bound
        while True:
            reserved += min(bound or RESERVED_TOKENS, RESERVED_TOKENS)
            if bound is None or bound == maximum or wanted <= bound:
                break
            extra += 1
            bound = learner.more("site", bound, maximum=maximum)
        learner.record("site", wanted if bound is None else min(wanted, bound))
    return Outcome(cut=cut / count, extra=extra / count, reserved=reserved / count)


chance = random.Random(20261122)
LENGTHS: dict[str, Callable[[int], int]] = {
    "one word": lambda _: chance.randint(1, 5),
    "even": lambda _: chance.randint(100, 1000),
    "normal": lambda _: max(1, int(chance.gauss(400, 100))),
    "lognormal": lambda _: int(chance.lognormvariate(5.5, 0.8)),
    "two kinds": lambda _: chance.choice([20, 20, 20, 900]),
    "a rare long one": lambda _: 3000 if chance.random() < 0.01 else 50,
    "growing": lambda number: 100 + number // 2,
    "a step": lambda number: chance.randint(50, 100) * (1 if number < 1000 else 20),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_few_answers_are_cut_and_little_is_reserved(name: str) -> None:
    outcome = simulate(LENGTHS[name])
    assert outcome.cut < 0.02
    assert outcome.extra < 0.04
    assert outcome.reserved < RESERVED_TOKENS / 5


def test_the_users_own_bound_is_never_exceeded() -> None:
    assert simulate(LENGTHS["lognormal"], maximum=300).reserved <= 300
