"""Smaller request bodies, for the two endpoints that take them.

Source: https://inference-docs.cerebras.ai/payload-optimization (gzip, msgpack, and both together).
"""

from __future__ import annotations

import dataclasses
import gzip
import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from ..errors import APIStatusError
from .http import Request

Compression = Literal["auto", "gzip", "msgpack", "off"]

# Below this size a body fits into few packets, and compressing costs more than it saves.
THRESHOLD = 16 * 1024
_TOKEN_IDS = re.compile(rb'"prompt":\[+\d')
# A service that knows nothing of it takes the bytes for bad JSON, which ours never is.
_SPOKEN_OF = re.compile(
    r"encod|compress|gzip|msgpack|utf-?8|media type|(invalid|malformed|not valid) json"
    r"|pars\w+ the (request )?body",
    re.IGNORECASE,
)


def compressed(request: Request, mode: Compression) -> Request:
    """`request` with a smaller body, or as it is where that does not pay or is not known to work.

    "auto" takes gzip for a body above 16 KiB, and msgpack with gzip if it is a prompt of token ids;
    "gzip" and "msgpack" take that for every body. The same body always gives the same bytes.
    """
    body = request.body
    if mode == "off" or not body or not urlsplit(request.url).path.endswith("/completions"):
        return request
    large = len(body) > THRESHOLD
    if mode == "auto" and not large:
        return request
    headers = {}
    if mode == "msgpack" or (mode == "auto" and _TOKEN_IDS.search(body[:THRESHOLD])):
        body = msgspec.msgpack.encode(msgspec.json.decode(body))
        headers["Content-Type"] = "application/vnd.msgpack"
    if mode == "gzip" or large:
        # Level 1: the higher ones save little more and cost several times as much.
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return dataclasses.replace(request.with_headers(headers), body=body)


def is_refused(error: APIStatusError) -> bool:
    """Whether the service, or a proxy before it, refused the form of the body."""
    if error.status_code == 415:
        return True
    return error.status_code == 400 and _SPOKEN_OF.search(error.message) is not None
