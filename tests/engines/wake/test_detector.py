"""Stock heads on real people: they wake on their own name, together as alone, and on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from jett.core.audio import Samples, silence
from jett.core.errors import ModelError
from jett.engines.wake.detector import HeadsWakeWordDetector
from jett.engines.wake.features import FRAME_SAMPLES, SpeechEmbedding
from jett.engines.wake.heads import Head, load_head
from jett.models.store import Store
from tests.engines.wake.conftest import Recording

pytestmark = pytest.mark.models

# What TensorFlow Lite's own interpreter (ai-edge-litert 2.3.0) says, frame by frame, given the same embeddings.
JARVIS_2 = (
    *(
        1e-05,
        1e-05,
        0.0,
        0.0,
        0.0,
        0.0,
        1e-05,
        4e-05,
        5e-05,
        5e-05,
    ),
    *(
        2e-05,
        2e-05,
        4e-05,
        0.00011,
        0.00021,
        0.00029,
        0.07505,
        0.97115,
        0.88887,
        0.89167,
    ),
    *(
        0.97789,
        0.99769,
        0.99617,
        0.9755,
        0.12743,
        0.00454,
        1e-05,
        0.0,
        0.0,
        1e-05,
    ),
    *(1e-05,),
)
ALEXA_1 = (
    *(
        0.0,
        0.0,
        0.0,
        0.0,
        1e-05,
        2e-05,
        0.0,
        0.0,
        0.0,
        0.0,
    ),
    *(
        0.00018,
        0.87487,
        0.99998,
        0.99999,
        0.99999,
        1.0,
        1.0,
        0.99998,
        0.9993,
        0.99661,
    ),
    *(
        0.9978,
        0.9996,
        0.98736,
        0.94461,
        0.96432,
        0.94053,
        0.49338,
        0.00073,
        6e-05,
        3e-05,
    ),
    *(2e-05,),
)


@pytest.fixture(scope="module")
def heads(store: Store) -> tuple[Head, Head]:
    return load_head(store.file("wake-hey-jarvis")), load_head(store.file("wake-alexa"))


def highest(detector: HeadsWakeWordDetector, audio: Samples) -> dict[str, float]:
    """Of each name, with half a second of quiet after `audio`."""
    return dict(zip(detector.names, np.max(all_scores(detector, audio), axis=0), strict=True))


def all_scores(detector: HeadsWakeWordDetector, audio: Samples) -> list[tuple[float, ...]]:
    padded = np.concatenate([audio, silence(8_000)])
    starts = range(0, padded.size - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    return [detector.scores(padded[start : start + FRAME_SAMPLES]) for start in starts]


@pytest.mark.parametrize(("clip", "which", "reference"), [("hey_jarvis_2", 0, JARVIS_2), ("alexa_1", 1, ALEXA_1)])
def test_a_head_in_tensorflow_lite_scores_as_its_own_interpreter_does(
    features: SpeechEmbedding,
    heads: tuple[Head, Head],
    recording: Recording,
    clip: str,
    which: int,
    reference: tuple[float, ...],
) -> None:
    scores = all_scores(HeadsWakeWordDetector(features, [heads[which]]), recording(f"wake/{clip}"))
    assert [score for (score,) in scores] == pytest.approx(reference, abs=2e-3)


@pytest.mark.parametrize("clip", ["hey_jarvis_2", "hey_jarvis_3", "alexa_1", "alexa_2"])
def test_who_is_called_hears_it_and_nobody_else_does(
    features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording, clip: str
) -> None:
    found = highest(HeadsWakeWordDetector(features, heads), recording(f"wake/{clip}"))
    called = clip.rpartition("_")[0]
    assert found.pop(called) > 0.9
    assert max(found.values()) < 0.3


def test_reading_aloud_calls_nobody(features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording) -> None:
    """Three readings of a book, some 15 seconds, heard as one."""
    detector = HeadsWakeWordDetector(features, heads)
    for clip in ("speech/confused_complaint", "speech/paced_up_and_down", "audio/librispeech_1089-134686-0001"):
        assert max(highest(detector, recording(clip)).values()) < 0.3


def test_the_first_word_after_the_start_is_not_taken_for_a_call(
    features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording
) -> None:
    """A head looks back two seconds, to before there was any sound: what is put there must not sound like a word."""
    for clip in ("hey_jarvis_1", "hey_jarvis_2", "hey_jarvis_3"):
        assert highest(HeadsWakeWordDetector(features, heads), recording(f"wake/{clip}"))["alexa"] < 0.15


def test_several_heads_score_as_each_does_alone(
    features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording
) -> None:
    audio = np.concatenate([recording("wake/hey_jarvis_2"), recording("wake/alexa_1")])
    both = all_scores(HeadsWakeWordDetector(features, heads), audio)
    alone = [all_scores(HeadsWakeWordDetector(features, [head]), audio) for head in heads]
    assert both == [(first[0], second[0]) for first, second in zip(*alone, strict=True)]


def test_what_was_heard_before_a_reset_does_not_count(
    features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording
) -> None:
    audio = recording("wake/alexa_1")
    detector = HeadsWakeWordDetector(features, heads)
    once = all_scores(detector, audio)
    detector.reset()
    assert all_scores(detector, audio) == once


def test_a_call_after_a_long_rest_scores_as_without_one(
    features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording
) -> None:
    """Five seconds of a microphone's own noise; what it leaves out then makes no difference afterwards."""
    noise = np.random.default_rng(0).normal(0, 4, 5 * 16_000).astype(np.int16)
    rested, listened = HeadsWakeWordDetector(features, heads), HeadsWakeWordDetector(features, heads)
    listened._rest_after = 10**9
    all_scores(rested, noise)
    assert rested.resting
    all_scores(listened, noise)
    audio = recording("wake/hey_jarvis_3")
    after_rest, after_listening = all_scores(rested, audio), all_scores(listened, audio)
    assert not rested.resting
    assert np.abs(np.array(after_rest) - np.array(after_listening)).max() < 1e-3
    assert max(score for score, _ in after_rest) > 0.9


