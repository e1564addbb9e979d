"""One open sound device, and how to open it. What happens when it goes away is `watch.py`'s business.

Capture is asked for at the device's own rate and resampled by us (`resample.LiveResampler` says why); playback is
converted by miniaudio, whose filter only dulls the top of what the card plays.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

import miniaudio
import numpy as np

from jett.audio.devices import Device, Direction, choose, list_devices, sound_backends
from jett.core.audio import Samples
from jett.core.errors import AudioError

APP_NAME = "Jett"
PERIODS = 3
"""Device buffers of one period each: two let a busy Python thread be late once, three twice."""

OnBlock = Callable[[Samples, int], None]
"""Called on the audio thread with mono samples and their rate in Hz."""
Callback = Generator[Any, Any, None]
"""As miniaudio calls it, on the audio thread."""
Fill = Callable[[int], Samples]
"""Called on the audio thread with a number of samples; gives exactly so many, and never raises."""


class Stream(Protocol):
    """A device that runs."""

    device_name: str

    @property
    def running(self) -> bool: ...

    def halt(self) -> None:
        """Stand still, but stay open; never called from its thread. Raises AudioError."""

    def resume(self) -> None:
        """Run again after `halt`. Raises AudioError."""

    def close(self) -> None:
        """Stop its thread and let go of it; never called from that thread."""


class DeviceStream:
    """A running miniaudio device, its context released with it."""

    def __init__(self, device: Any, device_name: str, callback: Callable[[], Callback]) -> None:
        """Starts it. `callback` makes what it calls: a new one each time it starts."""
        self._device = device
        self._callback = callback
        self.device_name = device_name
        _start(device, callback())

    @property
    def running(self) -> bool:
        return bool(self._device.running)

    def halt(self) -> None:
        try:
            self._device.stop()
        except miniaudio.MiniaudioError as error:
            raise AudioError(f"audio: {self.device_name!r} cannot be halted ({_reason(error)})") from error

    def resume(self) -> None:
        try:
            _start(self._device, self._callback())
        except miniaudio.MiniaudioError as error:
            raise AudioError(f"audio: {self.device_name!r} does not go on ({_reason(error)})") from error

    def close(self) -> None:
        self._device.close()


def open_capture(name: str | None, *, period_ms: int, on_block: OnBlock) -> Stream:
    """Start to record the microphone `name` (None: the default one). Raises AudioError."""
    chosen = _find("input", name)
    try:
        device = _Capture(miniaudio.SampleFormat.SIGNED16, 1, 0, **_options(chosen, name, period_ms))
        rate_hz = int(device._device.sampleRate)
        return DeviceStream(device, chosen.name, lambda: _captured(on_block, rate_hz))
    except miniaudio.MiniaudioError as error:
        raise _refused("microphone", chosen, error) from error


def open_playback(name: str | None, rate_hz: int, *, period_ms: int, fill: Fill) -> Stream:
    """Start to play on the speaker `name` (None: the default one) what `fill` gives. Raises AudioError."""
    chosen = _find("output", name)
    try:
        device = _Playback(miniaudio.SampleFormat.SIGNED16, 1, rate_hz, **_options(chosen, name, period_ms))
        return DeviceStream(device, chosen.name, lambda: _played(fill))
    except miniaudio.MiniaudioError as error:
        raise _refused("speaker", chosen, error) from error


def _find(direction: Direction, name: str | None) -> Device:
    devices = list_devices()
    return choose(devices.inputs if direction == "input" else devices.outputs, direction, name)


def _options(chosen: Device, name: str | None, period_ms: int) -> dict[str, Any]:
    # Opened as "the default" a speaker follows when its user chooses another. A microphone is opened by its handle:
    # sound servers move an unplugged default to the monitor of a speaker, and Jett would listen to itself.
    follows_default = name is None and chosen.is_default and chosen.direction == "output"
    return {
        "buffersize_msec": period_ms,
        "device_id": None if follows_default else chosen.handle,
        "callback_periods": PERIODS,
        "backends": sound_backends(),
        "app_name": APP_NAME,
    }


def _start(device: Any, callback: Callback) -> None:
    next(callback)
    # miniaudio marks a device as stopped only where somebody asked to be told; the watch looks at `running`.
    device.stop_callback = lambda: None
    device.start(callback)


def _captured(on_block: OnBlock, rate_hz: int) -> Generator[None, bytearray, None]:
    while True:
        data = yield
        on_block(np.frombuffer(data, np.int16), rate_hz)


def _played(fill: Fill) -> Generator[bytes, int, None]:
    block = b""
    while True:
        n_samples = yield block
        block = fill(n_samples).tobytes()


def _refused(word: str, chosen: Device, error: miniaudio.MiniaudioError) -> AudioError:
    return AudioError(
        f"audio: {word} {chosen.name!r} cannot be opened ({_reason(error)}); "
        "close other programs that use it, or name another"
    )


def _reason(error: miniaudio.MiniaudioError) -> str:
    return " ".join(str(part) for part in error.args)


class _ClosesContext:
    """miniaudio keeps a device's context, and its connection to the sound server, for ever; this lets it go."""

    _context: Any = None

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        context, self._context = self._context, None
        if context is not None:
            miniaudio.lib.ma_context_uninit(context)


class _Capture(_ClosesContext, miniaudio.CaptureDevice):  # type: ignore[misc]
    pass


class _Playback(_ClosesContext, miniaudio.PlaybackDevice):  # type: ignore[misc]
    pass
