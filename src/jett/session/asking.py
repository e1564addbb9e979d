"""Commands as a conversation meets them, whether there are any or not: their plans, and what was heard of a question.

A question counts once it was heard: a yes confirms nothing that the voice failed to say, or that was taken back.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from jett.core.ports import Commands, Controls, Plan
from jett.session.draft import Draft


class Asking:
    """The commands of one conversation."""

    def __init__(self, commands: Commands | None) -> None:
        self._commands = commands

    @property
    def awaits_answer(self) -> bool:
        """Whether what is said next may answer a question of the guard's."""
        return self._commands is not None and self._commands.awaits_answer()

    def plan(self, text: str) -> Plan | None:
        """As the port Commands; None also where there are no commands."""
        return self._commands.plan(text) if self._commands is not None else None

    def carry_out(self, plan: Plan, controls: Controls) -> AsyncGenerator[str, None]:
        """As the port Commands."""
        assert self._commands is not None, "only commands make plans"
        return self._commands.carry_out(plan, controls)

    async def stopped(self) -> None:
        """As the port Commands."""
        if self._commands is not None:
            await self._commands.stopped()

    async def spoken(self, draft: Draft) -> None:
        """The reply was played to its end."""
        if self._commands is None or draft.announcement is not None:
            return
        await (self._commands.stopped() if draft.voice_failed else self._commands.heard())

    async def cut_off(self, draft: Draft, *, withdrawn: bool) -> None:
        """The user spoke into the reply. A command's question may be answered before its end, a model's may not."""
        if self._commands is None or draft.announcement is not None:
            return
        await (self._commands.stopped() if withdrawn or draft.plan is None else self._commands.heard())
