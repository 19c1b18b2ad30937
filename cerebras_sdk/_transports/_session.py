"""The session of requests that the blocking door opens for itself."""

from __future__ import annotations

import base64
import ssl
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import requests.adapters

from .._core.secret import Hidden, Secret
from . import _forks, no_cookies
from ._certificates import trusted_context
from ._heads import read_strictly
from ._proxies import readable

_POOL = 100  # connections kept for a host; requests keeps 10, a client may serve more threads


def new_session(*, proxy: str | None = None) -> requests.Session:
    """A session that keeps no cookies, and goes through `proxy` only.

    Raises InvalidRequestError for a `proxy` that is none.
    """
    way = None if proxy is None else Secret(proxy)
    del proxy
    if way is not None:
        way = readable(way)
    session = _Session()
    # The environment is read for both twins alike, before requests could.
    session.trust_env = False
    session.cookies.set_policy(no_cookies())
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter())
    if way is not None:
        session.proxies = {"http": way.reveal(), "https": way.reveal()}
    return session


def new_pools(adapter: Any) -> None:
    """Has an adapter of requests open connections of its own, in a process that was forked."""
    _forks.leave_alone((adapter.poolmanager, adapter.proxy_manager))
    adapter.__setstate__(adapter.__getstate__())  # as if it had just been unpickled


class _Session(requests.Session):
    """Looks for the certificates to trust at the first request that needs them."""

    def get_redirect_target(self, response: requests.Response) -> str | None:
        """None: requests would read the address even of a redirect that it does not follow, and
        raise ValueError where it cannot."""
        return None

    def get_adapter(self, url: str | bytes) -> Any:
        adapter = super().get_adapter(url)  # type: ignore[arg-type]
        if isinstance(adapter, _Adapter) and str(url).lower().startswith("https:"):
            adapter.trust()
        return adapter


class _Adapter(requests.adapters.HTTPAdapter):
    """Checks certificates with the context that both twins trust, where there is one."""

    def __init__(self) -> None:
        self._lock = _forks.Lock()
        self._looked = False
        self._context: ssl.SSLContext | None = None  # None for what requests does by itself
        super().__init__(pool_maxsize=_POOL)
        _forks.tell_of_forks(self)

    def forked(self) -> None:
        self._looked = False
        new_pools(self)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        read_strictly(self.poolmanager)

    def trust(self) -> None:
        """Raises InvalidRequestError for a bundle of certificates that cannot be used."""
        with self._lock:
            if self._looked:
                return
            self._context = trusted_context()
            if self._context is not None:
                self.poolmanager.connection_pool_kw["ssl_context"] = self._context
            self._looked = True

    def close(self) -> None:
        """Closes the idle connections now: urllib3 leaves that to the garbage collector, and an
        error that somebody keeps may keep them."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it cannot be iterated itself
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()

    # A traceback shows the variables of these frames, and a proxy may have a password.

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        way = Secret(proxy)
        del proxy
        if way.reveal().startswith("https:"):
            self.trust()
            options["proxy_ssl_context"] = self._context
        if self._context is not None:
            options["ssl_context"] = self._context
        manager = super().proxy_manager_for(way.reveal(), **options)
        read_strictly(manager)
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        """In UTF-8, as httpx writes them; requests knows Latin-1 only."""
        userinfo = unquote(urlsplit(proxy).netloc.rpartition("@")[0]).encode()
        if not userinfo:
            return {}
        return {"Proxy-Authorization": f"Basic {base64.b64encode(userinfo).decode()}"}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, *args: Any, **options: Any
    ) -> Any:
        given = Hidden((args, options))
        del args, options
        # For True, requests 2.32 puts a context of its own in the place of this one.
        verify = verify if self._context is None else None
        return super().get_connection_with_tls_context(
            request, verify, *given.value[0], **given.value[1]
        )

    def cert_verify(self, *args: Any, **options: Any) -> None:
        """The certificates of certifi, and only those, are what requests sets here."""
        if self._context is None:
            super().cert_verify(*args, **options)  # type: ignore[no-untyped-call]
