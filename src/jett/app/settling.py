"""Has the gate do what is due though nobody asks it anything: an edited policy, counts of refusals.

Called by `servers`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

import anyio
import anyio.to_thread

from jett.core.errors import AuditError
from jett.guard import Gate

EVERY_S = 5.0


async def keep_settled(gate: Gate) -> None:
    """Until it is cancelled. What could not be written is tried again; whoever asks meanwhile is told why."""
    while True:
        await anyio.sleep(EVERY_S)
        await _settle(gate)


async def settle_at_the_end(gate: Gate) -> None:
    """Also what was not due yet."""
    await _settle(gate, ending=True)


async def _settle(gate: Gate, *, ending: bool = False) -> None:
    with suppress(AuditError):
        await anyio.to_thread.run_sync(partial(gate.settle, datetime.now(UTC), ending=ending))
