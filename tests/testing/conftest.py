"""A local server, a client for it, and a bare socket to look at its bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from cerebras_sdk.testing import LocalServer, serve

from .local_client import Socket, client_of


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serve() as server:
        yield server


@pytest.fixture
def client(server: LocalServer) -> Iterator[httpx.Client]:
    with client_of(server) as client:
        yield client


@pytest.fixture
def connect() -> Iterator[Callable[[LocalServer], Socket]]:
    opened: list[Socket] = []

    def connect(server: LocalServer) -> Socket:
        opened.append(Socket(server))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()
