"""Files: the input of batches, and what comes out of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from .._core.endpoints.files import Call, upload
from .._core.options import NOT_GIVEN, NotGiven, refuse_coroutine
from .._core.secret import Hidden
from .._core.timeout import TimeoutInput
from .._transports._files import CallbackError, FileInput, carried, find_file
from ..types.files import FileDeleted, FileList, FileObject
from .pages import AsyncPages
from .resource import AsyncResource


class AsyncFiles(AsyncResource):
    """`client.files`: upload, list, read and delete files (private preview).

    Source: inference-docs.cerebras.ai, "Files" and "Batch"
    """

    _without_response = frozenset({"list"})

    async def create(
        self,
        file: FileInput,
        *,
        purpose: str = "batch",
        expires_after: int | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        filename: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> FileObject:
        """Uploads a file, read piece by piece.

        file: a path, bytes, or a binary file, which is sent from its start, or `(name, one of
            these)`, or `(name, one of these, media type)`. The service takes `.jsonl` of at most
            200 MB.
        expires_after: seconds, from 3600 to 2592000; the service's default is 7 days.
        on_progress: called with the bytes sent and the bytes in all (of the whole body, a little
            more than the file); a second attempt begins at the start again. An error that it
            raises ends the call, and is not tried again.
        filename: the name to send, instead of the file's own.

        Raises FileNotFoundError and the like before anything is sent.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        refuse_coroutine("on_progress", on_progress)
        source = await self._client._transport.in_thread(find_file, file, filename)
        request = upload(
            self._call(headers, timeout),
            filename=source.name,
            media_type=source.media_type,
            size=source.size,
            pieces=source.pieces,
            purpose=purpose,
            expires_after=expires_after,
            on_progress=None if on_progress is None else carried(on_progress),
            boundary=secrets.token_hex(16),
        )
        try:
            return await self._client._ask(request, FileObject)
        except CallbackError as stopped:
            error = stopped.error
        raise error

    def list(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> AsyncPages[FileObject]:
        """All files; iterate it, and the pages turn by themselves.

        limit: files on a page, at most 100, 20 by default. after: the id to begin behind.
        """
        headers = Hidden(extra_headers)
        del extra_headers
        return AsyncPages(self._client, self._call(headers, timeout), FileList, limit, after)

    async def retrieve(
        self,
        file_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> FileObject:
        """What the service knows of a file."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = self._call(headers, timeout).request("GET", file_id)
        return await self._client._ask(request, FileObject)

    async def content(
        self,
        file_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> bytes:
        """The bytes of a file."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = self._call(headers, timeout).request("GET", file_id, "content")
        return self._client._give(await self._client._send(request), _content)

    async def delete(
        self,
        file_id: str,
        *,
        extra_headers: Mapping[str, str | None] | None = None,
        timeout: TimeoutInput | NotGiven = NOT_GIVEN,
    ) -> FileDeleted:
        """Deletes a file."""
        headers = Hidden(extra_headers)
        del extra_headers
        request = self._call(headers, timeout).request("DELETE", file_id)
        done = FileDeleted(id=file_id, deleted=True)
        return await self._client._ask(request, FileDeleted, empty=done)

    def _call(
        self, headers: Hidden[Mapping[str, str | None] | None], timeout: TimeoutInput | NotGiven
    ) -> Call:
        return Call(self._client._options, "/v1/files", headers, timeout)


def _content(body: Hidden[bytes]) -> bytes:
    return body.value
