"""`cerebras chat`: a prompt, or a conversation, with the service or with the local model."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Any, Self

from .. import Cerebras
from .._core.catalog import DEFAULT_MODEL
from ..errors import APIError, MissingCredentialsError
from .screen import Screen


class Chat:
    """A conversation on the screen; `ask` for one question, `converse` for many.

    Nothing is read or started before the first question.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        model: str,
        system: str | None,
        local: bool,
        local_without_key: bool,
        as_json: bool,
    ) -> None:
        self._screen = screen
        self._model = model
        self._messages: list[dict[str, Any]] = []
        if system:
            self._messages.append({"role": "system", "content": system})
        self._local_without_key = local_without_key
        self._as_json = as_json
        self._open = contextlib.ExitStack()
        self._client: Cerebras | None = None
        self._local = local

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def converse(self) -> None:
        """Questions and answers until the user ends it with Ctrl-D."""
        self._screen.note("Ctrl-D ends the conversation.")
        while (line := self._screen.ask()) is not None:
            if not line.strip():
                continue
            try:
                self.ask(line)
            except APIError as error:
                self._screen.error(str(error))
        self._screen.end_line()

    def ask(self, text: str) -> None:
        """Asks and shows the answer; a question without an answer is not remembered."""
        self._messages.append({"role": "user", "content": text})
        try:
            answer = self._ask()
        except BaseException:
            self._messages.pop()
            raise
        self._messages.append({"role": "assistant", "content": answer})

    def _ask(self) -> str:
        if self._client is None:
            self._client = self._local_client() if self._local else self._service_client()
        try:
            return self._answer(self._client)
        except MissingCredentialsError as error:
            if not self._local_without_key:
                raise MissingCredentialsError(f"{error}; or add --local") from None
        self._screen.note(
            "No Cerebras API key (CEREBRAS_API_KEY): a small model on this machine answers."
        )
        self._client = self._local_client()
        return self._answer(self._client)

    def _answer(self, client: Cerebras) -> str:
        if self._as_json:
            completion = client.chat.completions.create(model=self._model, messages=self._messages)
            self._screen.write(completion.to_json(indent=2) + "\n")
            return completion.text
        pieces = []
        stream = client.chat.completions.create(
            model=self._model, messages=self._messages, stream=True
        )
        with stream:
            for piece in stream.text_stream:
                self._screen.write(piece)
                pieces.append(piece)
        self._screen.end_line()
        return "".join(pieces)

    def _service_client(self) -> Cerebras:
        return self._open.enter_context(Cerebras())

    def _local_client(self) -> Cerebras:
        from ..testing import LlamaEngine, serve

        self._model = DEFAULT_MODEL  # whatever was asked for, the one model here answers
        server = self._open.enter_context(serve(LlamaEngine()))
        return self._open.enter_context(Cerebras("csk-test", base_url=server.base_url))
