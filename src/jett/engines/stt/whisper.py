"""Whisper on CTranslate2, for speech that must be text at once.

Stock Whisper pads every clip to 30 s, and most of its time goes into encoding silence. Here the encoder gets the
audio there is and `padding_s` of silence, which Whisper needs to know that speech ended, and never less than 6 s.
Where the text repeats itself the stock way is gone after all. Only `engines.stt.guards` decides what is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from jett.core.audio import SAMPLE_RATE_HZ, Samples, to_float32
from jett.core.errors import ModelError, SpeechToTextError
from jett.core.ports import Transcript
from jett.engines.log_mel import log_mel
from jett.engines.stt.guards import can_be_said, is_hallucinated, kept_tokens, may_be_repeated
from jett.engines.stt.windows import split_at_pauses, spoken_s, with_lead

_MIN_SAMPLES = 1_600
"""Under 100 ms there is no word."""
_TOKENS_PER_S = 9
"""Nobody speaks faster; a decoder that goes on is looping."""
_MAX_TOKENS = 220
_VOCABULARY_TOKENS = 60
_CONTEXT_TOKENS = 40
_SCORED_WINDOW_S = 3.0
"""What the encoder gets of a phrase and the silence after it, where nothing has to be written."""
_STATE_SAMPLES = 320
"""Of one state of the encoder."""
_SILENCE_AFTER_STATES = 15 * _STATE_SAMPLES
_LEAST_PROBABILITY = 1e-9
_NEVER = -100.0


@dataclass(frozen=True, slots=True)
class _Decoding:
    """How the model is asked; all chosen in benchmarks/LOG.md ("STT padding", "Repeated words")."""

    beams: int
    least_window_s: float = 6.0
    """Speech and silence that the encoder gets at least; with less it mishears single words."""
    repetition_penalty: float = 1.1
    """With little padding Whisper is prone to say the last words again."""


_QUICK = _Decoding(beams=3)
_PARTIAL = _Decoding(beams=1)
_CAREFUL = _Decoding(beams=5, least_window_s=30.0, repetition_penalty=1.0)
"""As stock Whisper does it, which takes four times as long and hardly ever loops."""


class WhisperSpeechToText:
    """Port SpeechToText, over a Whisper model directory in CTranslate2's format.

    `vocabulary` are words to expect (names of containers, the owner's words): they go before the audio as if they
    had been said, as OpenAI's Whisper does with its prompt. `language` "auto" asks the model, window by window.
    """

    def __init__(
        self,
        model_dir: Path,
        *,
        device: str = "cpu",
        compute_type: str = "int8",
        threads: int = 1,
        padding_s: float = 2.0,
        language: str = "en",
        vocabulary: Sequence[str] = (),
    ) -> None:
        self._tokenizer = _tokenizer(model_dir)
        self._model = _model(model_dir, device, compute_type, threads)
        self._padding_samples = int(padding_s * SAMPLE_RATE_HZ)
        self._end = self._id("<|endoftext|>")
        self._start = self._start_tokens(language)
        self._detects = language == "auto" and self._model.is_multilingual
        self._vocabulary = self._encode(" " + ", ".join(vocabulary) + ".")[:_VOCABULARY_TOKENS] if vocabulary else []

    def transcribe(self, speech: Samples, *, earlier: Sequence[Transcript] = (), partial: bool = False) -> Transcript:
        before = earlier[-1] if earlier else Transcript("")
        new = speech[before.audio_samples :]
        parts = [self._transcribe_window(window, before.tokens, partial) for window in split_at_pauses(new)]
        return _joined(before, parts, speech.size)

    def transcribe_many(self, speeches: Sequence[Samples]) -> list[Transcript]:
        """Several clips of several people in one pass; those of more than 27 s, or too short, one after another.

        A clip's text may differ in a word from `transcribe`'s, since all are padded to the longest. Raises
        SpeechToTextError.
        """
        windows = [tuple(split_at_pauses(speech)) for speech in speeches]
        together = [at for at, each in enumerate(windows) if len(each) == 1 and each[0].size >= _MIN_SAMPLES]
        leads = [with_lead(windows[at][0]) for at in together]
        heard = dict(zip(together, self._heard_at_once(leads, [()] * len(leads), _QUICK), strict=True)) if leads else {}
        return [
            replace(self._judged(with_lead(windows[at][0]), (), heard[at]), audio_samples=speech.size)
            if at in heard
            else self.transcribe(speech)
            for at, speech in enumerate(speeches)
        ]

    def log_likelihood(self, speech: Samples, spellings: Sequence[str]) -> float:
        """Port PhraseScorer: the decoder is given the phrase token by token, and says how it would have gone on.

        Unlike a transcript it still tells where noise has made the name the second best reading. It is told nothing to
        expect: then it would take "hey josh" for the name too (benchmarks/LOG.md, "The second look").
        """
        if speech.size < _MIN_SAMPLES:
            return _NEVER
        size = max(speech.size, int(_SCORED_WINDOW_S * SAMPLE_RATE_HZ))
        features = log_mel(_padded(speech, size))[None]  # (1, 80, frames)
        said = [each.title().split() for each in spellings]
        written = dict.fromkeys(f" {between.join(words)}" for words in said for between in (" ", ", "))
        found = []
        try:
            encoded = self._model.encode(ctranslate2.StorageView.from_array(features))
            (start,) = self._started(encoded)
            for text in written:
                (aligned,) = self._model.align(encoded, list(start), [self._encode(text)], features.shape[-1])
                found.append(float(np.log(np.maximum(aligned.text_token_probs, _LEAST_PROBABILITY)).sum()))
        except (RuntimeError, ValueError) as error:
            raise SpeechToTextError(f"stt: Whisper failed on '{spellings[0]}' ({error})") from error
        return float(np.logaddexp.reduce(found))

    def states(self, speeches: Sequence[Samples]) -> NDArray[np.float32]:
        """Port SpeechEncoder."""
        if not speeches or len({speech.size for speech in speeches}) > 1 or speeches[0].size < _MIN_SAMPLES:
            sizes = sorted({speech.size for speech in speeches})
            raise SpeechToTextError(f"stt: states of {sizes} samples, need one size of at least {_MIN_SAMPLES}")
        size = speeches[0].size
        features = np.stack([log_mel(_padded(speech, size + _SILENCE_AFTER_STATES)) for speech in speeches])
        try:
            encoded = self._model.encode(ctranslate2.StorageView.from_array(features), to_cpu=True)
            found = np.asarray(encoded.to(ctranslate2.DataType.float32), dtype=np.float32)
        except (RuntimeError, ValueError) as error:
            raise SpeechToTextError(f"stt: Whisper failed on {size / SAMPLE_RATE_HZ:.1f} s ({error})") from error
        return found[:, : size // _STATE_SAMPLES].copy()

    def _transcribe_window(self, window: Samples, context: Sequence[int], partial: bool) -> Transcript:
        if window.size < _MIN_SAMPLES:
            return Transcript("")
        window = with_lead(window)
        heard = self._heard(window, context, _PARTIAL if partial else _QUICK)
        return self._judged(window, context, heard, again=not partial)

    def _judged(self, window: Samples, context: Sequence[int], heard: Transcript, *, again: bool = True) -> Transcript:
        """A text that repeats itself, and could have been said, is heard again with care: people repeat themselves."""
        pieces = self._pieces(heard.tokens)
        kept = kept_tokens(pieces)
        if kept < len(pieces) and again and may_be_repeated(pieces, spoken_s(window)):
            heard = self._heard(window, context, _CAREFUL)
            possible = can_be_said(heard.text, spoken_s(window))
            kept = len(heard.tokens) if possible else kept_tokens(self._pieces(heard.tokens))
        return self._believed(heard, kept)

    def _heard(self, window: Samples, context: Sequence[int], how: _Decoding) -> Transcript:
        return self._heard_at_once([window], [context], how)[0]

    def _heard_at_once(
        self, windows: Sequence[Samples], contexts: Sequence[Sequence[int]], how: _Decoding
    ) -> list[Transcript]:
        """All that the decoder gives for each window, believed or not."""
        longest = max(window.size for window in windows)
        size = longest + max(self._padding_samples, int(how.least_window_s * SAMPLE_RATE_HZ) - longest)
        features = np.stack([log_mel(_padded(window, size)) for window in windows])  # (windows, 80, frames)
        try:
            encoded = self._model.encode(ctranslate2.StorageView.from_array(features))
            prompts = [self._prompt(*each) for each in zip(contexts, self._started(encoded), strict=True)]
            results = self._model.generate(
                encoded,
                prompts,
                beam_size=how.beams,
                repetition_penalty=how.repetition_penalty,
                max_length=_max_length(longest) + max(map(len, prompts)),
                return_scores=True,
                return_no_speech_prob=True,
            )
        except (RuntimeError, ValueError) as error:
            raise SpeechToTextError(f"stt: Whisper failed on {longest / SAMPLE_RATE_HZ:.1f} s ({error})") from error
        return [self._transcript(result) for result in results]

    def _transcript(self, result: Any) -> Transcript:
        if not result.sequences_ids:
            return Transcript("")
        tokens = [token for token in result.sequences_ids[0] if token < self._end]
        return Transcript(self._text(tokens), float(result.scores[0]), float(result.no_speech_prob), tuple(tokens))

    def _believed(self, heard: Transcript, kept: int) -> Transcript:
        """Its first `kept` tokens, unless they were made up for audio without words."""
        if kept < len(heard.tokens):
            heard = replace(heard, text=self._text(heard.tokens[:kept]), tokens=heard.tokens[:kept])
        return Transcript("") if is_hallucinated(heard) else heard

    def _pieces(self, tokens: Sequence[int]) -> list[str]:
        return [str(self._tokenizer.decode([token])) for token in tokens]

    def _text(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens))).strip()

    def _prompt(self, context: Sequence[int], start: Sequence[int]) -> list[int]:
        before = [*self._vocabulary, *context[-_CONTEXT_TOKENS:]]
        return [self._id("<|startofprev|>"), *before, *start] if before else list(start)

    def _started(self, encoded: ctranslate2.StorageView) -> list[tuple[int, ...]]:
        """The tokens that begin each answer, with the likeliest language in them where nobody named one."""
        if not self._detects:
            return [self._start] * encoded.shape[0]
        likeliest = [languages[0][0] for languages in self._model.detect_language(encoded)]
        return [(self._start[0], self._id(token), *self._start[2:]) for token in likeliest]

    def _start_tokens(self, language: str) -> tuple[int, ...]:
        """English-only models are told neither language nor task."""
        start, silent_times = self._id("<|startoftranscript|>"), self._id("<|notimestamps|>")
        if not self._model.is_multilingual:
            return (start, silent_times)
        named = self._id("<|en|>" if language == "auto" else f"<|{language}|>")
        return (start, named, self._id("<|transcribe|>"), silent_times)

    def _encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _id(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise ModelError(f"stt: the tokenizer has no '{token}'; is this a Whisper model? run: jett models verify")
        return int(found)


def _padded(window: Samples, size: int) -> NDArray[np.float32]:
    return np.pad(to_float32(window), (0, size - window.size))


def _max_length(n_samples: int) -> int:
    """What can be said in the time, and a little for short words; the prompt is counted on top by the caller."""
    return min(_MAX_TOKENS, 16 + int(_TOKENS_PER_S * n_samples / SAMPLE_RATE_HZ))


def _joined(before: Transcript, parts: Sequence[Transcript], n_samples: int) -> Transcript:
    said = [part for part in parts if part.text]
    texts = [before.text, *(part.text for part in said)]
    return Transcript(
        " ".join(text for text in texts if text),
        min((part.mean_logprob for part in said), default=0.0),
        max((part.no_speech_probability for part in said), default=0.0),
        (*before.tokens, *(token for part in said for token in part.tokens)),
        n_samples,
    )


def _tokenizer(model_dir: Path) -> Tokenizer:
    path = model_dir / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"stt: no tokenizer at '{path}'; run: jett models pull")
    return Tokenizer.from_file(str(path))


def _model(model_dir: Path, device: str, compute_type: str, threads: int) -> ctranslate2.models.Whisper:
    try:
        return ctranslate2.models.Whisper(
            str(model_dir), device=device, compute_type=compute_type, intra_threads=threads, inter_threads=1
        )
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"stt: CTranslate2 cannot load '{model_dir}' ({error}); run: jett models verify") from error
