"""Builds every request: the only place that knows paths and bodies."""

from __future__ import annotations

from .chat import ChatCall, chat_completion

__all__ = ["ChatCall", "chat_completion"]
