"""Which proxy of the environment a request goes through, alike in both twins.

requests and httpx read the same variables in ways of their own: `NO_PROXY=*,other`, a network such
as 10.0.0.0/8, `.example.com` for example.com itself, and a port that the address does not name.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.request
from urllib.parse import urlsplit

from .._core.urls import is_loopback, origin


def proxy_for(url: str) -> str | None:
    """The URL of the proxy between this machine and `url`, None for a direct way.

    By HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, in lower case too, which is stronger; where there are
    none, by the settings of Windows and macOS. No proxy stands between this machine and itself.
    """
    scheme, host, port = origin(url)
    if not host or is_loopback(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    entries = re.split(r"[,\s]+", proxies.get("no", "").lower())
    if any(_names(entry, scheme, host, port) for entry in entries if entry):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


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
