"""Jett's own voices for a training: each line spoken once, and kept on disk, so that a killed training goes on.

Kokoro and Piper from the model store, eSpeak NG from its process. Which lines there are is `training.lines`'s.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, get_ident
from types import TracebackType
from typing import Self
from zlib import crc32

import onnxruntime

from jett.audio.files import read_audio, write_wav
from jett.audio.resample import resample
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError
from jett.engines.tts.espeak import ACCENTS, THROATS, EspeakSpeech
from jett.engines.tts.kokoro import KokoroTextToSpeech
from jett.engines.tts.phonemes import Phonemizer
from jett.engines.tts.piper import PiperTextToSpeech
from jett.models.store import Store
from jett.training.lines import Cast, Line

KOKORO, KOKORO_VOICES, PIPER = "kokoro-82m-int8", "kokoro-voices", "piper-en-us-joe"
_OWN_ACCENT = {"us": "af_heart", "gb": "bf_emma"}
_VERSION = 2
"""Raised when lines are said otherwise."""
_A_TAKE = 25
_SEEDING = Lock()
_MOST_AT_ONCE = 4
"""Each has a Kokoro of its own in memory, 0.2 GB."""


def cast_of(models: Store) -> Cast:
    """Who can speak with what is in the store; eSpeak always can."""
    kokoro: tuple[str, ...] = ()
    if models.has(KOKORO) and models.has(KOKORO_VOICES):
        kokoro = tuple(sorted(file.stem for file in models.path(KOKORO_VOICES).glob("*.bin")))
    return Cast(kokoro, ("joe",) if models.has(PIPER) else (), ACCENTS, THROATS)


class TrainingVoices:
    """Speaks lines, and remembers what was spoken in `folder`.

    Several at once, on one thread each: a network this small gains little from a second thread.
    """

    def __init__(self, models: Store, folder: Path, *, at_once: int | None = None) -> None:
        self._folder = folder
        self._mouths: SimpleQueue[_Mouth] = SimpleQueue()
        self._count = at_once or min(_MOST_AT_ONCE, os.cpu_count() or 1)
        for _ in range(self._count):
            self._mouths.put(_Mouth(models))

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in range(self._count):
            self._mouths.get().close()

    def spoken(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Samples]]:
        """Each line and its sound (16 kHz), in order. Raises TextToSpeechError, AudioError."""
        pool = ThreadPoolExecutor(self._count, "training-voice")
        try:
            takes = list(_takes(lines))
            for take, sounds in zip(takes, pool.map(self._sounds, takes), strict=True):
                yield from zip(take, sounds, strict=True)
        finally:
            pool.shutdown(cancel_futures=True)

    def speak(self, line: Line) -> Samples:
        """Its sound at 16 kHz, from the folder where it is there already. Raises TextToSpeechError, AudioError."""
        return self._sounds([line])[0]

    def _sounds(self, take: Sequence[Line]) -> list[Samples]:
        """All from the folder, or all said: what a voice draws follows from what it drew before in the take."""
        paths = [self._path(line) for line in take]
        try:
            return [read_audio(path) for path in paths]
        except AudioError:
            pass  # one is missing, or damaged
        mouth = self._mouths.get()
        try:
            said = mouth.say(take)
        finally:
            self._mouths.put(mouth)
        sounds = [resample(samples, rate_hz, SAMPLE_RATE_HZ) for samples, rate_hz in said]
        for path, sound in zip(paths, sounds, strict=True):
            partial = path.with_name(f"{path.stem}.{get_ident()}.part.wav")
            write_wav(partial, sound, SAMPLE_RATE_HZ)
            partial.replace(path)
        return sounds

    def _path(self, line: Line) -> Path:
        name = hashlib.sha256(repr((_VERSION, *astuple(line)[1:])).encode()).hexdigest()[:24]
        return self._folder / f"{name}.wav"


def _takes(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Lines in order; Piper's many at once, which draws its prosody and is made anew for each take."""
    take: list[Line] = []
    for line in lines:
        if take and (line.engine != "piper" or len(take) == _A_TAKE):
            yield take
            take = []
        if line.engine == "piper":
            take.append(line)
        else:
            yield [line]
    if take:
        yield take


class _Mouth:
    """One of each engine, started when it is first needed; for one caller at a time."""

    def __init__(self, models: Store) -> None:
        self._models = models
        self._kokoro: dict[str, KokoroTextToSpeech] = {}
        self._phonemizer = Phonemizer("en-us")
        self._espeak = EspeakSpeech()

    def say(self, take: Sequence[Line]) -> list[tuple[Samples, int]]:
        """The sound of each line and its rate, Hz: the same whatever was said before `take`."""
        if take[0].engine == "piper":
            return self._by_piper(take)
        return [self._by_another(line) for line in take]

    def _by_piper(self, take: Sequence[Line]) -> list[tuple[Samples, int]]:
        with _SEEDING:  # ONNX Runtime has one seed, which a session takes when it is made
            onnxruntime.set_seed(crc32(repr(take[0]).encode()) >> 1)
            piper = PiperTextToSpeech(self._models.file(PIPER), threads=1, phonemizer=self._phonemizer)
        return [(piper.at(line.speed).synthesize(line.text), piper.rate_hz) for line in take]

    def _by_another(self, line: Line) -> tuple[Samples, int]:
        if line.engine == "espeak":
            return self._espeak.synthesize(line.text, line.voice, speed=line.speed, pitch=line.pitch)
        if line.accent not in self._kokoro:
            model, voices = self._models.file(KOKORO), self._models.path(KOKORO_VOICES)
            self._kokoro[line.accent] = KokoroTextToSpeech(model, voices, voice=_OWN_ACCENT[line.accent], threads=1)
        kokoro = self._kokoro[line.accent]
        return kokoro.blended(weights_of(line.voice)).at(line.speed).synthesize(line.text), kokoro.rate_hz

    def close(self) -> None:
        """End the processes of the engines."""
        self._espeak.close()
        self._phonemizer.close()
        for voice in self._kokoro.values():
            voice.close()


def weights_of(voice: str) -> dict[str, float]:
    """`{"af_heart": 0.6, "am_adam": 0.4}` of `af_heart:0.60+am_adam:0.40`; one alone weighs 1."""
    parts = (part.partition(":") for part in voice.split("+"))
    return {name: float(share or 1) for name, _, share in parts}
