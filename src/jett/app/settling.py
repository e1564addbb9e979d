"""Has the gate do what is due though nobody asks it anything: an edited policy, counts of refusals.

Called by `servers`.
"""

from __future__ import annotations

from contextlib import suppress

import anyio
import anyio.to_thread

from jett.core.errors import AuditError
from jett.guard import Gate
from jett.ops.operations import now

EVERY_S = 5.0


async def keep_settled(gate: Gate) -> None:
    """Until it is cancelled. What could not be written is tried again; whoever asks meanwhile is told why."""
    while True:
        await anyio.sleep(EVERY_S)
        with suppress(AuditError):
            await anyio.to_thread.run_sync(gate.settle, now())
