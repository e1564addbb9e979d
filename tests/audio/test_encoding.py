"""Sound that is sent while it is made: each format, cut into pieces, is the sound again."""

from __future__ import annotations

import numpy as np
import pytest

from jett.audio.encoding import FORMATS, StreamEncoder
from jett.audio.files import HeldFile, read_audio
from jett.core.audio import Samples
from jett.core.errors import AudioError

_RATE_HZ = 24_000


def tone() -> Samples:
    """3 s of 440 Hz."""
    at = np.arange(3 * _RATE_HZ) / _RATE_HZ
    sound: Samples = (np.sin(2 * np.pi * 440 * at) * 8000).astype(np.int16)
    return sound


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind != "pcm"])
def test_the_pieces_join_to_a_file_with_the_whole_sound(kind: str) -> None:
    """Though its beginning was sent before its length was known."""
    encoder = StreamEncoder(kind, _RATE_HZ)
    pieces = [encoder.feed(piece) for piece in np.array_split(tone(), 10)]
    heard = read_audio(HeldFile(kind, b"".join(pieces) + encoder.finish()))
    assert abs(heard.size / 16_000 - 3) < 0.15
    spectrum = np.abs(np.fft.rfft(heard[:32_000]))
    assert int(np.argmax(spectrum)) / 2 == pytest.approx(440, abs=1)
    assert kind == "flac" or sum(bool(piece) for piece in pieces) > 1


def test_raw_samples_are_little_endian_and_nothing_else() -> None:
    """OpenAI's `pcm`."""
    encoder = StreamEncoder("pcm", _RATE_HZ)
    assert encoder.feed(np.array([1, -2], dtype=np.int16)) + encoder.finish() == b"\x01\x00\xfe\xff"


def test_another_format_is_refused() -> None:
    """By name, with those that there are."""
    with pytest.raises(AudioError, match="wav, pcm, flac, mp3, opus"):
        StreamEncoder("aac", _RATE_HZ)
