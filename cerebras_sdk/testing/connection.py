"""HTTP/1.1 on one wire: requests parsed by h11, answers written piece by piece."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import ExitStack
from typing import TypeAlias

import h11

from .exchange import Answer, Pause, Piece, RawAnswer, ReceivedRequest
from .threads import Workers
from .wire import ClientGone, Wire

log = logging.getLogger(__name__)

# The request line and headers together; a cookie header from a browser can be long.
_MAX_HEAD = 1 << 17

Service: TypeAlias = Callable[[ReceivedRequest, ExitStack], Awaitable[Answer | RawAnswer]]
"""Answers one request; what it pushes on the stack is undone when the answer is over."""


class Connection:
    """Serves the requests of one TCP connection, one after another, until either side closes."""

    def __init__(self, wire: Wire, number: int, *, service: Service, workers: Workers) -> None:
        self._wire = wire
        self._number = number
        self._service = service
        self._workers = workers
        self._http = _new_http()

    async def run(self) -> None:
        try:
            while (request := await self._read_request()) is not None:
                with ExitStack() as stack:
                    if not await self._serve(request, stack):
                        return
        except h11.RemoteProtocolError as error:
            with contextlib.suppress(ClientGone):
                await self._refuse(error.error_status_hint)
        except ClientGone:
            pass
        except Exception:
            log.exception("an answer failed; its connection is cut")
        finally:
            self._wire.close()

    async def _read_request(self) -> ReceivedRequest | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self._http.receive_data(await self._wire.read())
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return ReceivedRequest.parse(
                    head.method.decode("ascii"),
                    head.target.decode("latin-1"),
                    [(k.decode("ascii"), v.decode("latin-1")) for k, v in head.headers],
                    body=bytes(body),
                    connection=self._number,
                )
            else:
                return None

    async def _serve(self, request: ReceivedRequest, stack: ExitStack) -> bool:
        """Answer one request; False when the connection is over."""
        self._wire.begin_answer()
        with self._wire.only_while_connected():
            answer = await self._service(request, stack)
        if isinstance(answer, RawAnswer):
            return await self._write_raw(answer, stack)
        return await self._write(answer, request.method, stack)

    async def _write(self, answer: Answer, method: str, stack: ExitStack) -> bool:
        whole = answer.body if isinstance(answer.body, bytes) else None
        headers = list(answer.headers.items())
        names = {name.lower() for name in answer.headers}
        # RFC 9110, 8.6: no Content-Length on 204; on 304 and HEAD it would speak of another body.
        if whole is not None and answer.status not in (204, 304) and "content-length" not in names:
            headers.append(("Content-Length", str(len(whole))))
        await self._send(_head(answer.status, headers))
        if method != "HEAD" and answer.status not in (204, 304):
            async for piece in self._pieces(answer.body, stack):
                await self._send(h11.Data(data=piece))
        await self._send(h11.EndOfMessage())
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _write_raw(self, answer: RawAnswer, stack: ExitStack) -> bool:
        async for piece in self._pieces(answer.pieces, stack):
            await self._wire.write(piece)
        if answer.then == "reset":
            self._wire.reset()
        if answer.then != "keep":
            return False
        # h11 saw no answer, so a fresh parser takes over what the client has sent since.
        ahead, ended = self._http.trailing_data
        self._http = _new_http()
        if ahead:  # to h11, no bytes are the end of the connection
            self._http.receive_data(ahead)
        if ended:
            self._http.receive_data(b"")
        return True

    async def _pieces(
        self, body: bytes | Iterable[Piece] | AsyncIterable[Piece], stack: ExitStack
    ) -> AsyncIterator[bytes]:
        async for piece in self._as_async(body, stack):
            if isinstance(piece, Pause):
                with self._wire.only_while_connected():
                    await asyncio.sleep(piece.seconds)
            elif piece:  # an empty chunk would end the body
                yield piece

    async def _as_async(
        self, body: bytes | Iterable[Piece] | AsyncIterable[Piece], stack: ExitStack
    ) -> AsyncIterator[Piece]:
        if isinstance(body, bytes):
            yield body
        elif isinstance(body, list | tuple):
            for piece in body:
                yield piece
        elif isinstance(body, AsyncIterable):
            pieces = aiter(body)
            while True:
                with self._wire.only_while_connected():
                    try:
                        piece = await anext(pieces)
                    except StopAsyncIteration:
                        return
                yield piece
        else:
            # A generator of a test may block, so it runs in a thread.
            pipe = self._workers.pipe(_feed(body))
            stack.callback(pipe.close)
            while True:
                with self._wire.only_while_connected():
                    next_piece = await pipe.get()
                if next_piece is None:
                    return
                yield next_piece

    async def _send(self, event: h11.Event) -> None:
        await self._wire.write(self._http.send(event) or b"")

    async def _refuse(self, status: int) -> None:
        """Answer what is no HTTP, as far as h11 still allows an answer."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [("Content-Length", "0"), ("Connection", "close")]
        await self._send(_head(status, headers))
        await self._send(h11.EndOfMessage())


def _new_http() -> h11.Connection:
    return h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)


def _head(status: int, headers: list[tuple[str, str]]) -> h11.Response:
    phrase = http.client.responses.get(status, "")
    return h11.Response(status_code=status, headers=headers, reason=phrase)


def _feed(pieces: Iterable[Piece]) -> Callable[[Callable[[Piece], bool]], bool]:
    def feed(put: Callable[[Piece], bool]) -> bool:
        return all(put(piece) for piece in pieces)

    return feed
