"""Images for messages of the user."""

from __future__ import annotations

import os

from ._core.images import MAX_BYTES, part_of_image
from .errors import InvalidRequestError
from .types.params import ImageURLPart


def image_part(image: bytes | str | os.PathLike[str]) -> ImageURLPart:
    """A PNG or JPEG, from its bytes or its path, as a part of a message of the user:

        content=[{"type": "text", "text": "What is this?"}, image_part("photo.jpg")]

    It takes up to 15000 pixels on each side, 122 million in all, and as many bytes as fit into a
    request of 10 MiB as base64: 7.5 MiB. Source:
    https://inference-docs.cerebras.ai/capabilities/vision

    Raises InvalidRequestError for another image, OSError for a file that cannot be read.
    """
    if isinstance(image, (bytes, bytearray, memoryview)):
        return part_of_image(bytes(image))
    if not isinstance(image, (str, os.PathLike)):
        raise InvalidRequestError(f"an image is bytes or a path, not {type(image).__name__}")
    with open(image, "rb") as file:
        data = file.read(MAX_BYTES + 1)  # no more than what is certainly too large
    return part_of_image(data, name=f"the image {os.fspath(image)!r}")
