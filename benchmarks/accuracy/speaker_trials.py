"""Trials of speaker verification: who is enrolled with what, who comes, and how alike they are. Pure but for reading.

An utterance is 2-3 s cut out of a recording, in order, with at least 1.5 s of speech. A profile is three of them: of
three recordings where a speaker has at least four, else of the beginning of the one there is. What a profile was made
of never comes to it again; where there are several recordings, neither does the rest of those three.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jett.audio.files import read_audio
from jett.core.audio import SAMPLE_RATE_HZ, Samples
from jett.core.errors import AudioError
from jett.core.ports import SpeakerEncoder, VoicePlace

PACKS = ("read_librispeech", "speech_librispeech_train100")
_UTTERANCES = 3
_LEAST_TO_ENROL = _UTTERANCES + 1

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """2-3 s of one speaker; `place` is where the encoder puts them."""

    speaker: str
    file: str
    sound: Samples
    place: VoicePlace


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """An enrolled speaker, and which utterances may come to it as theirs."""

    speaker: str
    place: VoicePlace
    theirs: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """One utterance that came to one profile."""

    enrolled: str
    came: str
    score: float

    @property
    def same(self) -> bool:
        return self.enrolled == self.came


@dataclass(frozen=True, slots=True)
class Cut:
    """How long utterances are, and how much of them is speech at the least."""

    shortest_s: float = 2.0
    longest_s: float = 3.0
    least_speech_s: float = 1.5


_CUT = Cut()


def place_of(encoder: SpeakerEncoder, sound: Samples, least_speech_s: float = _CUT.least_speech_s) -> VoicePlace | None:
    """None where too little of it is speech."""
    voiced = encoder.voiced(sound)
    return encoder.embed(voiced) if voiced.size >= least_speech_s * SAMPLE_RATE_HZ else None


def read_utterances(
    data: Path,
    encoder: SpeakerEncoder,
    *,
    packs: Sequence[str] = PACKS,
    cut: Cut = _CUT,
    most_files: int | None = None,
) -> list[Utterance]:
    """All of the packs' utterances; `file` begins with the pack. Raises AudioError when there is no pack."""
    folders = [data / pack for pack in packs if (data / pack / "manifest.tsv").is_file()]
    if not folders:
        raise AudioError(f"bench: no {' or '.join(packs)} in '{data}'; give --data the folder of the recordings")
    lengths = np.random.default_rng(1)
    found = []
    for folder in folders:
        with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        for row in rows[:most_files]:
            for sound in _pieces(read_audio(folder / row["file"]), cut, lengths):
                place = place_of(encoder, sound, cut.least_speech_s)
                if place is not None:
                    found.append(Utterance(row["speaker"], f"{folder.name}/{row['file']}", sound, place))
    return found


def _pieces(recording: Samples, cut: Cut, lengths: np.random.Generator) -> Iterator[Samples]:
    at = 0
    while True:
        size = round(float(lengths.uniform(cut.shortest_s, cut.longest_s)) * SAMPLE_RATE_HZ)
        piece = recording[at : at + size]
        if piece.size < cut.shortest_s * SAMPLE_RATE_HZ:
            return
        yield piece
        at += size


def enrol(utterances: Sequence[Utterance]) -> list[Profile]:
    """As many profiles as there are; those of one speaker share no recording."""
    return [
        profile for speaker in sorted({each.speaker for each in utterances}) for profile in _of(speaker, utterances)
    ]


def _of(speaker: str, utterances: Sequence[Utterance]) -> Iterator[Profile]:
    own = [each for each in utterances if each.speaker == speaker]
    files = list(dict.fromkeys(each.file for each in own))
    if len(files) < _LEAST_TO_ENROL:
        first = [each for each in own if each.file == files[0]]
        if len(first) >= _LEAST_TO_ENROL:
            yield Profile(speaker, mean_place(first[:_UTTERANCES]), tuple(first[_UTTERANCES:]))
        return
    for at in range(0, len(files) - _UTTERANCES + 1, _UTTERANCES):
        used = files[at : at + _UTTERANCES]
        chosen = [next(each for each in own if each.file == file) for file in used]
        yield Profile(speaker, mean_place(chosen), tuple(each for each in own if each.file not in used))


