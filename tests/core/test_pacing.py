"""What is paced is not refused, nobody is overtaken, and no time is lost."""

from __future__ import annotations

import heapq
import itertools
import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.pacing import PROBE_SECONDS, RECHECK_SECONDS, Pacer, fingerprint
from cerebras_sdk._core.secret import Secret
from cerebras_sdk._core.tokens import estimate_tokens, reserved_tokens
from cerebras_sdk.types import RateLimits, RateLimitWindow

TRIAL = {("requests", "minute"): 5, ("tokens", "minute"): 30_000}
ALL_SIX = TRIAL | {
    ("requests", "hour"): 150,
    ("requests", "day"): 2400,
    ("tokens", "hour"): 1_000_000,
    ("tokens", "day"): 1_000_000,
}
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
Window = tuple[str, str]
Limits = Mapping[Window, int]


def headers(limits: Limits = TRIAL, remaining: Limits | None = None) -> RateLimits:
    left = dict(limits) | dict(remaining or {})
    return RateLimits(
        tuple(
            RateLimitWindow(kind=kind, window=window, limit=limit, remaining=left[kind, window])
            for (kind, window), limit in limits.items()
        )
    )


def informed(limits: Limits = TRIAL, remaining: Limits | None = None) -> Pacer:
    """A pacer that had one answer, which came with these limits at the time 0."""
    pacer = Pacer()
    ticket = pacer.join(0, 0)
    assert pacer.delay(ticket, 0) == 0
    pacer.settle(ticket, 0, tokens=0, limits=headers(limits, remaining))
    return pacer


def go(pacer: Pacer, tokens: int, now: float) -> int:
    ticket = pacer.join(tokens, now)
    assert pacer.delay(ticket, now) == 0
    return ticket


# The rules


def test_nothing_is_waited_for_while_there_is_room() -> None:
    pacer = informed()
    assert [pacer.delay(pacer.join(1000, 1), 1) for _ in range(4)] == [0, 0, 0, 0]


def test_a_request_waits_for_the_window_that_is_used_up() -> None:
    pacer = informed(remaining={("requests", "minute"): 0})
    ticket = pacer.join(1000, 0)
    assert pacer.delay(ticket, 0) == pytest.approx(12, abs=0.01)  # 5 a minute
    assert pacer.delay(ticket, 11.9) == pytest.approx(0.1, abs=0.01)
    assert pacer.delay(ticket, 12.01) == 0


def test_a_request_waits_for_the_slowest_of_its_windows() -> None:
    pacer = informed(
        ALL_SIX, {("requests", "minute"): 0, ("tokens", "minute"): 0, ("tokens", "hour"): 0}
    )
    # 10,000 tokens: 20 s of the minute's rate, 36 s of the hour's.
    assert pacer.delay(pacer.join(10_000, 0), 0) == pytest.approx(36, abs=0.01)


def test_a_day_that_is_used_up_is_told_as_it_is() -> None:
    pacer = informed(ALL_SIX, {("tokens", "day"): 0})
    ticket = pacer.join(20_000, 0)
    assert pacer.delay(ticket, 0) == pytest.approx(20_000 * 86_400 / 1_000_000, abs=0.01)
    assert pacer.shortage(ticket, 0).seconds == pacer.delay(ticket, 0)


def test_what_was_set_aside_and_not_used_comes_back() -> None:
    pacer = informed()
    first = go(pacer, 20_000, 1)
    second = pacer.join(20_000, 1)
    assert pacer.delay(second, 1) > 19
    assert pacer.shortage(second, 1).seconds == 0
    pacer.settle(first, 2, tokens=100)
    assert pacer.delay(second, 2) == 0


def test_more_than_was_set_aside_is_taken() -> None:
    pacer = informed()
    pacer.settle(go(pacer, 1000, 1), 1, tokens=31_000)
    assert pacer.delay(pacer.join(500, 1), 1) == pytest.approx(4, abs=1)  # 30,000 - 31,000 + 500


def test_an_answer_of_unknown_cost_counts_as_reserved() -> None:
    pacer = informed()
    pacer.settle(go(pacer, 29_000, 1), 1, tokens=None)
    assert pacer.delay(pacer.join(29_000, 1), 1) > 55


def test_what_was_not_sent_costs_nothing() -> None:
    pacer = informed()
    for _ in range(100):
        pacer.leave(go(pacer, 29_000, 100), 100)
        pacer.leave(pacer.join(29_000, 100), 100)
    go(pacer, 29_000, 102)


