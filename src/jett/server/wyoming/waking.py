"""`wake`: sound in, `detection` when a name was called; `not-detected` when the sound ends without.

A satellite may stream for days, so nothing is kept and no seat is taken. Each client has a detector of its own.
"""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterable
from contextlib import aclosing
from dataclasses import dataclass

import anyio
import anyio.to_thread
from wyoming.audio import AudioChunk
from wyoming.wake import Detect, Detection, NotDetected

from jett.server.wyoming.hearing import Write, samples
from jett.server.wyoming.ports import Ports, Waking
from jett.session.audio_ring import AudioRing
from jett.session.second_look import Look, SecondLook
from jett.session.wake_frames import WakeFrames
from jett.turns.wake import WakeSpotter

_log = logging.getLogger(__name__)
_MOST_NAMES = 32
_HELD_S = 30.0
"""Of what a client sent last: more than one of its chunks, and the name before it."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What one client wants to be told."""

    waking: Waking
    wanted: tuple[int, ...]
    """Places of its names among the detector's."""


def listening(ports: Ports, asked: Detect) -> Listening | None:
    """What `asked` can be told; None, with a line in the log, where there is nothing to listen for.

    Raises ValueError for names that are none.
    """
    names = asked.names or []
    if not isinstance(names, list) or len(names) > _MOST_NAMES or not all(isinstance(name, str) for name in names):
        raise ValueError("names")
    waking = ports.waking
    if waking is None:
        _log.error("wyoming: a client waits for a wake word, but there is none; set wake.words (jett wake list)")
        return None
    known = [rule.name for rule in waking.rules]
    if unknown := [name for name in names if name not in known]:
        there = ", ".join(known)
        _log.error("wyoming: a client waits for %d wake words that are not here; there are: %s", len(unknown), there)
    wanted = tuple(n for n, name in enumerate(known) if not names or name in names)
    return Listening(waking, wanted) if wanted else None


async def detect(ports: Ports, what: Listening, chunks: AsyncIterable[AudioChunk], write: Write) -> None:
    """Tell each call until the chunks end. Raises JettError."""
    detector = await anyio.to_thread.run_sync(what.waking.make_detector)
    spotter = WakeSpotter([what.waking.rules[n] for n in what.wanted], refractory_s=what.waking.refractory_s)
    frames, ring, called = WakeFrames(detector), AudioRing(_HELD_S), False
    waiting: list[Look] = []
    look = what.waking.look
    async with aclosing(samples(ports, chunks, most_s=math.inf)) as blocks:
        async for block in blocks:
            ring.write(block)
            for end_s, scores in await anyio.to_thread.run_sync(list, frames.hear(block)):
                woken = spotter.hear([scores[n] for n in what.wanted], end_s)
                if woken is None:
                    continue
                if look is not None and look.wants(woken.name):
                    waiting.append(Look(woken.name, woken.at_s))
                    continue
                await _tell(woken.name, woken.at_s, write)
                called = True
            while look is not None and waiting and waiting[0].is_due(ring):
                due = waiting.pop(0)
                if await _holds(look, due, ring):
                    await _tell(due.name, due.at_s, write)
                    called = True
                elif (again := look.again(due)) is not None:
                    waiting.insert(0, again)
                else:
                    spotter.forgive()
        for due in waiting:  # the sound ended with the name
            if look is not None and await _holds(look, due, ring):
                await _tell(due.name, due.at_s, write)
                called = True
    if not called:
        await write(NotDetected().event())


async def _holds(look: SecondLook, due: Look, ring: AudioRing) -> bool:
    return await anyio.to_thread.run_sync(look.holds, due.name, due.sound(ring))


async def _tell(name: str, at_s: float, write: Write) -> None:
    await write(Detection(name=name, timestamp=round(at_s * 1000)).event())
