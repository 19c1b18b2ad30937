"""Imports run downwards only, the core touches nothing, and a client loads only its own library."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cerebras_sdk"

# What gives a program the network, threads, time or chance; the core takes these as values.
WORLD = frozenset(
    {
        "_socket", "_thread", "asyncio", "concurrent", "ftplib", "http", "multiprocessing",
        "pathlib", "queue", "random", "sched", "secrets", "select", "selectors", "shutil", "signal",
        "smtplib", "socket", "socketserver", "ssl", "subprocess", "tempfile", "threading", "time",
        "urllib.request", "urllib.robotparser", "xmlrpc",
    }
)  # fmt: skip
# The same by a call, whatever it is called on: datetime.now(), os.getenv(), Path.read_text().
CALLS = frozenset(
    {
        "chdir", "getenv", "input", "listdir", "now", "open", "print", "read_bytes", "read_text",
        "scandir", "sleep", "system", "today", "unlink", "utcnow", "write_bytes", "write_text",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What a part of the package may import: parts of it, other libraries, the standard library."""

    parts: frozenset[str]
    libraries: frozenset[str] = frozenset()
    pure: bool = False


def layer(*parts: str, libraries: str = "", pure: bool = False) -> Layer:
    return Layer(parts=frozenset(parts), libraries=frozenset(libraries.split()), pure=pure)


LAYERS = {
    "_version": layer(pure=True),
    "types": layer("types", libraries="msgspec", pure=True),
    "errors": layer("errors", "types", libraries="msgspec", pure=True),
    "_core": layer("_core", "types", "errors", "_version", libraries="msgspec", pure=True),
    "_transports": layer("_transports", "_core", "errors"),
    "_log": layer("errors", "_core"),
    "_transports._aiohttp": layer(
        "_transports", "_core", "errors", libraries="aiohttp httpx httpx_aiohttp"
    ),
    "_transports._certificates": layer("_transports", libraries="truststore"),
    "_transports._shared_pacing": layer("_transports", "_core", "errors", "types"),
    "_transports._dotenv": layer("_core", "errors", libraries="dotenv"),
    "_transports._httpx_adapter": layer("_transports", "_core", libraries="httpx requests"),
    "_transports._loops": layer("_transports", libraries="anyio"),
    "_transports._opened": layer("_transports", libraries="anyio httpx"),
    "_transports._session": layer("_transports", "_core", libraries="requests"),
    "_transports._bodies": layer("_transports", "errors", libraries="requests urllib3"),
    "_transports._answers": layer("_transports", "_core", "errors", libraries="requests urllib3"),
    "_transports._gzip": layer(libraries="httpx"),
    "_transports._uploads": layer("_core", libraries="anyio httpx"),
    "_transports._early": layer(libraries="httpcore"),
    "_transports._heads": layer("_transports", libraries="urllib3"),
    "_transports._ends": layer("_core"),
    "_transports._clocks": layer("_transports", libraries="httpcore httpx"),
    "_transports._httpx_answers": layer("_transports", "_core", "errors", libraries="httpx anyio"),
    "_transports._pacing": layer("_transports", "_core", "errors", "types"),
    "_transports._ways": layer("_transports", "_core", "errors", libraries="anyio httpx h11"),
    "_transports._cookies": layer(
        "_transports", "_core", "errors", libraries="platformdirs browser_cookie3"
    ),
    "_transports._httpx": layer("_transports", "_core", "errors", libraries="httpx anyio"),
    "_transports._requests": layer("_transports", "_core", "errors", libraries="requests urllib3"),
    "_async": layer("_async", "_transports", "_core", "types", "errors", "_log"),
    "_sync": layer("_sync", "_transports", "_core", "types", "errors", "_log"),
}


def modules() -> Iterator[tuple[str, Path]]:
    """The modules below the public ones, by their name inside the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name.split(".")[0] in LAYERS:
            yield name, path


def imports(source: str, package: str) -> Iterator[str]:
    """The full names of what `source` imports; `package` is the one it stands in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *([node.module] if node.module else [])])
            base = base if node.level else str(node.module)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, names: frozenset[str]) -> bool:
    return any(name == other or name.startswith(other + ".") for other in names)


def violations(name: str, source: str, *, is_package: bool = False) -> list[str]:
    """What the module `name` of the package imports or calls, and must not."""
    rule = LAYERS.get(name) or LAYERS[name.split(".")[0]]
    full = f"cerebras_sdk.{name}"
    found = []
    for imported in imports(source, full if is_package else full.rpartition(".")[0]):
        if imported.startswith("cerebras_sdk."):
            if not within(imported.removeprefix("cerebras_sdk."), rule.parts):
                found.append(imported)
        elif imported.split(".")[0] in sys.stdlib_module_names:
            if rule.pure and within(imported, WORLD):
                found.append(imported)
        elif not within(imported, rule.libraries):
            found.append(imported)
    if rule.pure:
        called = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
        names = (getattr(func, "attr", None) or getattr(func, "id", None) for func in called)
        found += [f"{called_name}()" for called_name in names if called_name in CALLS]
    return found


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=[name for name, _ in modules()])
def test_a_module_imports_from_below_only(name: str, path: Path) -> None:
    is_package = path.name == "__init__.py"
    assert violations(name, path.read_text(encoding="utf-8"), is_package=is_package) == []