def test_a_refusal_costs_nothing_and_stops_everybody_until_its_time() -> None:
    pacer = informed()
    pacer.refuse(go(pacer, 20_000, 100), 100, retry_after=30)
    ticket = pacer.join(20_000, 101)
    assert pacer.delay(ticket, 101) == 29
    assert pacer.shortage(ticket, 101).seconds == 29
    assert pacer.delay(ticket, 130) == 0


def test_a_daily_quota_is_told_at_once() -> None:
    pacer = informed()
    pacer.refuse(go(pacer, 20_000, 100), 100, retry_after=86_399)
    assert pacer.shortage(pacer.join(1, 100), 100).seconds == 86_399


def test_a_refusal_without_a_time_is_a_pause() -> None:
    pacer = informed()
    pacer.refuse(go(pacer, 20_000, 100), 100)
    assert 0 < pacer.delay(pacer.join(1, 100), 100) <= 1


def test_what_others_used_is_learned_from_the_headers() -> None:
    pacer = informed()
    ticket = go(pacer, 1000, 1)
    left = {("requests", "minute"): 1, ("tokens", "minute"): 2000}
    pacer.settle(ticket, 1, tokens=1000, limits=headers(remaining=left))
    go(pacer, 1000, 1)
    assert pacer.delay(pacer.join(1000, 1), 1) == pytest.approx(12, abs=0.1)


def test_a_mirror_that_says_too_little_is_corrected() -> None:
    pacer = informed()
    pacer.settle(go(pacer, 29_000, 1), 1, tokens=None)
    ticket = go(pacer, 0, 1)
    pacer.settle(ticket, 1, tokens=None, limits=headers(remaining={("tokens", "minute"): 29_000}))
    assert pacer.delay(pacer.join(29_000, 1), 1) == 0


def test_requests_under_way_are_not_counted_twice() -> None:
    pacer = informed({("tokens", "minute"): 30_000})
    one, two = go(pacer, 10_000, 1), go(pacer, 10_000, 1)
    # Its headers were written after both had come: 10,000 are left, not 0.
    left = {("tokens", "minute"): 10_000}
    pacer.observe(one, 1.2, headers({("tokens", "minute"): 30_000}, left))
    pacer.observe(two, 1.2, headers({("tokens", "minute"): 30_000}, left))
    assert pacer.delay(pacer.join(9_500, 1.2), 1.2) == 0


def test_requests_under_way_are_not_forgotten() -> None:
    pacer = informed({("tokens", "minute"): 30_000})
    one, _ = go(pacer, 10_000, 1), go(pacer, 10_000, 1)
    # Its headers were written before the other had come.
    left = {("tokens", "minute"): 20_000}
    pacer.observe(one, 1.2, headers({("tokens", "minute"): 30_000}, left))
    assert pacer.delay(pacer.join(15_000, 1.2), 1.2) > 9


def test_headers_that_came_late_do_not_bring_back_what_was_used_since() -> None:
    pacer = informed({("tokens", "minute"): 30_000})
    one = go(pacer, 10_000, 1)
    pacer.settle(go(pacer, 9000, 1), 1.1, tokens=9000)
    left = {("tokens", "minute"): 20_000}
    pacer.settle(one, 1.2, tokens=10_000, limits=headers({("tokens", "minute"): 30_000}, left))
    assert pacer.delay(pacer.join(15_000, 1.2), 1.2) > 7


def test_more_remaining_than_the_limit_is_no_more_than_the_limit() -> None:
    pacer = informed({("tokens", "minute"): 30_000}, {("tokens", "minute"): 30_000})
    go(pacer, 30_000, 1)
    assert pacer.delay(pacer.join(30_000, 1), 1) > 59


def test_a_new_limit_is_taken_over() -> None:
    pacer = informed()
    pacer.settle(go(pacer, 10, 1), 1, tokens=10, limits=headers({("requests", "minute"): 1000}))
    assert [pacer.delay(pacer.join(10, 1), 1) for _ in range(20)] == [0] * 20


def test_a_cost_above_the_limit_goes_when_the_bucket_is_full() -> None:
    pacer = informed(remaining={("tokens", "minute"): 15_000})
    ticket = pacer.join(50_000, 0)
    assert pacer.delay(ticket, 0) == pytest.approx(30, abs=0.01)
    assert pacer.delay(ticket, 30.01) == 0
    assert pacer.delay(pacer.join(1, 31), 31) == pytest.approx(40, abs=1)


