"""Whether Docker's address would send its API, which is root on that machine, in plain text where others can read it.

Pure, so that the settings can say it before anything is opened. Called by them and by `docker_engine`.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from jett.core.private_network import NEED, is_private


def exposed(address: str, tunnel_hosts: Collection[str]) -> str:
    """What the address needs to be instead, as a message's "need …"; empty where it is fine, or no plain one.

    `tunnel_hosts` are names, in whatever case, that the owner says lead into an encrypted tunnel.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:  # brackets that are no IPv6: told by who takes it apart
        return ""
    if parts.scheme not in ("tcp", "http") or not host or is_private(host):
        return ""
    if host in {name.lower() for name in tunnel_hosts}:
        return ""
    return (
        "https://HOST:PORT with ops.tls_ca, ops.tls_certificate and ops.tls_key, since plain tcp is for "
        f"{NEED}, or a name in ops.tunnel_hosts"
    )
