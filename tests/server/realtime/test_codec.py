"""G.711 by tables: the values of the standard, and what it costs to go there and back."""

from __future__ import annotations

import numpy as np
import pytest

from jett.server.realtime.codec import decoded, encoded
from jett.server.realtime.config import AudioFormat

MU_LAW = AudioFormat.model_validate({"type": "audio/pcmu"})
A_LAW = AudioFormat.model_validate({"type": "audio/pcma"})
PCM = AudioFormat()


@pytest.mark.parametrize(
    ("law", "code", "sample"),
    [
        (MU_LAW, 0xFF, 0),
        (MU_LAW, 0x80, 32_124),
        (MU_LAW, 0x00, -32_124),
        (MU_LAW, 0xF0, 120),
        (A_LAW, 0xD5, 8),
        (A_LAW, 0x55, -8),
        (A_LAW, 0xAA, 32_256),
        (A_LAW, 0x2A, -32_256),
    ],
)
def test_codes_are_those_of_the_standard(law: AudioFormat, code: int, sample: int) -> None:
    """Both ways."""
    assert decoded(bytes([code]), law).tolist() == [sample]
    assert encoded(np.array([sample], np.int16), law) == bytes([code])


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_there_and_back_costs_a_sixteenth_of_a_segment_at_most(law: AudioFormat) -> None:
    """For every sample there is; a second time costs nothing."""
    samples = np.arange(-32_768, 32_768, dtype=np.int32).astype(np.int16)
    once = decoded(encoded(samples, law), law)
    error = np.abs(once.astype(np.int32) - samples)
    assert np.all(error <= np.maximum(np.abs(samples.astype(np.int32)) // 16, 8) + 132 // 16)
    assert np.array_equal(decoded(encoded(once, law), law), once)


def test_pcm_is_little_endian() -> None:
    """Whatever the machine is."""
    assert encoded(np.array([1, -2], np.int16), PCM) == b"\x01\x00\xfe\xff"
    assert decoded(b"\x01\x00\xfe\xff", PCM).tolist() == [1, -2]
