"""A stage for benchmarks: one conversation over recorded sound at the pace of real time, and what was seen of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import numpy as np

from jett.audio.file_duplex import FileDuplex
from jett.audio.simulated_room import EchoPath
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.events import ClauseSpoken, ReplyWithdrawn, SessionEvent, Troubled, TurnReport
from jett.core.ports import VoiceActivityDetector
from jett.session.conversation import Conversation
from jett.session.parts import ConversationSettings, Parts
from jett.session.worker import Workers

_QUIET_S = 1.5
_LIMIT_S = 90.0
_BEGUN_CHUNKS = 10
"""200 ms: a reply has begun for sure, and its report has the first sample."""


@dataclass
class Seen:
    """What one recording led to, in order."""

    reports: list[TurnReport] = field(default_factory=list)
    withdrawn: list[ReplyWithdrawn] = field(default_factory=list)
    troubles: list[Troubled] = field(default_factory=list)
    spoken: bool = False
    late_ticks: int = 0
    output: Samples = field(default_factory=lambda: np.zeros(0, dtype=np.int16))

    def observe(self, event: SessionEvent) -> None:
        """Observer of the conversation."""
        match event:
            case TurnReport():
                self.reports.append(event)
                self.spoken = False
            case ReplyWithdrawn():
                self.withdrawn.append(event)
                self.spoken = False
            case Troubled():
                self.troubles.append(event)
            case ClauseSpoken():
                self.spoken = True
            case _:
                pass


class _UntilQuiet:
    """Port Microphone: the duplex's chunks, until the conversation has had nothing to do for a while.

    With `enough_s`, a reply that sounds so long after the input's end is stopped: how it begins is all that is asked.
    """

    dropped_samples = 0

    def __init__(self, duplex: FileDuplex, conversation: Conversation, seen: Seen, *, enough_s: float | None) -> None:
        self._duplex = duplex
        self._conversation = conversation
        self._seen = seen
        self._enough_s = enough_s
        self._sounding_chunks = 0

    async def chunks(self) -> AsyncGenerator[Samples, None]:
        async for chunk in self._duplex.chunks():
            yield chunk
            ended = self._duplex.input_end_sample
            if ended is None:
                continue
            over_s = (self._duplex.heard_samples - ended) / SAMPLE_RATE_HZ
            replying = self._seen.spoken and self._conversation.state == "replying"
            self._sounding_chunks = self._sounding_chunks + 1 if replying else 0
            heard = self._sounding_chunks > _BEGUN_CHUNKS
            if self._enough_s is not None and heard and over_s > self._enough_s:
                self._conversation.stop()
            idle = self._conversation.state == "idle" and self._conversation.quiet_s > _QUIET_S
            if (idle and over_s > _QUIET_S) or over_s > _LIMIT_S:
                self._duplex.finish()


async def converse(
    parts: Parts,
    settings: ConversationSettings,
    sound: Samples,
    *,
    echo: EchoPath | None = None,
    enough_s: float | None = None,
    workers: Workers | None = None,
) -> Seen:
    """Play `sound` (16 kHz) to a fresh conversation and gather what it reports."""
    seen = Seen()
    parts.vad.reset()
    conversation = Conversation(parts, settings, seen.observe, workers=workers)
    duplex = FileDuplex(sound, rate_hz=parts.tts.rate_hz, noise_lsb=1, echo=echo)
    await parts.llm.prefill(conversation.history.messages("Hello"))
    await conversation.run(_UntilQuiet(duplex, conversation, seen, enough_s=enough_s), duplex)
    seen.late_ticks = duplex.pace.late_ticks
    seen.output = duplex.output
    return seen


def true_speech_end_s(vad: VoiceActivityDetector, sound: Samples) -> float:
    """End of the last 32 ms window with a speech probability of 0.5, on the clip alone."""
    vad.reset()
    size, end = vad.frame_samples, 0
    for start in range(0, sound.size - size + 1, size):
        if vad.score(sound[start : start + size]) >= 0.5:
            end = start + size
    vad.reset()
    return end / SAMPLE_RATE_HZ
