"""How late the echo comes after its sound, and that it comes as late as before for who cancels it.

```
far    ▁▇▅▇▂▁▁▁▁▁▁▁                 far    ▁▇▅▇▂▁▁▁▁▁▁▁▁▁▁
near   ▁▁▁▇▅▇▂▁▁▁▁▁   lag 2         near   ▁▁▁▁▁▁▇▅▇▂▁▁▁▁   lag 5: a buffer ran dry
                                    given  ▁▁▁▁▇▅▇▂▁▁▁▁▁▁   far, 3 later: lag 2 again
```
The lag is where the generalized cross-correlation with phase transform peaks. Paper of record: Knapp and Carter, "The
generalized correlation method for estimation of time delay", IEEE Trans. ASSP 24 (1976). A device whose thread was
late, or whose buffer ran dry, jumps by some tens of milliseconds; AEC3 then lets the echo through for up to seconds.
Called by `audio.echo`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from jett.core.audio import SAMPLE_RATE_HZ, Samples, level_dbfs, silence

_WINDOW_SAMPLES = SAMPLE_RATE_HZ * 2 // 5
"""Heard in 0.4 s: enough syllables to tell one place from another."""
_LONGEST_SAMPLES = SAMPLE_RATE_HZ // 2
"""An echo may come 0.5 s after its sound was rendered; wireless loudspeakers take up to 0.3 s."""
_N_FFT = 1 << (_WINDOW_SAMPLES + _LONGEST_SAMPLES).bit_length()
_TAPER = np.hanning(_WINDOW_SAMPLES)
_BAND = slice(200 * _N_FFT // SAMPLE_RATE_HZ, 4_000 * _N_FFT // SAMPLE_RATE_HZ)
"""200 Hz to 4 kHz: where a voice is."""
_PLAYING_DBFS, _SILENT_DBFS = -50.0, -75.0
_SURE, _CERTAIN = 6.0, 12.0
"""A place counts from 6 on where it was found 0.4 s before as well, from 12 on at once. Without an echo it is 5 in the
middle, 7 in 5 of 100 looks, 9 in 4 of 1,000 (benchmarks/LOG.md, "An echo that jumps"); so are the others below."""
_LET_THROUGH = 12.0
"""What the canceller gave holds an echo; of 99 in 100 frames of a user it says at most 10.5."""
_STAYS_SHARE = 0.6
"""Of the highest peak: as high as that the old place still has its echo, and the highest is another reflection."""
_SAME_SAMPLES = SAMPLE_RATE_HZ // 1_000
"""1 ms: direct sound and first reflections change places, and clocks drift; AEC3 follows so much by itself."""
_LOOK_FRAMES = 10
_ENOUGH_FRAMES = 16
"""Of the last 0.4 s: with less played, what is heard is too little of an echo to say where it lies."""
_LOUD_SHARE, _LOUD_FRAMES = 0.3, 300
"""A cosine that no echo lost in noise has, and for how long of playing it is remembered: 3 s."""
_APART_LOOKS = 4
"""So many looks later nothing of what was looked at is the same."""
_LEARNED_LOOKS = 5
"""Within 0.5 s AEC3 takes up with any lag by itself; it is used to one after that."""
_MARGIN_SAMPLES = SAMPLE_RATE_HZ // 50
"""Between a sound and its echo when they are matched anew: 20 ms, as much as device threads jitter."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Where an echo lies."""

    samples: int
    """It comes so much after its sound."""
    prominence: float
    """How much higher its peak is than the correlation at all lags (RMS)."""


def find_lag(near: Samples, far: Samples, stays: int | None = None) -> Lag:
    """Of the echo in `near` (6,400,) of what `far` (14,400,) ended with at the same time; both 16 kHz.

    Where there still is an echo near the lag of `stays`, that is it, although another reflection may be stronger.
    """
    cross = np.fft.rfft(near * _TAPER, _N_FFT) * np.conj(np.fft.rfft(far, _N_FFT))
    white = np.zeros_like(cross)
    white[_BAND] = cross[_BAND] / (np.abs(cross[_BAND]) + 1e-9)
    # `near` begins _LONGEST_SAMPLES after `far`, so a lag of l lies at l - _LONGEST_SAMPLES.
    heights = np.abs(np.fft.irfft(white, _N_FFT)[np.arange(-_LONGEST_SAMPLES, 1)])
    best = int(np.argmax(heights))
    if stays is not None:
        start = max(0, stays - _SAME_SAMPLES)
        here = start + int(np.argmax(heights[start : stays + _SAME_SAMPLES + 1]))
        best = here if heights[here] >= _STAYS_SHARE * heights[best] else best
    return Lag(best, float(heights[best]) / (float(np.sqrt(np.mean(np.square(heights)))) + 1e-12))


