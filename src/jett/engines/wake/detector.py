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
        self._features = WakeFeatures(embedding, keep=longest)
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
        self._quiet_frames = self._quiet_frames + 1 if level_dbfs(frame) < QUIET_DBFS else 0
        self._features.hear(frame)
        if self.resting:
            return self._silent
        return tuple(score for head in self.heads for score in head.scores(self._features.window(head.frames)))

    def reset(self) -> None:
        self._features.reset()
        self._quiet_frames = 0
