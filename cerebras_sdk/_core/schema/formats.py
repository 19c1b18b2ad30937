"""The formats of texts that are checked in an answer, as far as Python reads them too.

A date-time may lack its offset, as Python's own may; RFC 3339 wants one.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d(:\d\d([.,]\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)?"


def _read(shape: str, read: Callable[[str], object]) -> Callable[[str], bool]:
    form = re.compile(shape, re.ASCII)

    def fits(text: str) -> bool:
        try:
            return form.fullmatch(text) is not None and bool(read(text.upper()) is not None)
        except ValueError:
            return False

    return fits


def _shaped(shape: str) -> Callable[[str], bool]:
    form = re.compile(shape)
    return lambda text: form.fullmatch(text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _read(_DATE, datetime.date.fromisoformat),
    "date-time": _read(rf"{_DATE}[Tt ]{_TIME}", datetime.datetime.fromisoformat),
    "time": _read(_TIME, datetime.time.fromisoformat),
    "email": _shaped(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*"),
    "uuid": _shaped(r"[0-9A-Fa-f]{8}-?([0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}"),
    "uri": _shaped(r"[A-Za-z][A-Za-z0-9+.-]*:\S+"),
}
