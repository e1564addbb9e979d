"""A reply on its way to a client: pulled a little ahead of its sound, so that what was sent is nearly what was heard.

    sound  |-------------------------|      what the client plays, as far as can be known from here
    sent   |-------------------------|~~~~~~| lead
                                     now

No task works while nothing is said: the pump sleeps until it is woken, and again when the reply is over.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio

from jett.core.audio import Samples
from jett.core.clock import Clock
from jett.core.ports import Render

_BLOCK_S = 0.04
_LOOK_S = 0.015
"""How often it is looked for sound that is still being made."""


class NetworkSpeaker:
    """Port Speaker, for `Conversation.run(…, gapless=False)`; `run` is its pump, on the event loop."""

    def __init__(
        self,
        rate_hz: int,
        *,
        send: Callable[[Samples], None],
        wanted: Callable[[], bool],
        clock: Clock,
        lead_s: float,
    ) -> None:
        """`wanted` is whether a reply is under way and nobody speaks over it."""
        self.rate_hz = rate_hz
        self.gaps = 0
        """How often the client had nothing to play in the middle of a reply."""
        self._send = send
        self._wanted = wanted
        self._clock = clock
        self._lead_s = lead_s
        self._render: Render | None = None
        self._sounds_until_s = 0.0
        self._awake = anyio.Event()

    @property
    def latency_s(self) -> float:
        """How much of what was sent has not sounded yet."""
        return max(0.0, self._sounds_until_s - self._clock.now_s())

    def start(self, render: Render) -> None:
        self._render = render

    def stop(self) -> None:
        self._render = None

    def wake(self) -> None:
        """A reply is under way."""
        self._awake.set()

    def fell_silent(self) -> None:
        """The client plays nothing of what it was sent: what comes next sounds at once."""
        self._sounds_until_s = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._awake.wait()
            self._awake = anyio.Event()
            if not self.latency_s:
                self._sounds_until_s = 0.0  # the silence between two replies is no gap
            while self._wanted():
                self._fill()
                await anyio.sleep(_LOOK_S)

    def _fill(self) -> None:
        while self._render is not None and self.latency_s < self._lead_s:
            now_s = self._clock.now_s()
            block = self._render(int(self.rate_hz * _BLOCK_S))
            if not block.size:
                return
            if self._sounds_until_s < now_s:
                self.gaps += self._sounds_until_s > 0.0
                self._sounds_until_s = now_s
            self._sounds_until_s += block.size / self.rate_hz
            self._send(block)
