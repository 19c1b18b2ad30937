"""Chat completions."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from .._core import endpoints
from .._core.chunks import CHAT_CHUNK, ChunkReader, read_completion
from .._core.http import TimeoutInput
from .._core.options import NOT_GIVEN, NotGiven
from .._core.secret import Hidden
from .._transports import is_stream
from ..errors import ModelRetiredWarning
from ..types import ChatCompletion, ChatCompletionChunk, Message
from .stream import AsyncStream

if TYPE_CHECKING:
    from .client import AsyncCerebras


class AsyncChat:
    """`client.chat`."""

    def __init__(self, client: AsyncCerebras) -> None:
        self.completions = AsyncChatCompletions(client)


class AsyncChatCompletions:
    """`client.chat.completions`."""

    def __init__(self, client: AsyncCerebras) -> None:
        self._client = client

    @overload
    async def create(
        self,
        *,
        messages: Iterable[Mapping[str, Any] | Message],
        model: str | None = None,
        stream: Literal[False] | None = False,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        **params: Any,
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self,
        *,
        messages: Iterable[Mapping[str, Any] | Message],
        model: str | None = None,
        stream: Literal[True],
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        **params: Any,
    ) -> AsyncStream[ChatCompletionChunk]: ...

    @overload
    async def create(
        self,
        *,
        messages: Iterable[Mapping[str, Any] | Message],
        model: str | None = None,
        stream: bool | None = False,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        **params: Any,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...

    async def create(
        self,
        *,
        messages: Iterable[Mapping[str, Any] | Message],
        model: str | None = None,
        stream: bool | None = False,
        extra_headers: Mapping[str, str | None] | None = None,
        extra_query: Mapping[str, Any] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
        **params: Any,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
        """Asks the model to answer `messages`, a list of `{"role": ..., "content": ...}`.

        model: an id, a common spelling of one, or an alias; a retired id gives a
            ModelRetiredWarning.
        stream: False gives the whole ChatCompletion; True a stream of ChatCompletionChunk.
        params: any other parameter of the API, such as `temperature` or `max_completion_tokens`;
            one that is None is not sent. Source:
            https://inference-docs.cerebras.ai/api-reference/chat-completions
        extra_headers, extra_query, extra_body: added to the request as they are, and stronger than
            what stands there.
        timeout: as in the client, for this call.

        Raises InvalidRequestError before anything is sent, MissingCredentialsError,
        KeyExchangeError, and the APIError that the service's answer means.
        """
        headers = Hidden(extra_headers)
        del extra_headers  # a traceback shows a frame's variables, and this may hold a key
        client = self._client
        call = endpoints.chat_completion(
            client._options,
            messages=messages,
            model=model,
            stream=stream,
            params=params,
            extra_headers=headers,
            extra_query=extra_query,
            extra_body=extra_body,
            timeout=timeout,
        )
        if call.notice is not None:
            warnings.warn(call.notice, ModelRetiredWarning, stacklevel=2)
        response, sent = await client._send(call.request, stream=call.stream, model=call.model)
        if not call.stream:
            return read_completion(response.body, sent, response.headers, model=call.model)
        reader = ChunkReader(sent, response.headers, CHAT_CHUNK, model=call.model, n=call.n)
        if not is_stream(response.status, response.headers):
            # Not a stream but a document: an error that is raised, or an answer in one piece.
            reader.take(read_completion(response.body, sent, response.headers, model=call.model))
        return AsyncStream(response, reader)
