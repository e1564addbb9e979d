"""Which microphones and speakers there are, and which one is meant. Opens none of them (`streams.py` does).

Called by the adapters in this room, `jett devices` and `jett doctor`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import miniaudio

from jett.core.errors import AudioError

Direction = Literal["input", "output"]
_WORDS: dict[Direction, str] = {"input": "microphone", "output": "speaker"}
_UNUSED_BACKENDS = {miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM, miniaudio.Backend.JACK}
"""Two that only pretend to be a sound card, and one that is always beside another and shouts when it is not running."""

_ALSA_CARDS = (b":", b"hw:", b"plughw:", b"default", b"sysdefault", b"pipewire")
"""ALSA lists its plug-ins as devices too: one swallows everything, others shout on stderr when they are asked."""


@dataclass(frozen=True, slots=True)
class Device:
    """One input or output as the system names it; `handle` is what opens it."""

    name: str
    direction: Direction
    is_default: bool = False
    is_monitor: bool = False
    """It hears what an output plays: never taken as a microphone unless asked for by name."""
    rates_hz: tuple[int, ...] = ()
    """Native rates; empty when the device takes any."""
    channels: int = 0
    problem: str = ""
    """Why it cannot be used; empty when it can."""
    handle: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Devices:
    """Everything the sound system offers now; `backend` is empty when there is no sound system."""

    inputs: tuple[Device, ...] = ()
    outputs: tuple[Device, ...] = ()
    backend: str = ""


def sound_backends() -> list[miniaudio.Backend]:
    """The sound systems this build can talk to, best first."""
    enabled = miniaudio.get_enabled_backends()
    return [backend for backend in miniaudio.Backend if backend in enabled and backend not in _UNUSED_BACKENDS]


def list_devices() -> Devices:
    """What is there now; empty, never an error, where there is no sound system. May take 0.2 s."""
    try:
        listing = _Listing(sound_backends())
        return Devices(
            inputs=_devices(listing.get_captures(), "input"),
            outputs=_devices(listing.get_playbacks(), "output"),
            backend=listing.backend,
        )
    except miniaudio.MiniaudioError:
        return Devices()


def choose(devices: Sequence[Device], direction: Direction, name: str | None = None) -> Device:
    """The device called `name` (exactly, else the only one whose name contains it), or the default one.

    Raises AudioError, naming the choices.
    """
    word = _WORDS[direction]
    if not name:
        return _default(devices, direction)
    exact = [device for device in devices if device.name == name]
    found = exact or [device for device in devices if name.casefold() in device.name.casefold()]
    choices = ", ".join(repr(device.name) for device in devices) or "none"
    if not found:
        raise AudioError(f"audio: no {word} called {name!r}; choose one of: {choices}")
    if len(found) > 1:
        raise AudioError(f"audio: {name!r} fits {len(found)} {word}s; write more of the name, one of: {choices}")
    if found[0].problem:
        raise AudioError(f"audio: {word} {found[0].name!r} {found[0].problem}; choose one of: {choices}")
    return found[0]


def missing_device(direction: Direction, platform: str = sys.platform) -> str:
    """One line for a person who has no such device: what is wrong and what to do."""
    fixes = {
        "linux": "start a sound server (PipeWire with pipewire-pulse, or PulseAudio) in this session, or for plain ALSA"
        " join the group 'audio' and log in again",
        "darwin": "plug one in, and allow the terminal under System Settings > Privacy & Security > Microphone",
        "win32": "plug one in, and allow desktop apps under Settings > Privacy & security > Microphone",
    }
    fix = fixes.get(platform, "plug one in")
    instead = "`jett talk --input FILE` needs none" if direction == "input" else "`jett talk --output FILE` needs none"
    return f"audio: no {_WORDS[direction]} found; {fix}; {instead}"


def _default(devices: Sequence[Device], direction: Direction) -> Device:
    usable = [device for device in devices if not device.problem and not device.is_monitor]
    for device in usable:
        if device.is_default:
            return device
    if usable:
        return usable[0]
    raise AudioError(missing_device(direction))


def _device(row: dict[str, Any], direction: Direction) -> Device:
    formats = row["formats"]
    return Device(
        name=row["name"],
        direction=direction,
        is_default=row["is_default"],
        is_monitor=row["is_monitor"],
        rates_hz=tuple(sorted({entry["samplerate"] for entry in formats} - {0})),
        channels=max((entry["channels"] for entry in formats), default=0),
        problem=row["problem"],
        handle=row["id"],
    )


def _devices(rows: Sequence[dict[str, Any]], direction: Direction) -> tuple[Device, ...]:
    """Two devices of one model get ' (2)', so that each can be chosen."""
    seen: Counter[str] = Counter()
    devices = []
    for device in (_device(row, direction) for row in rows if not row["is_plugin"]):
        seen[device.name] += 1
        count = seen[device.name]
        devices.append(device if count == 1 else replace(device, name=f"{device.name} ({count})"))
    return tuple(devices)


class _Listing(miniaudio.Devices):  # type: ignore[misc]
    """miniaudio's listing with what it leaves out, and going on past a device that cannot be queried."""

    def _get_info(self, device_type: Any, device_info: Any) -> dict[str, Any]:
        key = bytes(miniaudio.ffi.buffer(miniaudio.ffi.addressof(device_info.id))).split(b"\0")[0]
        if self.backend == "ALSA" and not key.startswith(_ALSA_CARDS):
            return {"is_plugin": True}
        extra: dict[str, Any] = {"formats": [], "problem": ""}
        try:
            extra |= super()._get_info(device_type, device_info)
        except miniaudio.MiniaudioError:
            extra["problem"] = "cannot be opened (unplugged, or in use by another program)"
        return extra | {
            "is_plugin": False,
            "is_default": bool(device_info.isDefault),
            "is_monitor": self.backend == "PulseAudio" and key.endswith(b".monitor"),
        }
