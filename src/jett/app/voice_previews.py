"""Voices to be tried from the dashboard: port VoicePort. The voice tried last stays loaded, for the next sentence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jett.app.voices import VOICE_MODELS, close_voice, load_tts
from jett.audio.files import wav_bytes
from jett.core.ports import TextToSpeech
from jett.models.store import Store
from jett.server.refusal import Refusal
from jett.server.rest.shapes.settings import TryVoice, Voice
from jett.settings import Settings
from jett.turns.clauses import ClauseSplitter
from jett.turns.spoken_text import spoken_text

_USUAL = "af_heart"
_FROM = {
    "a": "American",
    "b": "British",
    "e": "Spanish",
    "f": "French",
    "h": "Indian",
    "i": "Italian",
    "j": "Japanese",
    "p": "Brazilian",
    "z": "Chinese",
}
"""By the first letter of a Kokoro voice's name: whose language it was made for. Here it speaks English all the same."""
_WHO = {"f": "woman", "m": "man"}


class VoicePreviews:
    """Blocking, one call at a time. `running` is the backend that speaks now: kokoro or piper."""

    def __init__(self, settings: Settings, models: Store, running: str) -> None:
        self._settings = settings
        self._models = models
        self._running = running
        self._loaded: tuple[tuple[str, str, float], TextToSpeech] | None = None

    def voices(self) -> list[Voice]:
        """Piper's one, and Kokoro's, whether they are in the store or not."""
        return [self._piper(), *self._kokoros()]

    def speak(self, wanted: TryVoice) -> bytes:
        """One sentence as WAV. Raises Refusal, JettError."""
        found = next((one for one in self.voices() if (one.backend, one.voice) == (wanted.backend, wanted.voice)), None)
        if found is None:
            raise Refusal(404, "there is no such voice", "name one of GET /api/voices")
        if not found.installed:
            fix = f"jett models pull {' '.join(VOICE_MODELS[_model_of(wanted.backend)])}"
            raise Refusal(409, "that voice is not on this machine", fix)
        clauses = list(self._clauses(wanted.text))
        if not clauses:
            raise Refusal(422, "there is nothing in the text that can be said", "write words")
        voice = self._voice(wanted)
        return wav_bytes(np.concatenate([voice.synthesize(clause) for clause in clauses]), voice.rate_hz)

    def close(self) -> None:
        """Let go of the voice."""
        if self._loaded is not None:
            close_voice(self._loaded[1])
            self._loaded = None

    def _voice(self, wanted: TryVoice) -> TextToSpeech:
        key = (wanted.backend, wanted.voice, wanted.speed)
        if self._loaded is None or self._loaded[0] != key:
            self.close()
            chosen = {"backend": wanted.backend, "voice": wanted.voice, "speed": wanted.speed, "device": "cpu"}
            tts = self._settings.tts.model_copy(update=chosen)
            voice, _ = load_tts(self._settings.model_copy(update={"tts": tts}), self._models)
            self._loaded = key, voice
        return self._loaded[1]

    def _clauses(self, text: str) -> Iterator[str]:
        """As the voice is given them in a conversation."""
        splitter = ClauseSplitter()
        for clause in [*splitter.feed(text), *splitter.flush()]:
            spoken = spoken_text(clause, pronunciations=self._settings.tts.pronunciations)
            if spoken.strip():
                yield spoken

    def _piper(self) -> Voice:
        installed = self._has("piper")
        return Voice(
            backend="piper",
            voice="",
            label="Joe (American man)",
            installed=installed,
            current=self._running == "piper",
        )

    def _kokoros(self) -> Iterator[Voice]:
        installed = self._has("kokoro")
        now = (self._settings.tts.voice or _USUAL) if self._running == "kokoro" else ""
        for file in self._models.manifest.model("kokoro-voices").files:
            name = file.name.removesuffix(".bin")
            yield Voice(
                backend="kokoro", voice=name, label=_label(name), installed=installed, current=bool(now) and name == now
            )

    def _has(self, backend: str) -> bool:
        return all(self._models.has(model) for model in VOICE_MODELS[_model_of(backend)])


def _model_of(backend: str) -> str:
    return {"piper": "piper-joe", "kokoro": "kokoro"}[backend]


def _label(name: str) -> str:
    """`bf_emma` as "Emma (British woman)"."""
    kind, _, own = name.partition("_")
    about = " ".join(filter(None, (_FROM.get(kind[:1]), _WHO.get(kind[1:]))))
    return f"{own.capitalize()} ({about})" if about else own.capitalize()
