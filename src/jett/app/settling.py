"""Has the gate do what is due though nobody asks it anything: an edited policy, counts of refusals.

Called by `servers`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial

import anyio
import anyio.to_thread

from jett.core.errors import AuditError
from jett.guard import Gate

EVERY_S = 5.0

_log = logging.getLogger(__name__)


async def keep_settled(gate: Gate) -> None:
    """Until it is cancelled. What could not be written is tried again; whoever asks meanwhile is told why."""
    while True:
        await anyio.sleep(EVERY_S)
        await _settle(gate)


async def settle_at_the_end(gate: Gate) -> None:
    """Also what was not due yet."""
    await _settle(gate, ending=True)


async def _settle(gate: Gate, *, ending: bool = False) -> None:
    try:
        await anyio.to_thread.run_sync(partial(gate.settle, datetime.now(UTC), ending=ending))
    except AuditError:
        return
    except Exception as error:  # noqa: BLE001 (a file that somebody edits must not be able to end Jett)
        _log.error("guard: what is due could not be done (%s)", type(error).__name__, exc_info=error)