@pytest.mark.parametrize("together", [2, 3, 5])
def test_frames_that_are_scored_together_score_as_one_after_another(
    features: SpeechEmbedding, heads: tuple[Head, Head], recording: Recording, together: int
) -> None:
    """From the start, in speech, across a rest of its own, and in the call after it."""
    noise = np.random.default_rng(0).normal(0, 4, round(3.1 * 16_000)).astype(np.int16)
    night = np.concatenate(
        [recording("wake/alexa_1"), noise, recording("wake/hey_jarvis_2"), recording("wake/alexa_2")]
    )
    night = night[: night.size - night.size % (together * FRAME_SAMPLES)]
    detector = HeadsWakeWordDetector(features, heads)
    found = [
        scores
        for start in range(0, night.size, together * FRAME_SAMPLES)
        for scores in detector.several(night[start : start + together * FRAME_SAMPLES])
    ]
    wanted = all_scores(HeadsWakeWordDetector(features, heads), night)[: len(found)]
    assert np.abs(np.array(found) - np.array(wanted)).max() < 1e-3
    assert np.array(found).max(axis=0).min() > 0.9


@pytest.mark.parametrize("quiet_s", [3.0, 2.2, 1.0])
def test_in_a_quiet_room_nothing_is_computed_and_each_call_scores_as_if_it_had_been(
    features: SpeechEmbedding,
    heads: tuple[Head, Head],
    recording: Recording,
    monkeypatch: pytest.MonkeyPatch,
    quiet_s: float,
) -> None:
    """Four calls and a reading, each after a quiet of its own, frame by frame; shorter than a rest as well."""
    said = ["wake/hey_jarvis_2", "wake/alexa_1", "speech/confused_complaint", "wake/hey_jarvis_3", "wake/alexa_2"]
    noise = np.random.default_rng(0).normal(0, 4, round((quiet_s + 0.033) * 16_000)).astype(np.int16)
    night = np.concatenate([part for name in said for part in (noise, recording(name))])
    computed, mels = [0], features.mels

    def counted(audio: Samples) -> NDArray[np.float32]:
        computed[0] += 1
        return mels(audio)

    monkeypatch.setattr(features, "mels", counted)
    rested, listened = HeadsWakeWordDetector(features, heads), HeadsWakeWordDetector(features, heads)
    listened._rest_after = 10**9
    found, rests = [], 0
    for start in range(0, night.size - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        before = computed[0]
        found.append(rested.scores(night[start : start + FRAME_SAMPLES]))
        rests += rested.resting
        assert computed[0] == before + (not rested.resting)
    wanted = all_scores(listened, night)[: len(found)]
    assert (rests > 0) == (quiet_s > 2.08)
    assert np.abs(np.array(found) - np.array(wanted)).max() < 1e-3
    assert np.array(found).max(axis=0).min() > 0.9


def test_two_heads_of_one_name_are_refused(features: SpeechEmbedding, heads: tuple[Head, Head]) -> None:
    with pytest.raises(ModelError, match="two heads are called 'alexa'"):
        HeadsWakeWordDetector(features, [heads[1], heads[1]])