def test_cached_tokens_do_not_count_where_they_do_not() -> None:
    limits = {("total-tokens", "minute"): 90_000, ("tokens", "minute"): 30_000}
    pacer = informed(limits)
    for _ in range(2):
        pacer.settle(go(pacer, 29_000, 1), 1, tokens=29_000, cached=29_000)
    pacer.settle(go(pacer, 29_000, 2), 2, tokens=29_000, cached=29_000)
    assert pacer.delay(pacer.join(29_000, 2), 2) == pytest.approx(17, abs=2)  # 87,000 are used


def test_what_is_neither_requests_nor_tokens_is_left_alone() -> None:
    pacer = informed({("audio", "minute"): 1})
    assert [pacer.delay(pacer.join(10, 1), 1) for _ in range(9)] == [0] * 9


@pytest.mark.parametrize(("reset", "seconds"), [(None, 60), (30, 60), (61, 3600), (4000, 86_400)])
def test_a_window_without_a_name_is_as_long_as_its_reset_says(
    reset: float | None, seconds: int
) -> None:
    window = RateLimitWindow(kind="requests", limit=10, remaining=0, reset=reset)
    pacer = Pacer()
    pacer.settle(go(pacer, 0, 0), 0, tokens=1, limits=RateLimits((window,)))
    assert pacer.delay(pacer.join(0, 0), 0) == pytest.approx(seconds / 10, abs=0.01)


# While nothing is known


def test_the_first_request_goes_alone_until_its_headers_are_there() -> None:
    pacer = Pacer()
    first = go(pacer, 100, 0)
    second = pacer.join(100, 0)
    assert pacer.delay(second, 0) == PROBE_SECONDS
    assert pacer.shortage(second, 0).seconds == 0
    pacer.observe(first, 1, headers())
    assert pacer.delay(second, 1) == 0


@pytest.mark.parametrize("end", ["fails", "leaves", "is refused"])
def test_when_it_tells_nothing_the_next_goes_alone(end: str) -> None:
    pacer = Pacer()
    first = go(pacer, 100, 0)
    second, third = pacer.join(100, 0), pacer.join(100, 0)
    if end == "fails":
        pacer.settle(first, 1, tokens=None)
    elif end == "leaves":
        pacer.leave(first, 1)
    else:
        pacer.refuse(first, 1, retry_after=0, limits=RateLimits())
    assert pacer.delay(second, 1) == 0
    assert pacer.delay(third, 1) == PROBE_SECONDS


def test_it_is_not_waited_for_without_end() -> None:
    pacer = Pacer()
    go(pacer, 100, 0)
    second, third = pacer.join(100, 0), pacer.join(100, 0)
    assert pacer.delay(second, PROBE_SECONDS) == 0
    assert pacer.delay(third, PROBE_SECONDS) == PROBE_SECONDS


def test_an_answer_without_limits_means_that_there_are_none() -> None:
    pacer = Pacer()
    pacer.settle(go(pacer, 100, 0), 1, tokens=50, limits=RateLimits())
    assert [pacer.delay(pacer.join(30_000, 1), 1) for _ in range(50)] == [0] * 50


def test_an_error_without_limits_means_nothing() -> None:
    pacer = Pacer()
    pacer.settle(go(pacer, 100, 0), 1, tokens=0, limits=RateLimits())
    go(pacer, 100, 1)
    assert pacer.delay(pacer.join(100, 1), 1) == PROBE_SECONDS


# The queue


def test_nobody_is_overtaken_by_a_smaller_request() -> None:
    pacer = informed(remaining={("tokens", "minute"): 1000})
    large, small = pacer.join(20_000, 0), pacer.join(10, 0)
    assert pacer.delay(small, 0) >= pacer.delay(large, 0) > 30
    assert pacer.head == large
    pacer.leave(large, 1)
    assert pacer.head == small
    assert pacer.delay(small, 1) == 0
    assert pacer.head is None


def test_those_far_behind_are_told_so() -> None:
    pacer = informed(remaining={("requests", "minute"): 0})
    tickets = [pacer.join(10, 0) for _ in range(100)]
    assert pacer.shortage(tickets[99], 0).seconds == pytest.approx(1200, abs=0.1)
    for ticket in tickets[10:99]:
        pacer.leave(ticket, 0)
    assert pacer.shortage(tickets[99], 0).seconds <= 11 * 12 + 0.1


