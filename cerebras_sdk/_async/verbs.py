"""Requests to any path: what has no method of its own yet, and what never will."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args, overload

from .._core.chunks import CHAT, TEXT
from .._core.endpoints.body import CompletionCall
from .._core.endpoints.models import WARMING, plain_request
from .._core.options import NOT_GIVEN, NotGiven
from .._core.overrides import RequestOptions, overrides
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from ..types import Completion
from .base import AsyncBaseClient
from .complete import complete

T = TypeVar("T")


class AsyncVerbs(AsyncBaseClient):
    """`client.get(path)`, `client.post(path, body=...)` and so on."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        cast_to: type[T] | None = None,
        body: Any = None,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        options: RequestOptions | None = None,
        stream: bool = False,
        stream_cls: Any = None,
    ) -> T | Any:
        """Any request to any path below the base URL, with the key, the retries and the errors of
        every other call.

        path: below the base URL, such as `/v1/models`, with a query or without.
        cast_to: the type of the answer: one of ours, what msgspec or pydantic can read, str, bytes,
            or the HTTP library's own `Response`; None gives plain dicts and lists.
        body: sent as JSON. content: bytes, sent as they are.
        options: the same by the names of other SDKs: `headers`, `params`, `timeout`, `max_retries`,
            `extra_json`.
        stream: True reads events: `stream_cls` is `AsyncStream[Completion]` for those of text
            completions, else they are of chat completions.
        """
        headers, told = Hidden(extra_headers), Hidden(options)
        del extra_headers, options
        given = overrides(told, query=query, headers=headers, timeout=timeout)
        request = plain_request(
            self._options,
            method,
            path,
            body=given.body(body),
            content=content,
            query=given.query,
            extra_headers=given.headers,
            timeout=given.timeout,
        )
        client = self if given.max_retries is None else self._retrying(given.max_retries)
        if stream:
            call = CompletionCall(request=request, model="", stream=True, n=1, notice=None)
            if Completion in get_args(stream_cls):
                return await complete(client, call, TEXT)
            return await complete(client, call, CHAT)
        kind: Any = Any if cast_to is None else cast_to
        return await client._ask(request, kind)

    @overload
    async def get(self, path: str, *, cast_to: type[T], **options: Any) -> T: ...

    @overload
    async def get(self, path: str, **options: Any) -> Any: ...

    async def get(self, path: str, **options: Any) -> Any:
        """`request("GET", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("GET", path, **given.value)

    @overload
    async def post(self, path: str, *, cast_to: type[T], **options: Any) -> T: ...

    @overload
    async def post(self, path: str, **options: Any) -> Any: ...

    async def post(self, path: str, **options: Any) -> Any:
        """`request("POST", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("POST", path, **given.value)

    @overload
    async def put(self, path: str, *, cast_to: type[T], **options: Any) -> T: ...

    @overload
    async def put(self, path: str, **options: Any) -> Any: ...

    async def put(self, path: str, **options: Any) -> Any:
        """`request("PUT", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("PUT", path, **given.value)

    @overload
    async def patch(self, path: str, *, cast_to: type[T], **options: Any) -> T: ...

    @overload
    async def patch(self, path: str, **options: Any) -> Any: ...

    async def patch(self, path: str, **options: Any) -> Any:
        """`request("PATCH", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("PATCH", path, **given.value)

    @overload
    async def delete(self, path: str, *, cast_to: type[T], **options: Any) -> T: ...

    @overload
    async def delete(self, path: str, **options: Any) -> Any: ...

    async def delete(self, path: str, **options: Any) -> Any:
        """`request("DELETE", path, ...)`."""
        given = Hidden(options)
        del options
        return await self.request("DELETE", path, **given.value)

    async def warm_up(self) -> None:
        """Opens a connection before the first call needs it: GET /v1/tcp_warming.

        The connection goes to the pool that later serves the calls. Raises what a call raises.
        """
        await self.get(WARMING)
