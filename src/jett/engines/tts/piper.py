"""A Piper voice (VITS in ONNX): the fast voice, first audio in about 40 ms on two CPU cores.

Piper's own package is GPL-3 and is not used: the model is run by onnxruntime here, and its phonemes come from a
process of their own (`phonemes`). The session calls it with clauses that `turns.spoken_text` has written out.
Model and config: https://github.com/rhasspy/piper (VOICES.md).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jett.core.audio import Samples, silence
from jett.core.errors import ModelError, ModelMissing
from jett.engines.tts.onnx_voice import OnnxVoice
from jett.engines.tts.phonemes import Phonemizer, Phrase
from jett.engines.tts.phrasing import grouped
from jett.engines.tts.waveform import finished

MAX_PHONEMES = 400
"""Longer sentences are cut between phrases, or in a phrase if need be: about 25 s of speech in one run of the model."""

_START, _PAD, _END = "^", "_", "$"
_MARKS = {"…": ".", "—": ","}


class PiperTextToSpeech:
    """Speaks clauses with one Piper voice. `speed` above 1 is faster."""

    def __init__(
        self,
        model_path: Path,
        config_path: Path | None = None,
        *,
        threads: int = 2,
        speed: float = 1.0,
        speaker: int = 0,
        phonemizer: Phonemizer | None = None,
    ) -> None:
        config = _read_config(config_path or model_path.with_name(model_path.name + ".json"))
        self.rate_hz = int(config["audio"]["sample_rate"])
        self._symbol_ids: dict[str, list[int]] = config["phoneme_id_map"]
        inference = config.get("inference", {})
        self._scales = np.array(
            [
                inference.get("noise_scale", 0.667),
                inference.get("length_scale", 1.0) / speed,
                inference.get("noise_w", 0.8),
            ],
            dtype=np.float32,
        )
        self._speaker = speaker if config.get("num_speakers", 1) > 1 else None
        self._voice = OnnxVoice(model_path, threads=threads)
        self._phonemizer = phonemizer or Phonemizer(config["espeak"]["voice"])

    def at(self, speed: float) -> PiperTextToSpeech:
        """The same voice at `speed` times its pace. It shares the model, and the thread that calls it."""
        other = copy.copy(self)
        other._scales = self._scales.copy()
        other._scales[1] /= speed
        return other

    def warm_up(self) -> None:
        """Speak once, so that the first clause of a reply does not pay for what happens once."""
        self.synthesize("I am ready.")
        self.synthesize("Sure.")

    def synthesize(self, clause: str) -> Samples:
        """The sound of `clause` at `rate_hz`; empty if nothing in it can be said. Raises TextToSpeechError."""
        phrases = self._phonemizer.phrases(clause)
        sounds = [self._speak(sentence) for sentence in grouped(phrases, MAX_PHONEMES, by_sentence=True)]
        return np.concatenate(sounds) if sounds else silence(0)

    def _speak(self, sentence: Sequence[Phrase]) -> Samples:
        ids = self.symbol_ids(sentence)
        inputs: dict[str, Any] = {
            "input": np.array([ids], dtype=np.int64),  # (1, n_symbols)
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": self._scales,
        }
        if self._speaker is not None:
            inputs["sid"] = np.array([self._speaker], dtype=np.int64)
        return finished(self._voice.run(inputs), self.rate_hz, sentence[-1].mark)

    def symbol_ids(self, sentence: Sequence[Phrase]) -> list[int]:
        """The model's input: each symbol's id with padding between; what the model does not know is left out."""
        text = " ".join(phrase.phonemes.replace("^", "") + _MARKS.get(phrase.mark, phrase.mark) for phrase in sentence)
        ids = [*self._symbol_ids[_START], *self._symbol_ids[_PAD]]
        for symbol in text:
            if symbol in self._symbol_ids:
                ids += [*self._symbol_ids[symbol], *self._symbol_ids[_PAD]]
        return ids + self._symbol_ids[_END]

    def close(self) -> None:
        """End the phoneme worker."""
        self._phonemizer.close()


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelMissing(f"tts: no voice config at {path}; run `jett models pull`")
    try:
        config: dict[str, Any] = json.loads(path.read_text("utf-8"))
        missing = {"audio", "espeak", "phoneme_id_map"} - config.keys()
    except (ValueError, AttributeError) as error:
        raise ModelError(f"tts: {path.name} is not a Piper voice config; run `jett models verify`") from error
    if missing:
        raise ModelError(f"tts: {path.name} lacks {', '.join(sorted(missing))}; run `jett models verify`")
    return config
