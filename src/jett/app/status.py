"""How Jett is: the port behind `/api/status`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import metadata
from typing import get_args

import anyio.to_thread
import psutil

from jett.app.local_loop import LocalLoop
from jett.app.opening import App
from jett.core.errors import JettError
from jett.guard import redact
from jett.models.vram import plan
from jett.models.vram_card import find_card
from jett.server.rest.shapes.status import Engine, Memory, Status
from jett.server.rest.sleep import SleepDesk
from jett.settings.vram import wish_of

_MIB = 2**20
_STAGES = get_args(Engine.model_fields["stage"].annotation)


class StatusDesk:
    """Looks each time it is asked; what does not change while Jett runs is worked out once."""

    def __init__(
        self,
        app: App,
        loop: LocalLoop,
        sleep: SleepDesk,
        *,
        started: datetime,
        seats: Callable[[], tuple[int, int]],
    ) -> None:
        """`seats` gives how many conversations are held over the network, and how many there may be."""
        self._app = app
        self._loop = loop
        self._sleep = sleep
        self._started = started
        self._seats = seats
        self._vram = _vram(app)
        self._process = psutil.Process()

    async def look(self) -> Status:
        """Now."""
        return await anyio.to_thread.run_sync(self._look)

    def _look(self) -> Status:
        taken, most = self._seats()
        return Status(
            version=metadata.version("jett"),
            started_at=self._started,
            profile=self._app.settings.profile,
            local_loop=self._loop.how,
            local_state=self._loop.state,
            can_sleep=self._sleep.can_sleep,
            called=list(self._app.wake.phrases) if self._app.wake is not None else [],
            sessions=taken,
            most_sessions=most,
            engines=self._engines(),
            vram=self._vram,
            resident_mib=round(self._process.memory_info().rss / _MIB),
            troubles=[*map(redact, self._app.troubles), *([self._loop.trouble] if self._loop.trouble else [])],
        )

    def _engines(self) -> list[Engine]:
        names = self._app.parts.names
        trouble = {"llm": self._app.llm_trouble}
        return [
            Engine(
                stage=stage,
                name=names[stage],
                state="down" if trouble.get(stage) else "ready",
                detail=trouble.get(stage, ""),
            )
            for stage in _STAGES
            if stage in names
        ]


def _vram(app: App) -> Memory:
    """The plan that the engines were loaded by; empty where nothing is on a card."""
    card = find_card()
    card_bytes = int(app.settings.vram.card_gib * 2**30) or (card.total_bytes if card else 0)
    if app.settings.profile == "cpu" or not card_bytes:
        return Memory()
    try:
        got = plan(wish_of(app.settings), card_bytes, app.settings.vram.headroom_mib * _MIB, fall_back=True)
    except JettError as error:
        return Memory(card=f"{card.name if card else 'as set'}; {error}", budget_mib=card_bytes // _MIB)
    return Memory(
        card=card.name if card else "as set",
        budget_mib=card_bytes // _MIB,
        planned_mib=got.wish.total_bytes // _MIB,
        parts={share.stage: share.size_bytes // _MIB for share in got.wish.shares()},
    )
