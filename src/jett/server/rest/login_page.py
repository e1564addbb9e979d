"""What a login link that lets nobody in gives: a page for a browser, text for everything else. No script, no file.

It is made here and not with the dashboard's pages, since it is an answer with a status of its own. Called by `here`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response


@dataclass(frozen=True, slots=True)
class Unopened:
    """Why, and the sentences below it; what is between `backquotes` is a command."""

    status: int
    title: str
    told: tuple[str, ...]


STALE = Unopened(
    403,
    "This link was used already, or is older than ten minutes",
    (
        "On the machine where Jett runs, `jett link` prints another one.",
        "A browser that was let in before needs none: it opens Jett's address without the link.",
    ),
)
FLOODED = Unopened(
    429,
    "Too many links were opened within a minute",
    ("Wait a minute and open this one again; it was not used up. `jett link` prints another one.",),
)
_STYLE = (
    ":root{color-scheme:dark}"
    "body{margin:0;background:#061012;color:#bdc6c8;font:1rem/1.5 ui-sans-serif,system-ui,sans-serif}"
    "main{box-sizing:border-box;min-height:100vh;min-height:100dvh;padding:3rem 1.5rem;display:flex;"
    "flex-direction:column;align-items:center;justify-content:center;text-align:center}"
    "svg{width:2.5rem;height:3.5rem;margin-bottom:2rem}"
    "h1{margin:0 0 .25rem;max-width:26rem;color:#ecf3f4;font-size:1.5rem;line-height:1.3;text-wrap:balance}"
    "p{margin:.75rem 0 0;max-width:28rem;text-wrap:balance}"
    "code{padding:.125rem .375rem;border-radius:.25rem;background:#121e20;color:#3ddbef;"
    "font:.9em ui-monospace,monospace}"
    "a{margin-top:2rem;padding:.625rem 1.25rem;border-radius:.5rem;background:#3ddbef;color:#041316;"
    "font-weight:500;text-decoration:none}"
    "a:focus-visible{outline:2px solid #ecf3f4;outline-offset:2px}"
)
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_MARK = (
    '<svg viewBox="0 0 20 28" aria-hidden="true" fill="none"><circle cx="13" cy="4" r="3.4" fill="#3ddbef"/>'
    '<path d="M13 11v9a6 6 0 0 1-10.4 4.1" stroke="#ecf3f4" stroke-width="3.6" stroke-linecap="round"/></svg>'
)


def unopened(request: Request, why: Unopened, headers: Mapping[str, str] | None = None) -> Response:
    """The answer, in the form that the client asks for by name."""
    told = {"Vary": "Accept", **(headers or {})}
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("\n".join((f"{why.title}.", *why.told, "")), why.status, told)
    return HTMLResponse(_page(why), why.status, {**told, "Content-Security-Policy": _POLICY})


def _page(why: Unopened) -> str:
    sentences = "".join(f"<p>{_with_commands(sentence)}</p>" for sentence in why.told)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Jett</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="/icon.svg"><style>{_STYLE}</style></head>'
        f'<body><main>{_MARK}<h1>{why.title}</h1>{sentences}<a href="/">Open Jett</a></main></body></html>\n'
    )


def _with_commands(sentence: str) -> str:
    """Every second piece between backquotes is a command; the texts are this file's own and hold no markup."""
    pieces = sentence.split("`")
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces))
