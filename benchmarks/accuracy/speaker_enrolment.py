"""Who may be enrolled, by the limit of `engines.speaker.enrolment`: threes of one speaker, who should be, and threes
of which one is a stranger's, who should not.

    jett bench speaker --enrolment [--data DIR] [--json] [--quick]

Utterances are 3-5 s cut out of recordings, with as much speech as an enrolment needs. A three of one speaker is of
three recordings where there are so many, else of three parts of one; the stranger is of the same pack, so that the
microphone does not tell them apart. In noise and in a room all three are in the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.accuracy.speaker_attacks import in_noise, in_room, sounds
from benchmarks.accuracy.speaker_trials import (
    PACKS,
    Changed,
    Cut,
    Scores,
    Utterance,
    place_of,
    rates,
    read_utterances,
)
from benchmarks.report import Figures, table
from jett.core.ports import SpeakerEncoder, VoicePlace
from jett.engines.speaker.enrolment import LEAST_AGREEMENT, LEAST_SPEECH_S, UTTERANCES, agreement

LIMITS = (0.62, 0.66, 0.70, 0.72, 0.73, 0.74, 0.76, 0.80)
_CUT = Cut(3.0, 5.0, LEAST_SPEECH_S)
_QUICK_FILES = 12
_NOISES = 3
_MOST_OWN, _MOST_PAIRS = 60, 8
"""Of one speaker, so that nobody with many recordings outweighs the others."""

Three = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Threes:
    """Numbers of utterances; of `mixed` the last one is the stranger's."""

    own: Sequence[Three]
    mixed: Sequence[Three]


def measured(data: Path, encoder: SpeakerEncoder, *, quick: bool) -> Figures:
    """The figures, flat. Raises JettError."""
    packs = (*PACKS, "commands_barista")
    utterances = read_utterances(data, encoder, packs=packs, cut=_CUT, most_files=_QUICK_FILES if quick else None)
    threes = threes_of(utterances)
    places: list[VoicePlace | None] = [each.place for each in utterances]
    conditions = {"clean": scored(threes, places)}
    rooms, noises = sounds(data, "rir"), sounds(data, "noise")[:_NOISES]
    changes = {
        "10 dB noise": [in_noise([noise], 10) for noise in noises],
        "room": [in_room([room]) for room in rooms],
    }
    for name, ways in changes.items():
        conditions[name] = _together([scored(threes, _changed(utterances, encoder, way)) for way in ways])
    figures: Figures = {
        "speaker_enrolment_limit": LEAST_AGREEMENT,
        "speaker_enrolment_speakers": len({each.speaker for each in utterances}),
        "speaker_enrolment_own": len(threes.own),
        "speaker_enrolment_mixed": len(threes.mixed),
    }
    for name, (own, mixed) in conditions.items():
        for limit in LIMITS:
            refused, accepted = rates(own, mixed, limit)
            figures[_key(name, limit, "refused")] = round(refused, 2)
            figures[_key(name, limit, "accepted")] = round(accepted, 2)
    return figures


def threes_of(utterances: Sequence[Utterance]) -> Threes:
    """The same ones each time."""
    random = np.random.default_rng(2)
    of: dict[str, list[int]] = {}
    for at, each in enumerate(utterances):
        of.setdefault(each.speaker, []).append(at)
    own: list[Three] = []
    mixed: list[Three] = []
    for speaker, theirs in of.items():
        own += [(a, b, c) for a, b, c in _some(_apart(utterances, theirs, UTTERANCES), _MOST_OWN, random)]
        pack = _pack(utterances[theirs[0]])
        strangers = [at for at, each in enumerate(utterances) if each.speaker != speaker and _pack(each) == pack]
        pairs = _some(_apart(utterances, theirs, UTTERANCES - 1), _MOST_PAIRS, random)
        mixed += [(a, b, stranger) for a, b in pairs for stranger in strangers]
    return Threes(own, mixed)


def _apart(utterances: Sequence[Utterance], theirs: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    """So many of a speaker's at once: of different recordings, if there are enough."""
    files = [utterances[at].file for at in theirs]
    enough = len(set(files)) >= count
    for chosen in combinations(theirs, count):
        if not enough or len({utterances[at].file for at in chosen}) == count:
            yield chosen


def _some(found: Iterator[tuple[int, ...]], most: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    every = list(found)
    if len(every) <= most:
        return every
    return [every[at] for at in sorted(random.choice(len(every), most, replace=False))]


def _pack(utterance: Utterance) -> str:
    return utterance.file.partition("/")[0]


def scored(threes: Threes, places: Sequence[VoicePlace | None]) -> tuple[Scores, Scores]:
    """The least likeness of each three, own and mixed; those of which one had too little speech are left out."""
    return _least(threes.own, places), _least(threes.mixed, places)


def _least(threes: Sequence[Three], places: Sequence[VoicePlace | None]) -> Scores:
    known = [[place for at in three if (place := places[at]) is not None] for three in threes]
    return np.array([min(agreement(each)) for each in known if len(each) == UTTERANCES])


def _changed(utterances: Sequence[Utterance], encoder: SpeakerEncoder, way: Changed) -> list[VoicePlace | None]:
    return [place_of(encoder, way(each.sound, at), LEAST_SPEECH_S) for at, each in enumerate(utterances)]


def _together(found: Sequence[tuple[Scores, Scores]]) -> tuple[Scores, Scores]:
    return np.concatenate([own for own, _ in found]), np.concatenate([mixed for _, mixed in found])


def _key(condition: str, limit: float, what: str) -> str:
    return f"speaker_enrolment_{condition.replace(' ', '_')}_{round(limit * 100)}_{what}_percent"


def shown(figures: Figures) -> str:
    """The table for people."""
    names = ("clean", "10 dB noise", "room")
    head = ["limit", *(f"{name}: {what}, %" for name in names for what in ("own refused", "mixed accepted"))]
    rows = [
        [f"{limit:.2f}", *(figures[_key(name, limit, what)] for name in names for what in ("refused", "accepted"))]
        for limit in LIMITS
    ]
    counts = ("limit", "speakers", "own", "mixed")
    whole = ", ".join(f"{name} {figures[f'speaker_enrolment_{name}']}" for name in counts)
    return f"{table(rows, head)}\n\n{whole}"
