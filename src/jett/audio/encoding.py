"""Sound to the bytes of a file while it is made, for who listens over the network. Mono int16 in.

The length at a file's beginning is not known yet when it is sent. WAV says "as long as can be", and players go by the
end of the stream; MP3 has a constant bitrate, from which its length is guessed right; FLAC is given whole at its end,
for without its length libsndfile, and so Jett, cannot read it. libsndfile encodes all but WAV and raw samples.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import soundfile

from jett.core.audio import Samples
from jett.core.errors import AudioError

FORMATS = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
}
"""Each with its media type."""

_LIBSNDFILE = {"flac": ("FLAC", "PCM_16"), "mp3": ("MP3", "MPEG_LAYER_III"), "opus": ("OGG", "OPUS")}
_CONSTANT: dict[str, dict[str, Any]] = {
    "flac": {},
    "mp3": {"bitrate_mode": "CONSTANT", "compression_level": 0.5},  # without a level the mode has no effect
    "opus": {},
}
_WHOLE = ("flac",)
_LONGEST = 0xFFFFFFFF


class StreamEncoder:
    """One sound in one format of `FORMATS`. Raises AudioError for another."""

    def __init__(self, kind: str, rate_hz: int) -> None:
        if kind not in FORMATS:
            raise AudioError(f"audio: no format {kind[:20]!r} is written; choose one of {', '.join(FORMATS)}")
        self._before = _wav_header(rate_hz) if kind == "wav" else b""
        self._whole = kind in _WHOLE
        self._sink = io.BytesIO()
        self._sent = 0
        self._file: soundfile.SoundFile | None = None
        if kind in _LIBSNDFILE:
            container, subtype = _LIBSNDFILE[kind]
            self._file = soundfile.SoundFile(
                self._sink,
                "w",
                samplerate=rate_hz,
                channels=1,
                format=container,
                subtype=subtype,
                **_CONSTANT[kind],
            )

    def feed(self, samples: Samples) -> bytes:
        """The bytes that have become known; encoders keep a fraction of a second back."""
        if self._file is None:
            before, self._before = self._before, b""
            return before + samples.astype("<i2", copy=False).tobytes()
        self._file.write(samples)
        return b"" if self._whole else self._encoded()

    def finish(self) -> bytes:
        """The rest. What an encoder would correct at the beginning has been sent, and stays as it is."""
        if self._file is None:
            return self._before
        self._file.close()
        return self._encoded()

    def _encoded(self) -> bytes:
        whole = self._sink.getbuffer()
        new, self._sent = bytes(whole[self._sent :]), len(whole)
        return new


def _wav_header(rate_hz: int) -> bytes:
    """Mono int16, as long as can be."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", _LONGEST, b"WAVE") + form + struct.pack("<4sI", b"data", _LONGEST)
