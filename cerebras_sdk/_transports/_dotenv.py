"""Variables from a file such as `.env`, for those who ask for it."""

from __future__ import annotations

import os

from .._core.options import Environment
from ..errors import InvalidRequestError


def read_env_file(path: str | os.PathLike[str]) -> Environment:
    """The variables of the file and of the environment, which is stronger.

    Raises OSError when the file cannot be read, InvalidRequestError without python-dotenv.
    """
    try:
        from dotenv import dotenv_values
    except ImportError:
        raise InvalidRequestError(
            "reading variables from a file needs python-dotenv: "
            "pip install 'cerebras-inference-sdk[dotenv]'"
        ) from None
    with open(path, encoding="utf-8") as file:
        return Environment.read(
            {name: value or "" for name, value in dotenv_values(stream=file).items()}
            | {name: value for name, value in os.environ.items() if value.strip()}
        )
