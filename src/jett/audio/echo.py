"""Echo cancellation: the EchoCanceller port on WebRTC's AEC3, and the reference it needs from the loudspeaker.

Paper of record: none; the algorithm is WebRTC's `audio_processing` module. Measured in `benchmarks/accuracy/echo.py`.
"""

from __future__ import annotations

import threading

import numpy as np
import pywebrtc_audio

from jett.audio.echo_audible import EchoAudibility
from jett.audio.resample import LiveResampler
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence

FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
"""10 ms, the only frame WebRTC takes."""
_CUSHION_SAMPLES = SAMPLE_RATE_HZ // 50
"""What the reference may run ahead for good: 20 ms, the jitter of two device threads."""
_LIMIT_SAMPLES = SAMPLE_RATE_HZ // 5
_DRIFT_WINDOW_SAMPLES = SAMPLE_RATE_HZ


class WebRtcEchoCanceller:
    """AEC3 with its high-pass filter; noise suppression only when asked, since it costs words in speech-to-text."""

    frame_samples = FRAME_SAMPLES

    def __init__(self, *, noise_suppression: bool = False, delay_ms: int = 0) -> None:
        self._audibility = EchoAudibility()
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
        return self._audibility.audible

    def process(self, near: Samples, far: Samples) -> Samples:
        """One frame of microphone without the echo of `far`; both (160,), 16 kHz.

        Where no echo is audible the microphone passes unchanged: AEC3 would take the user's voice for one, and did so
        for up to seconds (benchmarks/LOG.md, "Echo cancellation"). It goes on learning meanwhile.
        """
        self._audibility.hear(near, far)
        cleaned: Samples = self._processor.process(near, far)
        return cleaned if self._audibility.audible else near

    def reset(self) -> None:
        """Forget the room, before another recording or device."""
        self._processor.reset()
        self._audibility = EchoAudibility()


class EchoReference:
    """What was played, cut into the frames that match what is heard. The speaker's thread adds, the listener takes.

    Both sides count the same time on their own clocks. Where nothing was played, or the speaker is behind, a frame is
    filled up with silence (the canceller finds the new delay); where the speaker runs ahead for a second by more than
    the cushion, or by 200 ms at all, the oldest sound goes. A reference may come early, never after its echo.
    """

    def __init__(self, rate_hz: int) -> None:
        self.filled_samples = 0
        """Silence put in because nothing was there (16 kHz)."""
        self.dropped_samples = 0
        """Sound left out because the speaker ran ahead (16 kHz)."""
        self._resampler = LiveResampler(rate_hz, SAMPLE_RATE_HZ)
        self._waiting = silence(0)
        self._lock = threading.Lock()
        self._watched = 0
        self._least_waiting = _LIMIT_SAMPLES
        """The least that waited since the drift was looked at last."""

    def played(self, block: Samples) -> None:
        """`block` (at the speaker's rate) was rendered just now; any thread."""
        far = self._resampler.push(block)
        with self._lock:
            self._waiting = np.concatenate((self._waiting, far))
            self._drop(self._waiting.size - _LIMIT_SAMPLES)

    def take(self, n_samples: int = FRAME_SAMPLES) -> Samples:
        """The next `n_samples` (16 kHz) of what was played, shape (n_samples,)."""
        with self._lock:
            frame, self._waiting = self._waiting[:n_samples], self._waiting[n_samples:]
            self._follow_drift(n_samples)
        if frame.size == n_samples:
            return frame
        self.filled_samples += n_samples - frame.size
        return np.concatenate((frame, silence(n_samples - frame.size)))

    def clear(self) -> None:
        """Forget what was played, when the speaker is stopped or lost."""
        with self._lock:
            self._waiting = silence(0)
            self._forget_drift()

    def _follow_drift(self, n_samples: int) -> None:
        self._least_waiting = min(self._least_waiting, self._waiting.size)
        self._watched += n_samples
        if self._watched >= _DRIFT_WINDOW_SAMPLES:
            self._drop(self._least_waiting - _CUSHION_SAMPLES)
            self._forget_drift()

    def _forget_drift(self) -> None:
        self._watched = 0
        self._least_waiting = _LIMIT_SAMPLES

    def _drop(self, n_samples: int) -> None:
        if n_samples > 0:
            self.dropped_samples += n_samples
            self._waiting = self._waiting[n_samples:]
