"""Lists that turn their pages by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._core.endpoints.files import Call

if TYPE_CHECKING:
    from .client import AsyncCerebras

T = TypeVar("T")


class AsyncPages(Generic[T]):
    """A list of the service, asked for page by page while it is iterated:

        async for file in client.files.list():
            print(file.id)

    Every iteration asks anew, and raises what a call raises.
    """

    def __init__(
        self, client: AsyncCerebras, call: Call, kind: Any, limit: int | None, after: str | None
    ) -> None:
        self._client = client
        self._call = call
        self._kind = kind
        self._limit = limit
        self._after = after

    def __aiter__(self) -> AsyncIterator[T]:
        return AsyncPageItems(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._call.path}, not asked for yet>"


class AsyncPageItems(Generic[T]):
    """One way through a list."""

    def __init__(self, pages: AsyncPages[T]) -> None:
        self._pages = pages
        self._after = pages._after
        self._more = True
        self._left: list[T] = []

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._left:
            if not self._more:
                raise StopAsyncIteration
            pages = self._pages
            request = pages._call.page(pages._limit, self._after)
            page = await pages._client._ask(request, pages._kind)
            self._left = page.data[::-1]
            last = page.data[-1].id if page.data else None
            # A server that does not heed `after` would send the same page for ever.
            self._more = page.has_more and bool(last) and last != self._after
            self._after = last or self._after
        return self._left.pop()
