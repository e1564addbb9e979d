"""Training a network: Adam, soft labels, negatives that count more and more, hard ones sought again, steps averaged.

Windows are never stored: `Pool` holds each sequence of embeddings once, and windows are cut from it batch by batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jett.training.layers import Array
from jett.training.network import FRAMES, WIDTH, Network, network, sigmoid
from jett.training.scenes import CALL_WINDOWS

Progress = Callable[[int, int], None]
"""Steps done, of so many."""

_CALLS, _HARD = 0.3, 0.35
"""Shares of a batch: calls, and of the rest the negatives that the network found hardest."""
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_DECAY = 1e-4


class Pool:
    """Windows over sequences of embeddings, each with a weight."""

    def __init__(self) -> None:
        self._rows: list[Array] = []
        self._starts: list[NDArray[np.int64]] = []
        self._weights: list[NDArray[np.float32]] = []
        self._sought: list[NDArray[np.bool_]] = []
        self._held = 0
        self._joined: tuple[Array, NDArray[np.int64], NDArray[np.float32]] | None = None

    def add(self, rows: Array, weight: float = 1.0, *, windows: slice = slice(None), sought: bool = True) -> None:
        """The windows of `rows` (frames, numbers), or some of them; a sequence too short for one adds nothing.

        `sought`: whether the hardest of them are sought and shown again.
        """
        starts = np.arange(max(0, len(rows) - FRAMES + 1))[windows]
        if len(starts):
            self._rows.append(rows)
            self._starts.append(starts + self._held)
            self._weights.append(np.full(len(starts), weight, dtype=np.float32))
            self._sought.append(np.full(len(starts), sought))
            self._held += len(rows)
            self._joined = None

    def __len__(self) -> int:
        return sum(len(starts) for starts in self._starts)

    def windows(self, which: NDArray[np.int64]) -> Array:
        """Shape (n, 16, numbers)."""
        rows, starts, _ = self._whole()
        cut: Array = rows[starts[which][:, None] + np.arange(FRAMES)]
        return cut

    @property
    def weights(self) -> NDArray[np.float32]:
        """One a window."""
        return self._whole()[2]

    @property
    def sought(self) -> NDArray[np.int64]:
        """Windows of which the hardest are sought."""
        return np.flatnonzero(np.concatenate(self._sought))

    def statistics(self) -> tuple[Array, Array]:
        """Mean and deviation of the rows, shape (numbers,) each."""
        rows = self._whole()[0]
        return rows.mean(axis=0), rows.std(axis=0)

    def _whole(self) -> tuple[Array, NDArray[np.int64], NDArray[np.float32]]:
        if self._joined is None:
            self._joined = (np.concatenate(self._rows), np.concatenate(self._starts), np.concatenate(self._weights))
        return self._joined


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is trained."""

    steps: int = 4000
    batch: int = 512
    rate: float = 1e-3
    negative_weight: float = 10.0
    """What a negative counts at the end, against a call; 1 at the beginning."""
    mine_every: int = 400
    mixed: float = 0.5
    """Share of the calls that are shown as a mean of two, so that what tells voices apart counts less."""
    jitter: float = 0.3
    """Noise on the inputs."""
    smooth: float = 0.002
    """A call is wanted to be so much less than sure."""
    average: int = 8
    """Parameters of so many last checkpoints are averaged, one every 2.5 % of the steps."""


def ensemble(
    calls: Pool, others: Pool, recipe: Recipe, draws: Sequence[Sequence[int]], progress: Progress, width: int = WIDTH
) -> list[Network]:
    """A network trained from each of `draws`, which seed it; `progress` counts the steps of all."""
    mean, deviation = others.statistics()
    found: list[Network] = []

    def told(done: int, _: int) -> None:
        progress(len(found) * recipe.steps + done, len(draws) * recipe.steps)

    for draw in draws:
        rng = np.random.default_rng(draw)
        one = network(mean, deviation, rng, width)
        train(one, calls, others, recipe, rng, told)
        found.append(one)
    return found


