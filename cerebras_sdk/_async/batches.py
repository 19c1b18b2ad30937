"""Batches: many requests from one file, at half the price, within a day."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._core.answers import read_result
from .._core.endpoints.body import given
from .._core.endpoints.files import Call
from .._core.options import NOT_GIVEN, NotGiven, refuse_coroutine
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..errors import APIStatusError, APITimeoutError, CerebrasError, InvalidRequestError
from ..types.batches import Batch, BatchList, BatchResult
from .pages import AsyncPages
from .reply import AsyncReply
from .resource import AsyncResource

if TYPE_CHECKING:
    from .client import AsyncCerebras

_NO_SUCH_PATH = (404, 405)


class AsyncBatches(AsyncResource):
    """`client.batches`: requests that run in the background (private preview).

        file = await client.files.create("requests.jsonl")
        batch = await client.batches.create(input_file_id=file.id)
        await client.batches.wait(batch.id)
        async for result in client.batches.results(batch.id):
            print(result.custom_id, result.response)

    Source: inference-docs.cerebras.ai, "Files" and "Batch"
    """

    _without_response = frozenset({"list", "results", "wait"})

    async def create(
        self,
        *,
        input_file_id: str,
        endpoint: str = "/v1/chat/completions",
        completion_window: str = "24h",
        metadata: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> Batch:
        """Starts a batch.

        input_file_id: a file of `client.files.create`: 10 to 50,000 lines of at most 1 MB, each
            `{"custom_id", "method": "POST", "url": endpoint, "body"}`, all of one model.
        metadata: kept with the batch.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        body: dict[str, Any] = {
            "input_file_id": input_file_id,
            "endpoint": endpoint,
            "completion_window": completion_window,
        }
        if given(metadata) is not None:
            body["metadata"] = metadata
        request = self._call(headers, timeout).request("POST", body=body)
        return await self._client._ask(request, Batch)

    def list(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> AsyncPages[Batch]:
        """All batches; iterate it, and the pages turn by themselves.

        limit: batches on a page. after: the id to begin behind.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        return AsyncPages(self._client, self._call(headers, timeout), BatchList, limit, after)

    async def retrieve(
        self,
        batch_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> Batch:
        """A batch as it stands."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = self._call(headers, timeout).request("GET", batch_id)
        return await self._client._ask(request, Batch)

    async def cancel(
        self,
        batch_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> Batch:
        """Asks for an end; the batch is `cancelling` first, and keeps the results that it has."""
        headers = Hidden(extra_headers)
        del extra_headers
        call = self._call(headers, timeout)
        # The service's documents name both ways.
        try:
            return await self._cancelled(call, "DELETE", batch_id)
        except APIStatusError as error:
            if error.status_code not in _NO_SUCH_PATH:
                raise
            first = error
        try:
            return await self._cancelled(call, "POST", batch_id, "cancel")
        except APIStatusError as error:
            # If the second is no path at all, a 404 to the first says that there is no such batch;
            # an answer that is empty says nothing.
            said = error.code or error.status_code not in _NO_SUCH_PATH
            if first.status_code == 404 and (first.code or not said):
                raise first from None
            raise

    async def _cancelled(self, call: Call, method: str, *below: str) -> Batch:
        nothing = Batch()
        batch = await self._client._ask(call.request(method, *below), Batch, empty=nothing)
        if batch is nothing:
            batch = await self._client._ask(call.request("GET", below[0]), Batch)
        return batch

    def results(
        self,
        batch_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> AsyncBatchResults:
        """What became of each line, in no order; iterate it, which asks for them."""
        headers = Hidden(extra_headers)
        del extra_headers
        return AsyncBatchResults(self._client, self._call(headers, timeout), batch_id)

    async def wait(
        self,
        batch_id: str,
        *,
        on_progress: Callable[[Batch], None] | None = None,
        poll: float = 10.0,
        timeout: float | None = None,
    ) -> Batch:
        """Waits until the batch is completed, failed, expired or cancelled, and gives it.

        on_progress: called with the batch each time it was asked for. poll: seconds between that.
        timeout: seconds for the whole wait, then CerebrasError; the batch goes on all the same.
        """
        if not poll >= 0:
            raise InvalidRequestError(f"poll must be 0 seconds or more, not {poll!r}")
        refuse_coroutine("on_progress", on_progress)
        end = None if timeout is None else time.monotonic() + timeout
        batch: Batch | None = None
        while True:
            patience = (
                NOT_GIVEN
                if end is None
                else self._client._options.timeout.within(max(end - time.monotonic(), 0.05))
            )
            try:
                batch = await self.retrieve(batch_id, timeout=patience)
            except APITimeoutError as error:
                if end is None or error.phase != "total" or batch is None:
                    raise
                raise _still(batch, timeout) from error
            if on_progress is not None:
                on_progress(batch)
            if batch.is_over:
                return batch
            left = poll if end is None else end - time.monotonic()
            if left <= 0 and end is not None:
                raise _still(batch, timeout)
            await self._client._transport.sleep(min(poll, left))

    def _call(
        self, headers: Hidden[Mapping[str, str | None] | None], timeout: TimeoutInput | NotGiven
    ) -> Call:
        return Call(self._client._options, "/v1/batches", headers, timeout)


def _still(batch: Batch, timeout: float | None) -> CerebrasError:
    return CerebrasError(f"batch {batch.id} is still {batch.status} after {timeout} seconds")


class AsyncBatchResults:
    """The results of a batch, asked for when the iteration begins."""

    def __init__(self, client: AsyncCerebras, call: Call, batch_id: str) -> None:
        self._client = client
        self._call = call
        self._batch_id = batch_id

    def __aiter__(self) -> AsyncIterator[BatchResult]:
        return AsyncBatchResultLines(self._client, self._call, self._batch_id)


class AsyncBatchResultLines:
    """One way through the results of a batch."""

    def __init__(self, client: AsyncCerebras, call: Call, batch_id: str) -> None:
        self._client = client
        self._request = call.request("GET", batch_id, "results")
        self._answer: AsyncReply | None = None

    def __aiter__(self) -> AsyncIterator[BatchResult]:
        return self

    async def __anext__(self) -> BatchResult:
        if self._answer is None:
            self._answer = await self._client._send(self._request)
            self._lines = iter(self._answer.response.body.splitlines())
        for line in self._lines:
            if line.strip():
                return read_result(line, self._answer.request)
        raise StopAsyncIteration
