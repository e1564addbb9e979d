"""The sound that says "I listen": two soft notes, a fourth apart, made when they are needed and no file."""

from __future__ import annotations

import numpy as np

from jett.core.audio import Samples

_NOTES_HZ = (659.3, 880.0)
_NOTE_S = 0.075
_DBFS = -24.0
"""RMS of the whole: beside a voice of about -20, a whisper."""


def earcon(rate_hz: int) -> Samples:
    """150 ms at `rate_hz`; each note swells and fades, so that it neither clicks nor startles."""
    n_samples = round(_NOTE_S * rate_hz)
    at_s = np.arange(n_samples) / rate_hz
    swell = np.sin(np.pi * np.arange(n_samples) / n_samples) ** 2
    notes = np.concatenate([np.sin(2 * np.pi * note_hz * at_s) * swell for note_hz in _NOTES_HZ])
    loud = notes * (10 ** (_DBFS / 20) / np.sqrt(np.mean(notes**2)))
    samples: Samples = (loud * 32_767).astype(np.int16)
    return samples
