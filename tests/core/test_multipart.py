"""The form around a file."""

from __future__ import annotations

from cerebras_sdk._core.http import Request, Upload
from cerebras_sdk._core.multipart import around_file
from cerebras_sdk._core.urls import redirected


def test_a_file_stands_in_a_form_with_its_fields() -> None:
    head, tail = around_file({"purpose": "batch"}, "a.jsonl", "XX")
    assert head + b"{}" + tail == (
        b'--XX\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n{}\r\n--XX--\r\n"
    )


def test_a_name_cannot_leave_its_quotes() -> None:
    head, _ = around_file({}, 'a"\r\nX-B: 1\udc80\u00e4.jsonl', "XX")
    assert 'filename="a%22%0D%0AX-B: 1?\u00e4.jsonl"\r\n'.encode() in head


def upload(told: list[tuple[int, int]]) -> Upload:
    return Upload(
        head=b"<",
        tail=b">",
        size=3,
        pieces=lambda: iter([b"a", b"bc"]),
        on_progress=lambda sent, total: told.append((sent, total)),
    )


def test_an_upload_tells_its_progress_and_can_be_sent_again() -> None:
    told: list[tuple[int, int]] = []
    body = upload(told)
    assert b"".join(body) == b"".join(body) == b"<abc>"
    assert len(body) == 5
    assert told == [(1, 5), (2, 5), (4, 5), (5, 5)] * 2


def test_a_redirect_takes_an_upload_along_within_its_origin_only() -> None:
    request = Request(method="POST", url="https://a.example/v1/files", upload=upload([]))
    assert "abc" not in repr(request)
    again = redirected(request, 307, "/v2/files")
    assert again is not None
    assert again.upload is request.upload
    seen = redirected(request, 303, "/v2/files")
    assert seen is not None
    assert (seen.method, seen.upload) == ("GET", None)
    assert redirected(request, 307, "https://b.example/v1/files") is None
