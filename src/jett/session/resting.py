"""Listening to silence should cost little: a detector that asks another one only when it is louder than the room.

    level   ▁▁▂▁▁▁▁▂▁▁▁▁▁▁▅▇▇▅▁▁▂▁▁▁▁▁▁
    asked   #########.....##########....     rests after 2 s without a hint of speech
                          ^ first above the floor: the frames before it are scored too, as the model's context

Nothing is guessed while somebody speaks or pauses: a rest begins only after 2 s of scores near zero, and one loud frame
ends it. Where the noise swings by more than the margin there is no rest, and no saving. Nor is there one while Jett's
echo may be in the air: a model that has rested scores what is left of it too high. Called by `ears`.
"""

from __future__ import annotations

import math
from collections import deque

from jett.core.audio import Samples, level_dbfs
from jett.core.ports import VoiceActivityDetector

_REST_AFTER_FRAMES = 62
"""2 s: longer than any pause of a turn."""
_BEFORE_FRAMES = 8
"""Scored after a rest, before the frame that ended it: the model has forgotten how silence sounds."""
_NO_HINT = 0.1
_MARGIN_DB = 4.0
_RISE_DB = 0.02
"""How fast the floor follows a room that becomes louder, a frame: 0.6 dB a second."""


class RestingDetector:
    """A voice activity detector that is spared while nothing happens."""

    def __init__(self, inner: VoiceActivityDetector) -> None:
        self.frame_samples = inner.frame_samples
        self._inner = inner
        self.reset()

    def reset(self) -> None:
        self._inner.reset()
        self._floor_dbfs = math.inf
        self._silent_frames = 0
        self._unscored: deque[Samples] = deque(maxlen=_BEFORE_FRAMES)

    def score(self, frame: Samples, *, may_rest: bool = True) -> float:
        """The inner detector's probability; 0 for a frame as quiet as the room has been, where it `may_rest`."""
        level = level_dbfs(frame)
        self._floor_dbfs = min(level, self._floor_dbfs + _RISE_DB)
        if may_rest and self._silent_frames >= _REST_AFTER_FRAMES and level <= self._floor_dbfs + _MARGIN_DB:
            self._unscored.append(frame)
            return 0.0
        while self._unscored:
            self._inner.score(self._unscored.popleft())
        probability = self._inner.score(frame)
        self._silent_frames = self._silent_frames + 1 if probability < _NO_HINT else 0
        return probability
