"""Clips made into scenes, and scenes into embeddings; kept on disk, since that takes minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from jett.core.audio import Samples, to_float32, to_int16
from jett.engines.wake.features import SpeechEmbedding
from jett.training.augment import CLEAN, NOISY, Harm, Signal
from jett.training.layers import Array
from jett.training.lines import Engine, Kind, Line
from jett.training.plan import Counts, Size
from jett.training.scenes import CALL_WINDOWS, Sounds, babble, call, stretch
from jett.training.throat import other_throat

_VERSION = 3
"""Raised when scenes are made otherwise, so that none of before are taken."""
_NEAR_AT_ONCE, _OTHERS_AT_ONCE = 4, 2
_TEST_COPIES = 3
_NEAR_AFTER = 6
"""Frames of a scene of a near phrase after its first window: it stands where a call would, and is heard to its end."""
_THROATS = (0.84, 1.19)
_OTHER_THROAT, _OTHER_THROAT_AMONG_OTHERS = 0.6, 0.3
"""How often a clip gets another throat."""
_MOST_S = 60.0
"""Of a recording at once."""

Clips = Sequence[tuple[Line, Samples]]
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """Sequences of embeddings, (frames, 96) each."""

    calls: list[Array]
    near: list[Array]
    others: list[Array]
    test_clean: list[Array]
    test_noisy: list[Array]
    test_near: list[Array]
    test_others: list[Array]
    voices: int
    """How many different ones called in training."""


@dataclass(frozen=True, slots=True)
class _Scenes:
    """A group of them, not made yet."""

    count: int
    made: Callable[[np.random.Generator], Iterator[Signal]]


class Hearing:
    """From sound to embeddings."""

    def __init__(self, embedding: SpeechEmbedding, folder: Path) -> None:
        self.embedding = embedding
        self._folder = folder

    def heard(self, lines: Clips, tests: Clips, size: Size, seed: int, given: Sequence[Samples], tell: Tell) -> Heard:
        """All groups, those from disk that are there. Raises EngineError."""
        trained, judged = given[::2], given[1::2]
        others, more = clips_of(lines, "other"), [to_float32(each) for each in trained]
        sounds = Sounds((*babble(others, np.random.default_rng([seed, 5])), *more), (), others)
        test = Sounds(babble(clips_of(tests, "other"), np.random.default_rng([seed, 6])), (), clips_of(tests, "other"))
        rough, own = Harm(), hashlib.sha256(b"".join(each.tobytes() for each in given)).hexdigest()
        asked = f"{_VERSION} {seed} {size.call_scenes} {size.near_scenes} {own}"
        name = f"{asked} {[tuple(asdict(line).values()) for line, _ in (*lines, *tests)]}"
        key = hashlib.sha256(name.encode()).hexdigest()[:16]

        def stretches(clips: Sequence[Signal], at_once: int, copies: int = 1) -> _Scenes:
            return _Scenes(
                copies * (len(clips) // at_once), lambda rng: _stretches(clips, at_once, copies, sounds, rough, rng)
            )

        def judged_calls(around: Sounds, harm: Harm) -> _Scenes:
            spoken = clips_of(tests, "phrase") * _TEST_COPIES
            return _Scenes(len(spoken), lambda rng: (call(each, around, harm, rng, after=12) for each in spoken))

        def alone(clips: Sequence[Signal]) -> _Scenes:
            return _Scenes(
                len(clips), lambda rng: (stretch([each], Sounds(), CLEAN, rng, ahead_s=2.0) for each in clips)
            )

        def as_calls(kind: Kind, counts: Counts, after: int) -> _Scenes:
            clips = [(clips_of(lines, kind, engine), count) for engine, count in counts.items()]
            there = [(each, count) for each, count in clips if each]
            return _Scenes(
                sum(count for _, count in there),
                lambda rng: (
                    call(with_other_throat(each[n % len(each)], rng, _OTHER_THROAT), sounds, rough, rng, after)
                    for each, count in there
                    for n in range(count)
                ),
            )

        quiet = Sounds(speech=test.speech)
        plain = [piece for each in judged for piece in _pieces(each)]
        groups = {
            "calls": as_calls("phrase", size.call_scenes, CALL_WINDOWS - 1),
            "near": as_calls("near", size.near_scenes, _NEAR_AFTER),
            "near, in talk": stretches(clips_of(lines, "near"), _NEAR_AT_ONCE, copies=2),
            "others": stretches(others, _OTHERS_AT_ONCE),
            "yours": alone(more),
            "yours again": stretches(more, 1),
            "test, clean": judged_calls(quiet, CLEAN),
            "test, noisy": judged_calls(test, NOISY),
            "test, near": alone(clips_of(tests, "near")),
            "test, others": alone([*test.speech, *plain]),
        }
        found = [self._group(f"{key}-{n}", title, groups[title], seed + n, tell) for n, title in enumerate(groups)]
        return Heard(
            calls=found[0],
            near=[*found[1], *found[2]],
            others=[*found[3], *found[4], *found[5]],
            test_clean=found[6],
            test_noisy=found[7],
            test_near=found[8],
            test_others=found[9],
            voices=len({line.voice for line, _ in lines if line.kind == "phrase"}),
        )

    def _group(self, name: str, title: str, scenes: _Scenes, seed: int, tell: Tell) -> list[Array]:
        path = self._folder / f"{name}.npz"
        if (kept := kept_rows(path)) is not None:
            tell(title, scenes.count, scenes.count)
            return kept
        found = []
        for n, scene in enumerate(scenes.made(np.random.default_rng([seed, 20])), 1):
            found.append(self.embedding.embeddings(to_int16(scene)).astype(np.float16))
            tell(title, n, scenes.count)
        if found:
            keep_rows(path, found)
        return [each.astype(np.float32) for each in found]


def kept_rows(path: Path) -> list[Array] | None:
    """What a training before this one heard; None where it is not there, or cut short."""
    try:
        with np.load(path) as held:
            rows, lengths = held["rows"].astype(np.float32), held["lengths"]
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
    return np.split(rows, np.cumsum(lengths.astype(np.int64))[:-1]) if len(lengths) else []


def keep_rows(path: Path, found: Sequence[NDArray[np.floating[Any]]]) -> None:
    """For the next training: as float16, in one piece or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part.npz")
    lengths = np.array([len(each) for each in found], dtype=np.int64)
    np.savez(partial, rows=np.concatenate(found).astype(np.float16), lengths=lengths)
    partial.replace(path)


def clips_of(clips: Clips, kind: Kind, engine: Engine | None = None) -> list[Signal]:
    """The sounds of a kind, by one engine or all; what says nothing is left out."""
    return [
        to_float32(sound) for line, sound in clips if line.kind == kind and engine in (None, line.engine) and sound.size
    ]


def with_other_throat(clip: Signal, rng: np.random.Generator, often: float) -> Signal:
    """As another person would say it, in a share of the cases."""
    return other_throat(clip, float(rng.uniform(*_THROATS))) if rng.random() < often else clip


def _stretches(
    clips: Sequence[Signal], at_once: int, copies: int, sounds: Sounds, harm: Harm, rng: np.random.Generator
) -> Iterator[Signal]:
    for _ in range(copies):
        order = rng.permutation(len(clips))
        for at in range(0, len(clips) - at_once + 1, at_once):
            said = [with_other_throat(clips[n], rng, _OTHER_THROAT_AMONG_OTHERS) for n in order[at : at + at_once]]
            yield stretch(said, sounds, harm, rng)


def _pieces(audio: Samples) -> list[Signal]:
    size = round(_MOST_S * 16_000)
    return [to_float32(audio[at : at + size]) for at in range(0, audio.size, size)]
