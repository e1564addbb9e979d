"""Has the language model read what will not change of a prompt while the user speaks. Called by `conversation`."""

from __future__ import annotations

from contextlib import suppress

import anyio

from jett.core.errors import LanguageModelError
from jett.core.ports import LanguageModel, Tools
from jett.session.history import Remembered


class Prefilling:
    """One at a time; whoever has more urgent work for the model stops it."""

    def __init__(self, llm: LanguageModel, tools: Tools | None, remembered: Remembered) -> None:
        self._llm = llm
        self._tools = tools
        self._remembered = remembered
        self._scope: anyio.CancelScope | None = None

    async def read(self, turn: int, text: str) -> None:
        """What would be asked if `turn` said no more than `text`."""
        specs = self._tools.specs() if self._tools is not None else ()
        with anyio.CancelScope() as scope:
            self._scope = scope
            with suppress(LanguageModelError):  # the reply will say so, if it is still so then
                await self._llm.prefill(self._remembered.messages(text, without_turn=turn), specs)

    def stop(self) -> None:
        """The transcript comes, and with it the request itself."""
        if self._scope is not None:
            self._scope.cancel()
