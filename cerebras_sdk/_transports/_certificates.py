"""Which certificates are trusted, alike in both twins, whichever library is beneath."""

from __future__ import annotations

import functools
import os
import ssl

from . import _forks, wrong_setup

_LOCK = _forks.Lock()


def trusted_context() -> ssl.SSLContext | None:
    """What the certificates of servers are checked against.

    A file or folder, by the variables that requests, curl and OpenSSL heed; else the store of the
    system, where the package `truststore` is installed; else None, for those of certifi.
    Raises InvalidRequestError for a bundle that is not there, or has no certificates in it.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name)
        if path:
            return _bundle(name, path)
    with _LOCK:
        return _system_store()


def _bundle(name: str, path: str) -> ssl.SSLContext:
    if not os.path.exists(path):
        raise wrong_setup(f"{name} names {path!r}, which is not there")
    folder = os.path.isdir(path)
    try:
        return ssl.create_default_context(
            cafile=None if folder else path, capath=path if folder else None
        )
    except OSError as error:
        said = error.strerror or error
        raise wrong_setup(f"{name} names {path!r}, which holds no certificates ({said})") from None


@functools.cache
def _system_store() -> ssl.SSLContext | None:
    try:
        import truststore
    except ImportError:
        return None
    context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context
