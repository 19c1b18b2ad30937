"""Reads cookies from where the user keeps them: a file, or the browser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .._core.cookie_files import parse_cookie_file
from .._core.cookies import read_cookies
from .._core.credentials import CookieSource, Reading
from ..errors import CookieError

_MAX_FILE = 256 * 1024 * 1024  # a HAR file with the bodies of a long session


def read_sources(sources: Iterable[CookieSource]) -> list[Reading]:
    """Reads the sources up to the first that has cookies.

    Raises CookieError for a source that is there and cannot be read, or must be there and is not.
    """
    readings = []
    for source in sources:
        reading = _browser() if source.kind == "browser" else _file(source)
        if isinstance(reading, str):
            raise CookieError(f"{source.label}: {reading}")
        readings.append(reading)
        if reading.cookies is not None:
            break
    return readings


# These return the reason for a failure, because a traceback would show their variables.


def _file(source: CookieSource) -> Reading | str:
    path = Path(source.path).expanduser()
    if source.kind == "config":
        import platformdirs

        path = platformdirs.user_config_path("cerebras") / path
    try:
        if not path.is_file():
            return Reading(str(path.absolute()), None) if source.optional else _no_file(path)
        if path.stat().st_size > _MAX_FILE:
            return f"{path} is too large for a file of cookies"
        cookies = parse_cookie_file(path.read_bytes().decode("utf-8", "replace"))
    except CookieError as error:
        return f"{path}: {error}"
    except (OSError, ValueError) as error:
        return f"cannot read {path}: {getattr(error, 'strerror', None) or 'not a path'}"
    return Reading(str(path), cookies)


def _no_file(path: Path) -> str:
    # A cookie's value pasted without its name would be taken for a path: it is not repeated.
    if path.is_dir():
        return f"{path} is a folder, not a file of cookies"
    in_a_folder = len(path.parts) > 1 and path.parent.is_dir()
    is_path = in_a_folder or path.suffix in (".txt", ".json", ".har")
    shown = f" {str(path)!r}" if is_path else ""
    return (
        f"there is no file{shown}, and it is no Cookie header either, which reads name=value; "
        "name=value"
    )


def _browser() -> Reading | str:
    try:
        import browser_cookie3
    except ImportError:
        return 'it needs the extra: pip install "cerebras-inference-sdk[browser]"'
    kept, unread = [], []
    for browser in browser_cookie3.all_browsers:
        try:
            cookies = read_cookies(browser(domain_name="cerebras.ai"))
        except browser_cookie3.BrowserCookieError:
            continue  # it is not installed
        except Exception as error:  # a locked database, a keyring that is not there
            unread.append(f"{browser.__name__} ({type(error).__name__})")
            continue
        if cookies:
            kept.append(Reading(f"the browser {browser.__name__}", cookies))
    # Cookies of two browsers belong to two sessions: they are not mixed.
    for reading in kept:
        if any("session-token" in cookie.name for cookie in reading.cookies or ()):
            return reading
    if kept:
        return kept[0]
    return (
        "no browser of this user holds cookies of cerebras.ai"
        + (f", and these cannot be read: {', '.join(unread)}" if unread else "")
        + ". Sign in at https://cloud.cerebras.ai first, or give the cookies as a file"
    )
