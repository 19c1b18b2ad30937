"""The Files API: upload, list, read, delete."""

from __future__ import annotations

import time

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cerebras_sdk._core.http import Headers
from cerebras_sdk.testing import ReceivedRequest, files, serve
from cerebras_sdk.testing.multipart import parse_form

from .local_client import client_of

_SEVEN_DAYS = 7 * 86_400


def _upload(
    client: httpx.Client, content: bytes = b"{}\n", /, *, name: str = "in.jsonl", **form: str
) -> httpx.Response:
    return client.post(
        "/v1/files", files={"file": (name, content)}, data={"purpose": "batch", **form}
    )


def test_an_uploaded_file_is_told_of_and_comes_back_as_it_was(client: httpx.Client) -> None:
    content = b'{"a": "\xd0\xb4"}\n\r\n--x\r\n\x00\xff'
    answer = _upload(client, content)
    assert answer.status_code == 200
    file = answer.json()
    assert file == {
        "id": file["id"],
        "object": "file",
        "filename": "in.jsonl",
        "bytes": len(content),
        "purpose": "batch",
        "created_at": file["created_at"],
        "expires_at": file["created_at"] + _SEVEN_DAYS,
    }
    assert abs(file["created_at"] - time.time()) < 5
    assert client.get(f"/v1/files/{file['id']}").json() == file
    assert client.get(f"/v1/files/{file['id']}/content").content == content


def test_files_are_those_of_one_server(client: httpx.Client) -> None:
    _upload(client)
    with serve() as other, client_of(other) as stranger:
        assert stranger.get("/v1/files").json() == {"object": "list", "data": [], "has_more": False}


def test_files_need_a_key(client: httpx.Client) -> None:
    del client.headers["Authorization"]
    assert _upload(client).status_code == 403
    assert client.get("/v1/files").status_code == 403


def test_a_file_may_live_longer_or_shorter(client: httpx.Client) -> None:
    form = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    file = _upload(client, **form).json()
    assert file["expires_at"] - file["created_at"] == 3600


def test_the_oldest_file_is_listed_first_and_pages_follow_each_other(client: httpx.Client) -> None:
    ids = [_upload(client).json()["id"] for _ in range(22)]
    first = client.get("/v1/files").json()
    assert [file["id"] for file in first["data"]] == ids[:20]
    assert first["has_more"] is True
    second = client.get("/v1/files", params={"after": ids[19], "limit": 2}).json()
    assert [file["id"] for file in second["data"]] == ids[20:]
    assert second["has_more"] is False
    beyond = client.get("/v1/files", params={"after": ids[21], "limit": 100}).json()
    assert (beyond["data"], beyond["has_more"]) == ([], False)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "after=nobody"])
def test_a_wrong_page_is_refused(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/v1/files?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_api_format")


def test_a_deleted_file_is_gone(client: httpx.Client) -> None:
    name = _upload(client).json()["id"]
    answer = client.delete(f"/v1/files/{name}")
    assert answer.json() == {"id": name, "object": "file", "deleted": True}
    assert client.get("/v1/files").json()["data"] == []
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        gone = client.request(method, f"/v1/files/{name}{path}")
        assert gone.status_code == 404
        assert gone.json() == {
            "message": f"No such file: {name}",
            "type": "not_found_error",
            "param": "file_id",
            "code": "not_found",
        }


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"purpose": "fine-tune"}, "purpose: Input should be 'batch'"),
        ({"name": "in.csv"}, "file: Input should be a file whose name ends in .jsonl"),
        ({"colour": "red"}, "body.colour: property 'body.colour' is unsupported"),
        ({"expires_after[seconds]": "3600"}, "expires_after.anchor: Field required"),
        (
            {"expires_after[anchor]": "used_at"},
            "expires_after.seconds: Field required\n"
            "expires_after.anchor: Input should be 'created_at'",
        ),
    ],
)
def test_a_wrong_form_is_refused_in_these_words(
    client: httpx.Client, form: dict[str, str], message: str
) -> None:
    answer = _upload(client, **form)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize("seconds", ["3599", "2592001", "", "many", "3600.0", "9" * 5000])
def test_a_life_out_of_bounds_is_refused(client: httpx.Client, seconds: str) -> None:
    form = {"expires_after[anchor]": "created_at", "expires_after[seconds]": seconds}
    answer = _upload(client, **form)
    assert answer.status_code == 400
    assert answer.json()["message"].endswith("a whole number from 3600 to 2592000")


def test_a_form_without_its_fields_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/files", files={"other": ("x.jsonl", b"")})
    assert answer.json()["message"] == (
        "body.other: property 'body.other' is unsupported\n"
        "file: Field required\npurpose: Field required"
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"file": "x", "purpose": "batch"}'),
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n'),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Type: a/b\r\n\r\n\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            2 * b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' + b"--x--\r\n",
        ),
        ("multipart/form-data; filename*= utf-8''%", b"--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n'
            b"Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\n--x--\r\n",
        ),
    ],
    ids=["json", "no boundary", "empty", "other", "cut", "no name", "twice", "odd", "message"],
)
def test_what_is_no_form_is_refused(client: httpx.Client, content_type: str, body: bytes) -> None:
    answer = client.post("/v1/files", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json()["message"]


def test_a_file_that_is_too_large_is_refused(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MAX_BYTES", 1000)
    answer = _upload(client, b"x" * 1000)
    assert answer.status_code == 413
    assert answer.json()["message"] == "Total request size exceeds maximum"


def test_a_file_name_may_be_in_any_script(client: httpx.Client) -> None:
    assert _upload(client, name="задача.jsonl").json()["filename"] == "задача.jsonl"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"\r", b"\n", b"-", b"\0", b"\xe2\x80\xa8", b"\x85", b" :a"])))
def test_any_bytes_survive_the_form(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    request = httpx.Request("POST", "http://x/", files={"file": ("a.jsonl", content)})
    fields = Headers(request.headers.items())
    received = ReceivedRequest("POST", "/", "/", "", fields, request.read(), 1)
    assert parse_form(received)["file"].content == content
