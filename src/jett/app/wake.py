"""What Jett is called by: heads and when they count as called, who looks again at a call, the words to expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jett.app.wake_heads import FEATURES, head_place, look_places
from jett.core.errors import ConfigError
from jett.core.ports import CallJudge, PhraseScorer, SpeechEncoder, SpeechToText
from jett.engines.wake.detector import HeadsWakeWordDetector
from jett.engines.wake.features import SpeechEmbedding
from jett.engines.wake.heads import Head, load_head
from jett.engines.wake.trained_look import LookFile, TrainedLook, load_look
from jett.models.store import Store
from jett.session.second_look import LikelyPhrase, SecondLook
from jett.settings import Settings
from jett.turns.wake import WakeRule, WakeSpotter, threshold_for

KindOfLook = Literal["trained", "likelihood", "transcript"]
"""A look that learned the name; how likely the name is to speech-to-text; or only whether the transcript holds it."""


@dataclass(frozen=True, slots=True)
class WakeWords:
    """What `wake.words` names, loaded."""

    detector: HeadsWakeWordDetector
    rules: tuple[WakeRule, ...]
    """One for each of the detector's names: lenient where its calls are looked at again."""
    strict_rules: tuple[WakeRule, ...]
    """Those of the heads by themselves."""
    refractory_s: float
    sensitivity: float
    looks: bool
    """Whether somebody can look again at a call, and the rules count on it."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is said, name by name, as far as it is known."""
        return tuple(
            head.phrase if len(head.names) == 1 and head.phrase else name.replace("_", " ")
            for head in self.detector.heads
            for name in head.names
        )

    def second_look(self, stt: SpeechToText, stt_model: str) -> SecondLook | None:
        """At what the rules take for a call; None where they are strict. `stt` runs `stt_model`.

        Raises ModelError for a trained look that is damaged.
        """
        if not self.looks or not isinstance(stt, PhraseScorer):
            return None
        wanted = [head for head in self.detector.heads if _wants_look(head)]
        return SecondLook({name: self._judge(head, stt, stt_model) for head in wanted for name in head.names})

    def _judge(self, head: Head, stt: PhraseScorer, stt_model: str) -> CallJudge:
        """One that has learned the name, where there is one for this speech-to-text."""
        file = _trained_look(head, stt_model)
        if file is not None and isinstance(stt, SpeechEncoder):
            return TrainedLook(stt, file, threshold_for(file.threshold, self.sensitivity))
        return LikelyPhrase(stt, head.spellings)

    def spotter(self) -> WakeSpotter:
        """For one stream of sound."""
        return WakeSpotter(self.rules, refractory_s=self.refractory_s)


def sleeping_words(settings: Settings, models: Store) -> WakeWords | None:
    """What wakes the conversation; None where it does not sleep. Raises ModelError, and ConfigError without a word."""
    if not settings.wake.enabled:
        return None
    _require_a_word(settings)
    return load_wake_words(settings, models)


def require_wake_words(settings: Settings, models: Store) -> None:
    """Each head of `wake.words` is here and loads, its trained look too.

    Raises ModelError, and ConfigError where Jett would never wake.
    """
    _require_a_word(settings)
    if settings.wake.words:
        words = load_wake_words(settings, models)
        for head in words.detector.heads if words.looks else ():
            _trained_look(head, settings.stt.model)


def load_wake_words(settings: Settings, models: Store, words: tuple[str, ...] = ()) -> WakeWords:
    """The heads of `words`, by default those of the settings. Raises ModelError."""
    wake = settings.wake
    heads = _heads(words or wake.words, models)
    detector = HeadsWakeWordDetector(SpeechEmbedding(models.path(FEATURES)), heads)
    can_look = _can_look(settings)
    rules, strict = (
        tuple(rule for head in heads for rule in rules_of(head, wake.sensitivity, looks=can_look and lenient))
        for lenient in (True, False)
    )
    looks = can_look and any(_wants_look(head) for head in heads)
    return WakeWords(detector, rules, strict, wake.refractory_s, wake.sensitivity, looks)


def _can_look(settings: Settings) -> bool:
    return settings.stt.backend != "openai"  # only Whisper in this process can


def _wants_look(head: Head) -> bool:
    return head.look_again is not None and bool(head.spellings)


def _trained_look(head: Head, stt_model: str) -> LookFile | None:
    """The one for the states of `stt_model`; None where there is none of this name. Raises ModelError: damaged."""
    files = (load_look(path) for path in look_places(head.path, stt_model))
    return next((file for file in files if (file.phrase, file.encoder) == (head.phrase, stt_model)), None)


def kind_of_look(head: Head, settings: Settings) -> KindOfLook:
    """How calls of `head` are checked with the speech-to-text of `settings`. Raises ModelError: a damaged look."""
    if not _can_look(settings) or not _wants_look(head):
        return "transcript"
    return "trained" if _trained_look(head, settings.stt.model) is not None else "likelihood"


def rules_of(head: Head, sensitivity: float, *, looks: bool) -> list[WakeRule]:
    """When each of its names counts as called; `looks`: somebody can look again."""
    own = head.look_again if looks and head.look_again is not None and head.spellings else head.threshold
    threshold = threshold_for(own, sensitivity)
    return [WakeRule(name, threshold, head.patience) for name in head.names]


def looking_again(settings: Settings, words: WakeWords, models: Store) -> SecondLook | None:
    """The second look with an engine of its own; None where `words` want none, or speech-to-text's model is not here.

    Raises ModelError.
    """
    from jett.app.engines import load_stt

    can = words.looks and models.has(settings.stt.model)
    return words.second_look(load_stt(settings, models), settings.stt.model) if can else None


def with_wake_phrases(settings: Settings, phrases: tuple[str, ...]) -> Settings:
    """Speech-to-text is told the names: else it leaves a quarter of them out, or writes another name.

    Figures: benchmarks/LOG.md, "The name in the transcript".
    """
    if not phrases:
        return settings
    vocabulary = (*(phrase.title() for phrase in phrases), *settings.stt.vocabulary)
    return settings.model_copy(update={"stt": settings.stt.model_copy(update={"vocabulary": vocabulary})})


def _require_a_word(settings: Settings) -> None:
    if settings.wake.enabled and not settings.wake.words:
        raise ConfigError(
            "wake: wake.enabled is set, but wake.words is empty; name what wakes Jett, see: jett wake list"
        )


def _heads(words: tuple[str, ...], models: Store) -> list[Head]:
    places = [head_place(word, models) for word in words]
    return [load_head(place.path) for place in places if place.path is not None]
