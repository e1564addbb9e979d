"""How much one caller may have at once and in a while. Pure: the clock is an argument. Used by `doors`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST_CALLERS = 1024
"""Callers that are remembered; the one that was quiet for longest is forgotten first, when it holds nothing."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` requests at once and `per_s` more each second; `open_requests` and `sockets` are those not yet ended."""

    burst: int
    per_s: float
    open_requests: int
    sockets: int


VISITOR = Allowance(burst=300, per_s=50.0, open_requests=64, sockets=1024)
"""Somebody who is known. A page is about forty files; a program that holds more open than this has lost count."""
STRANGER = Allowance(burst=200, per_s=20.0, open_requests=16, sockets=0)


@dataclass(slots=True)
class _Account:
    left: float
    at_s: float
    open_now: dict[str, int] = field(default_factory=lambda: {"http": 0, "websocket": 0})


class Budget:
    """Accounts by caller."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """`now_s` is monotonic."""
        self._now_s = now_s
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def spend(self, caller: str, allowance: Allowance) -> bool:
        """Take one request from the caller's account; False when there is none left."""
        account = self._account(caller, allowance)
        now_s = self._now_s()
        account.left = min(allowance.burst, account.left + (now_s - account.at_s) * allowance.per_s)
        account.at_s = now_s
        if account.left < 1:
            return False
        account.left -= 1
        return True

    @contextmanager
    def holding(self, caller: str, allowance: Allowance, kind: str) -> Iterator[bool]:
        """Hold a request or a socket (`http`, `websocket`) while the block lasts; False when that is one too many."""
        account = self._account(caller, allowance)
        most = allowance.sockets if kind == "websocket" else allowance.open_requests
        if account.open_now[kind] >= most:
            yield False
            return
        account.open_now[kind] += 1
        try:
            yield True
        finally:
            account.open_now[kind] -= 1

    def _account(self, caller: str, allowance: Allowance) -> _Account:
        account = self._accounts.get(caller)
        if account is None:
            self._make_room()
            account = self._accounts[caller] = _Account(allowance.burst, self._now_s())
        self._accounts.move_to_end(caller)
        return account

    def _make_room(self) -> None:
        if len(self._accounts) < MOST_CALLERS:
            return
        idle = next((name for name, each in self._accounts.items() if not any(each.open_now.values())), None)
        if idle is not None:
            del self._accounts[idle]
