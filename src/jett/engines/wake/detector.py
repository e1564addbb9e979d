"""Port WakeWordDetector: several heads over the same features, which are computed once.

In a room as quiet as a microphone's own noise it rests: nothing is recognised there, so the sound is only kept, as much
of it as a head can hear, and what was left out is made up for in one pass when sound returns.
"""

from __future__ import annotations

from collections.abc import Sequence

from jett.core.audio import Samples, level_dbfs
from jett.core.errors import ModelError
from jett.engines.wake.features import (
    FRAME_SAMPLES,
    MELS_A_FRAME,
    MELS_AN_EMBEDDING,
    WINDOW_FRAMES,
    SpeechEmbedding,
    WakeFeatures,
)
from jett.engines.wake.heads import Head

QUIET_DBFS = -70.0
"""RMS of a frame below which nobody speaks: 10 of 32,768."""
_AT_ONCE = 2
"""Frames whose features are computed in one go: two for 1.4 times the price of one (benchmarks/LOG.md, "Asleep")."""
_EMBEDDING_FRAMES = -(-MELS_AN_EMBEDDING // MELS_A_FRAME)


class HeadsWakeWordDetector:
    """Scores come 80 ms a frame; each is of the phrase having ended by then."""

    frame_samples = FRAME_SAMPLES

    def __init__(self, embedding: SpeechEmbedding, heads: Sequence[Head]) -> None:
        """Raises ModelError where two heads listen for the same name, since nobody could tell them apart."""
        self.heads = tuple(heads)
        self.names = tuple(name for head in self.heads for name in head.names)
        if twice := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise ModelError(f"wake: two heads are called '{twice[0]}'; name one of them in wake.words")
        self._silent = (0.0,) * len(self.names)
        longest = max((head.frames for head in self.heads), default=WINDOW_FRAMES)
        self._embedding = embedding
        self._features = WakeFeatures(embedding, keep=longest, before=_AT_ONCE - 1)
        self._rest_after = longest + _EMBEDDING_FRAMES
        """Frames that a head can hear, and a phrase be in."""
        self._quiet_frames = 0

    def another(self) -> HeadsWakeWordDetector:
        """One that hears something else, with the same weights."""
        return HeadsWakeWordDetector(self._embedding, self.heads)

    @property
    def resting(self) -> bool:
        """Whether it has heard nothing for so long that it does not listen closely."""
        return self._quiet_frames > self._rest_after

    def scores(self, frame: Samples) -> tuple[float, ...]:
        """Of each name. Raises EngineError."""
        return self.several(frame)[0]

    def several(self, frames: Samples) -> list[tuple[float, ...]]:
        """Of each frame. Raises EngineError."""
        size = _AT_ONCE * FRAME_SAMPLES
        return [score for at in range(0, frames.size, size) for score in self._at_once(frames[at : at + size])]

    def _at_once(self, frames: Samples) -> list[tuple[float, ...]]:
        rests = []
        for frame in frames.reshape(-1, FRAME_SAMPLES):
            self._quiet_frames = self._quiet_frames + 1 if level_dbfs(frame) < QUIET_DBFS else 0
            self._features.hear(frame)
            rests.append(self.resting)
        return [
            self._silent if resting else self._scored(before=len(rests) - number)
            for number, resting in enumerate(rests, start=1)
        ]

    def _scored(self, before: int) -> tuple[float, ...]:
        """`before` as many frames as were heard last."""
        windows = (self._features.window(head.frames, before=before) for head in self.heads)
        return tuple(score for head, window in zip(self.heads, windows, strict=True) for score in head.scores(window))

    def reset(self) -> None:
        self._features.reset()
        self._quiet_frames = 0
