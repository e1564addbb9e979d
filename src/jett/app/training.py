"""`jett wake train`, put together: words and voices of the store, scenes, features, networks, and what came of it.

What was spoken and what was heard of it is kept in a folder, so that a training that was killed goes on where it was.
The numerics are `training`'s, which knows no engine; a head's file is written where `wake.words` finds it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import platformdirs

from jett.app.training_heard import Clips, Heard, Hearing
from jett.app.training_looks import LookTraining, TrainedLooks
from jett.app.training_voices import KOKORO, KOKORO_VOICES, PIPER, TrainingVoices, cast_of
from jett.app.training_words import VOCABULARY, TrainingWords
from jett.app.wake_heads import BASE, FEATURES, LOOKER, heads_folder, look_path, looks_beside, shipped_head
from jett.core.audio import Samples
from jett.core.errors import ConfigError, ModelError
from jett.engines.stt.whisper import WhisperSpeechToText
from jett.engines.wake.features import SpeechEmbedding
from jett.engines.wake.heads import load_head, name_of
from jett.guard.files import write_atomically
from jett.models.store import Store
from jett.training.evaluation import PATIENCE, Evaluation, Logits, det, figures, threshold_for
from jett.training.layers import Array
from jett.training.lines import Line
from jett.training.network import Network
from jett.training.onnx_file import head_file
from jett.training.optimiser import Pool, Recipe, ensemble, logits_of
from jett.training.plan import FULL, QUICK, Size, Texts, judging_lines, training_lines
from jett.training.real_speech import JUDGED, real_speech
from jett.training.report import Report, card
from jett.training.scenes import CALL_WINDOWS

Tell = Callable[[str, int, int], None]
"""A stage, and how much of it is done, of how much."""

"""Whose look is trained where speech-to-text does not run in this process."""
FALSE_ALARMS_PER_HOUR = 0.1
SECOND_LOOKS_PER_HOUR = 20.0
"""Where a call is looked at again by speech-to-text, up to three times 30 ms of one core each."""
_LEAST_LETTERS, _MOST_LETTERS = 3, 40
_NEAR_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be trained."""

    phrase: str
    quick: bool = False
    seed: int = 0
    negatives: tuple[Samples, ...] = ()
    """Recordings without the phrase, 16 kHz: half of them trained on, half judged by."""
    recipe: Recipe | None = None
    encoder: str = LOOKER
    """Speech-to-text's model, whose states the look at a call is trained on."""

    @property
    def size(self) -> Size:
        return QUICK if self.quick else FULL


def training_models(encoder: str) -> tuple[str, ...]:
    """What a training needs of the model store."""
    return (FEATURES, VOCABULARY, KOKORO, KOKORO_VOICES, PIPER, encoder)


def workplace() -> Path:
    """Where clips and features are kept between trainings."""
    return platformdirs.user_cache_path("jett", appauthor=False) / "training"


def spoken_form(phrase: str) -> str:
    """`hey jett` for "Hey, Jett!". Raises ConfigError where nothing or too much is left."""
    words = name_of(phrase).replace("_", " ")
    if words == "unnamed" or len(words) > _MOST_LETTERS or len(words.split()) > 3:
        raise ConfigError(
            f"wake: '{phrase[:60]}' is no phrase to be called by, need 1 to 3 words of at most {_MOST_LETTERS} letters"
        )
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    letters = sum(map(str.isalpha, plain))
    if letters < _LEAST_LETTERS or sum(map(str.isalnum, words)) > letters:
        raise ConfigError(
            f"wake: '{phrase[:60]}' cannot be said by the voices that train a wake word, need {_LEAST_LETTERS} or more "
            "Latin letters and no digits; write it as it is said in English, such as 'hey seven'"
        )
    return words


def train_head(wanted: Wanted, models: Store, folder: Path, tell: Tell) -> Report:
    """Train, judge and write a head; it takes minutes. Raises ModelError, TextToSpeechError, AudioError."""
    hearing = Hearing(SpeechEmbedding(models.path(FEATURES), threads=2), workplace() / "heard")
    clips, tests, spellings = _spoken_clips(wanted, models, tell)
    heard = hearing.heard(clips, tests, wanted.size, wanted.seed, wanted.negatives, tell)
    networks = _trained(wanted, heard, tell)
    found = _judged(networks, heard, wanted.phrase)
    threshold = threshold_for(FALSE_ALARMS_PER_HOUR, found.others)
    look_again = min(threshold, threshold_for(SECOND_LOOKS_PER_HOUR, found.others))
    encoder = WhisperSpeechToText(models.path(wanted.encoder), threads=2)
    looking = LookTraining(encoder, wanted.encoder, clips, tests, wanted.size, wanted.seed, workplace() / "heard")
    looks = looking.trained(networks, hearing.embedding, look_again, tell)
    report = Report(
        phrase=wanted.phrase,
        spellings=spellings,
        seed=wanted.seed,
        quick=wanted.quick,
        negative_hours=round(found.hours, 2),
        calls_judged=len(found.calls_clean),
        near_judged=len(found.near),
        patience=PATIENCE,
        chosen=figures(found, threshold),
        looked_at=figures(found, look_again),
        in_use=looks.in_use,
        encoder=wanted.encoder,
        curve=tuple(det(found)),
        given_recordings=len(wanted.negatives),
        voices=heard.voices,
    )
    write_head(networks, looks, report, folder, heads_folder())
    return report


