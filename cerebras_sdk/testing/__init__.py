"""A Cerebras service on this machine: its wire format over real sockets, any engine behind it.

from cerebras_sdk.testing import serve

with serve() as server:
    client = Cerebras(base_url=server.base_url, api_key="csk-test")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import VirtualClock
from .engines import (
    CallDelta,
    ContextLengthExceeded,
    Delta,
    EchoEngine,
    Engine,
    Finish,
    RequestRefused,
)
from .exchange import Answer, Pause, RawAnswer, ReceivedRequest
from .limiter import prompt_estimate
from .limits import Limits
from .quota import QuotaCounts
from .server import LocalServer, serve
from .text_completions import TextEngine

if TYPE_CHECKING:
    from .llama import LlamaEngine
    from .models import LocalModelError, local_model_path

__all__ = [
    "Answer",
    "CallDelta",
    "ContextLengthExceeded",
    "Delta",
    "EchoEngine",
    "Engine",
    "Finish",
    "Limits",
    "LlamaEngine",
    "LocalModelError",
    "LocalServer",
    "Pause",
    "QuotaCounts",
    "RawAnswer",
    "ReceivedRequest",
    "RequestRefused",
    "TextEngine",
    "VirtualClock",
    "local_model_path",
    "prompt_estimate",
    "serve",
]

# The model file and llama.cpp come with the extra [local]; a test that only echoes needs neither.
_LATER = {
    "LlamaEngine": "llama",
    "LocalModelError": "models",
    "local_model_path": "models",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LATER[name]}", __name__), name)
