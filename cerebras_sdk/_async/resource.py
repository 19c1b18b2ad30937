"""What the resources of a client have in common."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._core.secret import Hidden
from ..errors import CerebrasError
from .response import AsyncAPIResponse

if TYPE_CHECKING:
    from .client import AsyncCerebras


class AsyncResource:
    """A group of endpoints, such as `client.models`."""

    _without_response: frozenset[str] = frozenset()  # methods that make no call, or several

    def __init__(self, client: AsyncCerebras) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> AsyncWithResponse:
        """The same methods, which give the answer as it came, an AsyncAPIResponse."""
        return AsyncWithResponse(type(self)(self._client._delivering("raw")))

    @property
    def with_streaming_response(self) -> AsyncWithResponse:
        """The same methods, as context managers around an answer whose body is not read yet."""
        return AsyncWithResponse(type(self)(self._client._delivering("streamed")), entered=True)


class AsyncWithResponse:
    """The methods of a resource or client, which give the answer and not the object it holds."""

    def __init__(self, target: Any, *, entered: bool = False) -> None:
        self._target = target
        self._entered = entered

    def __getattr__(self, name: str) -> Any:
        target = self._target
        if name.startswith("_") or name in target._without_response:
            raise AttributeError(f"{type(target).__name__}.{name} is not one call with one answer")
        found = getattr(target, name)
        if isinstance(found, AsyncResource):
            return AsyncWithResponse(found, entered=self._entered)
        return AsyncEntered(found) if self._entered and callable(found) else found

    def __dir__(self) -> list[str]:
        left_out = self._target._without_response
        return [n for n in dir(self._target) if not n.startswith("_") and n not in left_out]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._target!r})"


class AsyncEntered:
    """A method of `with_streaming_response`, which makes its call when it is entered:

    async with client.chat.completions.with_streaming_response.create(...) as response:
        async for line in response.iter_lines():
            print(line)
    """

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self._given: Hidden[tuple[tuple[Any, ...], dict[str, Any]]] = Hidden(((), {}))
        self._response: AsyncAPIResponse[Any] | None = None

    def __call__(self, *positional: Any, **named: Any) -> AsyncEntered:
        call = AsyncEntered(self._method)
        call._given = Hidden((positional, named))
        return call

    async def __aenter__(self) -> AsyncAPIResponse[Any]:
        if self._response is not None:
            raise CerebrasError("this call was made already: write a new one for each `with`")
        positional, named = self._given.value
        self._response = await self._method(*positional, **named)
        assert self._response is not None
        return self._response

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._response is not None:
            await self._response.close()
