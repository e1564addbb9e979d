"""Sound as it goes over the wire, and as Jett has it: 16-bit samples, and G.711 by tables (ITU-T G.711, 1988)."""

from __future__ import annotations

import base64
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples
from jett.server.realtime.config import AudioFormat

_BIAS = 132
_CLIP = 32_635


def decoded(data: bytes, audio_format: AudioFormat) -> Samples:
    """Samples at the format's rate, shape (n,)."""
    if audio_format.type == "audio/pcm":
        return np.frombuffer(data, np.dtype("<i2")).astype(np.int16, copy=False)
    codes = np.frombuffer(data, np.uint8)
    samples: Samples = _tables(audio_format.type)[0][codes]
    return samples


def encoded(samples: Samples, audio_format: AudioFormat) -> bytes:
    """The bytes of samples at the format's rate."""
    if audio_format.type == "audio/pcm":
        return samples.astype("<i2", copy=False).tobytes()
    return _tables(audio_format.type)[1][samples.view(np.uint16)].tobytes()


def as_text(samples: Samples, audio_format: AudioFormat) -> str:
    """The same in base64."""
    return base64.b64encode(encoded(samples, audio_format)).decode()


@cache
def _tables(name: str) -> tuple[Samples, NDArray[np.uint8]]:
    """Of each code its sample, shape (256,); of each sample, as unsigned, its code, shape (65536,)."""
    codes = np.arange(256, dtype=np.int32)
    samples = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    if name == "audio/pcmu":
        return _from_mu_law(codes), _to_mu_law(samples)
    return _from_a_law(codes), _to_a_law(samples)


def _from_mu_law(codes: NDArray[np.int32]) -> Samples:
    bits = ~codes & 0xFF
    magnitude = (((bits & 0x0F) << 3) + _BIAS) << ((bits & 0x70) >> 4)
    return np.where(bits & 0x80, _BIAS - magnitude, magnitude - _BIAS).astype(np.int16)


def _to_mu_law(samples: NDArray[np.int32]) -> NDArray[np.uint8]:
    magnitude = np.minimum(np.abs(samples), _CLIP) + _BIAS
    segment = np.log2(magnitude).astype(np.int32) - 7
    bits = np.where(samples < 0, 0x80, 0) | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F)
    codes: NDArray[np.uint8] = (~bits & 0xFF).astype(np.uint8)
    return codes


def _from_a_law(codes: NDArray[np.int32]) -> Samples:
    bits = codes ^ 0x55
    segment = (bits & 0x70) >> 4
    magnitude = ((bits & 0x0F) << 4) + np.where(segment == 0, 8, 0x108)
    magnitude = np.where(segment > 1, magnitude << np.maximum(segment - 1, 0), magnitude)
    return np.where(bits & 0x80, magnitude, -magnitude).astype(np.int16)


def _to_a_law(samples: NDArray[np.int32]) -> NDArray[np.uint8]:
    magnitude = np.where(samples < 0, ~samples, samples)
    segment = np.maximum(np.log2(np.maximum(magnitude, 1)).astype(np.int32) - 7, 0)
    bits = np.where(segment > 0, (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F), magnitude >> 4)
    return ((bits | np.where(samples < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)
