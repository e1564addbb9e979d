"""A look trained for a name: scenes through speech-to-text's encoder, a network on its states, and how it does in use.

Speaks nothing of its own: it is made of the clips of a head's training. Its states are kept on disk, all at once when
the last is there (`training_heard`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jett.app.training_heard import Clips, Tell, clips_of, keep_rows, kept_rows, with_other_throat
from jett.core.audio import SAMPLE_RATE_HZ, Samples, to_int16
from jett.core.errors import TextToSpeechError
from jett.core.ports import SpeechEncoder
from jett.engines.wake.features import QUIET_RMS, SpeechEmbedding
from jett.engines.wake.trained_look import WINDOW_SAMPLES, Rows, rows_of
from jett.session.second_look import AFTER_S
from jett.training.augment import CLEAN, NOISY, Harm, Signal
from jett.training.evaluation import FRAME_S, NEVER, PATIENCE, InUse, held, in_use
from jett.training.lines import Kind
from jett.training.network import Network, sigmoid
from jett.training.optimiser import Pool, Recipe, ensemble, logits_of
from jett.training.plan import Size
from jett.training.scenes import ENDS_AT, FRAME, WINDOW, Sounds, babble, call, stretch

_VERSION = 2
"""Raised when windows are made otherwise."""
_WIDTH, _MEMBERS = 96, 3
_WINDOWS = 2
"""Of each scene."""
_BATCH = 16
_COPIES = 3
_SURE_FROM_S, _SURE_UNTIL_S = -0.25, 0.25
"""When a head is sure, from the end of the name."""
_AFTER_FRAMES = 12
_QUIET_FRAMES = 10


@dataclass(frozen=True, slots=True)
class TrainedLooks:
    """Networks, and what they are good for."""

    networks: list[Network]
    in_use: InUse


@dataclass(frozen=True, slots=True)
class _Head:
    """What fires before a look is taken."""

    networks: Sequence[Network]
    embedding: SpeechEmbedding
    look_again: float

    def sure_at(self, sound: Samples) -> float | None:
        """Seconds from the start of `sound`, before which it was quiet; None where it never is."""
        ahead = np.random.default_rng(0).normal(0.0, QUIET_RMS, _QUIET_FRAMES * FRAME).astype(np.int16)
        rows = self.embedding.embeddings(np.concatenate([ahead, sound]))
        logits = np.mean([logits_of(one, rows) for one in self.networks], axis=0)
        sure = np.flatnonzero(held(logits) >= np.log(self.look_again / (1 - self.look_again)))
        ended = WINDOW // FRAME + PATIENCE - 1 - _QUIET_FRAMES
        return float((sure[0] + ended) * FRAME_S) if len(sure) else None


class LookTraining:
    """One training, of clips spoken for a head's."""

    def __init__(
        self, encoder: SpeechEncoder, encoder_name: str, lines: Clips, tests: Clips, size: Size, seed: int, folder: Path
    ) -> None:
        self._encoder, self._encoder_name = encoder, encoder_name
        self._lines, self._tests = lines, tests
        self._size, self._seed = size, seed
        self._folder = folder

    def trained(
        self, networks: Sequence[Network], embedding: SpeechEmbedding, look_again: float, tell: Tell
    ) -> TrainedLooks:
        """A look for the calls of a head of `networks` that is sure from `look_again`. Raises EngineError."""
        rows, called = self._windows(tell)
        looks = self._networks(rows, called, tell)
        return TrainedLooks(looks, self._judged(looks, _Head(networks, embedding, look_again), tell))

    def _windows(self, tell: Tell) -> tuple[Rows, NDArray[np.bool_]]:
        """What is trained on, and which of it is calls."""
        plan = list(self._plan())
        if {kind for kind, _ in plan} != set(self._size.looks):
            raise TextToSpeechError("wake: no voice could say what a look is trained on; run: jett doctor")
        called = np.repeat([kind == "phrase" for kind, _ in plan], _WINDOWS)
        names = [tuple(asdict(line).values()) for line, _ in self._lines]
        name = f"{_VERSION} {self._encoder_name} {self._seed} {self._size.looks} {names}"
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}-look.npz"
        found = kept_rows(path)
        if found is None:
            found = []
            for rows in self._rows(self._cut(plan)):
                found += list(rows.astype(np.float16).astype(np.float32))  # as they come back from disk
                tell("looks", len(found), len(called))
            keep_rows(path, found)
        if len(found) != len(called):
            path.unlink()
            raise TextToSpeechError("wake: the clips are not those of the last training; train again")
        tell("looks", len(called), len(called))
        return np.stack(found), called

    def _rows(self, cut: Iterator[Samples]) -> Iterator[Rows]:
        """Batch by batch; while one is encoded, the next is cut."""
        waiting: Future[Rows] | None = None
        with ThreadPoolExecutor(1, "looks") as pool:
            while batch := list(islice(cut, _BATCH)):
                coming = pool.submit(rows_of, self._encoder, batch)
                if waiting is not None:
                    yield waiting.result()
                waiting = coming
            if waiting is not None:
                yield waiting.result()

    def _plan(self) -> Iterator[tuple[Kind, Signal]]:
        """One clip a scene."""
        for kind, counts in self._size.looks.items():
            for engine, count in counts.items():
                clips = clips_of(self._lines, kind, engine)
                yield from ((kind, clips[n % len(clips)]) for n in range(count if clips else 0))

    def _cut(self, plan: Sequence[tuple[Kind, Signal]]) -> Iterator[Samples]:
        """Windows of scenes, as looks are taken of them."""
        rng = np.random.default_rng([self._seed, 30])
        others = clips_of(self._lines, "other")
        sounds = Sounds(babble(others, rng), (), others)
        for kind, clip in plan:
            said = with_other_throat(clip, rng, often=0.3 if kind == "other" else 0.6)
            scene, sure_s = self._scene(kind, said, sounds, rng)
            for _ in range(_WINDOWS):
                yield window(scene, sure_s + float(rng.uniform(AFTER_S[0], AFTER_S[-1])))

    @staticmethod
    def _scene(kind: Kind, clip: Signal, sounds: Sounds, rng: np.random.Generator) -> tuple[Samples, float]:
        """A scene, and when a head might be sure in it."""
        if kind == "other":
            scene = stretch([clip], sounds, Harm(), rng)
            return to_int16(scene), float(rng.uniform(1.0, scene.size / SAMPLE_RATE_HZ))
        scene = call(clip, sounds, Harm(), rng, after=_AFTER_FRAMES)
        earliest = _SURE_FROM_S - (0.1 if kind == "near" else 0.0)
        return to_int16(scene), ENDS_AT / SAMPLE_RATE_HZ + float(rng.uniform(earliest, _SURE_UNTIL_S))

    def _networks(self, rows: Rows, called: NDArray[np.bool_], tell: Tell) -> list[Network]:
        calls, others = Pool(), Pool()
        for window_rows, is_call in zip(rows, called, strict=True):
            (calls if is_call else others).add(window_rows)
        recipe = Recipe(steps=self._size.look_steps, batch=256, mixed=0.0, jitter=0.05, smooth=0.05)
        draws = [[self._seed, 200 + n] for n in range(_MEMBERS)]
        return ensemble(calls, others, recipe, draws, partial(tell, "look networks"), _WIDTH)

    def _judged(self, looks: Sequence[Network], head: _Head, tell: Tell) -> InUse:
        rng = np.random.default_rng([self._seed, 31])
        speech = clips_of(self._tests, "other")
        quiet, loud = Sounds(speech=speech), Sounds(babble(speech, rng), (), speech)
        calls, near = clips_of(self._tests, "phrase") * _COPIES, clips_of(self._tests, "near")
        whole = 2 * len(calls) + len(near)
        scores: dict[str, list[float]] = {}

        def judge(condition: str, made: Callable[[Signal], Signal], clips: Sequence[Signal]) -> None:
            scores[condition] = []
            for clip in clips:
                scores[condition].append(self._score(to_int16(made(clip)), looks, head))
                tell("judged", sum(map(len, scores.values())), whole)

        judge("clean", lambda clip: call(clip, quiet, CLEAN, rng, after=_AFTER_FRAMES), calls)
        judge("noisy", lambda clip: call(clip, loud, NOISY, rng, after=_AFTER_FRAMES), calls)
        judge("near", lambda clip: stretch([clip], Sounds(), CLEAN, rng, ahead_s=2.0), near)
        return in_use(scores["clean"], scores["noisy"], scores["near"])

    def _score(self, scene: Samples, looks: Sequence[Network], head: _Head) -> float:
        """The best of the looks at a scene, 0 to 1; NEVER where the head is not sure."""
        at_s = head.sure_at(scene)
        if at_s is None:
            return NEVER
        rows = rows_of(self._encoder, [window(scene, at_s + after_s) for after_s in AFTER_S])
        return float(sigmoid(np.mean([one.forward(rows) for one in looks], axis=0)).max())


def window(scene: Samples, until_s: float) -> Samples:
    """What is looked at of `scene` until `until_s`, with silence where the scene does not go on."""
    until = round(until_s * SAMPLE_RATE_HZ)
    padded = np.pad(scene, (WINDOW_SAMPLES, max(0, until - scene.size)))
    return padded[until : until + WINDOW_SAMPLES]
