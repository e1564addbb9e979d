"""Embeddings of a stream, of a whole recording, and as the models themselves give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jett.core.audio import Samples
from jett.core.errors import ModelError
from jett.engines.onnx import session
from jett.engines.wake.features import FRAME_SAMPLES, SpeechEmbedding, WakeFeatures
from jett.models.store import Store
from tests.engines.wake.conftest import Recording

pytestmark = pytest.mark.models


def frames(audio: Samples) -> list[Samples]:
    return [audio[start : start + FRAME_SAMPLES] for start in range(0, audio.size - FRAME_SAMPLES + 1, FRAME_SAMPLES)]


@pytest.fixture(scope="module")
def awkward(recording: Recording) -> Samples:
    """Speech, digital silence, and speech with nothing above 2 kHz, where the range of a frame is limited."""
    speech = recording("speech/confused_complaint")
    spectrum = np.fft.rfft(speech.astype(np.float64))
    spectrum[int(spectrum.size * 2_000 / 8_000) :] = 0
    muffled = np.fft.irfft(spectrum, speech.size).astype(np.int16)
    return np.concatenate([speech, np.zeros(30_000, dtype=np.int16), muffled])


def test_a_stream_gives_what_the_whole_recording_gives(features: SpeechEmbedding, awkward: Samples) -> None:
    """Row for row, from the tenth frame on."""
    stream = WakeFeatures(features)
    pushed = np.stack([stream.push(frame) for frame in frames(awkward)])
    together = features.embeddings(awkward)
    assert together.shape == (awkward.size // FRAME_SAMPLES - 9, 96)
    assert np.abs(pushed[9:] - together).max() < 1e-3  # of values up to about 60


def test_frames_heard_without_being_embedded_are_embedded_when_they_are_wanted(
    features: SpeechEmbedding, awkward: Samples
) -> None:
    """However many were left, and more than are kept."""
    stream, lazy = WakeFeatures(features), WakeFeatures(features)
    for n, frame in enumerate(frames(awkward)):
        stream.push(frame)
        lazy.hear(frame)
        if n in (0, 1, 9, 13, 60):
            assert np.abs(stream.window(16) - lazy.window(16)).max() < 1e-3


def test_one_pass_is_what_the_models_give_for_each_window(
    features: SpeechEmbedding, store: Store, recording: Recording
) -> None:
    """The files as they were published, one window at a time, as openWakeWord uses them."""
    folder = store.path("wake-features")
    mel, embedding = session(folder / "melspectrogram.onnx"), session(folder / "embedding_model.onnx")
    audio = recording("speech/drip_coffee")[: 40 * FRAME_SAMPLES].astype(np.float32)
    chunks = [audio[max(0, start - 480) : start + FRAME_SAMPLES] for start in range(0, audio.size, FRAME_SAMPLES)]
    bands = [mel.run(None, {"input": chunk[None]})[0].reshape(-1, 32) / 10 + 2 for chunk in chunks]
    mels = np.concatenate(bands)
    ends = range(80 - 3, len(mels) + 1, 8)
    windows = np.stack([mels[end - 76 : end] for end in ends])[..., None].astype(np.float32)
    published = embedding.run(None, {"input_1": windows})[0].reshape(-1, 96)
    assert np.abs(features.embeddings(audio.astype(np.int16)) - published).max() < 1e-3


def test_nothing_is_left_after_a_reset(features: SpeechEmbedding, recording: Recording) -> None:
    stream, fresh = WakeFeatures(features), WakeFeatures(features)
    for frame in frames(recording("speech/stop")):
        stream.push(frame)
    stream.reset()
    assert np.array_equal(stream.window(16), fresh.window(16))
    frame = recording("speech/yes")[:FRAME_SAMPLES]
    assert np.array_equal(stream.push(frame), fresh.push(frame))


@pytest.mark.parametrize("samples", [0, 1, 1279, 9 * 1280, 10 * 1280 - 1])
def test_too_little_sound_has_no_embedding(features: SpeechEmbedding, samples: int) -> None:
    assert features.embeddings(np.zeros(samples, dtype=np.int16)).shape == (0, 96)


def test_another_file_is_not_taken_for_the_model(store: Store, tmp_path: Path) -> None:
    """Nor is an empty folder."""
    with pytest.raises(ModelError, match=r"no model at .* run: jett models pull wake-features"):
        SpeechEmbedding(tmp_path)
    for name in ("melspectrogram.onnx", "embedding_model.onnx"):
        (tmp_path / name).write_bytes(store.file("silero-vad").read_bytes())
    with pytest.raises(ModelError, match=r"melspectrogram\.onnx' is not the file that Jett knows"):
        SpeechEmbedding(tmp_path)
    (tmp_path / "melspectrogram.onnx").write_bytes(store.file("wake-features", "melspectrogram.onnx").read_bytes())
    for other in (store.file("silero-vad").read_bytes(), b"", b"\xff" * 99, b"\x3a\x00"):
        (tmp_path / "embedding_model.onnx").write_bytes(other)
        with pytest.raises(ModelError, match=r"embedding_model\.onnx' is not the file that Jett knows"):
            SpeechEmbedding(tmp_path)


def test_a_long_recording_is_embedded_as_its_parts_are(features: SpeechEmbedding) -> None:
    """Longer than what is computed at once."""
    noise = np.random.default_rng(3).normal(0, 900, 30 * 16_000).astype(np.int16)
    whole = features.embeddings(noise)
    late = features.embeddings(noise[200 * FRAME_SAMPLES :])
    assert whole.shape == (30 * 16_000 // FRAME_SAMPLES - 9, 96)
    assert np.abs(whole[-len(late) + 1 :] - late[1:]).max() < 1e-3
