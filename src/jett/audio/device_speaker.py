"""The Speaker port on a sound device. Pulls from `render` on the audio thread; what to say is the session's business.

When the device is lost nothing is pulled, so the position of the reply stands still until it is back.
"""

from __future__ import annotations

import threading

from jett.audio.streams import PERIODS, Stream, open_playback
from jett.audio.watch import DeviceWatch, OnState, RenderFailed
from jett.core.audio import Samples, silence
from jett.core.errors import AudioError
from jett.core.ports import Render

PERIOD_MS = 20


class DeviceSpeaker:
    """Speaker `name` (None: the default one) fed with mono int16 at `rate_hz`, whatever the card's own rate."""

    def __init__(
        self,
        name: str | None = None,
        *,
        rate_hz: int = 24_000,
        on_state: OnState | None = None,
        period_ms: int = PERIOD_MS,
    ) -> None:
        self.rate_hz = rate_hz
        self.failed_renders = 0
        """Blocks that were played as silence because `render` failed."""
        self._name = name
        self._period_ms = period_ms
        self._render: Render | None = None
        self._rendering = threading.Lock()
        self._failing = False
        self._watch = DeviceWatch(self._open, on_state)

    def start(self, render: Render) -> None:
        """Pull sound from `render` until `stop`. Raises AudioError when there is no such device, or twice."""
        if self._render is not None:
            raise AudioError("audio: the speaker plays already, allowed once; stop it first")
        self._render = render
        try:
            self._watch.start()
        except AudioError:
            self._render = None
            raise

    def stop(self) -> None:
        """Close the device; `render` is not called again. Takes up to the latency, since the device plays out."""
        self._watch.stop()
        self._render = None

    def rest(self) -> None:
        """Have the device stand still: it costs nothing, and pulls nothing. It stays open, and is not looked after."""
        self._watch.rest(True)

    def rouse(self) -> None:
        """Have it run again; tens of milliseconds later it pulls. A device that is gone by then is sought as ever."""
        self._watch.rest(False)

    @property
    def resting(self) -> bool:
        """Whether the device stands still by now."""
        return self._watch.resting

    @property
    def latency_s(self) -> float:
        """The device's buffer, full: the time from a rendered sample to its sound on most systems. 0 when closed."""
        return PERIODS * self._period_ms / 1_000 if self._watch.alive else 0.0

    def _open(self) -> Stream:
        return open_playback(self._name, self.rate_hz, period_ms=self._period_ms, fill=self._fill)

    def _fill(self, n_samples: int) -> Samples:
        """A block for the device; an audio thread is a task's boundary, so no failure leaves it."""
        self._watch.heard()
        # The old device's thread has ended before a new device opens; should a driver break that, one of them is mute.
        if self._render is None or not self._rendering.acquire(blocking=False):
            return silence(n_samples)
        try:
            block = self._render(n_samples)
            if block.dtype != "int16" or block.shape != (n_samples,):
                raise AudioError(f"audio: render gave {block.shape} {block.dtype}, need ({n_samples},) int16")
        except Exception as error:  # noqa: BLE001
            self._note_failure(error)
            return silence(n_samples)
        finally:
            self._rendering.release()
        self._failing = False
        return block

    def _note_failure(self, error: Exception) -> None:
        self.failed_renders += 1
        if not self._failing:
            self._failing = True
            self._watch.report(RenderFailed(f"{type(error).__name__}: {error}"))
