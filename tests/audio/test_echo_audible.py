"""Whether an echo is there at all, told from levels alone."""

from __future__ import annotations

import numpy as np
import pytest

from jett.audio.echo_audible import EchoAudibility
from jett.core.audio import Samples

_SECOND = 100


def _noise(dbfs: float, frames: int, seed: int = 0) -> Samples:
    """White noise, shape (frames, 160)."""
    rms = 32_768 * 10 ** (dbfs / 20)
    return np.random.default_rng(seed).normal(0, rms, (frames, 160)).clip(-32_768, 32_767).astype(np.int16)


def _talking(seconds: int) -> Samples:
    """A voice in syllables: 200 ms of sound, 100 ms of nothing."""
    sound = _noise(-20, seconds * _SECOND, seed=1)
    sound[np.arange(sound.shape[0]) % 30 >= 20] = 0
    return sound


def _hear(near: Samples, far: Samples) -> bool:
    watch = EchoAudibility()
    for n, f in zip(near, far, strict=True):
        watch.hear(n, f)
    return watch.audible


def test_until_something_was_played_there_may_be_an_echo() -> None:
    near = _noise(-60, 5 * _SECOND)
    assert _hear(near, np.zeros_like(near))


@pytest.mark.parametrize("room_dbfs", [-100, -60, -40])
def test_with_headphones_there_is_none(room_dbfs: float) -> None:
    far = _talking(4)
    assert not _hear(_noise(room_dbfs, far.shape[0]), far)


@pytest.mark.parametrize("gain_db", [0, -14, -26])
def test_a_loudspeaker_is_heard(gain_db: float) -> None:
    far = _talking(4)
    echo = (np.roll(far, 5, axis=0) * 10 ** (gain_db / 20)).astype(np.int16)
    assert _hear(echo + _noise(-60, far.shape[0]), far)


def test_a_short_interruption_is_no_echo() -> None:
    """The user's voice over a reply in headphones must not switch the canceller on before it was heard."""
    far = _talking(4)
    near = _noise(-60, far.shape[0])
    near[-20:] = _noise(-25, 20)
    assert not _hear(near, far)


def test_it_is_found_out_when_headphones_are_taken_off() -> None:
    far = _talking(6)
    near = _noise(-60, far.shape[0])
    near[3 * _SECOND :] += (far[3 * _SECOND :] * 0.3).astype(np.int16)
    assert _hear(near, far)
