"""Whether any echo can be heard: with headphones there is none, and a canceller would only harm the user's voice.

```
far        ▁▁▁▇▇▅▇▇▂▇▅▁▁▁      what is played
near       ▁▁▁▁▂▆▇▅▆▃▆▅▂▁      loudspeaker: the level rises and falls with it     -> audible
near       ▁▁▁▁▁▁▁▁▁▁▁▁▁▁      headphones: while Jett speaks as quiet as ever     -> not audible
```
Compared are the median level while something plays and the quietest moments of the last seconds. Steady noise raises
both; somebody who speaks over the reply looks like an echo, which errs on the careful side. Called by `audio.echo`.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from jett.core.audio import Samples, level_dbfs

_ACTIVE_DBFS = -45.0
_DELAY_FRAMES = 25
"""An echo may come 250 ms after its sound was rendered: device buffers and the room."""
_HEARD_FRAMES = 100
"""10 ms frames under playback before anything is concluded."""
_RECENT_FRAMES = 300
_RISE_DB = 2.0
"""Chosen in benchmarks/LOG.md ("Echo cancellation"): no echo at most 0.4 dB, an echo of -26 dB at least 2.6."""
_EVERY_FRAMES = 10


class EchoAudibility:
    """Feed each 10 ms frame to `hear`; read `audible`, which is true until the contrary is known."""

    def __init__(self) -> None:
        self.audible = True
        self._recent: deque[float] = deque(maxlen=_RECENT_FRAMES)
        self._under_playback: deque[float] = deque(maxlen=_HEARD_FRAMES)
        self._active_frames = 0
        self._looked = 0

    def hear(self, near: Samples, far: Samples) -> None:
        """One frame of the microphone and what was played meanwhile, both (160,), 16 kHz."""
        level = level_dbfs(near)
        self._recent.append(level)
        playing = level_dbfs(far) > _ACTIVE_DBFS
        self._active_frames = _DELAY_FRAMES if playing else max(0, self._active_frames - 1)
        if self._active_frames == 0:
            return
        self._under_playback.append(level)
        self._looked += 1
        if self._looked % _EVERY_FRAMES == 0 and len(self._under_playback) == _HEARD_FRAMES:
            rise_db = float(np.median(self._under_playback)) - float(np.percentile(self._recent, 5))
            self.audible = rise_db > _RISE_DB
