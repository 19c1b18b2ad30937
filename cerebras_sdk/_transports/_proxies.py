"""Which proxy of the environment a request goes through, alike in both twins.

requests and httpx read the same variables in ways of their own: `NO_PROXY=*,other`, a network such
as 10.0.0.0/8, `.example.com` for example.com itself, and a port that the address does not name.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.request
from urllib.parse import quote, unquote, urlsplit

from .._core.secret import Hidden, Secret
from .._core.urls import is_loopback, origin
from . import wrong_setup

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def proxy_for(url: str) -> Secret | None:
    """The URL of the proxy between this machine and `url`, None for a direct way.

    By HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, in lower case too, which is stronger; where there are
    none, by the settings of Windows and macOS. No proxy stands between this machine and itself.
    Raises InvalidRequestError for what is no URL of a proxy.
    """
    scheme, host, port = origin(url)
    if not host or is_loopback(host):
        return None
    proxies = Hidden(urllib.request.getproxies())
    proxy = Secret(proxies.value.get(scheme) or proxies.value.get("all") or "")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    entries = re.split(r"[,\s]+", proxies.value.get("no", "").lower())
    if any(_names(entry, scheme, host, port) for entry in entries if entry):
        return None
    return readable(proxy)


def readable(proxy: Secret) -> Secret:
    """The URL of a proxy, written so that every library reads the same in it.

    Raises InvalidRequestError, which repeats no more of it than the scheme and the host.
    """
    url = _rewritten(proxy)
    if isinstance(url, str):
        raise wrong_setup(url)
    return url


def _rewritten(proxy: Secret) -> Secret | str:
    """Or what is wrong with it: a traceback would show the variables of this frame."""
    url = proxy.reveal().strip()
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host = parts.hostname or ""
        userinfo = ":".join(
            quote(unquote(part or ""), safe="") for part in (parts.username, parts.password)
        )
    except ValueError:
        return _UNREADABLE
    # To some libraries the password ends the URL, to others it is the port.
    if "@" in parts.path + parts.query + parts.fragment:
        return _UNREADABLE
    if parts.scheme not in _SCHEMES:
        return (
            f"{parts.scheme}://{host} is no URL of a proxy, which starts with http:// or socks5h://"
        )
    if not host:
        return f"the URL of a proxy, {parts.scheme}://, names no host"
    host = f"[{host}]" if ":" in host else host
    try:
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return f"the port of the proxy at {parts.scheme}://{host} is no port"
    return Secret(
        f"{parts.scheme}://{userinfo}@{host}{port}"
        if userinfo != ":"
        else f"{parts.scheme}://{host}{port}"
    )


_UNREADABLE = (
    "the URL of a proxy cannot be read. It is http://user:password@host:port, and in the user and "
    "the password / ? # [ ] are written as %2F %3F %23 %5B %5D"
)


def _names(entry: str, scheme: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means this origin: a host and all below it, an address, a
    network, each with a scheme or a port if need be, or `*`."""
    if entry == "*":
        return True
    wanted_scheme, _, entry = entry.rpartition("://")
    if wanted_scheme not in ("", "all", scheme):
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass  # one of the two is a name, or the entry has a port
    try:
        parts = urlsplit(f"//{entry}")
        name, wanted_port = (parts.hostname or "").removeprefix("*").removeprefix("."), parts.port
    except ValueError:
        return False
    return wanted_port in (None, port) and (host == name or host.endswith(f".{name}"))
