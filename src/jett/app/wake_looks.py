"""Who looks again at a call: the Whisper that transcribes, or one beside it whose states a trained look knows.

```
stt.model            looks that there are          looks again
whisper-tiny.en      tiny.en                       the same engine, by the trained look
whisper-base (GPU)   tiny.en                       a whisper-tiny.en of its own, on the processor
behind a URL         tiny.en                       the same
whisper-base         none                          the same engine: how likely is the name?
behind a URL         none                          nobody; the transcript must hold the name
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from jett.app.wake_heads import look_encoders, look_places
from jett.core.ports import PhraseScorer, SpeechEncoder, SpeechToText
from jett.engines.wake.heads import Head
from jett.engines.wake.trained_look import LookFile, load_look
from jett.models.store import Store
from jett.settings import Settings

KindOfLook = Literal["trained", "likelihood", "transcript"]
"""A look that learned the name; how likely the name is to speech-to-text; or only whether the transcript holds it."""


def hears_here(settings: Settings) -> bool:
    """Whether the Whisper that transcribes is in this process."""
    return settings.stt.backend != "openai"


def trained_look(head: Head, settings: Settings) -> LookFile | None:
    """One for the Whisper that transcribes, else one for another. Raises ModelError: a damaged look."""
    ours = [settings.stt.model] if hears_here(settings) else []
    for encoder in dict.fromkeys((*ours, *look_encoders(head.path))):
        for path in look_places(head.path, encoder):
            file = load_look(path)
            if (file.phrase, file.encoder) == (head.phrase, encoder):
                return file
    return None


def look_of(head: Head, settings: Settings) -> tuple[KindOfLook, LookFile | None]:
    """How calls of `head` are checked, and the trained look for it. Raises ModelError: a damaged look."""
    if head.look_again is None or not head.spellings:
        return "transcript", None
    file = trained_look(head, settings)
    if file is not None:
        return "trained", file
    return ("likelihood" if hears_here(settings) else "transcript"), None


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
        if not hears_here(self.settings):
            return None
        engine = self._engine(self.settings.stt.model)
        return engine if isinstance(engine, PhraseScorer) else None

    def _engine(self, model: str) -> SpeechToText:
        if self.stt is not None and hears_here(self.settings) and model == self.settings.stt.model:
            return self.stt
        if model not in self._beside:
            self._beside[model] = self._load(model)
        return self._beside[model]

    def _load(self, model: str) -> SpeechToText:
        from jett.app.engines import load_stt

        own = hears_here(self.settings) and model == self.settings.stt.model
        beside = {"backend": "ctranslate2", "model": model, "device": "cpu", "compute_type": "int8", "language": "en"}
        stt = self.settings.stt.model_copy(update={} if own else beside)
        return load_stt(self.settings.model_copy(update={"stt": stt}), self.models)
