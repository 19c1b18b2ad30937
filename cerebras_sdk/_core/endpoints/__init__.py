"""Builds every request: the only place that knows paths and bodies."""
