"""Keeps one sound device open: notices that it went away, says so, and opens it again until it is back.

```
open ──► running ──(stopped, or no audio for 1 s)──► lost: closed, DeviceLost ──► open, open … (0.25 to 1 s apart)
            ▲                                                                         │
            └──────────────── first audio: DeviceRestored ◄───────────────────────────┘
```
A device that `rest`s is halted once it is known to run; until it is to run again nobody looks whether it is there.
A device that is only silent still delivers zeros, so "no audio" means no blocks at all: some systems never say that a
device was unplugged. Used by `device_microphone.py` and `device_speaker.py`; knows nothing of samples.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from jett.audio.streams import Stream
from jett.core.clock import Clock, MonotonicClock
from jett.core.errors import AudioError

_log = logging.getLogger(__name__)

SILENT_FOR_S = 1.0
FIRST_AUDIO_S = 3.0
"""What a device may take to wake up (Bluetooth, suspended cards)."""
LOOK_EVERY_S = 0.1
BACK_OFF_S = (0.25, 0.5, 1.0)
_RESTS_S = 60.0
"""Between two looks at a device that stands still; whoever wants it to run again does not wait for one."""


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """The device stopped by itself; Jett tries to get it back."""

    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceRestored:
    """Audio flows again, perhaps through another default device."""

    device: str


@dataclass(frozen=True, slots=True)
class RenderFailed:
    """What should be played could not be made; silence was played instead."""

    reason: str


DeviceState = DeviceLost | DeviceRestored | RenderFailed
OnState = Callable[[DeviceState], None]
"""Called on the watch's own thread; must not block."""


class DeviceWatch:
    """Owns one stream and the thread that looks after it. `step` is the whole of its logic, without a thread."""

    def __init__(self, open_stream: Callable[[], Stream], on_state: OnState | None, clock: Clock | None = None) -> None:
        self._open_stream = open_stream
        self._on_state = on_state
        self._clock = clock or MonotonicClock()
        self._stream: Stream | None = None
        self._device = ""
        self._lost = False
        self._attempts = 0
        self._opened_s = 0.0
        self._heard_s = 0.0
        self._to_report: deque[DeviceState] = deque()
        self._to_rest = False
        self._rests = False
        self._stopping = False
        self._stirred = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Whether audio flows, as far as known."""
        return self._stream is not None and not self._lost

    @property
    def resting(self) -> bool:
        """Whether it was halted."""
        return self._rests

    def open(self) -> None:
        """Open the device for the first time. Raises AudioError: what was never there is not waited for."""
        self._stream = self._open_stream()
        self._device = self._stream.device_name
        self._opened_s = self._heard_s = self._clock.now_s()

    def start(self) -> None:
        """`open`, and look after it on a thread until `stop`."""
        self._stopping = self._to_rest = False
        self.open()
        self._thread = threading.Thread(target=self._run, name="jett-device-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the device; its callback has returned for the last time when this returns. Safe to call twice."""
        self._stopping = True
        self._stirred.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._close()

    def rest(self, to_rest: bool) -> None:
        """Have the device stand still, or run again; the watch does it soon. From any thread, safe to repeat."""
        self._to_rest = to_rest
        self._stirred.set()

    def heard(self) -> None:
        """The device delivered or asked for a block; called on the audio thread."""
        self._heard_s = self._clock.now_s()

    def report(self, state: DeviceState) -> None:
        """Pass `state` on at the next look, away from the audio thread."""
        self._to_report.append(state)

    def step(self) -> float:
        """Look once; seconds until the next look."""
        if self._stream is None:
            wait_s = self._reopen()
        elif self._rests:
            wait_s = _RESTS_S if self._to_rest else self._resume(self._stream)
        elif reason := self._gone():
            self._lose(reason)
            wait_s = 0.0
        else:
            self._find_restored()
            wait_s = self._halt(self._stream) if self._to_rest and not self._lost else LOOK_EVERY_S
        self._tell()
        return wait_s

    def _run(self) -> None:
        while not self._stopping:
            self._stirred.wait(self.step())
            self._stirred.clear()  # before what it says is looked at, so that nothing said later is missed

    def _halt(self, stream: Stream) -> float:
        try:
            stream.halt()
        except AudioError as error:
            self._lose(str(error))
            return 0.0
        self._rests = True
        return _RESTS_S if self._to_rest else 0.0

    def _resume(self, stream: Stream) -> float:
        self._rests = False
        self._opened_s = self._heard_s = self._clock.now_s()
        try:
            stream.resume()
        except AudioError as error:
            self._lose(str(error))
            return 0.0
        return LOOK_EVERY_S

    def _gone(self) -> str:
        if self._stream is not None and not self._stream.running:
            return "it stopped"
        silent_s = self._clock.now_s() - self._heard_s
        allowed_s = SILENT_FOR_S if self._heard_s > self._opened_s else FIRST_AUDIO_S
        return f"no audio for {silent_s:.1f} s" if silent_s >= allowed_s else ""

    def _lose(self, reason: str) -> None:
        self._close()
        if not self._lost:
            self._lost = True
            _log.warning("audio: lost %r: %s; trying again until it is back", self._device, reason)
            self.report(DeviceLost(self._device, reason))

    def _reopen(self) -> float:
        try:
            self.open()
        except AudioError as error:
            _log.debug("audio: not back yet: %s", error)
        wait_s = BACK_OFF_S[min(self._attempts, len(BACK_OFF_S) - 1)]
        self._attempts += 1
        return LOOK_EVERY_S if self._stream is not None else wait_s

    def _find_restored(self) -> None:
        if self._lost and self._heard_s > self._opened_s:
            self._lost = False
            self._attempts = 0
            _log.info("audio: %r is back", self._device)
            self.report(DeviceRestored(self._device))

    def _close(self) -> None:
        stream, self._stream, self._rests = self._stream, None, False
        if stream is not None:
            stream.close()

    def _tell(self) -> None:
        while self._to_report:
            state = self._to_report.popleft()
            if self._on_state is not None:
                self._on_state(state)