def test_every_layer_is_there() -> None:
    found = {name for name, _ in modules()}
    assert found >= LAYERS.keys()


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("_core.sse", "import socket", "socket"),
        ("_core.sse", "from time import sleep", "time.sleep"),
        ("_core.sse", "from urllib import request", "urllib.request"),
        ("_core.sse", "import http.client", "http.client"),
        ("_core.sse", "def f():\n    import threading as t", "threading"),
        ("_core.sse", "import requests", "requests"),
        ("_core.sse", "from .._transports import _httpx", "cerebras_sdk._transports._httpx"),
        ("_core.sse", "from .. import provider", "cerebras_sdk.provider"),
        ("_core.sse", "from cerebras_sdk.testing import serve", "cerebras_sdk.testing.serve"),
        ("_core.sse", "datetime.now()", "now()"),
        ("_core.sse", "open('x')", "open()"),
        ("errors", "from ._core.http import Headers", "cerebras_sdk._core.http.Headers"),
        ("errors", "from . import _core", "cerebras_sdk._core"),
        ("types.chat", "from ..errors import APIError", "cerebras_sdk.errors.APIError"),
        ("_transports._httpx", "import requests", "requests"),
        ("_transports._requests", "import httpx", "httpx"),
        ("_transports._requests", "from ..types import Model", "cerebras_sdk.types.Model"),
        ("_async.chat", "from .._sync.chat import Chat", "cerebras_sdk._sync.chat.Chat"),
        ("_sync.client", "from .._async import client", "cerebras_sdk._async.client"),
        ("_sync.client", "import requests", "requests"),
        ("_async.client", "from .. import cli", "cerebras_sdk.cli"),
    ],
)  # fmt: skip
def test_a_wrong_import_is_found(name: str, line: str, found: str) -> None:
    assert violations(name, line) == [found]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("_core.sse", "from urllib.parse import urlsplit\nimport re, json\nfrom . import http"),
        ("_core.sse", "from .. import errors\nfrom ..types._base import decode\nimport msgspec"),
        ("_core.sse", "self.now\nnow = 5"),
        ("_transports._httpx", "import httpx, time\nfrom . import no_answer"),
        (
            "_async.client",
            "import time\nfrom .._core import endpoints\nfrom .chat import AsyncChat",
        ),
    ],
)
def test_a_right_import_is_not(name: str, line: str) -> None:
    assert violations(name, line) == []


def loaded(code: str) -> set[str]:
    """The modules that a new interpreter loads for `code`, by their first two names."""
    script = (
        "import json, sys; before = set(sys.modules)\n"
        f"{code}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


NETWORK = frozenset(
    {
        "anyio", "asyncio", "certifi", "h11", "http", "httpcore", "httpx", "requests", "select",
        "selectors", "socket", "ssl", "subprocess", "threading", "urllib.request", "urllib3",
    }
)  # fmt: skip
EVERY_CORE_MODULE = (
    "import importlib, pkgutil, cerebras_sdk._core as core\n"
    "for module in pkgutil.iter_modules(core.__path__, core.__name__ + '.'):\n"
    "    importlib.import_module(module.name)"
)


def network(code: str) -> set[str]:
    return loaded(code) & NETWORK


def test_the_core_loads_nothing_of_the_network() -> None:
    names = loaded(EVERY_CORE_MODULE)
    assert "cerebras_sdk._core.sse" in names
    assert names & NETWORK == set()


@pytest.mark.parametrize(
    "code", ["import cerebras_sdk", "from cerebras_sdk import APIError, ChatCompletion, Timeout"]
)
def test_the_package_alone_loads_nothing_of_the_network(code: str) -> None:
    assert network(code) == set()


def test_the_sync_client_does_not_load_httpx() -> None:
    names = loaded("from cerebras_sdk import Cerebras; Cerebras(api_key='csk-test')")
    assert "requests" in names
    assert names & {"httpx", "httpcore", "h11", "anyio", "cerebras_sdk._async"} == set()


def test_the_async_client_does_not_load_requests() -> None:
    names = loaded("from cerebras_sdk import AsyncCerebras; AsyncCerebras(api_key='csk-test')")
    assert "httpx" in names
    assert names & {"requests", "urllib3", "cerebras_sdk._sync"} == set()


def test_what_is_loaded_is_seen() -> None:
    assert "requests" in network("import cerebras_sdk, requests")
