"""One clip made into many: other throats, rooms, microphones, noises and distances. Pure numpy, 16 kHz, by a seed.

Signals are float32 in [-1, 1]. What a microphone hears is dry sound through a room and its own frequency response, with
noise on top; all of it is drawn anew for each copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

RATE_HZ = 16_000
_SOUND_M_S = 343.0
_EDGE_DB = -38.0
_FRAME = 80


@dataclass(frozen=True, slots=True)
class Harm:
    """How bad it may get."""

    stretch: float = 0.15
    """Speed and pitch together, by up to this share either way."""
    room: float = 0.6
    """Probability of a room."""
    noise: float = 0.75
    """Probability of noise."""
    snr_db: tuple[float, float] = (0.0, 25.0)
    microphone: float = 0.7
    """Probability of a microphone that is not flat."""
    level_dbfs: tuple[float, float] = (-45.0, -14.0)


CLEAN = Harm(stretch=0.0, room=0.0, noise=0.0, microphone=0.0, level_dbfs=(-28.0, -22.0))
NOISY = Harm(stretch=0.0, room=1.0, noise=1.0, snr_db=(10.0, 10.0), microphone=0.0, level_dbfs=(-35.0, -22.0))
"""Of the evaluation: 10 dB of noise in a room."""


def speech_edges(signal: Signal) -> tuple[int, int]:
    """First and last sample (exclusive) that is no more than 38 dB below the loudest 5 ms; (0, 0) for silence."""
    frames = signal.size // _FRAME
    power = np.square(signal[: frames * _FRAME].reshape(frames, _FRAME)).mean(axis=1) if frames else np.zeros(0)
    if not frames or power.max() <= 0:
        return 0, 0
    loud = np.flatnonzero(power > power.max() * 10 ** (_EDGE_DB / 10))
    return int(loud[0]) * _FRAME, (int(loud[-1]) + 1) * _FRAME


def stretched(signal: Signal, factor: float) -> Signal:
    """`signal` played `factor` times as fast, its pitch as much higher."""
    size = max(1, round(signal.size / factor))
    at = np.arange(size) * factor
    between: Signal = np.interp(at, np.arange(signal.size), signal).astype(np.float32)
    return between


def room_response(rng: np.random.Generator) -> Signal:
    """An impulse response of a random shoebox: direct sound at sample 0, first reflections, a diffuse tail.

    Image sources up to the second order (Allen and Berkley, 1979), then noise that decays by 60 dB in 0.15 to 0.9 s.
    """
    size = rng.uniform((2.5, 2.5, 2.3), (8.0, 6.0, 3.2))
    source, ear = rng.uniform(0.15, 0.85, 3) * size, rng.uniform(0.15, 0.85, 3) * size
    decay_s = float(rng.uniform(0.15, 0.9))
    reflects = float(rng.uniform(0.5, 0.92))
    response = np.zeros(round(min(decay_s, 0.6) * RATE_HZ) + 1, dtype=np.float32)
    direct_m = max(0.3, float(np.linalg.norm(source - ear)))
    for image, bounces in _images(source, size):
        distance = max(0.3, float(np.linalg.norm(image - ear)))
        at = round((distance - direct_m) / _SOUND_M_S * RATE_HZ)
        if 0 <= at < response.size:
            response[at] += reflects**bounces * direct_m / distance
    tail = rng.normal(0.0, 1.0, response.size) * 10 ** (-3 * np.arange(response.size) / (decay_s * RATE_HZ))
    tail[: round(0.004 * RATE_HZ)] = 0
    # Louder the further away: at the critical distance the tail carries as much as the direct sound.
    loud = float(rng.uniform(0.2, 1.0)) * direct_m / 2.0
    response += (tail * loud / max(1e-6, float(np.linalg.norm(tail)))).astype(np.float32)
    return response


def _images(source: NDArray[np.float64], size: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], int]]:
    found = []
    for n in np.ndindex(3, 3, 3):
        for flip in np.ndindex(2, 2, 2):
            cell, sign = np.array(n) - 1, 1 - 2 * np.array(flip)
            bounces = int(np.abs(2 * cell - np.array(flip)).sum())
            if bounces <= 2:
                found.append((sign * source + 2 * cell * size, bounces))
    return found


def through(signal: Signal, response: Signal) -> Signal:
    """`signal` through `response`, the same shape."""
    n = 1 << (signal.size + response.size - 2).bit_length()
    wet = np.fft.irfft(np.fft.rfft(signal, n) * np.fft.rfft(response, n), n)[: signal.size]
    return wet.astype(np.float32)


def coloured_noise(size: int, rng: np.random.Generator) -> Signal:
    """White to brown, now and then swelling or humming; root mean square 1."""
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, size))
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum / np.maximum(hz, 30.0) ** rng.uniform(0.0, 1.3), size)
    at_s = np.arange(size) / RATE_HZ
    if rng.random() < 0.3:
        noise *= 1 + 0.9 * np.sin(2 * np.pi * rng.uniform(0.3, 6.0) * at_s + rng.uniform(0, 6.3))
    if rng.random() < 0.3:
        mains_hz = rng.choice((50.0, 60.0, float(rng.uniform(90, 400))))
        hum = sum(np.sin(2 * np.pi * mains_hz * k * at_s + rng.uniform(0, 6.3)) / k for k in range(1, 6))
        noise += hum * float(noise.std()) * rng.uniform(0.3, 2.0)
    return (noise / max(1e-9, float(np.sqrt(np.square(noise).mean())))).astype(np.float32)


def microphone(signal: Signal, rng: np.random.Generator) -> Signal:
    """Through a frequency response that is not flat: a slope, humps of up to 8 dB, and cut at both ends."""
    spectrum = np.fft.rfft(signal)
    hz = np.fft.rfftfreq(signal.size, 1 / RATE_HZ)
    octaves = np.log2(np.maximum(hz, 20.0) / 1000.0)
    gain_db = rng.uniform(-3.0, 3.0) * octaves
    for _ in range(3):
        gain_db += rng.uniform(-8.0, 8.0) * np.exp(-np.square((octaves - rng.uniform(-3, 3)) / rng.uniform(0.3, 1.2)))
    low_hz, high_hz = rng.uniform(20, 300), rng.uniform(3400, 8000)
    gain_db -= 10 * np.log10(1 + (low_hz / np.maximum(hz, 1.0)) ** 4) + 10 * np.log10(1 + (hz / high_hz) ** 8)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), signal.size).astype(np.float32)


def harmed(
    signal: Signal, harm: Harm, rng: np.random.Generator, noises: Sequence[Signal] = (), rooms: Sequence[Signal] = ()
) -> Signal:
    """`signal` as it may be heard: room, noise (one of `noises` or made up), microphone and level. Same shape."""
    loudness = _rms(signal[np.abs(signal) > 1e-3]) or _rms(signal)
    if rng.random() < harm.room:
        measured = bool(rooms) and rng.random() < 0.3
        signal = through(signal, rooms[int(rng.integers(len(rooms)))] if measured else room_response(rng))
    if rng.random() < harm.noise:
        noise = _noise(signal.size, rng, noises)
        signal = signal + noise * np.float32(loudness * 10 ** (-rng.uniform(*harm.snr_db) / 20))
    elif rng.random() < 0.7:  # no microphone is without any
        signal = signal + coloured_noise(signal.size, rng) * np.float32(loudness * 10 ** (-rng.uniform(30, 60) / 20))
    if rng.random() < harm.microphone:
        signal = microphone(signal, rng)
    wanted = 10 ** (rng.uniform(*harm.level_dbfs) / 20)
    heard: Signal = np.clip(signal * np.float32(wanted / max(_rms(signal), 1e-6)), -1.0, 1.0)
    return heard


def _noise(size: int, rng: np.random.Generator, noises: Sequence[Signal]) -> Signal:
    """Root mean square 1."""
    if not noises or rng.random() < 0.35:
        return coloured_noise(size, rng)
    noise = noises[int(rng.integers(len(noises)))]
    start = int(rng.integers(max(1, noise.size - size)))
    piece = np.resize(noise[start : start + size], size) if noise.size else np.zeros(size, np.float32)
    return (piece / max(_rms(piece), 1e-4)).astype(np.float32)


def _rms(signal: Signal) -> float:
    return float(np.sqrt(np.square(signal, dtype=np.float64).mean())) if signal.size else 0.0
