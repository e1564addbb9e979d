"""The wake word from the user's settings: heads, what they are scored on, and when they count as called."""

from __future__ import annotations

from dataclasses import dataclass

from jett.app.wake_heads import FEATURES, head_place
from jett.core.errors import ConfigError
from jett.core.ports import WakeWordDetector
from jett.engines.wake.detector import HeadsWakeWordDetector
from jett.engines.wake.features import SpeechEmbedding
from jett.engines.wake.heads import Head, load_head
from jett.models.store import Store
from jett.settings import Settings
from jett.turns.wake import WakeRule, WakeSpotter, threshold_for


@dataclass(frozen=True, slots=True)
class WakeWords:
    """What `wake.words` names, loaded."""

    detector: HeadsWakeWordDetector
    rules: tuple[WakeRule, ...]
    """One for each of the detector's names."""
    refractory_s: float

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is said, name by name, as far as it is known."""
        heads = self.detector.heads
        known = {head.names[0]: head.phrase for head in heads if len(head.names) == 1 and head.phrase}
        return tuple(known.get(name, name.replace("_", " ")) for name in self.detector.names)

    def spotter(self) -> WakeSpotter:
        """For one stream of sound."""
        return WakeSpotter(self.rules, refractory_s=self.refractory_s)


def wake_detector(settings: Settings, models: Store) -> WakeWordDetector | None:
    """What wakes the conversation; None where it does not sleep. Raises ModelError, and ConfigError without a word."""
    if not settings.wake.enabled:
        return None
    if not settings.wake.words:
        raise ConfigError(
            "wake: wake.enabled is set, but wake.words is empty; name what wakes Jett, see: jett wake list"
        )
    return load_wake_words(settings, models).detector


def load_wake_words(settings: Settings, models: Store, words: tuple[str, ...] = ()) -> WakeWords:
    """The heads of `words`, by default those of the settings. Raises ModelError."""
    wake = settings.wake
    places = [head_place(word, models) for word in words or wake.words]
    heads = [load_head(place.path) for place in places if place.path is not None]
    detector = HeadsWakeWordDetector(SpeechEmbedding(models.path(FEATURES)), heads)
    rules = tuple(rule for head in heads for rule in rules_of(head, wake.sensitivity))
    return WakeWords(detector, rules, wake.refractory_s)


def rules_of(head: Head, sensitivity: float) -> list[WakeRule]:
    """When each of its names counts as called."""
    threshold = threshold_for(head.threshold, sensitivity)
    return [WakeRule(name, threshold, head.patience) for name in head.names]
