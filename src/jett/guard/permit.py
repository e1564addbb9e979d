"""The leave to do exactly one thing, once, soon. Only the gate grants it, and only the gate's register makes it good.

A Permit made, copied, changed or unpickled by anybody else is not in the register, which knows it by identity and
keeps its own copy of the request. Pure: time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, final

from jett.core.errors import PermitError
from jett.guard.identity import Identity
from jett.guard.request import Request

VALID_MS = 15_000
_MINT = object()


@final
class Permit:
    """What `ops` demands before it does anything, and hands to `Gate.redeem`. Read-only, not copyable."""

    __slots__ = ("_identity", "_operation", "_request")
    _identity: Identity
    _operation: str
    _request: Request

    def __init__(self, mint: object, operation: str, request: Request, identity: Identity) -> None:
        if mint is not _MINT:
            raise PermitError("guard: only the gate makes permits; ask it")
        object.__setattr__(self, "_operation", operation)
        object.__setattr__(self, "_request", request)
        object.__setattr__(self, "_identity", identity)

    @property
    def operation(self) -> str:
        """The operation's id, the same in all of its audit records."""
        return self._operation

    @property
    def request(self) -> Request:
        """What was permitted, to look at. What to do is what `Gate.redeem` returns."""
        return self._request

    @property
    def identity(self) -> Identity:
        """Who asked."""
        return self._identity

    def __init_subclass__(cls, **_: Any) -> NoReturn:
        raise PermitError("guard: a permit has no other kinds")

    def __setattr__(self, *_: object) -> NoReturn:
        raise PermitError("guard: a permit cannot be changed; ask for another")

    def __delattr__(self, *_: object) -> NoReturn:
        raise PermitError("guard: a permit cannot be changed; ask for another")

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise PermitError("guard: a permit can be neither copied nor kept")


@dataclass(slots=True)
class Granted:
    """The register's own copy; what it says counts, whatever the Permit says."""

    permit: Permit
    operation: str
    request: Request
    identity: Identity
    granted_ms: int
    redeemed: bool = False


class PermitRegister:
    """The permits of one gate that are not yet finished."""

    def __init__(self) -> None:
        self._granted: dict[str, Granted] = {}

    def grant(self, operation: str, request: Request, identity: Identity, now_ms: int) -> Permit:
        """A new permit, good for one redeeming within 15 s."""
        permit = Permit(_MINT, operation, request, identity)
        self._granted[operation] = Granted(permit, operation, request, identity, now_ms)
        return permit

    def redeem(self, permit: object, now_ms: int) -> Granted:
        """Uses it up. Raises PermitError if it is not this register's, used up, or out of date."""
        granted = self._known(permit)
        if granted.redeemed:
            raise PermitError("guard: this permit was used before; ask for another")
        if not granted.granted_ms <= now_ms < granted.granted_ms + VALID_MS:
            del self._granted[granted.operation]
            raise PermitError(f"guard: this permit is older than {VALID_MS // 1000} s; ask for another")
        granted.redeemed = True
        return granted

    def redeemed(self, permit: object) -> Granted:
        """The redeemed permit, whose outcome may now be told. Raises PermitError."""
        granted = self._known(permit)
        if not granted.redeemed:
            raise PermitError("guard: this permit was not redeemed; what was done without it?")
        return granted

    def finish(self, granted: Granted) -> None:
        """Its outcome is written; it is forgotten."""
        del self._granted[granted.operation]

    def revoke_unused(self) -> None:
        """Forgets every permit that was not redeemed."""
        self._granted = {key: granted for key, granted in self._granted.items() if granted.redeemed}

    def expire(self, now_ms: int) -> None:
        """Forgets those whose time has passed. `now_ms` may be from before one was granted: of a call that waited."""
        self._granted = {
            key: granted
            for key, granted in self._granted.items()
            if granted.redeemed or now_ms < granted.granted_ms + VALID_MS
        }

    def _known(self, permit: object) -> Granted:
        for granted in self._granted.values():
            if granted.permit is permit:
                return granted
        raise PermitError("guard: this permit is not one that this gate gave, or it is finished or out of date")
