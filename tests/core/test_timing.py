"""The speed report as a value: what is divided, what is left out, how it reads."""

from __future__ import annotations

import pickle

import pytest

from cerebras_sdk._core.timing import Moments
from cerebras_sdk.types import ChatCompletion, Completion, TimeInfo, Timing, Usage
from cerebras_sdk.types.timing import Times

INFO = TimeInfo(queue_time=0.19, prompt_time=0.003, completion_time=0.12, total_time=0.32)
USAGE = Usage(prompt_tokens=21, completion_tokens=240, total_tokens=261)
TIMES = Times(waited=0.0, time_to_headers=0.2, time_to_first_token=0.25, total=0.4)


def test_both_sides_of_an_answer_stand_beside_each_other() -> None:
    timing = Timing.of(INFO, USAGE, TIMES)
    assert (timing.queue_time, timing.prompt_time, timing.completion_time) == (0.19, 0.003, 0.12)
    assert (timing.service_time, timing.total, timing.time_to_first_token) == (0.32, 0.4, 0.25)
    assert timing.tokens_per_second == pytest.approx(2000)
    assert timing.client_tokens_per_second == pytest.approx(600)
    assert timing.network_time == pytest.approx(0.08)
    assert timing.network_share == pytest.approx(0.2)
    assert pickle.loads(pickle.dumps(timing)) == timing


def test_it_reads_as_one_line() -> None:
    assert str(Timing.of(INFO, USAGE, TIMES)) == (
        "total 0.400 s; service 0.320 s (queue 0.190 s, prompt 0.003 s, completion 0.120 s); "
        "network 0.080 s (20%); first token after 0.250 s; 2,000 tokens/s"
    )
    waited = Timing.of(None, USAGE, Times(waited=1.5, total=0.4))
    assert str(waited) == "total 0.400 s; 600 tokens/s in all; waited 1.500 s before"
    assert str(Timing.of(TimeInfo(queue_time=0.1), None, None)) == "queue 0.100 s"
    assert str(Timing()) == "no times are known"


def test_nothing_is_divided_by_next_to_nothing() -> None:
    tiny = TimeInfo(completion_time=0.0007, total_time=0.0)
    timing = Timing.of(tiny, USAGE, Times(total=0.0))
    assert timing.tokens_per_second is None
    assert timing.client_tokens_per_second is None
    assert timing.network_share is None


def test_the_service_may_take_longer_by_its_own_clock() -> None:
    timing = Timing.of(INFO, USAGE, Times(total=0.31))
    assert (timing.network_time, timing.network_share) == (0.0, 0.0)


@pytest.mark.parametrize("answer", [ChatCompletion(), Completion()])
def test_an_object_made_by_hand_knows_no_times(answer: ChatCompletion | Completion) -> None:
    assert answer.timing == Timing()
    answer.time_info = INFO
    assert answer.timing.service_time == 0.32
    assert answer.timing.network_share is None
    assert "timing" not in answer.to_dict()


def test_moments_are_counted_from_the_attempt_that_was_answered() -> None:
    moments = Moments(10.0, 12.0, headers=12.5)
    moments.heard(12.75, says=False, count=1, is_whole=False)
    moments.heard(13.0, says=True, count=1, is_whole=False)
    moments.heard(14.0, says=True, count=2, is_whole=True)
    moments.heard(15.0, says=True, count=1, is_whole=True)
    assert moments.times() == Times(
        waited=2.0, time_to_headers=0.5, time_to_first_token=1.0, total=2.0
    )
