"""Where the answer to a call comes from: its attempts, and the requests that continue it."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic

from .._core.accumulate import ChunkT, WholeT
from .._core.answers import read_answer
from .._core.chunks import ChunkReader, Kind
from .._core.endpoints.body import CompletionCall
from .._core.limits import ResponseInfo
from .._core.resume import ContinuedReader, continued
from .._core.retry import Course, is_transient
from .._core.secret import Hidden
from .._core.thoughts import ApartContinuedReader, ApartReader, apart
from .._transports import is_stream
from .._transports._causes import let_go
from .._transports._httpx import begin
from ..errors import APIError, CerebrasError, StreamResumeError
from ..types import ChatCompletion
from ..types.timing import Timing

if TYPE_CHECKING:
    from .._core.hooks import Hooks, Watch
    from .base import AsyncBaseClient
    from .reply import AsyncReply


class AsyncOrigin(Generic[ChunkT, WholeT]):
    """Where the answer to one call comes from, in one attempt or several.

    With `goes_on` the model is asked to continue an answer that broke off after it had begun;
    `failure` is how the part before this one ended, if there was one. `course`: of a call that has
    asked before, a new one if None.
    """

    def __init__(
        self,
        client: AsyncBaseClient,
        call: CompletionCall,
        kind: Kind[ChunkT, WholeT],
        *,
        goes_on: bool = False,
        failure: APIError | None = None,
        course: Course | None = None,
    ) -> None:
        self.call = call
        self.repeated = False
        self._goes_on = goes_on
        self._failure = failure
        self._given_up = False
        self._client = client
        self._kind = kind
        self._course = client._course(call.request) if course is None else course
        if client._hooks is not None:
            self._watch(client._hooks)
        self._holder: AsyncIterator[None] | None = None
        self._held: weakref.ref[AsyncIterator[None]] | None = None  # by a loop over the stream

    def _watch(self, hooks: Hooks) -> None:
        from .._core.hooks import completion_watch

        call = self.call
        self._course.watch = completion_watch(
            hooks, call.request, call.model, streaming=call.stream, now=time.monotonic()
        )

    def failed(self, error: BaseException) -> None:
        """The call is over by an error, which its caller gets."""
        if self._course.watch is not None:
            self._course.watch.failed(error, time.monotonic())

    def waits(self) -> None:
        """The stream broke off, and `again` is next."""
        if self._course.watch is not None:
            self._course.watch.waits()

    async def ask(self) -> AsyncReply:
        """The answer to the first request."""
        try:
            reply = await self._ask()
        except BaseException as error:
            self.failed(error)
            raise
        if self._course.watch is not None and self._client._wanted != "object":
            self._end_unread(self._course.watch, reply)
        return reply

    def _end_unread(self, watch: Watch, reply: AsyncReply) -> None:
        """The user reads the answer: for hooks the call ends now."""
        answer, moments = None, reply.moments()
        timing = Timing.of(None, None, moments.times())
        if reply.response.is_read:
            with contextlib.suppress(CerebrasError):
                answer = self._read(reply, Hidden(reply.response.body))
                timing = answer.timing
        watch.whole(answer, timing, time.monotonic())

    async def _ask(self) -> AsyncReply:
        call = self.call
        self._course.tokens = call.tokens
        reply = await self._client._send(
            call.request, stream=call.stream, model=call.model, course=self._course
        )
        for attempt in self._course.attempts:
            let_go(attempt.cause)
        # An answer as it came is closed by whoever wanted it so.
        if not reply.response.is_read and self._client._wanted == "object":
            self._holder = _held(reply)
            await begin(self._holder)
        return reply

    async def release(self, reply: AsyncReply) -> None:
        """Gives the connection of an answer back."""
        held = None if self._held is None else self._held()
        holder = self._holder or held
        self._holder = self._held = None
        await (reply.response.close() if holder is None else anext(holder, None))

    def handed_over(self) -> object:
        """What gives the connection back when nobody has it any more: not this, from now on."""
        holder, self._holder = self._holder, None
        if holder is not None:
            self._held = weakref.ref(holder)
        return holder

    async def again(self, failure: APIError, *, spoken: bool) -> AsyncReply:
        """The answer to another attempt, if nothing was said yet, or to a request that continues
        what was said; else raises `failure`."""
        try:
            return await self._again(failure, spoken=spoken)
        except BaseException as error:
            self.failed(error)
            raise

    async def _again(self, failure: APIError, *, spoken: bool) -> AsyncReply:
        goes_on = spoken and self._goes_on and is_transient(failure)
        if spoken is not goes_on or self._given_up or self._client._wanted != "object":
            failure.attempts = failure.attempts or tuple(self._course.attempts)
            raise failure
        self._given_up = True
        following = self._following(failure) if goes_on else self.call
        await self._client._before_another(
            failure, self._course, self.call.request.place, self.call.model
        )
        self.call = following
        if goes_on:
            self._failure = failure
            reply = await self._ask_on(failure)
        else:
            reply = await self._ask()
            self.repeated = True
        self._given_up = False
        return reply

    def _following(self, failure: APIError) -> CompletionCall:
        try:
            return continued(self.call, _partial(failure))
        except StreamResumeError as error:
            failure.explain(f"not continued: {error.message}")
        failure.attempts = failure.attempts or tuple(self._course.attempts)
        raise failure

    async def _ask_on(self, failure: APIError) -> AsyncReply:
        try:
            return await self._ask()
        except CerebrasError as error:
            # Who reads the stream has a part of the answer, and `failure` has it.
            failure.attempts = tuple(self._course.attempts)
            failure.explain(f"not continued: {error}")
            raise failure from error

    def resumed(self, failure: APIError) -> AsyncOrigin[ChunkT, WholeT]:
        """That of the rest of the answer that ended with `failure`."""
        try:
            call = continued(self.call, _partial(failure))
        except StreamResumeError as error:
            raise error from failure
        return AsyncOrigin(self._client, call, self._kind, goes_on=self._goes_on, failure=failure)

    def reader(
        self, reply: AsyncReply, body: Hidden[bytes] | None = None
    ) -> ChunkReader[ChunkT, WholeT]:
        """What reads the answer; `body` is that of a document, if it was read apart."""
        call, response, failure = self.call, reply.response, self._failure
        reader: Any  # each of these for its own kind
        if failure is None:
            whole = ApartReader if call.thinks else ChunkReader
            reader = whole(
                reply.request,
                response.headers,
                self._kind,
                model=call.model,
                n=call.n,
                now=time.time(),
            )
        else:
            rest = ApartContinuedReader if call.thinks else ContinuedReader
            reader = rest(
                reply.request,
                response.headers,
                _partial(failure),
                model=call.model,
                failure=failure,
                now=time.time(),
            )
        if not is_stream(response.status, response.headers):
            # Not a stream but a document: an answer in one piece.
            document = body if body is not None and body.value else Hidden(response.body)
            reader.take(self.whole(reply, document))
        return reader  # type: ignore[no-any-return]

    def whole(self, reply: AsyncReply, body: Hidden[bytes]) -> WholeT:
        """The answer in `body`, whole."""
        try:
            answer = self._read(reply, body)
        except BaseException as error:
            self.failed(error)
            raise
        if self._course.watch is not None:
            self._course.watch.whole(answer, answer.timing, time.monotonic())
        return answer

    def _read(self, reply: AsyncReply, body: Hidden[bytes]) -> WholeT:
        headers = reply.response.headers
        answer = read_answer(
            body.value,
            self._kind.whole,
            reply.request,
            headers,
            name=self._kind.name,
            model=self.call.model,
            now=time.time(),
        )
        answer._response = ResponseInfo(headers, times=reply.moments().times())
        if self.call.thinks and isinstance(answer, ChatCompletion):
            apart(answer)
        return answer


def _partial(failure: APIError) -> Any:
    return getattr(failure, "partial", None) if failure._seen is None else failure._seen


async def _held(reply: AsyncReply) -> AsyncIterator[None]:
    """Gives the connection back when it is resumed, or when nobody has it any more: a generator
    that is forgotten is closed, by the event loop where that takes one."""
    try:
        yield
    finally:
        if reply.turn is not None:
            reply.turn.over()
        if reply.course.watch is not None:
            reply.course.watch.over(time.monotonic())
        await reply.response.close()
