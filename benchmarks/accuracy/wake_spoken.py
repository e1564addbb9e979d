"""Sound for the benchmark of wake words that no folder holds: calls and near phrases by voices that no head was
trained on, clean and with 10 dB of noise in a room; and hours of reading, in which nobody calls.

Everything is drawn by a seed that no training uses. Scored by `benchmarks.accuracy.wake`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.clips import data_folder
from jett.app.training_voices import TrainingVoices, cast_of
from jett.app.training_words import TrainingWords
from jett.core.audio import SAMPLE_RATE_HZ, Samples, to_float32, to_int16
from jett.models.store import Store
from jett.training.augment import CLEAN, NOISY, Signal, stretched
from jett.training.lines import Cast, Engine, Line, lines
from jett.training.scenes import Sounds, babble, call, stretch

Condition = Literal["clean", "noisy", "near"]
SEED = 7_001
CALL_CLIPS, COPIES = 60, 3
NEAR: dict[Engine, int] = {"kokoro": 160, "espeak": 160}
BY_ESPEAK: dict[Engine, int] = {"espeak": 30}
"""Calls by formant voices that no training heard: reported by themselves, since no person sounds like them."""
_SPEECH_CLIPS = 200
_AFTER_FRAMES = 12
_AT_ONCE = 24
"""Lines that are spoken side by side."""
_READERS: dict[Engine, float] = {"espeak": 0.5, "piper": 0.47, "kokoro": 0.03}
"""Shares of the hours: the natural voices take half as long as they speak."""


@dataclass(frozen=True)
class Spoken:
    """One scene."""

    condition: Condition
    engine: Engine
    text: str
    sound: Samples


class Studio:
    """Speaks for the benchmark."""

    def __init__(self, models: Store, voices: TrainingVoices, phrase: str) -> None:
        self._voices = voices
        self._words = TrainingWords(models)
        self._phrase = phrase
        self._cast = cast_of(models)
        self._rng = np.random.default_rng(SEED)

    def calls(self, count: int = CALL_CLIPS) -> Iterator[Spoken]:
        """Each clip `COPIES` times clean and as often noisy."""
        speech = [
            sound for _, sound in self._spoken("other", self._sentences(_SPEECH_CLIPS), {"espeak": _SPEECH_CLIPS})
        ]
        quiet, loud = Sounds(speech=speech), Sounds(babble(speech, self._rng), (), speech)
        counts: dict[Engine, int] = {"kokoro": count, **BY_ESPEAK}
        for line, sound in self._spoken("phrase", [self._phrase], counts):
            for _ in range(COPIES):
                clean = call(sound, quiet, CLEAN, self._rng, after=_AFTER_FRAMES)
                yield Spoken("clean", line.engine, line.text, to_int16(clean))
                noisy = call(sound, loud, NOISY, self._rng, after=_AFTER_FRAMES)
                yield Spoken("noisy", line.engine, line.text, to_int16(noisy))

    def near(self, share: float = 1.0) -> Iterator[Spoken]:
        """Phrases that sound nearly alike, each after two seconds of quiet."""
        counts: dict[Engine, int] = {engine: round(count * share) for engine, count in NEAR.items()}
        for line, sound in self._spoken("near", self._words.near(self._phrase), counts):
            scene = stretch([sound], Sounds(), CLEAN, self._rng, ahead_s=2.0)
            yield Spoken("near", line.engine, line.text, to_int16(scene))

    def readings(self, hours: float) -> Iterator[tuple[Engine, Samples]]:
        """Sentences one after another, a minute or so at once. Where recordings' texts are at hand, those."""
        for engine, share in _READERS.items():
            left = hours * 3600 * share
            said = self._read(engine)
            while left > 0 and (minute := list(islice(said, 12))):
                sound = stretch(minute, Sounds(), CLEAN, self._rng, ahead_s=0.3)
                left -= sound.size / SAMPLE_RATE_HZ
                yield engine, to_int16(sound)

    def _read(self, engine: Engine) -> Iterator[Signal]:
        texts = [text for text in command_texts() if self._phrase not in text.lower()] or self._sentences(4000)
        for _, sound in self._spoken("other", texts, {engine: 1_000_000}):
            # The one voice of Piper is many throats by its pitch.
            yield stretched(sound, self._rng.uniform(0.85, 1.18)) if engine == "piper" else sound

    def _sentences(self, count: int) -> list[str]:
        return self._words.sentences(count, self._rng, without=self._phrase)

    def _spoken(
        self, kind: Literal["phrase", "near", "other"], texts: list[str], counts: dict[Engine, int]
    ) -> Iterator[tuple[Line, Signal]]:
        held_out = self._cast.part(held_out=True)
        cast = Cast(held_out.kokoro, self._cast.piper, held_out.accents, held_out.throats)
        asked = lines(kind, texts, counts, cast, self._rng, blends=0.0)
        while some := list(islice(asked, _AT_ONCE)):
            yield from ((line, to_float32(sound)) for line, sound in self._voices.spoken(some) if sound.size)


@contextmanager
def studio(models: Store, phrase: str, folder: Path) -> Iterator[Studio]:
    """`folder` keeps what was spoken, for the next head."""
    with TrainingVoices(models, folder) as voices:
        yield Studio(models, voices, phrase)


def command_texts() -> list[str]:
    """Sentences that people type and say to assistants: of the pack text_commands, where it is there."""
    found: list[str] = []
    for file in sorted((data_folder() / "text_commands").glob("*.tsv")):
        with file.open(encoding="utf-8") as rows:
            found += [row["sentence"] for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return found