def mean_place(utterances: Sequence[Utterance]) -> VoicePlace:
    """The voice of all of them."""
    together = np.sum([each.place for each in utterances], axis=0)
    mean: VoicePlace = together / np.linalg.norm(together)
    return mean


def trials(profiles: Sequence[Profile], utterances: Sequence[Utterance]) -> list[Trial]:
    """Each profile with its own utterances, and with all of everybody else."""
    found = []
    for profile in profiles:
        others = [each for each in utterances if each.speaker != profile.speaker]
        found += [Trial(profile.speaker, each.speaker, float(each.place @ profile.place)) for each in
                  (*profile.theirs, *others)]  # fmt: skip
    return found


def pairs(utterances: Sequence[Utterance]) -> list[Trial]:
    """Single utterances of different recordings with each other: the hardest way, one 2-3 s clip against another."""
    places = np.stack([each.place for each in utterances])
    likeness = places @ places.T
    return [
        Trial(one.speaker, two.speaker, float(likeness[i, j]))
        for i, one in enumerate(utterances)
        for j, two in enumerate(utterances[:i])
        if one.file != two.file
    ]


def split(found: Sequence[Trial]) -> tuple[Scores, Scores]:
    """Scores of the same speaker, and of others."""
    return np.array([each.score for each in found if each.same]), np.array([e.score for e in found if not e.same])


def rates(same: Scores, others: Scores, threshold: float) -> tuple[float, float]:
    """Wrongly rejected and wrongly accepted, percent."""
    return float(np.mean(same < threshold)) * 100, float(np.mean(others >= threshold)) * 100


def equal_error(same: Scores, others: Scores) -> tuple[float, float]:
    """The rate (percent) at which both errors are as near as they come, and its threshold."""
    thresholds = np.unique(np.concatenate((same, others)))
    rejected = np.searchsorted(np.sort(same), thresholds) / same.size
    accepted = 1 - np.searchsorted(np.sort(others), thresholds) / others.size
    at = int(np.argmin(np.abs(rejected - accepted)))
    return float(rejected[at] + accepted[at]) * 50, float(thresholds[at])


def disjoint_rates(found: Sequence[Trial], folds: int = 5) -> tuple[float, float]:
    """Errors (percent) at a threshold that was set without a trial of the speakers that it judges.

    The mean over folds of speakers: calibrated where neither side is of the fold, judged where both are.
    """
    fold_of = {speaker: at % folds for at, speaker in enumerate(sorted({each.enrolled for each in found}))}
    known = [each for each in found if each.came in fold_of]
    wrong: list[tuple[float, float]] = []
    for fold in range(folds):
        calibration = [each for each in known if fold not in (fold_of[each.enrolled], fold_of[each.came])]
        judged = [each for each in known if fold_of[each.enrolled] == fold_of[each.came] == fold]
        sides = (*split(calibration), *split(judged))
        if all(side.size for side in sides):
            wrong.append(rates(sides[2], sides[3], equal_error(sides[0], sides[1])[1]))
    return tuple(float(np.mean(side)) for side in zip(*wrong, strict=True)) if wrong else (float("nan"),) * 2  # type: ignore[return-value]


Changed = Callable[[Samples, int], Samples]
"""An utterance as it comes through something, and its number, by which whatever is random is chosen."""


def came_changed(
    profiles: Sequence[Profile], utterances: Sequence[Utterance], encoder: SpeakerEncoder, changed: Changed
) -> list[Trial]:
    """The same trials, where what comes was changed and what was enrolled was not."""
    found: dict[int, Utterance] = {}
    for at, each in enumerate(utterances):
        place = place_of(encoder, changed(each.sound, at))
        if place is not None:
            found[id(each)] = Utterance(each.speaker, each.file, each.sound, place)
    known = [
        Profile(each.speaker, each.place, tuple(found[id(one)] for one in each.theirs if id(one) in found))
        for each in profiles
    ]
    return trials(known, list(found.values()))
