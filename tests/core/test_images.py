"""An image becomes a part of a message, or an error says why the service would not take it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from cerebras_sdk._core.images import MAX_BYTES, part_of_image
from cerebras_sdk.errors import InvalidRequestError
from cerebras_sdk.images import image_part


def png(width: int, height: int) -> bytes:
    size = width.to_bytes(4) + height.to_bytes(4)
    return b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + size + b"\x08\x02\0\0\0"


def jpeg(width: int, height: int, *before: bytes, start: int = 0xC0) -> bytes:
    size = height.to_bytes(2) + width.to_bytes(2)
    frame = bytes([0xFF, start]) + b"\0\x11\x08" + size + b"\x03"
    return b"\xff\xd8" + b"".join(before) + frame + b"\0" * 9


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


EXIF = segment(0xE1, b"Exif\0\0" + jpeg(1, 1))  # with a preview, whose size is not the image's
TABLES = segment(0xC4, b"\0" * 20)
PADDED = b"\xff" + segment(0xDB, b"\0" * 65)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(1, 1), "png"),
        (png(15_000, 8_155), "png"),
        (jpeg(640, 480, EXIF), "jpeg"),
        (jpeg(15_000, 1, EXIF, TABLES, PADDED, start=0xC2), "jpeg"),
    ],
)
def test_an_image_becomes_a_data_uri(data: bytes, kind: str) -> None:
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    assert part_of_image(data) == {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "the image is empty"),
        (b"GIF89a\1\0\1\0", "the image is GIF; the service takes PNG and JPEG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "is WebP"),
        (b"hello", "no image that is known"),
        (png(15_001, 5), "15001 x 5 pixels; the service takes 15000"),
        (png(5, 15_001), "5 x 15001 pixels"),
        (png(15_000, 15_000), "15000 x 15000 pixels; the service takes up to 122 million in all"),
        (jpeg(5, 20_000, EXIF, TABLES), "5 x 20000 pixels"),
        (jpeg(20_000, 5, PADDED), "20000 x 5 pixels"),
        (png(0, 5), "a broken PNG: it does not say its size"),
        (png(5, 5)[:20], "a broken PNG"),
        (png(5, 5).replace(b"IHDR", b"IDAT"), "a broken PNG"),
        (jpeg(5, 0), "a broken JPEG"),
        (jpeg(5, 5, EXIF)[:30], "a broken JPEG"),
        (b"\xff\xd8\xff", "a broken JPEG"),
        (b"\xff\xd8\xff\xe0\0\0" + b"\0" * 20, "a broken JPEG"),
    ],
)
def test_what_the_service_refuses_is_refused_first(data: bytes, error: str) -> None:
    with pytest.raises(InvalidRequestError, match=error):
        part_of_image(data)


def test_an_image_fits_into_a_request() -> None:
    most = MAX_BYTES * 3 // 4
    part = part_of_image(png(1, 1).ljust(most, b"\0"))
    assert len(part["image_url"]["url"].partition(",")[2]) == MAX_BYTES
    with pytest.raises(InvalidRequestError, match="too large: a request has up to 10 MiB"):
        part_of_image(png(1, 1).ljust(most + 1, b"\0"))


def test_a_path_and_its_bytes_give_the_same_part(tmp_path: Path) -> None:
    data = jpeg(640, 480, EXIF)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    assert image_part(path) == image_part(str(path)) == image_part(data) == part_of_image(data)


def test_an_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "photo.gif"
    path.write_bytes(b"GIF89a")
    with pytest.raises(InvalidRequestError, match=r"photo\.gif' is GIF"):
        image_part(path)
    with pytest.raises(FileNotFoundError, match="none"):
        image_part(tmp_path / "none.png")


@pytest.mark.parametrize("image", [None, 5, [b"a"]])
def test_an_image_is_bytes_or_a_path(image: Any) -> None:
    with pytest.raises(InvalidRequestError, match="bytes or a path, not"):
        image_part(image)