def train(
    network: Network, calls: Pool, others: Pool, recipe: Recipe, rng: np.random.Generator, progress: Progress
) -> None:
    """Change `network` until it tells `calls` from `others`."""
    adam = Adam(network)
    chances = np.cumsum(others.weights, dtype=np.float64)
    hard: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    kept: list[list[Array]] = []
    for step in range(recipe.steps):
        done = step / recipe.steps
        if step and step % recipe.mine_every == 0:
            hard = hardest(network, others, rng)
        n_calls = round(_CALLS * recipe.batch)
        n_hard = round(_HARD * (recipe.batch - n_calls)) if len(hard) else 0
        n_any = recipe.batch - n_calls - n_hard
        picked_calls = rng.integers(len(calls), size=n_calls)
        anywhere = np.searchsorted(chances, rng.random(n_any) * chances[-1]).clip(0, len(others) - 1)
        picked = np.concatenate([hard[rng.integers(len(hard), size=n_hard)] if n_hard else hard[:0], anywhere])
        called = _mixed(calls.windows(picked_calls), calls, picked_calls, recipe.mixed, rng)
        windows = np.concatenate([called, others.windows(picked)])
        windows += np.float32(recipe.jitter) * rng.standard_normal(windows.shape, dtype=np.float32)
        wanted = np.concatenate([np.full(n_calls, 1 - recipe.smooth), np.zeros(n_hard + n_any)]).astype(np.float32)
        heavy = 1.0 + (recipe.negative_weight - 1.0) * min(1.0, done / 0.7)
        weights = np.where(wanted > 0, 1.0, heavy).astype(np.float32)
        logits = network.forward(windows, rng)
        network.backward((sigmoid(logits) - wanted) * weights / np.float32(weights.sum()))
        adam.step(recipe.rate * _schedule(done))
        if step % max(1, recipe.steps // 40) == 0:
            kept = [*kept, network.parameters()][-recipe.average :]
            progress(step, recipe.steps)
    network.take([np.mean(each, axis=0, dtype=np.float32) for each in zip(*kept, strict=True)])
    progress(recipe.steps, recipe.steps)


def _mixed(windows: Array, calls: Pool, which: NDArray[np.int64], share: float, rng: np.random.Generator) -> Array:
    """`windows`, a `share` of them each a weighted mean with another call that ended as long ago.

    Zhang et al., 2018, "mixup", among calls alone. Every scene of a call has `CALL_WINDOWS` windows.
    """
    other = rng.integers(max(1, len(calls) // CALL_WINDOWS), size=len(which)) * CALL_WINDOWS + which % CALL_WINDOWS
    own = np.where(rng.random(len(which)) < share, rng.uniform(0.5, 1.0, len(which)), 1.0).astype(np.float32)
    mean: Array = windows * own[:, None, None] + calls.windows(other) * (1 - own)[:, None, None]
    return mean


def hardest(network: Network, others: Pool, rng: np.random.Generator, *, most: int = 60_000) -> NDArray[np.int64]:
    """Those of `others` that look most like a call: 2 % of as many as can be looked at in a second or two.

    Near phrases are not among them: they would be all that is found, and a head that learns too well what only
    synthetic voices tell apart misses people (benchmarks/LOG.md, "Wake words: the recipe").
    """
    looked = rng.permutation(others.sought)[:most]
    scores = np.concatenate(
        [network.forward(others.windows(looked[at : at + 4096])) for at in range(0, len(looked), 4096)]
    )
    keep = max(200, len(looked) // 50)
    return looked[np.argsort(scores)[-keep:]]


def _schedule(done: float) -> float:
    """Up for the first twentieth, then down along a cosine."""
    return min(1.0, done / 0.05 + 0.05) * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * done))))


class Adam:
    """Adam with weight decay of its own (Loshchilov and Hutter, 2019)."""

    def __init__(self, network: Network) -> None:
        self._layers = network.layers
        self._means = [[np.zeros_like(value) for value in layer.values] for layer in self._layers]
        self._squares = [[np.zeros_like(value) for value in layer.values] for layer in self._layers]
        self._steps = 0

    def step(self, rate: float) -> None:
        """One step down the gradients that the layers hold."""
        self._steps += 1
        mend = np.sqrt(1 - _BETA2**self._steps) / (1 - _BETA1**self._steps)
        for layer, means, squares in zip(self._layers, self._means, self._squares, strict=True):
            for n, gradient in enumerate(layer.gradients):
                means[n] += np.float32(1 - _BETA1) * (gradient - means[n])
                squares[n] += np.float32(1 - _BETA2) * (np.square(gradient) - squares[n])
                value = layer.values[n]
                if value.ndim > 1:
                    value *= np.float32(1 - rate * _DECAY * 100)
                value -= np.float32(rate * mend) * means[n] / (np.sqrt(squares[n]) + np.float32(_EPSILON))


def logits_of(network: Network, rows: Array) -> Array:
    """The logit of each window of `rows` (frames, numbers), in order."""
    if len(rows) < FRAMES:
        return np.zeros(0, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(rows, FRAMES, axis=0).transpose(0, 2, 1)
    return network.forward(np.ascontiguousarray(windows))
