"""The secrets of a request, taken out of whatever may be shown: bodies, headers, logs, errors."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from .http import Headers, Request
from .secret import Hidden, Secret

_SHORTEST = 8  # what is shorter is the dummy of a local server, such as "x" or "null"
_PREFIX = 12  # from so many characters on, the beginning of a key is as good as the key
_KEY = b"csk-"
_STARS = b"***"
_WORD = re.compile(r"[A-Za-z]?[a-z]{1,19}|[A-Z]{1,20}")
_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie"})
_OF_A_SECRET = re.compile(  # what gateways call the key that they want in the address
    r"(?:key|token|secret|passw(?:or)?d|auth\w*|credentials?|sig(?:nature)?)$", re.IGNORECASE
)
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
# A proxy may have escaped what was escaped before: %252D, \\u002d in a text in a text, \u00252D.
_MARK = rb"(?:%|\\{1,8}u0025)(?:25){0,8}"
_ESCAPES = (
    re.compile(_MARK + rb"([0-9A-Fa-f]{2})"),
    re.compile(rb"\\{1,8}u00([0-9A-Fa-f]{2})"),
    re.compile(rb'\\{1,8}(["\\/])'),
)
# The characters that keys are made of: other escapes need no look, and JSON in a text is full of
# them.
_OF_KEYS = rb"2[5BbDdEeFf]|3[0-9Dd]|[46][1-9A-Fa-f]|5[0-9AaFf]|7[0-9AaEe]"
_OF_KEYS_ALONE = re.compile(rb"[A-Za-z0-9+./=_~-]+")
_PERCENT, _JSON, _ANY_PERCENT, _ANY_JSON = (
    # Written twice: a pattern that begins with a plain text is searched for much faster.
    re.compile(mark + b"(?:" + digits + b")(?:" + mark + b"(?:" + digits + b"))*")
    for digits in (_OF_KEYS, b"[0-9A-Fa-f]{2}")
    for mark in (b"%", rb"\\u00")
)
_DEEPEST = 3  # how often a text is percent-encoded over and over
_MARGIN = 8192  # bytes, more than the forms of a secret take


def redact(data: bytes, request: Request) -> bytes:
    """`data` without the request's secrets: some proxies answer with what they did not like.

    They are found as they are, percent-encoded, escaped as JSON escapes, in base64 at any place of
    it, and cut short, as in `csk-abcdefgh...`.
    """
    return _Needles.of(request).removed_from(data)


def cleaned(text: str, request: Request) -> str:
    """A text of a library or of a server about `request`, on one line and without its secrets: the
    query of its address is one."""
    where, _, query = request.url.partition("?")
    if query:
        path = urlsplit(where).path
        text = re.sub(re.escape(path) + r"\?[^\s\"'()<>]+", lambda _: path, text)
    shown = redact(text.encode("utf-8", "backslashreplace"), request)
    return " ".join(shown.decode("utf-8", "replace").split())


def redacted_headers(headers: Headers, request: Request) -> Headers:
    """`headers` without the request's secrets, and without the cookies that they set."""
    needles = _Needles.of(request)
    every = Hidden("\n".join(headers.values()).encode("latin-1", "replace"))
    if "set-cookie" not in headers and needles.removed_from(every.value) == every.value:
        return headers
    return Headers(
        (name, "***" if name == "set-cookie" else needles.removed_from(raw).decode("latin-1"))
        for name, raw in ((n, v.encode("latin-1", "replace")) for n, v in headers.items())
    )


def excerpt(data: bytes, request: Request, limit: int) -> bytes:
    """The first `limit` bytes of `data` at most, without the request's secrets, also where the end
    cuts one."""
    piece = Hidden(data[: limit + _MARGIN])
    shown = redact(piece.value, request)
    if len(data) > limit + _MARGIN:
        shown = shown[:-_MARGIN]
    return shown[:limit]


