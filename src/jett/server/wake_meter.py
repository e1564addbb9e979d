"""One WebSocket of the wake word's meter: sound in, a score for each 80 ms out. Nothing of the sound is kept.

    browser  binary: int16, 16 kHz, mono, 1 s at most       text: {"sensitivity": 0.6}
    Jett     ready ─ scores, scores, … ─ ready (after a change of the sensitivity) ─ scores, … ─ ended

A message is read only when the one before is scored, so a browser that sends too fast waits; one that sends more than
time has passed, and does so for long, is closed. Called by `rest.wake`, behind the doors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

import anyio
import anyio.to_thread
import numpy as np
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import JettError
from jett.server.refusal import Refusal
from jett.server.rest.shapes.wake import MeterEnded, MeterReady, MeterScores, MeterSensitivity

LIMIT_S = 120.0
MOST_BYTES = 2 * SAMPLE_RATE_HZ
"""Of a message: a second."""
MOST_TEXT = 100
AHEAD_S = 5.0
"""Of sound that may come before its time: what a connection held back arrives at once."""
_LAST_WORD_S = 2.0
_DONE, _POLICY, _FAULT, _BUSY = 1000, 1008, 1011, 1013


class MeterEars(Protocol):
    """Heads that hear one stream. Blocking: called in a thread."""

    def ready(self) -> MeterReady:
        """Names and thresholds."""

    def tune(self, sensitivity: float) -> None:
        """From the next frame on, 0 to 1."""

    def hear(self, block: Samples) -> Iterator[MeterScores]:
        """The frames that `block` (int16, 16 kHz) completes. Raises EngineError."""


class _Ended(Exception):
    """The meter is over from here, and why."""

    def __init__(self, code: int, what: str, fix: str) -> None:
        self.code = code
        self.said = MeterEnded(what=what, fix=fix)


class WakeMeter:
    """Serves one browser until it leaves, or its time is over."""

    def __init__(
        self,
        websocket: WebSocket,
        load: Callable[[], MeterEars],
        *,
        now_s: Callable[[], float],
        limit_s: float = LIMIT_S,
    ) -> None:
        """`load` blocks; it raises Refusal and JettError."""
        self._websocket = websocket
        self._load = load
        self._now_s = now_s
        self._limit_s = limit_s
        self._heard_samples = 0

    async def busy(self) -> None:
        """It is open elsewhere."""
        await self._end(_Ended(_BUSY, "the meter is open in another page", "close it there"))

    async def run(self) -> None:
        """To its end; raises nothing that a browser could cause."""
        try:
            with anyio.move_on_after(self._limit_s) as time:
                await self._serve()
            if time.cancelled_caught:
                raise _Ended(_DONE, f"the meter ends after {self._limit_s:.0f} s", "begin it again")
        except _Ended as ended:
            await self._end(ended)
        except WebSocketDisconnect:
            return

    async def _serve(self) -> None:
        try:
            ears = await anyio.to_thread.run_sync(self._load)
            await self._tell(ears.ready())
            self._began_s = self._now_s()
            while True:
                await self._take(ears)
        except Refusal as refusal:
            raise _Ended(_POLICY, refusal.what, refusal.fix) from refusal
        except JettError as error:
            what, _, fix = str(error).partition("; ")
            raise _Ended(_FAULT, what, fix or "look at Jett's terminal") from error

    async def _take(self, ears: MeterEars) -> None:
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect
        if message.get("text") is not None:
            ears.tune(_sensitivity(message["text"]))
            await self._tell(ears.ready())
            return
        block = self._sound(message["bytes"])
        for frame in await anyio.to_thread.run_sync(lambda: list(ears.hear(block))):
            await self._tell(frame)

    def _sound(self, data: bytes) -> Samples:
        if len(data) % 2 or len(data) > MOST_BYTES:
            what = f"{len(data)} bytes of sound; 16-bit samples, at most {MOST_BYTES} bytes, are taken"
            raise _Ended(_POLICY, what, "send 16 kHz int16 in small pieces")
        self._heard_samples += len(data) // 2
        if self._heard_samples / SAMPLE_RATE_HZ > self._now_s() - self._began_s + AHEAD_S:
            raise _Ended(_POLICY, "sound comes faster than time passes", "send what a microphone gives, at 16 kHz")
        return np.frombuffer(data, "<i2").astype(np.int16)

    async def _tell(self, event: MeterReady | MeterScores | MeterEnded) -> None:
        await self._websocket.send_text(event.model_dump_json())

    async def _end(self, ended: _Ended) -> None:
        with anyio.move_on_after(_LAST_WORD_S, shield=True), suppress(WebSocketDisconnect, RuntimeError):
            await self._tell(ended.said)
            await self._websocket.close(ended.code)


def _sensitivity(text: str) -> float:
    """Raises _Ended for anything else."""
    with suppress(ValidationError):
        if len(text) <= MOST_TEXT:
            asked = MeterSensitivity.model_validate_json(text).sensitivity
            if 0 <= asked <= 1:
                return asked
    raise _Ended(_POLICY, "a message that is no sensitivity from 0 to 1", 'send {"sensitivity": 0.5}, or sound')
