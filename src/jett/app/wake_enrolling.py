"""`jett wake enroll`, put together: a head made surer of its owner's voice, from three of their calls.

The sharpened head is kept beside the owner's own ones and comes before the one that it was made of, which stays where
it was, or in `base/`: `forget` goes back to it. No sound is kept. The numerics are `training.sharpen`'s.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jett.app.training import SECOND_LOOKS_PER_HOUR, workplace
from jett.app.training_voices import TrainingVoices
from jett.app.training_words import TrainingWords
from jett.app.wake import load_wake_words, looking_again
from jett.app.wake_heads import BASE, FEATURES, head_place, heads_folder, is_path, looks_beside, shipped_head
from jett.core.audio import SAMPLE_RATE_HZ, Samples, level_dbfs, silence, to_float32, to_int16
from jett.core.errors import ConfigError, ModelError, VoiceProfileError
from jett.core.ports import VoiceActivityDetector
from jett.engines.tts.espeak import ACCENTS, THROATS
from jett.engines.wake.features import SpeechEmbedding
from jett.engines.wake.heads import Head, load_head
from jett.guard.files import make_private_folder, write_atomically
from jett.models.store import Store
from jett.session.second_look import AFTER_S
from jett.settings import Settings
from jett.training.augment import CLEAN, Harm, Signal
from jett.training.evaluation import held, threshold_for
from jett.training.layers import Array
from jett.training.lines import Cast, lines
from jett.training.network import Network
from jett.training.onnx_file import head_file, networks_of
from jett.training.optimiser import logits_of
from jett.training.real_speech import real_speech
from jett.training.scenes import Sounds, babble, call, stretch
from jett.training.sharpen import sharpened

Tell = Callable[[str, int, int], None]

UTTERANCES = 3
FALSE_ALARMS_PER_HOUR = 0.1
LEAST_S, MOST_S = 0.25, 2.5
"""Of saying a wake word."""
LEAST_DBFS = -50.0
_SCENES = 40
"""Of each utterance."""
_SENTENCES = 40
_SPEECH = 0.5
_SOUNDS_LIKE_IT = 0.1
"""Score below which a call must be one to a second look."""
_EDGE_S = 0.1
"""Left on both sides of what the voice activity detector takes for speech."""


@dataclass(frozen=True, slots=True)
class Sharpenable:
    """A head that Jett trained, as it was before any voice."""

    head: Head
    networks: Sequence[Network]


@dataclass(frozen=True, slots=True)
class Sharpened:
    """What came of it."""

    name: str
    path: Path
    threshold: float
    look_again: float | None
    """Score from which calls are looked at again; None where they are not."""
    before: tuple[float, ...]
    """Score that each utterance reaches with the head as it was."""
    after: tuple[float, ...]
    """Score with a head that was sharpened by the other utterances alone."""


def sharpenable(word: str, models: Store) -> Sharpenable:
    """The head that `word` names. Raises ModelError, and ConfigError for one that Jett did not train."""
    path = _base_of(word, models)
    try:
        return Sharpenable(load_head(path), networks_of(path.read_bytes()))
    except ValueError as error:
        raise ConfigError(
            f"wake: '{path.name}' was not trained by Jett, so it cannot be sharpened; run: jett wake train PHRASE"
        ) from error


def enroll_calls(base: Sharpenable, utterances: Sequence[Samples], models: Store, tell: Tell) -> Sharpened:
    """Sharpen `base`; `utterances` (16 kHz) as `checked_call` gave them. Takes about a minute.

    Raises ModelError, EngineError, and OSError where the head cannot be written.
    """
    head, old = base.head, base.networks
    embedding = SpeechEmbedding(models.path(FEATURES), threads=2)
    scenes = _scenes(utterances, head.phrase, models, embedding, tell)
    others = real_speech(head.phrase)

    def made(which: Sequence[int], stage: str) -> list[Network]:
        rng = np.random.default_rng([len(which), *which])
        calls = [scene for n in which for scene in scenes[n]]
        return sharpened(old, calls, others, rng, lambda done, whole: tell(stage, done, whole))

    everyone = range(len(utterances))
    alone = [_alone(each, embedding) for each in utterances]
    before = tuple(_score(old, rows, head.patience) for rows in alone)
    after = tuple(
        _score(made([m for m in everyone if m != n], f"without {n + 1}"), alone[n], head.patience) for n in everyone
    )
    new = made(everyone, "networks")
    quiet = [np.mean([logits_of(one, rows) for one in new], axis=0) for rows in others]
    threshold = max(head.threshold, threshold_for(FALSE_ALARMS_PER_HOUR, quiet, head.patience))
    look_again = max(head.look_again or 0.0, threshold_for(SECOND_LOOKS_PER_HOUR, quiet, head.patience))
    again = min(look_again, threshold) if head.look_again is not None else None
    path = _write(head, new, threshold, again, len(utterances))
    return Sharpened(head.names[0], path, threshold, again, before, after)


def checked_call(sound: Samples, vad: VoiceActivityDetector, what: str) -> Samples:
    """The call in `sound` (16 kHz), cut out. Raises VoiceProfileError about `what` where it is short, long or quiet."""
    vad.reset()
    size = vad.frame_samples
    frames = [sound[at : at + size] for at in range(0, sound.size - size + 1, size)]
    spoken = [n for n, frame in enumerate(frames) if vad.score(frame) >= _SPEECH]
    seconds = (spoken[-1] + 1 - spoken[0]) * size / SAMPLE_RATE_HZ if spoken else 0.0
    if not LEAST_S <= seconds <= MOST_S:
        raise VoiceProfileError(
            f"wake: {what} has {seconds:.1f} s of speech, need {LEAST_S} to {MOST_S} s; say the wake word alone, once"
        )
    edge = round(_EDGE_S * SAMPLE_RATE_HZ)
    said = sound[max(0, spoken[0] * size - edge) : (spoken[-1] + 1) * size + edge]
    if (level := level_dbfs(said)) < LEAST_DBFS:
        raise VoiceProfileError(
            f"wake: {what} is too quiet ({level:.0f} dBFS), need {LEAST_DBFS:.0f} dBFS; come nearer, or turn the "
            "microphone up"
        )
    return said


def require_calls(base: Sharpenable, calls: Sequence[Samples], settings: Settings, models: Store) -> None:
    """Raises VoiceProfileError where one does not sound like the name at all, or two are the same recording.

    What neither the head nor a second look takes for the name would only teach it something else.
    """
    for n, said in enumerate(calls, 1):
        if any(np.array_equal(said, other) for other in calls[: n - 1]):
            raise VoiceProfileError(
                f"wake: call {n} is the recording of one before, need {UTTERANCES} that differ; say it anew each time"
            )
    embedding = SpeechEmbedding(models.path(FEATURES))
    scores = [_score(base.networks, _alone(said, embedding), base.head.patience) for said in calls]
    if min(scores) >= _SOUNDS_LIKE_IT:
        return
    name = base.head.names[0]
    look = looking_again(settings, load_wake_words(settings, models, (str(base.head.path),)), models)
    for n, (said, score) in enumerate(zip(calls, scores, strict=True), 1):
        if score >= _SOUNDS_LIKE_IT or look is None:
            continue
        heard = (np.concatenate([said, silence(round(after_s * SAMPLE_RATE_HZ))]) for after_s in AFTER_S)
        if not any(look.holds(name, sound) for sound in heard):
            raise VoiceProfileError(
                f"wake: call {n} does not sound like '{base.head.phrase}' (score {score:.2f}, need "
                f"{_SOUNDS_LIKE_IT}); say the wake word alone, once"
            )


def forget_calls(name: str) -> bool:
    """Delete the sharpened head `name` and go back to what it was made of; False where there is none.

    Raises ConfigError for a path, since only the owner's own heads are ever changed, and ModelError for a damaged one.
    """
    if is_path(name):
        raise ConfigError(f"wake: '{name}' is a file, need a head's name; see: jett wake list")
    own, base = heads_folder() / f"{name}.onnx", _base_folder() / f"{name}.onnx"
    if not own.is_file() or not load_head(own).card.get("enrolled"):
        return False
    if base.is_file():
        base.replace(own)
    else:
        own.unlink()
    return True


def _base_folder() -> Path:
    return heads_folder() / BASE


def _base_of(word: str, models: Store) -> Path:
    """What is to be sharpened: never a head that was sharpened before."""
    place = head_place(word, models)
    if place.path is None:
        raise ModelError(f"wake: '{word}' is not here; run: jett wake list")
    if not load_head(place.path).card.get("enrolled"):
        return place.path
    base = _base_folder() / place.path.name
    if base.is_file():
        return base
    if (shipped := shipped_head(place.name)) is None:
        raise ModelError(f"wake: what '{place.path}' was made of is gone; run: jett wake train PHRASE")
    return shipped


def _scenes(
    utterances: Sequence[Samples], phrase: str, models: Store, embedding: SpeechEmbedding, tell: Tell
) -> list[list[Array]]:
    """Of each utterance `_SCENES`, as embeddings."""
    rng = np.random.default_rng(11)
    speech = _sentences(phrase, models, rng)
    sounds = Sounds(babble(speech, rng), (), speech)
    found: list[list[Array]] = []
    for utterance in utterances:
        found.append([])
        for _ in range(_SCENES):
            scene = call(to_float32(utterance), sounds, Harm(), rng)
            found[-1].append(embedding.embeddings(to_int16(scene)))
            tell("calls", sum(map(len, found)), _SCENES * len(utterances))
    return found


def _sentences(phrase: str, models: Store, rng: np.random.Generator) -> list[Signal]:
    """Speech around the calls."""
    texts = TrainingWords(models).sentences(_SENTENCES, rng, without=phrase)
    spoken = lines("other", texts, {"espeak": _SENTENCES}, Cast((), (), ACCENTS, THROATS), rng)
    with TrainingVoices(models, workplace() / "speech") as voices:
        return [to_float32(sound) for _, sound in voices.spoken(spoken)]


def _alone(utterance: Samples, embedding: SpeechEmbedding) -> Array:
    scene = stretch([to_float32(utterance)], Sounds(), CLEAN, np.random.default_rng(12), ahead_s=2.0)
    return embedding.embeddings(to_int16(scene))


def _score(networks: Sequence[Network], rows: Array, patience: int) -> float:
    logits = np.mean([logits_of(one, rows) for one in networks], axis=0)
    return round(1 / (1 + math.exp(-float(held(logits, patience).max(initial=-20.0)))), 4)


def _write(head: Head, networks: Sequence[Network], threshold: float, look_again: float | None, count: int) -> Path:
    """The sharpened head into the owner's folder; what it was made of stays in `base/` where it was there before."""
    own = heads_folder() / f"{head.names[0]}.onnx"
    kept = _base_folder() / own.name
    if head.path == own:
        make_private_folder(kept.parent)
        shutil.copyfile(own, kept)
    if head.path not in (own, kept, shipped_head(head.names[0])):
        make_private_folder(own.parent)
        for look in looks_beside(head.path):
            shutil.copyfile(look, own.with_name(own.stem + look.name.removeprefix(head.path.stem)))
    card = {**head.card, "enrolled": count, "licence": "yours: it knows your voice a little, so do not pass it on"}
    meta = {"jett.phrase": head.phrase, "jett.threshold": f"{threshold:.4f}", "jett.patience": str(head.patience)}
    if look_again is not None:
        meta |= {"jett.look_again": f"{look_again:.4f}", "jett.spellings": json.dumps(head.spellings)}
    write_atomically(own, head_file(networks, meta | {"jett.card": json.dumps(card)}))
    return own