def test_a_ticket_that_was_given_back_is_unknown() -> None:
    pacer = informed()
    ticket = go(pacer, 10, 0)
    for _ in range(2):
        pacer.settle(ticket, 1, tokens=5)
        pacer.refuse(pacer.join(10, 1), 1, retry_after=0)
        pacer.leave(ticket, 1)
    with pytest.raises(KeyError):
        pacer.delay(ticket, 1)
    assert pacer.shortage(ticket, 1).seconds == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "join", "ask", "ask", "ask", "settle", "refuse", "leave"]),
        st.integers(0, 30),
        st.floats(0, 20),
    ),
    max_size=200,
)


@given(STEPS, st.booleans())
@settings(deadline=None)
def test_whatever_happens_they_go_in_the_order_in_which_they_came(
    steps: list[tuple[str, int, float]], through_state: bool
) -> None:
    pacer = informed()
    now = 0.0
    waiting: list[int] = []
    under_way: list[int] = []
    gone: list[int] = []
    for step, number, pause in steps:
        now += pause
        if step == "join":
            waiting.append(pacer.join(number * 1000, now))
        elif step == "ask" and waiting:
            ticket = waiting[number % len(waiting)]
            wait = pacer.delay(ticket, now)
            assert 0 <= pacer.shortage(ticket, now).seconds <= max(wait, 0)
            assert 0 <= wait < 3600
            if wait == 0:
                assert ticket == waiting[0]
                gone.append(waiting.pop(0))
                under_way.append(ticket)
        elif step == "settle" and under_way:
            pacer.settle(under_way.pop(number % len(under_way)), now, tokens=number * 900)
        elif step == "refuse" and under_way:
            pacer.refuse(under_way.pop(number % len(under_way)), now, retry_after=pause)
        elif step == "leave" and waiting:
            pacer.leave(waiting.pop(number % len(waiting)), now)
        if through_state:
            pacer = Pacer.from_state(json.loads(json.dumps(pacer.to_state())))
        assert pacer.head == (waiting[0] if waiting else None)
    assert gone == sorted(gone)


@pytest.mark.parametrize(
    "state", [None, [], {"buckets": 3}, {"waiting": {"x": [1, 2, 3]}}, {"probe": "no"}]
)
def test_what_is_no_state_is_refused(state: object) -> None:
    with pytest.raises(ValueError, match=r"Expected|Object"):
        Pacer.from_state(state)


def test_a_bucket_that_never_fills_is_no_state() -> None:
    state = informed().to_state()
    state["buckets"]["requests minute"]["limit"] = 0
    with pytest.raises(ValueError, match="> 0"):
        Pacer.from_state(state)


def test_a_clock_that_was_set_back_stops_nobody_for_long() -> None:
    pacer = Pacer()
    left = headers(remaining={("requests", "minute"): 0})
    pacer.settle(go(pacer, 10, 9000), 9000, tokens=10, limits=left)
    ticket = pacer.join(10, 4000)
    assert pacer.delay(ticket, 4000) == pytest.approx(12, abs=0.01)
    assert pacer.delay(ticket, 4013) == 0


# Whose budget


def test_a_budget_is_told_by_its_key_and_its_place_and_shows_neither() -> None:
    one = fingerprint(Secret("csk-test"), "https://api.cerebras.ai")
    other = fingerprint(Secret("csk-test"), "http://localhost:8080")
    assert one != other != fingerprint(Secret("csk-other"), "http://localhost:8080")
    assert one == fingerprint(Secret("csk-test"), "https://api.cerebras.ai")
    assert "csk" not in one
    assert len(one) == 32


# What a request costs


def chat(content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


@pytest.mark.parametrize(
    ("body", "real"),
    [
        (chat("What is the capital of France?"), 80),  # what gpt-oss counted for about as much
        (chat("The quick brown fox jumps over the lazy dog. " * 100), 1000 + 70),
        (chat("快速的棕色狐狸跳过懒狗。" * 100), 1000 + 70),
        ({"model": "m", "prompt": [1, 2, 3] * 500}, 1500),
        ({"model": "m", "prompt": [[1, 2, 3], [4, 5]] * 100}, 500),
        ({"model": "m", "prompt": "word " * 400}, 401),
    ],
)  # fmt: skip
def test_the_estimate_is_a_little_too_high(body: dict[str, Any], real: int) -> None:
    assert real <= estimate_tokens(body) <= real * 1.5 + 90


def test_an_image_costs_the_same_however_large_it_is() -> None:
    def with_image(data: str) -> int:
        url = {"url": f"data:image/png;base64,{data}"}
        return estimate_tokens(chat([{"type": "image_url", "image_url": url}]))

    assert with_image("A") == with_image("A" * 1_000_000) < 400


def test_tools_and_schemas_cost() -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "d" * 350}}
    plain = estimate_tokens(chat("x"))
    assert plain + 300 < estimate_tokens(chat("x", tools=[tool])) < plain + 400
    schema = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}
    assert estimate_tokens(chat("x", response_format=schema)) > plain
    assert estimate_tokens(chat("x", tools=[])) == plain


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"messages": 5}, {"prompt": None}])
def test_a_body_without_a_prompt_has_an_estimate(body: dict[str, Any]) -> None:
    assert 0 < estimate_tokens(body) < 100


