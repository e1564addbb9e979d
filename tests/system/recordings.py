"""Small real recordings (tests/data/speech), and a person made of them who speaks on cue.

`Scene` is one conversation through `FileDuplex` at the pace of real time. Cues are counted in samples of its audio
clock, never on a wall clock, so that a slow machine changes what is measured and not what happens.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jett.audio.file_duplex import FileDuplex
from jett.audio.files import read_audio
from jett.audio.simulated_room import EchoPath
from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence
from jett.core.events import ClauseSpoken, Observer, ReplyWithdrawn, SessionEvent, StateChanged, Troubled, TurnReport
from jett.session.conversation import Conversation
from jett.session.parts import ConversationSettings, Parts
from jett.session.worker import Workers
from jett.turns.machine import State

SPEECH = Path(__file__).parents[1] / "data" / "speech"
WORDS = {
    "dark_roast_cappuccino": "i want a dark roast cappuccino",
    "drip_coffee": "make me a drip coffee",
    "house_coffee": "i want a single shot house coffee with sugar",
    "confused_complaint": "he began a confused complaint against the wizard who had vanished behind the curtain on the"
    " left",
    "paced_up_and_down": "for a full hour he had paced up and down waiting but he could wait no longer",
    "stop": "stop",
}
"""What is said in each clip, normalised."""
_UNDERSTOOD = 0.6

PAUSE_S = (3.12, 3.48)
"""Inside the pause of `paced_up_and_down`, before "but"."""

_AT_REST_S = 1.0
_LIMIT_S = 45.0


def understood(transcripts: Iterable[str], *names: str) -> bool:
    """Whether each transcript, in order, is that of the named clip, a word more or less.

    Where a pause is cut depends on how busy the machine is; tests/engines/test_hearing.py asserts the exact words.
    """
    pairs = list(zip(transcripts, names, strict=True))
    return all(agreement(WORDS[name], transcript) >= _UNDERSTOOD for transcript, name in pairs)


def clip(name: str) -> Samples:
    """A recording, 16 kHz."""
    return read_audio(SPEECH / f"{name}.flac")


def seconds(n: float) -> Samples:
    """Digital silence of `n` seconds, 16 kHz."""
    return silence(round(n * SAMPLE_RATE_HZ))


def joined(*pieces: Samples) -> Samples:
    """One piece after the other."""
    return np.concatenate(pieces)


@dataclass
class Scene:
    """One conversation as seen from outside, in order."""

    reports: list[TurnReport] = field(default_factory=list)
    withdrawn: list[ReplyWithdrawn] = field(default_factory=list)
    troubles: list[Troubled] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    heard_s: float = 0.0
    """The audio clock."""
    said_until_s: float = 0.0
    """End of what was said last."""
    reply_s: float | None = None
    """When the first reply after that began to sound."""
    conversation: Conversation | None = None
    output: Samples = field(default_factory=lambda: silence(0))
    rate_hz: int = 0

    def observe(self, event: SessionEvent) -> None:
        """Observer of the conversation."""
        match event:
            case TurnReport():
                self.reports.append(event)
            case ReplyWithdrawn():
                self.withdrawn.append(event)
            case Troubled():
                self.troubles.append(event)
            case StateChanged():
                self.states.append(event.state)
            case ClauseSpoken():
                self.clauses.append(event.text)
                self.reply_s = self.heard_s if self.reply_s is None else self.reply_s
            case _:
                pass

    @property
    def at_rest_s(self) -> float:
        """How long nothing has happened since the last thing said."""
        assert self.conversation is not None
        if self.conversation.state is not State.IDLE:
            return 0.0
        return min(self.conversation.quiet_s, self.heard_s - self.said_until_s)


Cue = Callable[[Scene], bool]


def at_once(scene: Scene) -> bool:
    """When the scene begins."""
    return True


def into_reply(after_s: float) -> Cue:
    """While the reply to what was said last has sounded for `after_s`."""
    return lambda scene: scene.reply_s is not None and scene.heard_s - scene.reply_s >= after_s


def at_rest(for_s: float) -> Cue:
    """When the conversation has been at rest for `for_s`."""
    return lambda scene: scene.at_rest_s >= for_s


class _Person:
    """Port Microphone: the duplex's quiet room, in which each clip is said on its cue; ends when all is at rest."""

    dropped_samples = 0

    def __init__(self, duplex: FileDuplex, scene: Scene, sayings: Sequence[tuple[Cue, Samples]]) -> None:
        self._duplex = duplex
        self._scene = scene
        self._sayings = list(sayings)
        self._saying = silence(0)
        self.gather = duplex.gather

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        async with aclosing(self._duplex.chunks()) as chunks:
            async for room in chunks:
                yield self._spoken_over(room)
                if self._is_over():
                    self._duplex.finish()

    def _spoken_over(self, room: Samples) -> Samples:
        scene = self._scene
        scene.heard_s += room.size / SAMPLE_RATE_HZ
        if not self._saying.size and self._sayings and self._sayings[0][0](scene):
            self._saying = self._sayings.pop(0)[1]
        piece, self._saying = self._saying[: room.size], self._saying[room.size :]
        if piece.size:
            scene.said_until_s, scene.reply_s = scene.heard_s, None
        mixed = room.astype(np.int32)
        mixed[: piece.size] += piece
        return np.clip(mixed, -32_768, 32_767).astype(np.int16)

    def _is_over(self) -> bool:
        assert self._scene.heard_s < _LIMIT_S, f"{len(self._sayings)} cues never came; states {self._scene.states}"
        return not self._sayings and not self._saying.size and self._scene.at_rest_s > _AT_REST_S


async def play(
    parts: Parts,
    settings: ConversationSettings,
    *sayings: tuple[Cue, Samples],
    echo: EchoPath | None = None,
    observer: Observer | None = None,
    workers: Workers | None = None,
    beside: Callable[[Conversation], AbstractAsyncContextManager[None]] = lambda conversation: nullcontext(),
) -> Scene:
    """One conversation in which `sayings` are said, each on its cue; ends when all are answered.

    `observer` watches beside the scene; what is `beside` the conversation runs as long as it does.
    """

    def observe(event: SessionEvent) -> None:
        scene.observe(event)
        if observer is not None:
            observer(event)

    parts.vad.reset()
    scene = Scene(rate_hz=parts.tts.rate_hz)
    scene.conversation = conversation = Conversation(parts, settings, observe, workers=workers)
    duplex = FileDuplex(silence(0), rate_hz=parts.tts.rate_hz, noise_lsb=1, echo=echo)
    async with beside(conversation):
        await conversation.run(_Person(duplex, scene, sayings), duplex)
    scene.output = duplex.output
    return scene
