"""Files: uploads that stream, lists that turn their pages."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk import AsyncCerebras, InvalidRequestError, NotFoundError
from cerebras_sdk._transports._files import file_from_path
from cerebras_sdk.testing import Answer, LocalServer

pytestmark = pytest.mark.anyio


async def test_a_path_is_uploaded_byte_for_byte_and_piece_by_piece(
    options: dict[str, Any], server: LocalServer, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 20_000  # 5 MB
    path = tmp_path / "requests.jsonl"
    path.write_bytes(data)
    told: list[tuple[int, int]] = []
    async with AsyncCerebras(**options) as client:
        file = await client.files.create(
            path, expires_after=3600, on_progress=lambda sent, total: told.append((sent, total))
        )
        assert await client.files.content(file.id) == data
    assert (file.filename, file.bytes, file.purpose) == ("requests.jsonl", len(data), "batch")
    assert (file.expires_at or 0) - (file.created_at or 0) == 3600
    request = server.requests[0]
    total = len(request.body)
    assert request.headers["content-length"] == str(total)
    assert "transfer-encoding" not in request.headers
    assert told[-1] == (total, total)
    sent = [0, *(count for count, _ in told)]
    assert max(after - before for before, after in itertools.pairwise(sent)) <= 65536


@pytest.mark.parametrize("kind", ["path", "bytes", "file"])
async def test_an_upload_that_is_tried_again_is_sent_whole(
    options: dict[str, Any], server: LocalServer, waits: list[float], tmp_path: Path, kind: str
) -> None:
    data = b"0123456789" * 20_000
    path = tmp_path / "a.jsonl"
    path.write_bytes(data)
    content: Any = {"path": str(path), "bytes": data, "file": io.BytesIO(data)}[kind]
    answers = [Answer(503, {}, b"busy")]
    server.route("POST", "/v1/files", lambda request: answers.pop() if answers else None)
    async with AsyncCerebras(**options) as client:
        file = await client.files.create(("b.jsonl", content))
        assert await client.files.content(file.id) == data
    assert len(waits) == 1
    assert file.filename == "b.jsonl"
    first, second = server.requests[:2]
    assert first.body == second.body
    assert data in first.body


async def test_an_upload_follows_a_redirect_whole(
    options: dict[str, Any], server: LocalServer
) -> None:
    answers = [Answer(307, {"Location": "/v1/files"}, b"")]
    server.route("POST", "/v1/files", lambda request: answers.pop() if answers else None)
    async with AsyncCerebras(**options) as client:
        assert (await client.files.create(b"{}\n")).bytes == 3


async def test_a_file_is_retrieved_and_deleted_by_its_id(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        file = await client.files.create(b"{}\n", filename='a "b"\u00e4.jsonl')
        found = await client.files.retrieve(file.id)
        assert found == file
        assert (await client.files.delete(file.id)).deleted is True
        with pytest.raises(NotFoundError):
            await client.files.retrieve(file.id)
        with pytest.raises(InvalidRequestError, match="id"):
            await client.files.delete("")
    assert 'filename="a %22b%22\u00e4.jsonl"'.encode() in server.requests[0].body


async def test_a_list_turns_its_pages_by_itself(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        ids = [(await client.files.create(b"{}\n")).id for _ in range(5)]
        server.requests.clear()
        files = client.files.list(limit=2)
        assert server.requests == []
        assert [file.id async for file in files] == ids
        queries = [request.query for request in server.requests]
        assert queries == ["limit=2", f"limit=2&after={ids[1]}", f"limit=2&after={ids[3]}"]
        assert [file.id async for file in files] == ids
        assert [file.id async for file in client.files.list(after=ids[3])] == ids[4:]


async def test_a_file_that_cannot_be_read_is_an_error_before_anything_is_sent(
    options: dict[str, Any], server: LocalServer, tmp_path: Path
) -> None:
    wrong: Any = [io.StringIO("{}"), 7]
    async with AsyncCerebras(**options) as client:
        with pytest.raises(FileNotFoundError, match=r"missing\.jsonl"):
            await client.files.create(tmp_path / "missing.jsonl")
        for file in wrong:
            with pytest.raises(InvalidRequestError, match="binary file"):
                await client.files.create(file)
        with pytest.raises(InvalidRequestError, match="seconds"):
            await client.files.create(b"", expires_after="1h")  # type: ignore[arg-type]
    assert server.requests == []


async def test_a_file_that_shrinks_while_it_is_sent_is_an_error_that_is_not_tried_again(
    options: dict[str, Any], server: LocalServer, waits: list[float], tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 1_000_000)

    def shrink(sent: int, total: int) -> None:
        path.write_bytes(b"")

    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match="shorter"):
            await client.files.create(path, on_progress=shrink)
        assert (await client.files.create(b"{}\n")).bytes == 3
    assert waits == []


@pytest.mark.parametrize(
    "error",
    [OSError("disk full"), BrokenPipeError(32, "mine"), TimeoutError("mine"), KeyError("mine")],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_of_the_callers_callback_comes_out_as_it_is_and_ends_the_call(
    options: dict[str, Any], server: LocalServer, waits: list[float], error: Exception
) -> None:
    def fail(sent: int, total: int) -> None:
        raise error

    async with AsyncCerebras(**options) as client:
        with pytest.raises(type(error)) as caught:
            await client.files.create(b"x" * 1_000_000, on_progress=fail)
        assert (await client.files.create(b"{}\n")).bytes == 3
    assert caught.value is error
    assert error.__cause__ is error.__context__ is None
    assert waits == []


async def test_a_triple_gives_the_media_type_of_the_file(
    options: dict[str, Any], server: LocalServer
) -> None:
    async with AsyncCerebras(**options) as client:
        file = await client.files.create(("a.jsonl", b"{}\n", "application/jsonl"))
        assert (file.filename, file.bytes) == ("a.jsonl", 3)
        assert (await client.files.create((None, b"{}\n", None))).filename == "upload.jsonl"
    typed, untyped = (request.body for request in server.requests)
    assert b'filename="a.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n{}\n' in typed
    assert b"\r\nContent-Type: application/octet-stream\r\n\r\n{}\n" in untyped


async def test_a_file_from_its_path_keeps_its_name(options: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_bytes(b"{}\n")
    async with AsyncCerebras(**options) as client:
        file = await client.files.create(file_from_path(str(path)))
    assert (file.filename, file.bytes) == ("b.jsonl", 3)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (("a.jsonl", b"", "text/plain", {"X-A": "b"}), "tuple of 4"),
        (("a.jsonl",), "tuple of 1"),
        ((b"", "a.jsonl"), "is the name"),
        (("a.jsonl", b"", "text/plain\r\nX-A: b"), "media type"),
        (("a.jsonl", b"", "\u00e4/b"), "media type"),
        (("a.jsonl", b"", 5), "media type"),
    ],
)
async def test_a_tuple_that_is_no_file_is_refused(
    options: dict[str, Any], server: LocalServer, file: Any, said: str
) -> None:
    async with AsyncCerebras(**options) as client:
        with pytest.raises(InvalidRequestError, match=said):
            await client.files.create(file)
    assert server.requests == []
