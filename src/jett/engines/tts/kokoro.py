"""Kokoro-82M in ONNX: the natural voice, for a GPU or a fast CPU (on two slow cores "Sure." takes half a second).

Tokens in, 24 kHz sound out; a style of the voice is chosen by how many tokens there are. The session calls it with
clauses that `turns.spoken_text` has written out. Model card: https://huggingface.co/hexgrad/Kokoro-82M.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples, silence
from jett.core.errors import ModelError, ModelMissing
from jett.engines.tts.kokoro_symbols import kokoro_phonemes, kokoro_tokens
from jett.engines.tts.onnx_voice import CPU, OnnxVoice
from jett.engines.tts.phonemes import Phonemizer, Phrase
from jett.engines.tts.phrasing import grouped
from jett.engines.tts.waveform import finished

MAX_TOKENS = 510
"""What the model can read at once, without the zero at each end."""

_STYLE_SHAPE = (-1, 1, 256)
_SPEED_RANGE = (0.5, 2.0)


class KokoroTextToSpeech:
    """Speaks clauses with one Kokoro voice. `speed` above 1 is faster; voices named b… speak British English."""

    rate_hz = 24_000

    def __init__(
        self,
        model_path: Path,
        voice_path: Path,
        *,
        voice: str = "af_heart",
        threads: int = 2,
        providers: Sequence[str] = CPU,
        speed: float = 1.0,
        phonemizer: Phonemizer | None = None,
    ) -> None:
        """`voice_path` is a voice's file or the folder that holds `<voice>.bin`."""
        self._folder = voice_path if voice_path.is_dir() else None
        file = voice_path / f"{voice}.bin" if voice_path.is_dir() else voice_path
        self._styles = _read_styles(file)
        self._british = file.stem.startswith("b")
        self._speed = min(max(speed, _SPEED_RANGE[0]), _SPEED_RANGE[1])
        self._voice = OnnxVoice(model_path, threads=threads, providers=providers)
        self._tokens_name = "tokens" if "tokens" in self._voice.input_types else "input_ids"
        self._whole_speed = "int" in self._voice.input_types.get("speed", "")
        self._phonemizer = phonemizer or Phonemizer("gmw/en" if self._british else "en-us")

    def at(self, speed: float) -> KokoroTextToSpeech:
        """The same voice at `speed` times its pace. It shares the model, and the thread that calls it."""
        other = copy.copy(self)
        other._speed = min(max(self._speed * speed, _SPEED_RANGE[0]), _SPEED_RANGE[1])
        return other

    def voices(self) -> tuple[str, ...]:
        """Those of the same English, which this one can speak as (`speaking_as`)."""
        files = sorted(self._folder.glob("*.bin")) if self._folder is not None else []
        return tuple(file.stem for file in files if file.stem.startswith("b") is self._british)

    def speaking_as(self, voice: str) -> KokoroTextToSpeech:
        """One of `voices`. It shares the model, and the thread that calls it. Raises ModelMissing."""
        assert self._folder is not None, "a voice that was given as a file has no others beside it"
        other = copy.copy(self)
        other._styles = _read_styles(self._folder / f"{voice}.bin")
        return other

    def blended(self, weights: Mapping[str, float]) -> KokoroTextToSpeech:
        """A person that is none of them: the weighted mean of voices of any language, with this one's accent.

        It shares the model, and the thread that calls it. Raises ModelMissing.
        """
        assert self._folder is not None, "a voice that was given as a file has no others beside it"
        other = copy.copy(self)
        total = sum(weights.values())
        parts = [_read_styles(self._folder / f"{voice}.bin") * (part / total) for voice, part in weights.items()]
        other._styles = np.sum(parts, axis=0, dtype=np.float32)
        return other

    def warm_up(self) -> None:
        """Speak once, so that the first clause of a reply does not pay for what happens once."""
        self.synthesize("I am ready.")

    def synthesize(self, clause: str) -> Samples:
        """The sound of `clause` at `rate_hz`; empty if nothing in it can be said. Raises TextToSpeechError."""
        phrases = [self._alphabet(phrase) for phrase in self._phonemizer.phrases(clause)]
        groups = grouped(phrases, MAX_TOKENS, by_sentence=False)
        sounds = [self._speak(group) for group in groups]
        return np.concatenate(sounds) if sounds else silence(0)

    def _alphabet(self, phrase: Phrase) -> Phrase:
        return Phrase(kokoro_phonemes(phrase.phonemes, british=self._british), phrase.mark)

    def _speak(self, group: list[Phrase]) -> Samples:
        tokens = kokoro_tokens(group)[:MAX_TOKENS]
        if not tokens:
            return silence(0)
        speed: NDArray[Any] = np.array([self._speed], dtype=np.float32)
        inputs: dict[str, NDArray[Any]] = {
            self._tokens_name: np.array([[0, *tokens, 0]], dtype=np.int64),  # (1, n_tokens + 2)
            "style": self._styles[min(len(tokens), len(self._styles)) - 1],  # (1, 256)
            "speed": np.maximum(np.rint(speed), 1).astype(np.int32) if self._whole_speed else speed,
        }
        return finished(self._voice.run(inputs), self.rate_hz, group[-1].mark)

    def close(self) -> None:
        """End the phoneme worker."""
        self._phonemizer.close()


def _read_styles(path: Path) -> NDArray[np.float32]:
    """Style vectors, shape (510, 1, 256): row n-1 for n tokens."""
    if not path.is_file():
        raise ModelMissing(f"tts: no Kokoro voice at {path}; run `jett models pull`")
    raw = np.fromfile(path, dtype="<f4")
    if raw.size == 0 or raw.size % 256:
        raise ModelError(f"tts: {path.name} has {raw.size} numbers, not a multiple of 256; run `jett models verify`")
    styles: NDArray[np.float32] = raw.astype(np.float32).reshape(_STYLE_SHAPE)
    return styles
