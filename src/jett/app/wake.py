"""What Jett is called by: heads and when they count as called, who looks again at a call, the words to expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jett.app.wake_heads import FEATURES, head_place
from jett.app.wake_looks import LookingEngines, look_of, model_here
from jett.core.errors import ConfigError
from jett.core.ports import CallJudge
from jett.engines.wake.detector import HeadsWakeWordDetector
from jett.engines.wake.features import SpeechEmbedding
from jett.engines.wake.heads import Head, load_head
from jett.engines.wake.trained_look import LookFile, TrainedLook
from jett.models.store import Store
from jett.session.second_look import LikelyPhrase, SecondLook
from jett.settings import Settings
from jett.turns.wake import WakeRule, WakeSpotter, threshold_for


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
    looks: Mapping[str, LookFile | None]
    """By name whose calls are looked at again, so that its rule is lenient: the trained look, where there is one."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """What is said, name by name, as far as it is known."""
        return tuple(
            head.phrase if len(head.names) == 1 and head.phrase else name.replace("_", " ")
            for head in self.detector.heads
            for name in head.names
        )

    def second_look(self, engines: LookingEngines) -> SecondLook | None:
        """At what the rules take for a call; None where they are strict. Raises ModelError: an engine is not here."""
        found = {
            name: self._judge(head, self.looks[name], engines)
            for head in self.detector.heads
            for name in head.names
            if name in self.looks
        }
        judges = {name: judge for name, judge in found.items() if judge is not None}
        beside = frozenset(
            name for name in judges if (file := self.looks[name]) and not engines.transcribes(file.encoder)
        )
        return SecondLook(judges, beside) if judges else None

    def _judge(self, head: Head, file: LookFile | None, engines: LookingEngines) -> CallJudge | None:
        """One that has learned the name, where there is one."""
        if file is not None and (encoder := engines.encoder(file.encoder)) is not None:
            return TrainedLook(encoder, file, threshold_for(file.threshold, self.sensitivity))
        scorer = engines.scorer()
        return LikelyPhrase(scorer, head.spellings) if scorer is not None else None

    def rules_at(self, sensitivity: float) -> tuple[WakeRule, ...]:
        """The rules at another sensitivity."""
        return _rules(self.detector.heads, sensitivity, self.looks)

    def strictly(self) -> WakeWords:
        """The same, where nobody can look again."""
        return replace(self, rules=self.strict_rules, looks={})

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
        load_wake_words(settings, models)


def load_wake_words(settings: Settings, models: Store, words: tuple[str, ...] = ()) -> WakeWords:
    """The heads of `words`, by default those of the settings, and their looks. Raises ModelError."""
    wake = settings.wake
    heads = _heads(words or wake.words, models)
    detector = HeadsWakeWordDetector(SpeechEmbedding(models.path(FEATURES)), heads)
    found = [(head, *look_of(head, settings, models)) for head in heads]
    looks = {name: file for head, kind, file in found if kind != "transcript" for name in head.names}
    rules, strict = _rules(heads, wake.sensitivity, looks), _rules(heads, wake.sensitivity, {})
    return WakeWords(detector, rules, strict, wake.refractory_s, wake.sensitivity, looks)


def _rules(heads: Sequence[Head], sensitivity: float, looks: Mapping[str, object]) -> tuple[WakeRule, ...]:
    """When each name counts as called: leniently for those of `looks`."""

    def rule(head: Head, name: str) -> WakeRule:
        lenient = head.look_again if name in looks else None
        return WakeRule(name, threshold_for(lenient or head.threshold, sensitivity), head.patience)

    return tuple(rule(head, name) for head in heads for name in head.names)


def looking_again(settings: Settings, words: WakeWords, models: Store) -> SecondLook | None:
    """The second look with engines of its own; None where `words` want none, or a model for it is not here.

    Raises ModelError.
    """
    missing = any(not models.has(model) for model in looking_models(settings, words))
    return None if missing else words.second_look(LookingEngines(settings, models))


def looking_models(settings: Settings, words: WakeWords) -> list[str]:
    """Ids of the models that look again at calls of `words`."""
    models = (file.encoder if file is not None else model_here(settings) for file in words.looks.values())
    return [model for model in dict.fromkeys(models) if model is not None]


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
