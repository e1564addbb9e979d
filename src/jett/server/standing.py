"""Connections that last, and whether who opened them is still let in. What is let in, and why, is `doors`'.

    opened ─► looked at every few seconds, and before words are acted on ─► revoked, signed out, expired: cut off

Other processes change the files of tokens and sessions, so nobody tells of it: one task looks each credential up anew,
once for all of its connections. A look that fails counts as a no. On the event loop alone; called by `doors`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import anyio
from anyio.lowlevel import checkpoint

from jett.server.refusal import Refusal

LOOK_EVERY_S = 3.0


def signed_out() -> Refusal:
    """What is said to whoever is cut off."""
    return Refusal(401, "signed out, or the token is no longer good", "open a new link, or take another token")


@dataclass(eq=False, slots=True)
class Standing:
    """Of one connection. `whose` is the same for connections of one credential."""

    whose: Hashable
    look: Callable[[], Awaitable[bool]]
    """Whether the credential is still good; raises nothing."""
    lasts: bool = False
    """A WebSocket, or an answer that is being streamed: others are over before they are looked at."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Around the application, which is cancelled when the credential is no longer good."""

    async def good(self) -> bool:
        """Looked up now, before something is done. Where it is not, the application is cancelled here and now.

        Whoever is shielded from that is told, and does nothing.
        """
        if not self.scope.cancel_called and await self.look():
            return True
        self.scope.cancel()
        await checkpoint()
        return False


class Standings:
    """All that are open."""

    def __init__(self) -> None:
        self._open: set[Standing] = set()

    @contextmanager
    def held(self, standing: Standing) -> Iterator[None]:
        """It is open as long as the block lasts."""
        self._open.add(standing)
        try:
            yield
        finally:
            self._open.discard(standing)

    async def look_again(self) -> None:
        """Cut off whoever is let in no longer."""
        found: dict[Hashable, bool] = {}
        for standing in [each for each in self._open if each.lasts]:
            if standing.whose not in found:
                found[standing.whose] = await standing.look()
            if not found[standing.whose]:
                standing.scope.cancel()

    async def keep(self) -> NoReturn:
        """Look again and again, until cancelled."""
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            await self.look_again()
