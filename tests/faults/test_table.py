"""Each fault of the table, played to both twins: what the caller gets, and what it costs."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cerebras_sdk import APIConnectionError, APIError
from cerebras_sdk.testing import LocalServer

from . import documents, events, framing, statuses, trickles, ways
from .doors import opened
from .driver import Outcome, Twin, play, said_by
from .pending import PENDING
from .row import KEY, MESSAGES, Fault

ROWS = [
    *statuses.ROWS,
    *documents.ROWS,
    *events.ROWS,
    *framing.ROWS,
    *trickles.ROWS,
    *ways.ROWS,
]


def _cases() -> Iterator[object]:
    for row in ROWS:
        for twin in ("blocking", "asyncio", "trio") if row.on_trio else ("blocking", "asyncio"):
            if (row.name, twin) not in PENDING:
                fault = dataclasses.replace(row, **row.blocking) if twin == "blocking" else row
                yield pytest.param(fault, twin, id=f"{row.name} ({twin})")


@pytest.mark.parametrize(("fault", "twin"), list(_cases()))
def test_a_fault_is_what_the_table_says(
    fault: Fault,
    twin: Twin,
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with opened(fault.door, server, monkeypatch, tmp_path) as base_url:
        outcome = play(fault, twin, server, base_url)
        _check_error(fault, outcome)
        _check_said(fault, outcome)
        assert (outcome.requests, outcome.connections) == (fault.requests, fault.connections)
        assert outcome.after == MESSAGES[0]["content"]
        if fault.reused is not None:
            assert outcome.after_connections - outcome.connections == (0 if fault.reused else 1)
    if fault.name.endswith("keeps the prompt"):
        assert outcome.bodies[0] == outcome.bodies[1] != b""
    _check_closed(server)


def test_the_table_is_as_long_as_it_should_be() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names)) >= 60
    assert {name for name, _ in PENDING} <= set(names)


def _check_error(fault: Fault, outcome: Outcome) -> None:
    error = outcome.error
    if fault.error is None or error is None:
        if error is not None:
            raise error
        assert fault.error is None
        return
    assert type(error) is fault.error, f"{error!r}, from {error.__cause__!r}"
    assert isinstance(error, APIError)
    found = {name: getattr(error, name) for name in fault.details}
    assert found == dict(fault.details)
    assert re.search(fault.says, str(error), re.DOTALL)
    if isinstance(error, APIConnectionError):
        assert error.__cause__ is not None
    assert len(error.attempts) == (fault.requests or fault.max_retries + 1) - 1 or (
        fault.max_retries == 0
    )
    _check_no_key(error)


def _check_no_key(error: BaseException) -> None:
    seen: set[int] = set()
    layer: BaseException | None = error
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        shown = f"{layer} {layer!r} {vars(layer)!r}" if isinstance(layer, APIError) else f"{layer}"
        assert KEY not in shown
        layer = layer.__cause__ or layer.__context__


def _check_said(fault: Fault, outcome: Outcome) -> None:
    partial = said_by(getattr(outcome.error, "partial", None))
    if fault.error is not None:
        assert partial == fault.said
        assert outcome.seen == (fault.said or ())
    elif fault.said is not None:
        assert outcome.final == fault.said
        if fault.stream:
            assert outcome.seen == fault.said


def _check_closed(server: LocalServer) -> None:
    """The client is closed by now; the server hears of it a moment later."""
    end = time.monotonic() + 2
    while server.open_connections and time.monotonic() < end:
        time.sleep(0.001)
    assert server.open_connections == 0
