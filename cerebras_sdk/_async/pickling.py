"""A client that is copied, and one that goes to another process."""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Mapping
from typing import Any, Self

from .._core.auth import SESSION_URLS, ApiKey, CookieAuth
from .._core.cookies import Cookie
from .._core.credentials import Credentials, given_key
from .._core.http import merge_headers
from .._core.options import ClientOptions, Environment
from .._core.options import _header_lines as header_lines
from .._core.secret import Hidden, Secret
from .._transports._httpx import HttpxTransport, Lock
from ..errors import CerebrasWarning
from .base import AsyncBaseClient, ClientState, Learned
from .resource import AsyncResource


class AsyncPickling(AsyncBaseClient):
    """`pickle`, and `copy.copy`, which gives what `client.copy()` gives.

    A pickle holds what the client was told, and no secret: not the key, the cookies, the management
    key, nor `default_headers` and `default_query`, unless `with_key_in_pickle()` is pickled. The
    client that comes out of it looks for its key as a new one does, in the environment and the
    files of cookies there, and opens connections of its own. Raises TypeError for a client with an
    `http_client`.
    """

    _environment: Environment
    _key_in_pickle: bool = False

    def with_key_in_pickle(self) -> Self:
        """This client, whose pickles hold its key, cookies and headers: keep them like those."""
        other = self._copy()
        other._key_in_pickle = True
        return other

    def __copy__(self) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._to_warm = False
        other._attach()
        return other

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # Two clients may share their connections: nothing that belongs to one call is in them.
        return self.__copy__()

    def __getstate__(self) -> dict[str, Any]:
        if self._transport._given is not None:
            raise TypeError(
                "a client with an http_client of yours is not pickled: make one in the other "
                "process, or pickle one without"
            )
        state: dict[str, Any] = {
            name: value
            for name, value in vars(self).items()
            if name not in _MADE_ANEW and not isinstance(value, AsyncResource)
        }
        options = self._options
        state["_options"] = {
            field.name: getattr(options, field.name)
            for field in dataclasses.fields(options)
            if field.name not in _SECRET_OPTIONS
        }
        state["_credentials"] = _places(self._credentials)
        if self._key_in_pickle:
            state["_secrets"] = _secrets(options, self._credentials)
        else:
            _tell_what_stays(options, self._environment, Environment.read(os.environ))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        given = Hidden(dict(state))
        del state
        environment = Environment.read(os.environ)
        options, places = given.value.pop("_options"), given.value.pop("_credentials")
        secrets: Hidden[dict[str, Any]] = Hidden(given.value.pop("_secrets", None) or {})
        headers = _headers(
            options["own_headers"], environment, Hidden(secrets.value.get("headers"))
        )
        management_key = Hidden(secrets.value.get("management_key"))
        self.__dict__.update(given.value)
        self._options = ClientOptions(
            **options,
            headers=headers,
            query=secrets.value.get("query", {}),
            management_key=given_key(management_key) or environment.management_key,
        )
        cookies = Hidden(_cookies(Hidden(secrets.value.get("cookies"))) or places["cookies"])
        self._credentials = Credentials(
            given_key(Hidden(secrets.value.get("api_key"))),
            None if cookies.value is None else cookies,
            environment,
            session_url=places["session_url"],
        )
        self._environment = environment
        self._transport = HttpxTransport(None)
        self._lock = Lock()
        self._state = ClientState()
        self._learned = Learned()
        self._attach()


_MADE_ANEW = frozenset(
    {
        "_credentials",
        "_environment",
        "_hooks",
        "_learned",
        "_lock",
        "_options",
        "_state",
        "_transport",
    }
)
# Some gateways want a key in a header of their own, or in the query.
_SECRET_OPTIONS = frozenset({"headers", "management_key", "query"})


def _places(credentials: Credentials) -> dict[str, Any]:
    """Where to look for the key, as far as that is no secret."""
    urls = credentials._session_urls
    places = {"session_url": None if urls == SESSION_URLS else urls[0], "cookies": None}
    for source in credentials._sources:
        # What was taken for a path may be a cookie that was pasted without its name.
        path = os.path.abspath(os.path.expanduser(source.path))
        if source.label == "cookies=":
            is_path = source.kind == "file" and os.path.isfile(path)
            places["cookies"] = path if is_path else "browser" if source.kind == "browser" else None
    return places


def _secrets(options: ClientOptions, credentials: Credentials) -> dict[str, Any]:
    """All that is secret, as text: nothing that is called here raises."""
    auth, key = credentials._auth, options.management_key
    cookies = auth._cookies if isinstance(auth, CookieAuth) else ()
    return {
        "headers": [
            (name, value.reveal(), True) if isinstance(value, Secret) else (name, value, False)
            for name, value in options.headers.items()
        ],
        "query": dict(options.query),
        "management_key": None if key is None else key.reveal(),
        "api_key": auth.key.reveal() if isinstance(auth, ApiKey) else None,
        "cookies": [
            {f.name: getattr(cookie, f.name) for f in dataclasses.fields(cookie)}
            | {"value": cookie.value.reveal()}
            for cookie in cookies
        ],
    }


def _headers(
    own: Mapping[str, str | Secret],
    environment: Environment,
    kept: Hidden[list[tuple[str, str, bool]] | None],
) -> dict[str, str | Secret]:
    if kept.value is None:
        return merge_headers(own, header_lines(environment.custom_headers))
    return {name: Secret(text) if hidden else text for name, text, hidden in kept.value}


def _cookies(kept: Hidden[Any]) -> list[Cookie]:
    return [Cookie(**{**fields, "value": Secret(fields["value"])}) for fields in kept.value or ()]


def _tell_what_stays(options: ClientOptions, own: Environment, shared: Environment) -> None:
    """What the other process cannot find by itself: headers, a query, the key of a file.

    `own` is the environment of the client, `shared` that of the process.
    """
    known = {*options.own_headers, *header_lines(shared.custom_headers)}
    headers = sorted(options.headers.keys() - known)
    from_file = own.api_key is not None and shared.api_key is None
    missing = ["the key of a .env file"] * from_file
    missing += [f"default_headers {', '.join(headers)}"] * bool(headers)
    missing += [f"default_query {', '.join(map(str, options.query))}"] * bool(options.query)
    if missing:
        warnings.warn(
            f"{' and '.join(missing)}: not pickled with the client, as they may be secret; "
            "client.with_key_in_pickle() takes everything along",
            CerebrasWarning,
            stacklevel=3,
        )