class EchoFollower:
    """Give each frame to `follow`, and what became of it to `cleaned`; both 10 ms at 16 kHz."""

    def __init__(self) -> None:
        self.delay_samples = 0
        """How much later the canceller is given what was played."""
        self._near = silence(_WINDOW_SAMPLES)
        self._far = silence(_WINDOW_SAMPLES + _LONGEST_SAMPLES)
        self._clean = silence(_WINDOW_SAMPLES)
        self._frames = 0
        self._played: deque[bool] = deque(maxlen=_WINDOW_SAMPLES * 100 // SAMPLE_RATE_HZ)
        self._playing_frames = 0
        """How many more frames hold something that was played."""
        self._lag: int | None = None
        """Of the echo now, in samples after what was played."""
        self._base: int | None = None
        """The lag that the canceller is used to, from what it is given."""
        self._looked: deque[int | None] = deque(maxlen=_APART_LOOKS + 1)
        """What the last looks found."""
        self._looks = 0
        """So often it was there already."""
        self._loud_frames = 0

    def follow(self, near: Samples, far: Samples) -> tuple[Samples, bool]:
        """(what was played, as late as the canceller is used to; whether it has to learn anew)."""
        self._near = np.concatenate((self._near[near.size :], near))
        self._far = np.concatenate((self._far[far.size :], far))
        self._frames += 1
        anew = self._has_ended(far) and self._make_room()
        self._loud_frames -= self._playing_frames > 0 and self._loud_frames > 0
        if self._frames % _LOOK_FRAMES == 0 and sum(self._played) >= _ENOUGH_FRAMES:
            anew = level_dbfs(self._near) > _SILENT_DBFS and self._look()
        end = self._far.size - self.delay_samples
        return self._far[end - far.size : end], anew

    def cleaned(self, clean: Samples) -> None:
        """What the canceller made of the frame."""
        self._clean = np.concatenate((self._clean[clean.size :], clean))

    @property
    def lets_through(self) -> bool:
        """Whether the newest 0.4 s that the canceller gave are an echo after all."""
        return self._playing_frames > 0 and find_lag(self._clean, self._far).prominence >= _LET_THROUGH

    @property
    def loud(self) -> bool:
        """Whether within the last three seconds of playing much of what was heard was an echo."""
        return self._loud_frames > 0

    def _has_ended(self, far: Samples) -> bool:
        """Whether this frame is the first of a silence in which nothing that was played can come back any more."""
        before, playing = self._playing_frames, level_dbfs(far) > _PLAYING_DBFS
        self._played.append(playing)
        if playing:
            self._playing_frames = self._far.size // far.size
            return False
        self._playing_frames -= self._playing_frames > 0
        return before == 1

    def _make_room(self) -> bool:
        """While nobody minds: an echo that will come earlier can be followed then."""
        if self._lag is None or self._lag - self.delay_samples <= 2 * _MARGIN_SAMPLES:
            return False
        return self._begin_anew(self._lag)

    def _look(self) -> bool:
        found = find_lag(self._near, self._far, self._lag)
        self._looked.append(found.samples if found.prominence >= _SURE else None)
        if self._looked[-1] is None or not (found.prominence >= _CERTAIN or self._was_there()):
            return False
        if self._share(found.samples) >= _LOUD_SHARE:
            self._loud_frames = _LOUD_FRAMES
        before, self._lag = self._lag, found.samples
        if before is not None and abs(found.samples - before) <= _SAME_SAMPLES:
            self._looks += 1
            return False
        learned, self._looks = self._looks >= _LEARNED_LOOKS, 0
        if before is None or self._base is None or (found.samples > before and not learned):
            self._base = found.samples - self.delay_samples
            return False
        return self._match(found.samples, self._base)

    def _was_there(self) -> bool:
        """Whether the look before which nothing was the same found what this one did."""
        if len(self._looked) <= _APART_LOOKS:
            return False
        first, last = self._looked[0], self._looked[-1]
        return first is not None and last is not None and abs(first - last) <= _SAME_SAMPLES

    def _match(self, lag: int, base: int) -> bool:
        """Give it what was played so late that the echo comes after `base` again; drift since is made good too."""
        if lag < base:
            return self._begin_anew(lag)
        self.delay_samples = lag - base
        return False

    def _begin_anew(self, lag: int) -> bool:
        self.delay_samples = max(0, lag - _MARGIN_SAMPLES)
        self._base = lag - self.delay_samples
        return True

    def _share(self, lag: int) -> float:
        """Cosine between what was heard and what was played `lag` samples before."""
        end = self._far.size - lag
        near, far = self._near.astype(np.float64), self._far[end - self._near.size : end].astype(np.float64)
        norms = float(np.sqrt(np.sum(np.square(near)) * np.sum(np.square(far))))
        return abs(float(near @ far)) / norms if norms else 0.0
