"""Real voices: what they say is understood by real speech-to-text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from jett.cli.words import agreement
from jett.core.audio import SAMPLE_RATE_HZ, Samples, silence, to_float32, to_int16
from jett.core.errors import ModelError, ModelMissing
from jett.engines.stt.whisper import WhisperSpeechToText
from jett.engines.tts.kokoro import KokoroTextToSpeech
from jett.engines.tts.piper import PiperTextToSpeech
from jett.models.store import Store

pytestmark = pytest.mark.models

SENTENCES = [
    "Sure, I can help you with that.",
    "I have restarted the database container.",
    "The weather in Vienna is sunny today, with a light breeze.",
    "Never mind, everything is running as expected.",
]
ODD = ["", " ", "...", "?!", "\n", "\0", "😀", "漢字", "\ud800", "(", "x" * 50, "_^$", "%s {} <b>"]


UNDERSTOOD = 0.8
"""Share of the words that the smallest Whisper must hear: Piper's sound differs a little each time."""


@pytest.fixture(scope="module")
def ears(store: Store) -> WhisperSpeechToText:
    return WhisperSpeechToText(store.path("whisper-tiny.en"), threads=2)


@pytest.fixture(scope="module")
def piper(store: Store) -> Iterator[PiperTextToSpeech]:
    voice = PiperTextToSpeech(store.file("piper-en-us-joe"))
    yield voice
    voice.close()


@pytest.fixture(scope="module")
def kokoro(store: Store) -> Iterator[KokoroTextToSpeech]:
    voice = KokoroTextToSpeech(store.file("kokoro-82m-int8"), store.path("kokoro-voices"))
    yield voice
    voice.close()


def heard(ears: WhisperSpeechToText, sound: Samples, rate_hz: int) -> str:
    at_16k = to_int16(soxr.resample(to_float32(sound), rate_hz, SAMPLE_RATE_HZ))
    padded = np.concatenate([silence(4000), at_16k, silence(4000)])
    return normal(ears.transcribe(padded).text)


def normal(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower())


@pytest.mark.parametrize("sentence", SENTENCES)
def test_piper_is_understood(piper: PiperTextToSpeech, ears: WhisperSpeechToText, sentence: str) -> None:
    assert agreement(normal(sentence), heard(ears, piper.synthesize(sentence), piper.rate_hz)) >= UNDERSTOOD


@pytest.mark.parametrize("sentence", SENTENCES)
def test_kokoro_is_understood(kokoro: KokoroTextToSpeech, ears: WhisperSpeechToText, sentence: str) -> None:
    assert agreement(normal(sentence), heard(ears, kokoro.synthesize(sentence), kokoro.rate_hz)) >= UNDERSTOOD


def test_clauses_made_apart_are_understood_as_one_sentence(piper: PiperTextToSpeech, ears: WhisperSpeechToText) -> None:
    clauses = ["The capital of France", "is Paris,", "and it has many rivers."]
    sound = np.concatenate([piper.synthesize(clause) for clause in clauses])
    assert agreement(normal(" ".join(clauses)), heard(ears, sound, piper.rate_hz)) >= UNDERSTOOD


@pytest.mark.parametrize("text", ODD)
def test_odd_text_neither_fails_nor_stops_what_follows(piper: PiperTextToSpeech, text: str) -> None:
    assert piper.synthesize(text).dtype == np.int16
    assert piper.synthesize("Yes.").size > 0


def test_kokoro_survives_what_has_no_sound(kokoro: KokoroTextToSpeech) -> None:
    assert all(kokoro.synthesize(text).size == 0 for text in ["", "...", "\n", "?!"])


def test_speech_starts_within_thirty_milliseconds(piper: PiperTextToSpeech) -> None:
    sound = np.abs(piper.synthesize("The capital of France").astype(int))
    first = int(np.flatnonzero(sound > sound.max() * 0.01)[0])
    assert first <= 0.030 * piper.rate_hz


def test_a_text_longer_than_one_run_is_spoken_whole(piper: PiperTextToSpeech) -> None:
    short = piper.synthesize("one two three four five six seven eight nine ten").size
    assert piper.synthesize("one two three four five six seven eight nine ten " * 12).size > 10 * short


def test_speed_shortens_speech(piper: PiperTextToSpeech, store: Store) -> None:
    fast = PiperTextToSpeech(store.file("piper-en-us-joe"), speed=1.5)
    text = "This sentence is long enough to compare."
    assert fast.synthesize(text).size < 0.9 * piper.synthesize(text).size
    fast.close()


def test_a_missing_voice_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="jett models pull"):
        PiperTextToSpeech(tmp_path / "none.onnx")
    with pytest.raises(ModelMissing, match="jett models pull"):
        KokoroTextToSpeech(tmp_path / "none.onnx", tmp_path)


def test_a_damaged_voice_is_a_model_error(tmp_path: Path, store: Store) -> None:
    damaged = tmp_path / "voice.onnx"
    damaged.write_bytes(b"not a model")
    with pytest.raises(ModelError, match="jett models verify"):
        PiperTextToSpeech(damaged, store.file("piper-en-us-joe").with_name("en_US-joe-medium.onnx.json"))
    config = tmp_path / "voice.json"
    config.write_text("[]")
    with pytest.raises(ModelError, match="jett models verify"):
        PiperTextToSpeech(damaged, config)
    style = tmp_path / "af_heart.bin"
    style.write_bytes(b"12345")
    with pytest.raises(ModelError, match="jett models verify"):
        KokoroTextToSpeech(damaged, style)
