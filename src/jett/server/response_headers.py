"""The headers of every answer, so that a browser lets a page of Jett's do what it must and nothing else.

Sources: OWASP Secure Headers Project; CSP Level 3; Permissions Policy. Used by `doors`.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=()",
}
_DATA = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_A_YEAR_S = 31_536_000


class ResponseHeaders:
    """Made once; `add` is called with each answer's headers."""

    def __init__(self, *, secure: bool, script_hashes: Sequence[str] = ()) -> None:
        """`script_hashes` are of the inline scripts that the built pages have: `sha256-…`."""
        scripts = " ".join(["'self'", *(f"'{each}'" for each in script_hashes)])
        self._pages = (
            f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
            "connect-src 'self'; media-src 'self'; worker-src 'self'; manifest-src 'self'; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )
        self._secure = secure

    def add(self, headers: MutableHeaders, path: str) -> None:
        """What is not there yet, by whether `path` is a page or data."""
        data = path.startswith(("/api/", "/v1/", "/metrics"))
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", _DATA if data else self._pages)
        headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={_A_YEAR_S}")
