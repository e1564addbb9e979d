"""Who looks again at a call: a Whisper whose states a trained look knows, or the one that transcribes.

```
stt.model            trained look      looks again
whisper-tiny.en      for tiny.en       the same engine, by the trained look
whisper-base (GPU)   for tiny.en       a whisper-tiny.en of its own, on the processor
behind a URL         for tiny.en       the same
whisper-base         none              the same engine: how likely is the name?
behind a URL         none              nobody; the transcript must hold the name
```
Where the whisper-tiny.en is not in the store it is as if there was no look for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jett.app.wake_heads import LOOKER, look_encoders, look_models, look_places
from jett.core.ports import PhraseScorer, SpeechEncoder, SpeechToText
from jett.engines.wake.heads import Head
from jett.engines.wake.trained_look import LookFile, load_look
from jett.models.manifest import load_manifest
from jett.models.store import Store
from jett.settings import Settings

KindOfLook = Literal["trained", "likelihood", "transcript"]
"""A look that learned the name; how likely the name is to speech-to-text; or only whether the transcript holds it."""


def model_here(settings: Settings) -> str | None:
    """The Whisper that transcribes in this process; None where speech-to-text is behind a URL."""
    return settings.stt.model if settings.stt.backend != "openai" else None


def lookers(words: tuple[str, ...], settings: Settings) -> list[str]:
    """Ids of the models that look again at calls of `words`, besides the one that transcribes."""
    return look_models(words, model_here(settings), load_manifest())


def trained_look(head: Head, settings: Settings, models: Store) -> LookFile | None:
    """One whose model transcribes here or is in the store. Raises ModelError: a damaged look."""
    here = model_here(settings)
    for encoder in dict.fromkeys((LOOKER, *([here] if here else []), *look_encoders(head.path))):
        if encoder == here or (encoder in models.manifest.models and models.has(encoder)):
            for path in look_places(head.path, encoder):
                file = load_look(path)
                if (file.phrase, file.encoder) == (head.phrase, encoder):
                    return file
    return None


def look_of(head: Head, settings: Settings, models: Store) -> tuple[KindOfLook, LookFile | None]:
    """How calls of `head` are checked, and the trained look for it. Raises ModelError: a damaged look."""
    if head.look_again is None or not head.spellings:
        return "transcript", None
    file = trained_look(head, settings, models)
    if file is not None:
        return "trained", file
    return ("likelihood" if model_here(settings) else "transcript"), None


def unsure_of_calls(settings: Settings, models: Store) -> list[str]:
    """What to tell where Jett sleeps and a model that would look again is missing."""
    wanted = lookers(settings.wake.words, settings) if settings.wake.enabled else []
    missing = " ".join(model for model in wanted if not models.has(model))
    said = f"wake: without {missing} more calls are missed, or mistaken; run: jett models pull {missing}"
    return [said] if missing else []


@dataclass(slots=True)
class LookingEngines:
    """The engines that look again, each loaded once."""

    settings: Settings
    models: Store
    stt: SpeechToText | None = None
    """The one that transcribes, where it is loaded."""
    _beside: dict[str, SpeechToText] = field(default_factory=dict, init=False)

    def encoder(self, model: str) -> SpeechEncoder | None:
        """Whose states a look for `model` knows. Raises ModelError: it is not in the store."""
        engine = self._engine(model)
        return engine if isinstance(engine, SpeechEncoder) else None

    def scorer(self) -> PhraseScorer | None:
        """Who says how likely a name is; None behind a URL. Raises ModelError."""
        here = model_here(self.settings)
        if here is None:
            return None
        engine = self._engine(here)
        return engine if isinstance(engine, PhraseScorer) else None

    def transcribes(self, model: str) -> bool:
        """Whether `model` is the one that transcribes here."""
        return model == model_here(self.settings)

    def _engine(self, model: str) -> SpeechToText:
        if self.stt is not None and self.transcribes(model):
            return self.stt
        if model not in self._beside:
            self._beside[model] = self._load(model)
        return self._beside[model]

    def _load(self, model: str) -> SpeechToText:
        from jett.app.engines import load_stt

        beside = {"backend": "ctranslate2", "model": model, "device": "cpu", "compute_type": "int8", "language": "en"}
        stt = self.settings.stt.model_copy(update={} if self.transcribes(model) else beside)
        return load_stt(self.settings.model_copy(update={"stt": stt}), self.models)
