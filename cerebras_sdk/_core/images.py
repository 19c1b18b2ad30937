"""An image as a part of a message: checked against what the service takes, as a data URI."""

from __future__ import annotations

import base64

from ..errors import InvalidRequestError
from ..types.params import ImageURLPart

# Source of the limits: https://inference-docs.cerebras.ai/capabilities/vision
MAX_BYTES = 10 * 1024 * 1024  # of a whole request, in which an image stands as base64
MAX_SIDE = 15_000  # pixels
MAX_PIXEL_BYTES = 350 * 1024 * 1024  # of the image as RGB, three bytes a pixel

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_OTHERS = ((b"GIF8", "GIF"), (b"RIFF", "WebP"), (b"BM", "BMP"), (b"<svg", "SVG"), (b"%PDF", "PDF"))


def part_of_image(data: bytes, *, name: str = "the image") -> ImageURLPart:
    """The part of a message of the user that shows the PNG or JPEG `data`.

    `name`: what an error calls it. Raises InvalidRequestError for what the service would refuse.
    """
    data = bytes(data)
    if data.startswith(_PNG):
        kind, size = "png", _png_size(data)
    elif data.startswith(_JPEG):
        kind, size = "jpeg", _jpeg_size(data)
    else:
        raise InvalidRequestError(f"{name} is {_what(data)}; the service takes PNG and JPEG")
    if size is None or 0 in size:
        raise InvalidRequestError(f"{name} is a broken {kind.upper()}: it does not say its size")
    if max(size) > MAX_SIDE:
        raise InvalidRequestError(
            f"{name} has {size[0]} x {size[1]} pixels; the service takes {MAX_SIDE} on each side"
        )
    if size[0] * size[1] * 3 > MAX_PIXEL_BYTES:
        raise InvalidRequestError(
            f"{name} has {size[0]} x {size[1]} pixels; the service takes up to "
            f"{MAX_PIXEL_BYTES // 3_000_000} million in all"
        )
    if len(data) > MAX_BYTES * 3 // 4:
        raise InvalidRequestError(
            f"{name} is too large: a request has up to {MAX_BYTES >> 20} MiB, and so an image, "
            f"which is sent as base64, up to {MAX_BYTES * 3 // 4} bytes"
        )
    url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _what(data: bytes) -> str:
    if not data:
        return "empty"
    for start, kind in _OTHERS:
        if data.startswith(start):
            return kind
    return "no image that is known"


def _png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height stand in the first chunk, IHDR."""
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height stand in the segment that starts the frame, after others of any length."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a segment
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None
