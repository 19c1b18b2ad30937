"""Answers as objects: asks, reads what came, and asks again with what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.options import NotGiven
from .._core.schema import OutputSchema, corrections, parsed_completion
from .._core.secret import Hidden
from .._core.timeout import Timeout
from ..errors import CerebrasError, InvalidRequestError, ParsedOutputError
from ..types import ChatCompletion
from ..types.chat.parsed import ParsedChatCompletion
from ..types.params import MessageParam

if TYPE_CHECKING:
    from .objects import AsyncChatObjects

T = TypeVar("T")


async def parsed_answer(
    completions: AsyncChatObjects,
    schema: OutputSchema[T],
    messages: Iterable[MessageParam],
    options: Hidden[dict[str, Any]],
    *,
    retries: int,
) -> ParsedChatCompletion[T]:
    """The answer to `messages` as `schema` has it; one that is not is shown to the model, up to
    `retries` times. All the asks are one call for `Timeout.total`."""
    if isinstance(retries, bool) or not isinstance(retries, int) or retries < 0:
        raise InvalidRequestError(f"retries must be a whole number, 0 or more, not {retries!r}")
    asked: Any = list(messages) if isinstance(messages, Iterator) else messages
    given = options.value.get("timeout", completions._client._options.timeout)
    if isinstance(given, NotGiven):
        given = completions._client._options.timeout
    timeout, started = Timeout.of(given), time.monotonic()
    attempts: list[ChatCompletion] = []
    failure: ParsedOutputError | None = None
    while True:
        if failure is not None and timeout.total is not None:
            left = timeout.total - (time.monotonic() - started)
            if left <= 0:
                raise failure
            options.value["timeout"] = timeout.within(left)
        try:
            completion = await completions.create(
                messages=asked, response_format=schema.response_format, **options.value
            )
        except CerebrasError as error:
            if failure is None:
                raise
            raise error from failure  # which has the answers that were paid for
        try:
            return parsed_completion(completion, schema, attempts=tuple(attempts))
        except ParsedOutputError as error:
            # What was cut or held back is so again.
            if type(error) is not ParsedOutputError or len(attempts) == retries:
                raise
            failure = error.with_traceback(None)  # whose frames would keep all of this
        attempts.append(completion)
        asked = [*asked, *corrections(failure, schema)]
