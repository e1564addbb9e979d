"""What Jett is called by: the detector of its name, the second look at a transcript, the words to expect."""

from __future__ import annotations

from jett.core.ports import WakeWordDetector
from jett.models.store import Store
from jett.settings import Settings
from jett.tools.wake_phrase import WakePhrase


def wake_words(settings: Settings) -> tuple[str, ...]:
    """The names, such as `hey_jett`; none where Jett always listens."""
    return ()


def wake_detector(settings: Settings, models: Store) -> WakeWordDetector | None:
    """The engine for the words of the settings; None where Jett always listens."""
    return None


def wake_phrase(settings: Settings) -> WakePhrase:
    """What a transcript of a call must hold."""
    return WakePhrase(wake_words(settings))


def with_wake_words(settings: Settings, words: tuple[str, ...]) -> Settings:
    """Speech-to-text is told the names: else it leaves a quarter of them out, or writes another name.

    Figures: benchmarks/LOG.md, "The name in the transcript".
    """
    if not words:
        return settings
    spoken = [word.replace("_", " ").title() for word in words]
    vocabulary = (*spoken, *settings.stt.vocabulary)
    return settings.model_copy(update={"stt": settings.stt.model_copy(update={"vocabulary": vocabulary})})