def test_half_a_character_has_an_estimate() -> None:
    assert estimate_tokens(chat("\ud800" * 7)) > 0


@pytest.mark.parametrize(
    ("params", "longest"),
    [
        ({}, 16_384),
        ({"max_completion_tokens": 100}, 100),
        ({"max_tokens": 100}, 100),
        ({"max_completion_tokens": 40_000}, 16_384),
        ({"max_completion_tokens": -1}, 16_384),
        ({"max_completion_tokens": None}, 16_384),
        ({"max_completion_tokens": 100, "n": 3}, 300),
    ],
)
def test_the_longest_answer_is_reserved(params: dict[str, Any], longest: int) -> None:
    body = chat("x", **params)
    assert reserved_tokens(body) == estimate_tokens(body) + longest


def test_every_prompt_has_an_answer_of_its_own() -> None:
    body = {"prompt": ["a", "b"], "max_tokens": 100}
    assert reserved_tokens(body) == estimate_tokens(body) + 200
    body = {"prompt": [1, 2], "max_tokens": 100}
    assert reserved_tokens(body) == estimate_tokens(body) + 100


# Simulations: the service as its documents tell, with a bucket of its own


@dataclass
class Service:
    """Token buckets with continuous refill; what does not fit is refused at once."""

    limits: Limits
    used: dict[Window, float] = field(default_factory=dict)
    at: float = 0.0
    refused: int = 0

    def refill(self, now: float) -> None:
        for key, limit in self.limits.items():
            gone = limit / SECONDS[key[1]] * (now - self.at)
            self.used[key] = max(0.0, self.used.get(key, 0.0) - gone)
        self.at = now

    def admit(self, tokens: int, now: float) -> bool:
        self.refill(now)
        need = {"requests": 1, "tokens": tokens}
        if any(limit - self.used[key] < need[key[0]] for key, limit in self.limits.items()):
            self.refused += 1
            return False
        for key in self.limits:
            self.used[key] += need[key[0]]
        return True

    def correct(self, by: int, now: float) -> None:
        self.refill(now)
        for key in self.limits:
            if key[0] == "tokens":
                self.used[key] -= by  # less than nothing used is a full bucket: see refill

    def headers(self) -> RateLimits:
        remaining = {
            key: max(0, math.floor(limit - self.used[key])) for key, limit in self.limits.items()
        }
        return headers(self.limits, remaining)


@dataclass
class Job:
    """A request: its real prompt, its bound (None: not given), its real answer, and its times."""

    prompt: int
    bound: int | None
    answer: int
    there: float
    thinking: float
    back: float
    stream: bool

    @property
    def needed(self) -> int:
        return self.prompt + min(self.bound or 16_384, 16_384)


def mixed(count: int, *, seed: int, prompts: tuple[int, int]) -> list[Job]:
    chance = random.Random(seed)
    jobs = []
    for _ in range(count):
        bound = chance.choice([None, None, 256, 1024, 4096, 8000])
        answer = min(bound or 16_384, int(chance.lognormvariate(5.5, 1)))
        jobs.append(
            Job(
                prompt=chance.randint(*prompts),
                bound=bound,
                answer=answer,
                there=chance.uniform(0.01, 0.3),
                thinking=0.1 + answer / 1500,
                back=chance.uniform(0.01, 0.3),
                stream=chance.random() < 0.5,
            )
        )
    return jobs