def write_head(networks: Sequence[Network], looks: TrainedLooks, report: Report, folder: Path, heads: Path) -> Path:
    """The head and its look into `heads`, the report into `folder`; the head's path (`file_name`)."""
    meta = {
        "jett.phrase": report.phrase,
        "jett.spellings": json.dumps(report.spellings),
        "jett.threshold": f"{report.chosen.threshold:.4f}",
        "jett.look_again": f"{report.looked_at.threshold:.4f}",
        "jett.patience": str(report.patience),
        "jett.card": json.dumps(card(report)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = heads / f"{file_name(report.phrase, heads, quick=report.quick)}.onnx"
    look = {
        "jett.phrase": report.phrase,
        "jett.encoder": report.encoder,
        "jett.threshold": f"{looks.in_use.threshold:.5f}",
        "jett.card": meta["jett.card"],
    }
    for stale in looks_beside(path):
        stale.unlink()  # of the head before
    write_atomically(look_path(path, report.encoder), head_file(looks.networks, look))
    write_atomically(path, head_file(networks, meta))
    (heads / BASE / path.name).unlink(missing_ok=True)
    (folder / "report.json").write_text(report.as_json(), "utf-8")
    (folder / "report.txt").write_text(report.as_text() + "\n", "utf-8")
    return path


def file_name(phrase: str, heads: Path, *, quick: bool) -> str:
    """What a head of `phrase` is called in `wake.words`: a quick one takes no better one's place."""
    name = name_of(phrase)
    there = [path for path in (heads / f"{name}.onnx", shipped_head(name)) if path is not None and path.is_file()]
    return f"{name}_quick" if quick and any(_is_whole(path) for path in there) else name


def _is_whole(path: Path) -> bool:
    try:
        return not load_head(path).card.get("quick", False)
    except ModelError:
        return False


def _spoken_clips(wanted: Wanted, models: Store, tell: Tell) -> tuple[Clips, Clips, tuple[str, ...]]:
    """What is trained on, what is judged by, and other spellings of the phrase."""
    words = TrainingWords(models)
    tell("words", 0, 1)
    size, seed = wanted.size, wanted.seed
    most = max(sum(size.other.values()), sum(size.test_other.values()))
    sentences = words.sentences(most, np.random.default_rng([seed, 7]), without=wanted.phrase)
    texts = Texts(wanted.phrase, words.near(wanted.phrase), sentences)
    tell("words", 1, 1)
    cast = cast_of(models)
    lines, tests = training_lines(texts, size, cast, seed), judging_lines(texts, size, cast, seed)
    with TrainingVoices(models, workplace() / "speech") as voices:
        clips = list(_spoken(voices, [*lines, *tests], tell))
    return clips[: len(lines)], clips[len(lines) :], words.spellings(wanted.phrase)


def _spoken(voices: TrainingVoices, lines: list[Line], tell: Tell) -> Iterator[tuple[Line, Samples]]:
    for n, each in enumerate(voices.spoken(lines), 1):
        tell("voices", n, len(lines))
        yield each


def _trained(wanted: Wanted, heard: Heard, tell: Tell) -> list[Network]:
    calls, others = Pool(), Pool()
    for rows in heard.calls:
        calls.add(rows, windows=slice(0, CALL_WINDOWS))
    for rows in heard.near:
        others.add(rows, _NEAR_WEIGHT, sought=False)
    for rows in (*heard.others, *_real(wanted.phrase, judged=False)):
        others.add(rows)
    recipe = wanted.recipe or Recipe(steps=wanted.size.steps)
    draws = [[wanted.seed, 100 + n] for n in range(wanted.size.members)]
    return ensemble(calls, others, recipe, draws, partial(tell, "networks"))


def _judged(networks: Sequence[Network], heard: Heard, phrase: str) -> Evaluation:
    def logits(sequences: Sequence[Array]) -> list[Logits]:
        return [np.mean([logits_of(one, rows) for one in networks], axis=0) for rows in sequences]

    others = [*heard.test_others, *_real(phrase, judged=True)]
    return Evaluation(logits(heard.test_clean), logits(heard.test_noisy), logits(heard.test_near), logits(others))


def _real(phrase: str, *, judged: bool) -> list[Array]:
    """Of each recording that ships with Jett both copies, to train on or to judge by."""
    return [rows for n, rows in enumerate(real_speech(phrase)) if (n // 2 % JUDGED == 0) is judged]
