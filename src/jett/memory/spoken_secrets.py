"""Secrets as people say them: "my password is correct horse battery staple" has no form that a detector knows. Pure.

Only a statement that gives one counts; that the passwords are in the blue book may be remembered.
"""

from __future__ import annotations

import re

_NAME = (
    r"(?:pass ?(?:word|phrase|code)s?|pins?|pin (?:code|number)s?|cvv|cvc|credentials"
    r"|(?:api|private|secret|licen[cs]e|encryption|ssh) keys?|(?:access|api|bearer|auth|bot) tokens?"
    r"|(?:seed|recovery|backup) (?:phrases?|codes?|keys?|words?))"
)
_GIVEN = re.compile(
    rf"\b{_NAME}\b(?! (?:manager|safe|policy|reset|file|book|list|holder|cushion))[^.!?]{{0,60}}?"
    r"(?:\b(?:is|are|was|were|equals|reads|goes|as|to)\b|[:=])\s*(?!(?:in|on|at|under|with|by|kept|written|stored|behind"
    r"|inside|near|not|still|expired|valid|due|safe|gone|lost|next)\b)\S",
    re.IGNORECASE,
)


def gives_secret(text: str) -> bool:
    """Whether `text` says what a password, a PIN or a key is."""
    return _GIVEN.search(text) is not None