class Clock:
    """Calls what is due, in the order of time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._count), call))

    def run(self) -> None:
        while self._due:
            self.now, _, call = heapq.heappop(self._due)
            call()


@dataclass
class Run:
    finished: float
    refused: int
    order: list[int]


def simulate(jobs: list[Job], limits: Limits, *, workers: int, over: float = 1.1) -> Run:
    """`workers` take the jobs one by one; their pacer thinks that prompts are `over` times as long.

    Workers sleep as the pacer's documentation says, without being woken.
    """
    clock, service, pacer = Clock(), Service(limits), Pacer()
    order: list[int] = []
    left = iter(enumerate(jobs))
    finished = 0.0

    def start() -> None:
        number, job = next(left, (0, None))
        if job is None:
            return
        reserved = int(job.prompt * over) + min(job.bound or 16_384, 16_384)
        ask(number, job, pacer.join(reserved, clock.now))

    def ask(number: int, job: Job, ticket: int) -> None:
        wait = pacer.delay(ticket, clock.now)
        if wait > 0:
            clock.after(min(wait, RECHECK_SECONDS), lambda: ask(number, job, ticket))
            return
        order.append(number)
        clock.after(job.there, lambda: arrive(number, job, ticket))

    def arrive(number: int, job: Job, ticket: int) -> None:
        if not service.admit(job.needed, clock.now):
            limits = service.headers()
            clock.after(job.back, lambda: refused(number, job, ticket, limits))
            return
        if job.stream:
            limits = service.headers()
            clock.after(job.back, lambda: pacer.observe(ticket, clock.now, limits))
        clock.after(job.thinking, lambda: answer(job, ticket))

    def refused(number: int, job: Job, ticket: int, limits: RateLimits) -> None:
        pacer.refuse(ticket, clock.now, retry_after=2, limits=limits)
        ask(number, job, pacer.join(job.needed, clock.now))

    def answer(job: Job, ticket: int) -> None:
        service.correct(job.needed - job.prompt - job.answer, clock.now)
        limits = None if job.stream else service.headers()
        clock.after(job.back, lambda: settle(job, ticket, limits))

    def settle(job: Job, ticket: int, limits: RateLimits | None) -> None:
        nonlocal finished
        finished = clock.now
        pacer.settle(ticket, clock.now, tokens=job.prompt + job.answer, limits=limits)
        start()

    for _ in range(workers):
        start()
    clock.run()
    assert len(order) == len(jobs) + service.refused
    return Run(finished=finished, refused=service.refused, order=order)


def soonest(jobs: list[Job], limits: Limits) -> float:
    """Before this nobody can be done: a request is let in only when all that were used before it,
    and what it needs itself, are below the limit and what was refilled until then."""
    end = 0.0
    used = 0
    for number, job in enumerate(jobs):
        for (kind, window), limit in limits.items():
            need = number + 1 if kind == "requests" else used + job.needed
            start = (need - limit) / (limit / SECONDS[window])
            end = max(end, start + job.thinking + job.back)
        used += job.prompt + job.answer
    return end


MIXES = {"by requests": (20, 3000), "by both": (3000, 8000), "by tokens": (6000, 12_000)}


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_with_trial_limits_nothing_is_refused_and_no_time_is_lost(mix: str, seed: int) -> None:
    jobs = mixed(200, seed=seed, prompts=MIXES[mix])
    run = simulate(jobs, TRIAL, workers=8)
    assert run.refused == 0
    assert run.order == list(range(200))
    assert soonest(jobs, TRIAL) / run.finished >= 0.95


def test_with_all_six_windows_the_same() -> None:
    jobs = mixed(400, seed=5, prompts=(20, 2000))
    run = simulate(jobs, ALL_SIX, workers=8)
    assert run.refused == 0
    assert soonest(jobs, ALL_SIX) > 300 * 12  # the hour is what counts here
    assert soonest(jobs, ALL_SIX) / run.finished >= 0.95


def test_with_the_limits_of_a_developer_the_same() -> None:
    limits = {("requests", "minute"): 1000, ("tokens", "minute"): 1_000_000}
    jobs = mixed(4000, seed=6, prompts=(20, 3000))
    run = simulate(jobs, limits, workers=64)
    assert run.refused == 0
    assert soonest(jobs, limits) / run.finished >= 0.95


def test_without_pacing_the_service_would_have_refused() -> None:
    service = Service(TRIAL)
    jobs = mixed(200, seed=1, prompts=(20, 3000))
    assert not all(service.admit(job.needed, number / 8) for number, job in enumerate(jobs))


def test_an_estimate_that_is_too_low_is_corrected_by_the_headers() -> None:
    jobs = mixed(200, seed=7, prompts=(3000, 8000))
    run = simulate(jobs, TRIAL, workers=8, over=0.7)
    assert run.refused <= 20
    assert soonest(jobs, TRIAL) / run.finished >= 0.9
