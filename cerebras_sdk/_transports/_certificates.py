"""Which certificates are trusted, alike in both twins, whichever library is beneath."""

from __future__ import annotations

import functools
import os
import ssl
import threading

from . import wrong_setup

_LOCK = threading.Lock()


def trusted() -> ssl.SSLContext | str | None:
    """What the certificates of servers are checked against.

    A file or folder, by the variables that requests, curl and OpenSSL heed; else the store of the
    system, where the package `truststore` is installed; else None, for those of certifi.
    Raises InvalidRequestError for a bundle that is not there.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name)
        if path:
            if not os.path.exists(path):
                raise wrong_setup(FileNotFoundError(f"{name} names {path!r}, which is not there"))
            return path
    with _LOCK:
        return _system_store()


def trusted_context() -> ssl.SSLContext | None:
    """The same as one context; None for httpx's own, which trusts certifi."""
    trust = trusted()
    if not isinstance(trust, str):
        return trust
    folder = os.path.isdir(trust)
    try:
        return ssl.create_default_context(
            cafile=None if folder else trust, capath=trust if folder else None
        )
    except OSError as error:  # no certificates are in it
        raise wrong_setup(error) from None


@functools.cache
def _system_store() -> ssl.SSLContext | None:
    try:
        import truststore
    except ImportError:
        return None
    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context
