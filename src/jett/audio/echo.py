"""Echo cancellation: the EchoCanceller port on WebRTC's AEC3, and the reference it needs from the loudspeaker.

Paper of record: none; the algorithm is WebRTC's `audio_processing` module. Measured in `benchmarks/accuracy/echo.py`.
"""

from __future__ import annotations

import threading

import numpy as np
import pywebrtc_audio

from jett.audio.echo_audible import EchoAudibility
from jett.audio.echo_lag import EchoFollower
from jett.audio.resample import LiveResampler
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence

FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
"""10 ms, the only frame WebRTC takes."""
_CUSHION_SAMPLES = SAMPLE_RATE_HZ // 50
"""What the reference may run ahead for good: 20 ms, the jitter of two device threads."""
_LIMIT_SAMPLES = 2 * SAMPLE_RATE_HZ
"""As much as the microphone's queue holds, so that a listener that hung for a moment finds all of it."""
_DRIFT_WINDOW_SAMPLES = SAMPLE_RATE_HZ
_GENTLE_SAMPLES = SAMPLE_RATE_HZ // 500
"""2 ms a second, ten times the drift of two clocks: a step the canceller follows without a word coming through."""
_TOO_LATE_SAMPLES = SAMPLE_RATE_HZ // 25
"""A reference that is 40 ms behind may follow its echo; better one jump than that."""


class WebRtcEchoCanceller:
    """AEC3 with its high-pass filter; noise suppression only when asked, since it costs words in speech-to-text."""

    frame_samples = FRAME_SAMPLES

    def __init__(self, *, noise_suppression: bool = False, delay_ms: int = 0) -> None:
        self._audibility = EchoAudibility()
        self._follower = EchoFollower()
        self._processor = pywebrtc_audio.AudioProcessor(
            sample_rate=SAMPLE_RATE_HZ,
            num_channels=1,
            echo_cancellation=True,
            high_pass_filter=True,
            noise_suppression=noise_suppression,
            stream_delay_ms=delay_ms,
        )

    @property
    def audible(self) -> bool:
        """Whether an echo can be heard: not with headphones, and until that is known it may be."""
        return self._audibility.audible or self._follower.loud

    @property
    def lets_through(self) -> bool:
        """Whether the newest 0.4 s that it gave are an echo after all; a millisecond of work."""
        return self.audible and self._follower.lets_through

    def process(self, near: Samples, far: Samples) -> Samples:
        """One frame of microphone without the echo of `far`; both (160,), 16 kHz.

        Where no echo is audible the microphone passes unchanged: AEC3 would take the user's voice for one, and did so
        for up to seconds (benchmarks/LOG.md, "Echo cancellation"). It goes on learning meanwhile.
        """
        self._audibility.hear(near, far)
        matched, anew = self._follower.follow(near, far)
        if anew:
            self._processor.reset()
        cleaned: Samples = self._processor.process(near, matched)
        self._follower.cleaned(cleaned)
        return cleaned if self.audible else near

    def reset(self) -> None:
        """Forget the room, before another recording or device."""
        self._processor.reset()
        self._audibility = EchoAudibility()
        self._follower = EchoFollower()


class EchoReference:
    """What was played, cut into the frames that match what is heard. The speaker's thread adds, the listener takes.

    Both sides count the same time on their own clocks, and each may be called late while the sound itself flows on. So
    nothing is ever put between two samples that followed each other: who listens waits until `ready`. Where the speaker
    runs ahead for a second by more than the cushion, the oldest sound goes, little by little. A reference may come
    early, never after its echo.
    """

    def __init__(self, rate_hz: int) -> None:
        self.filled_samples = 0
        """Silence put in because nothing was there (16 kHz)."""
        self.dropped_samples = 0
        """Sound left out because the speaker ran ahead (16 kHz)."""
        self._resampler = LiveResampler(rate_hz, SAMPLE_RATE_HZ)
        self._waiting = silence(0)
        self._playing = False
        self._lock = threading.Lock()
        self._watched = 0
        self._least_waiting = _LIMIT_SAMPLES
        """The least that waited since the drift was looked at last."""

    def played(self, block: Samples) -> None:
        """`block` (at the speaker's rate) was rendered just now; any thread."""
        far = self._resampler.push(block)
        with self._lock:
            self._playing = True
            self._waiting = np.concatenate((self._waiting, far))
            self._drop(self._waiting.size - _LIMIT_SAMPLES)

    def ready(self, n_samples: int = FRAME_SAMPLES) -> bool:
        """False while something plays and its next block is late, so that `take` would have to fill."""
        with self._lock:
            return not self._playing or self._waiting.size >= n_samples

    def take(self, n_samples: int = FRAME_SAMPLES) -> Samples:
        """The next `n_samples` (16 kHz) of what was played, shape (n_samples,); silence where nothing is played."""
        with self._lock:
            frame, self._waiting = self._waiting[:n_samples], self._waiting[n_samples:]
            self._follow_drift(n_samples)
            if frame.size == n_samples:
                return frame
            self._playing = False
            self.filled_samples += n_samples - frame.size
        return np.concatenate((frame, silence(n_samples - frame.size)))

    def skip(self, n_samples: int) -> bool:
        """As `take` where it would give nothing but silence, at once; False, and nothing taken, where it would not."""
        with self._lock:
            if self._playing or self._waiting.size:
                return False
            self._follow_drift(n_samples)
            self.filled_samples += n_samples
            return True

    def clear(self) -> None:
        """Forget what was played, when the speaker is stopped or lost."""
        with self._lock:
            self._waiting = silence(0)
            self._playing = False
            self._forget_drift()

    def _follow_drift(self, n_samples: int) -> None:
        self._least_waiting = min(self._least_waiting, self._waiting.size)
        self._watched += n_samples
        if self._watched >= _DRIFT_WINDOW_SAMPLES:
            ahead = self._least_waiting - _CUSHION_SAMPLES
            self._drop(ahead if ahead >= _TOO_LATE_SAMPLES else min(ahead, _GENTLE_SAMPLES))
            self._forget_drift()

    def _forget_drift(self) -> None:
        self._watched = 0
        self._least_waiting = _LIMIT_SAMPLES

    def _drop(self, n_samples: int) -> None:
        if n_samples > 0:
            self.dropped_samples += n_samples
            self._waiting = self._waiting[n_samples:]
