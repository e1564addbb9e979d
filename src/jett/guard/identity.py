"""Who asks. Not what they may (`policy`); the caller has already made sure that it is them (`tokens`, the session)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from jett.core.errors import RequestError
from jett.guard.request import Verb

IDENTITY_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.@-]{0,63}", re.ASCII)


class Kind(StrEnum):
    """The door a request came through."""

    VOICE = "voice"
    DASHBOARD = "dashboard"
    TOKEN = "token"
    TERMINAL = "terminal"


# A change is confirmed by a person. A token is held by a program, or by whoever stole it: it may ask, never confirm.
CONFIRMING = frozenset({Kind.VOICE, Kind.DASHBOARD, Kind.TERMINAL})


@dataclass(frozen=True, slots=True)
class Scope:
    """All that a token was made for; it narrows the policy and never widens it. `targets`: containers and workflows.

    `talk`: it may hold conversations and use the engines; what it asks for in them is judged by the rest.
    """

    verbs: frozenset[Verb]
    targets: frozenset[str]
    talk: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """One asker. A token has a scope, the others have none. Raises RequestError for a name that is not one.

    `speaker`: of a voice, the name under which it is enrolled; empty where it is nobody's that is, None where nobody
    could tell. It is no part of who asks (`key`): a voice is a soft signal.
    """

    kind: Kind
    name: str
    scope: Scope | None = None
    speaker: str | None = None

    def __post_init__(self) -> None:
        if type(self.kind) is not Kind or type(self.name) is not str or not IDENTITY_NAME.fullmatch(self.name):
            raise RequestError("identity.name", f"guard: an identity's name must match {IDENTITY_NAME.pattern}")
        if (self.kind is Kind.TOKEN) != (self.scope is not None):
            raise RequestError("identity.scope", "guard: a token needs a scope, and only a token has one")
        if self.speaker is not None and (self.kind is not Kind.VOICE or type(self.speaker) is not str):
            raise RequestError("identity.speaker", "guard: only a voice has a speaker")

    @property
    def key(self) -> str:
        """How the record and the rate limit know it: `voice/owner`."""
        return f"{self.kind}/{self.name}"