class Tail:
    """Keeps the last bytes of what is added, to show them without the secrets of a request.

    `add(data)` costs the same however long it goes on, and whatever the size of the pieces.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._least = limit + _MARGIN
        self._kept = bytearray()
        self._is_cut = False

    def add(self, data: bytes) -> None:
        kept = self._kept
        kept += data
        if len(kept) > 2 * self._least:
            del kept[: -self._least]
            self._is_cut = True

    def shown(self, request: Request) -> bytes:
        """The last `limit` bytes at most."""
        shown = redact(bytes(self._kept), request)
        # Stars are shorter than what they stand for, so all of a secret that the beginning may have
        # cut in two, and which nobody can tell, is in what is left out.
        return (shown[_MARGIN:] if self._is_cut else shown)[-self._limit :]


@dataclass(frozen=True, slots=True)
class _Needle:
    """A form of a secret: `least` of its first characters are enough to know it by."""

    text: bytes = field(repr=False)
    least: int
    coded: bool = False  # in base64, whose outer characters may hold a part of the secret

    def removed_from(self, data: bytes) -> bytes:
        """`data`, which may have some of the characters escaped, with stars in its place."""
        kept = []
        done = 0
        for start in _starts(self.text[0], data):
            if start < done:
                continue
            end = self._end(data, start)
            if end == start:
                continue
            if self.coded:
                start -= start > done and data[start - 1] in _BASE64
                end += end < len(data) and data[end] in _BASE64
            kept += [data[done:start], _STARS]
            done = end
        return b"".join((*kept, data[done:]))

    def _end(self, data: bytes, start: int) -> int:
        """Where what stands at `start` stops to be this; `start` itself if it is not."""
        at = start
        for count, wanted in enumerate(self.text):
            step = _step(data, at, wanted)
            if not step:
                return at if count >= self.least else start
            at += step
        return at


@dataclass(frozen=True, slots=True)
class _Needles:
    """All forms of all secrets of a request."""

    needles: tuple[_Needle, ...]

    @classmethod
    def of(cls, request: Request) -> _Needles:
        found: dict[bytes, _Needle] = {}
        for secret, is_key in _secrets(request):
            for needle in _forms(secret, is_key=is_key):
                known = found.get(needle.text)
                if known is None or needle.least < known.least:
                    found[needle.text] = needle
        return cls(tuple(found.values()))

    def removed_from(self, data: bytes) -> bytes:
        # Searching for plain bytes is fast; escapes are undone only to see whether there is any
        # secret behind them.
        plain = Hidden(self._unescaped(data))
        for needle in self.needles:
            sign = needle.text[: needle.least]
            if sign in data or (plain.value is not data and sign in plain.value):
                data = needle.removed_from(data)
        return data

    def _unescaped(self, data: bytes) -> bytes:
        if not self.needles or (b"%" not in data and b"\\" not in data):
            return data
        simple = all(_OF_KEYS_ALONE.fullmatch(needle.text) for needle in self.needles)
        if b"\\" in data:
            for _ in range(_DEEPEST):
                data = data.replace(b"\\\\", b"\\")
            data = data.replace(b"\\/", b"/")
            if not simple:
                data = data.replace(b'\\"', b'"')
            data = (_JSON if simple else _ANY_JSON).sub(_bytes, data)
        if b"%" in data:
            for _ in range(_DEEPEST):
                data = data.replace(b"%25", b"%")
            data = (_PERCENT if simple else _ANY_PERCENT).sub(_bytes, data)
        return data


def _secrets(request: Request) -> Iterator[tuple[Secret, bool]]:
    """Each secret, and whether its beginning tells it apart from everything else."""
    for name, value in request.headers.items():
        if not isinstance(value, Secret):
            continue
        is_key = name.lower() in _CREDENTIALS
        if name.lower() == "cookie":
            for pair in value.reveal().split(";"):
                yield Secret(pair.partition("=")[2].strip()), is_key
        else:
            yield Secret(value.reveal().rpartition(" ")[2]), is_key
        if not is_key:
            yield value, False
    for name, text in parse_qsl(request.url.partition("?")[2]):
        if _OF_A_SECRET.search(name):
            yield Secret(text), False


def _forms(secret: Secret, *, is_key: bool) -> Iterator[_Needle]:
    text = secret.reveal()
    if len(text) < _SHORTEST or _WORD.fullmatch(text):
        return
    short = is_key or any(c.isdigit() for c in text[:_PREFIX])
    raw = text.encode("latin-1", "replace")
    variants = {raw, text.encode("utf-8", "replace"), unquote_to_bytes(raw)}
    variants |= {variant.replace(b" ", b"+") for variant in variants}
    for variant in (raw, *sorted(variants - {raw})):
        if len(variant) < _SHORTEST:
            continue
        yield _Needle(variant, min(_PREFIX, len(variant)) if short else len(variant))
        for shift in range(3):
            # The characters that hold nothing of what may stand before and after it.
            coded = base64.b64encode(b"\0" * shift + variant)
            inner = coded[(0, 2, 3)[shift] : (shift + len(variant)) * 4 // 3]
            least = min(_PREFIX * 4 // 3 - 2, len(inner)) if short else len(inner)
            yield _Needle(inner, least, True)
            yield _Needle(inner.translate(bytes.maketrans(b"+/", b"-_")), least, True)
        if variant.startswith(_KEY) and len(variant) > len(_KEY) + _PREFIX:
            yield _Needle(variant[len(_KEY) :], _PREFIX)  # some texts have lost the beginning


def _starts(first: int, data: bytes) -> Iterator[int]:
    """Where the character `first` stands, escaped or not."""
    coded = b"%02x" % first
    either = b"".join(b"[%c%c]" % (c, c - 32) if c > 96 else b"%c" % c for c in coded)
    plain = re.escape(b"%c" % first)
    escaped = b"|" + _MARK + either + rb"|\\{1,8}u00" + either
    if first in b'"\\/':
        escaped += rb"|\\{1,8}" + plain
    return (found.start() for found in re.finditer(plain + escaped, data))


def _step(data: bytes, at: int, wanted: int) -> int:
    """How long the character `wanted` is at `at`, escaped or not; 0 if it does not stand there."""
    here = data[at : at + 1]
    if here in (b"%", b"\\"):
        for escape in _ESCAPES:
            found = escape.match(data, at)
            if found is not None and found[1].lower() in (b"%02x" % wanted, b"%c" % wanted):
                return found.end() - at
    return 1 if here == b"%c" % wanted else 0


def _bytes(escapes: re.Match[bytes]) -> bytes:
    digits = escapes[0].replace(b"%", b"").replace(b"\\", b"").replace(b"u00", b"")
    return bytes.fromhex(digits.decode("ascii"))
